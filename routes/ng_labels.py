"""Labels of tours that may forget where they have been (ng-routes, Baldacci et al. 2011), compiled by numba.

A tour remembers a visit only while it stays among places that the visit is a neighbour of, so a label can be dropped
where another is as early, as valuable and remembers no more. That keeps the labels of long tours with wide windows
few, at the price of tours that visit a place twice. The kernels know neither a direction (a class turned back to front
is labelled by the same code) nor a clock: they go on for a budget of comparisons and can be called again.

A label is a row of whole numbers, side by side in memory because that is what comparing them costs; few arrays are
handed from function to function for the same reason.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.class_arrays import ClassArrays
from routes.kernels import kernel
from routes.shift_classes import NEVER, Integers
from routes.tours import Floats

Words = NDArray[np.uint64]

BUCKETS = 240
"""Stretches of time for which it is bounded what can still be earned."""
SHELVES = 48
"""Stretches of time that the labels at one visit are sorted into, so that not all of them must be compared."""

POINTS, READY, AFTER, STATUS, PARENT, WORTH, PLACE, FED, LOAD, DRIVING, SERVED, MEMORY = range(12)
"""What stands where in the row of a label; points as a float, and the words of the memory and of the cuts last."""
WAITING, EXTENDED, DROPPED = 0, 1, 2
COUNT, SHELF, SPENT, FULL = range(4)
"""Places in `Labels.state`: labels made, the shelf being extended, comparisons made, whether there was no more room."""
_NOTHING = -1e18
_EQUAL = 1e-9


class CutMasks(NamedTuple):
    """Subset-row cuts as bits: those that a visit counts in (visits x words), and the price of each bit."""

    counts: Words
    price: Floats


class Memory(NamedTuple):
    """What each visit lets a tour remember, and what each visit may not come after, as bits of visits."""

    keeps: Words
    forbids: Words


class Rules(NamedTuple):
    """By which of its rules labels must be compared: one that cannot bind is left out.

    Without `memory` the search is a guess: labels are dropped for others that may not go where they could.
    """

    memory: bool
    kits: bool
    driving: bool
    visits: bool


class Labels(NamedTuple):
    """The labels of one search, a row each. `head`, `top`, `bottom` lead to those of (visit, lunch over, shelf).

    `points` and `bits` are views of `rows`.
    """

    rows: Integers
    points: Floats
    bits: Words
    head: Integers
    top: Floats
    bottom: Floats
    state: Integers


def new_labels(capacity: int, size: int, words: int, cut_words: int) -> Labels:
    """Room for `capacity` labels over `size` local visits; only what is used takes memory (about 128 bytes a label)."""
    rows = np.empty((capacity, -(-(MEMORY + words + cut_words) // 8) * 8), dtype=np.int64)
    return Labels(
        rows=rows,
        points=rows.view(np.float64),
        bits=rows.view(np.uint64),
        head=np.full((size, 2, SHELVES), -1, dtype=np.int64),
        top=np.full((size, 2, SHELVES), _NOTHING),
        bottom=np.full((size, 2, SHELVES), -_NOTHING),
        state=np.zeros(4, dtype=np.int64),
    )


@kernel()
def legs_arrive(arrays, ready, fed, leg, closes):  # type: ignore[no-untyped-def]
    """When a leg ends, lunch still to come and lunch over (`NEVER`: cannot be); see `routes.timetable.arrivals`."""
    if fed:
        return NEVER, ready + leg
    arrives = ready + leg
    on_arrival = max(arrives, arrays.opens) + arrays.minutes
    if on_arrival <= closes:
        return arrives, on_arrival
    leaving = max(ready, arrays.opens) + arrays.minutes
    if leaving <= arrays.closes:
        return arrives, leaving + leg
    return arrives, NEVER


@kernel()
def bit_number(bit):  # type: ignore[no-untyped-def]
    """Which bit of a word is set, for a word with one bit."""
    x = bit - np.uint64(1)
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel()
def priced(bits, word, price):  # type: ignore[no-untyped-def]
    """The sum of the prices of the bits of one word."""
    total = 0.0
    while bits != np.uint64(0):
        bit = bits & (~bits + np.uint64(1))
        total += price[64 * word + bit_number(bit)]
        bits ^= bit
    return total


@kernel()
def _dominates(rows, points, bits, a, b, odd, end, price, compared):  # type: ignore[no-untyped-def]  # noqa: C901
    """Whether all that label `b` can still become, `a` can become at least as well."""
    if rows[a, READY] > rows[b, READY]:
        return False
    spare = points[a, POINTS] - points[b, POINTS] + _EQUAL
    if spare < 0:
        return False
    if compared & 1:
        for w in range(MEMORY, odd):
            if bits[a, w] & ~bits[b, w]:
                return False
    if compared & 2 and rows[a, LOAD] > rows[b, LOAD]:
        return False
    if compared & 4 and rows[a, DRIVING] > rows[b, DRIVING]:
        return False
    if compared & 8 and rows[a, SERVED] > rows[b, SERVED]:
        return False
    for w in range(odd, end):
        more = bits[a, w] & ~bits[b, w]
        if more:
            spare -= priced(more, w - odd, price)
            if spare < 0:
                return False
    return True


@kernel()
def _enter(labels, new, shelf, odd, end, price, compared):  # type: ignore[no-untyped-def]
    """Keep the label in row `new` unless another makes it pointless; drop those that it makes so."""
    rows, points, bits, state = labels.rows, labels.points, labels.bits, labels.state
    place, fed, worth = rows[new, PLACE], rows[new, FED], points[new, POINTS]
    head, top, bottom = labels.head[place, fed], labels.top[place, fed], labels.bottom[place, fed]
    compared_with = 0
    for s in range(shelf + 1):
        if top[s] >= worth - _EQUAL:
            a = head[s]
            while a >= 0:
                compared_with += 1
                if _dominates(rows, points, bits, a, new, odd, end, price, compared):
                    state[SPENT] += compared_with
                    return
                a = rows[a, AFTER]
    for s in range(shelf, SHELVES):
        if bottom[s] <= worth + _EQUAL:
            before = -1
            a = head[s]
            while a >= 0:
                compared_with += 1
                following = rows[a, AFTER]
                if _dominates(rows, points, bits, new, a, odd, end, price, compared):
                    rows[a, STATUS] |= DROPPED
                    if before < 0:
                        head[s] = following
                    else:
                        rows[before, AFTER] = following
                else:
                    before = a
                a = following
    rows[new, STATUS] = WAITING
    rows[new, AFTER] = head[shelf]
    head[shelf] = new
    top[shelf] = max(top[shelf], worth)
    bottom[shelf] = min(bottom[shelf], worth)
    state[COUNT] += 1
    state[SPENT] += compared_with


def begin(arrays: ClassArrays, labels: Labels) -> None:
    """Enter the label of a van standing at the start place."""
    fed = 1 if arrays.minutes < 0 else 0
    labels.rows[0] = 0
    labels.rows[0, [READY, FED, PARENT, AFTER]] = arrays.starts, fed, -1, -1
    labels.head[0, fed, 0] = 0
    labels.state[COUNT] = 1


@kernel()
def _extend(arrays, labels, cuts, price, ways, memory, completion, threshold, travel_weight, compared, row):  # type: ignore[no-untyped-def]  # noqa: C901
    """The labels of label `row` going on to every visit that it may go to, in each option."""
    rows, points, bits, state = labels.rows, labels.points, labels.bits, labels.state
    odd = MEMORY + memory.keeps.shape[1]
    end = odd + cuts.counts.shape[1]
    bucket_minutes = (arrays.ends - arrays.starts) // BUCKETS + 1
    shelf_minutes = (arrays.ends - arrays.starts) // SHELVES + 1
    here, load, driving = rows[row, PLACE], rows[row, LOAD], rows[row, DRIVING]
    for way in range(ways.begin[here], ways.begin[here + 1]):
        j = ways.to[way]
        barred = load + arrays.load[j] > arrays.kits
        for w in range(MEMORY, odd):
            if bits[row, w] & memory.forbids[j, w - MEMORY]:
                barred = True
        leg = arrays.travel[here, j]
        if barred or driving + leg > arrays.max_driving:
            continue
        times = legs_arrive(arrays, rows[row, READY], rows[row, FED], leg, arrays.closes)
        for fed in range(2):
            arrives = times[fed] + arrays.setup[j]
            if arrives >= NEVER:
                continue
            for o in range(arrays.option_from[j], arrays.option_from[j + 1]):
                begins = max(arrives, arrays.first[o])
                if begins > arrays.last[o]:
                    continue
                elapsed = begins + arrays.post[j] - arrays.starts
                worth = points[row, POINTS] + arrays.gain[o] - price[j] - travel_weight * leg
                rest = completion[fed, j, elapsed // bucket_minutes]
                if worth + rest <= threshold:
                    continue
                new = state[COUNT]
                if new >= len(rows):
                    state[FULL] = 1
                    return
                for w in range(odd, end):
                    counted = cuts.counts[j, w - odd]
                    even = bits[row, w] & counted
                    if even:
                        worth -= priced(even, w - odd, cuts.price)
                    bits[new, w] = bits[row, w] ^ counted
                if worth + rest <= threshold:
                    continue
                for w in range(MEMORY, odd):
                    bits[new, w] = bits[row, w] & memory.keeps[j, w - MEMORY]
                bits[new, MEMORY + (j >> 6)] |= np.uint64(1) << np.uint64(j & 63)
                points[new, POINTS] = worth
                rows[new, READY] = begins + arrays.post[j]
                rows[new, PARENT] = row
                rows[new, WORTH] = rows[row, WORTH] + arrays.gain[o] - travel_weight * leg
                rows[new, PLACE], rows[new, FED] = j, fed
                rows[new, LOAD], rows[new, DRIVING] = load + arrays.load[j], driving + leg
                rows[new, SERVED] = rows[row, SERVED] + 1
                _enter(labels, new, elapsed // shelf_minutes, odd, end, cuts.price, compared)


@kernel()
def advance(arrays, labels, cuts, price, active, ways, memory, completion, threshold, travel_weight, rules, budget):  # type: ignore[no-untyped-def]
    """Extend labels in the order of time until none is left (true), the room is used up (true), or the budget of
    comparisons is spent (false; call again)."""
    rows, state = labels.rows, labels.state
    until = state[SPENT] + budget
    compared = 1 * rules.memory + 2 * rules.kits + 4 * rules.driving + 8 * rules.visits
    while state[SHELF] < SHELVES:
        news = False
        for a in range(-1, len(active)):
            place = 0 if a < 0 else active[a]
            for fed in range(2):
                row = labels.head[place, fed, state[SHELF]]
                while row >= 0:
                    if rows[row, STATUS] == WAITING:
                        rows[row, STATUS] = EXTENDED
                        if rows[row, SERVED] < arrays.max_visits:
                            _extend(
                                arrays, labels, cuts, price, ways, memory, completion, threshold, travel_weight,
                                compared, row,
                            )  # fmt: skip
                        state[SPENT] += ways.begin[place + 1] - ways.begin[place]
                        news = True
                        if state[FULL]:
                            rows[row, STATUS] = WAITING
                            return True
                        if state[SPENT] > until:
                            return False
                    row = rows[row, AFTER]
        if not news:
            state[SHELF] += 1
    return True
