"""Every lawful tour near the prices, compiled by numba: what is left for a proof to choose from.

Tours grow forwards, visit by visit, and remember everything; one goes on to a visit only if some end from there, as
`routes.ng_labels` found them on the class turned back to front, makes a tour that is worth enough and meets no visit
again. Of the same visits with the same last one only what is not later and not worth less is kept.
"""

from __future__ import annotations

import numpy as np

from routes.kernels import kernel
from routes.ng_labels import (
    AFTER,
    COUNT,
    DRIVING,
    DROPPED,
    FED,
    FULL,
    LOAD,
    MEMORY,
    PARENT,
    PLACE,
    POINTS,
    READY,
    SERVED,
    SHELF,
    SPENT,
    STATUS,
    WAITING,
    WORTH,
    Labels,
    legs_arrive,
    priced,
)  # fmt: skip
from routes.shift_classes import NEVER, Integers

_EQUAL = 1e-9


def ranked_ends(ends: Labels, size: int) -> tuple[Integers, Integers]:
    """The labels of the reversed class by (visit, lunch over), the most valuable first; and where each such list is."""
    rows = ends.rows[1 : ends.state[COUNT]]
    kept = 1 + np.nonzero(rows[:, STATUS] & DROPPED == 0)[0]
    where = 2 * ends.rows[kept, PLACE] + ends.rows[kept, FED]
    ranked = kept[np.lexsort((-ends.points[kept, POINTS], where))]
    return ranked, np.searchsorted(np.sort(where), np.arange(2 * size + 1))


@kernel()
def _reaches_an_end(  # type: ignore[no-untyped-def]  # noqa: C901
    arrays, tours, ends, ranked, starts, cuts, row, place, fed, arrives, worth, leg, threshold, odd, end
):
    """Whether a tour that arrives at `place` then can end so that it is worth more than the threshold."""
    mirror = arrays.starts + arrays.ends
    list_at = 2 * place + (1 - fed if arrays.minutes >= 0 else 1)
    looked = 0
    for r in range(starts[list_at], starts[list_at + 1]):
        e = ranked[r]
        looked += 1
        spare = worth + ends.points[e, POINTS] - threshold
        if spare <= 0:
            break
        if mirror - ends.rows[e, READY] < arrives:
            continue
        if tours.rows[row, LOAD] + ends.rows[e, LOAD] > arrays.kits:
            continue
        if tours.rows[row, DRIVING] + leg + ends.rows[e, DRIVING] > arrays.max_driving:
            continue
        meets = False
        for w in range(MEMORY, odd):
            if tours.bits[row, w] & ends.bits[e, w]:
                meets = True
                break
        if meets:
            continue
        for w in range(odd, end):
            both = tours.bits[row, w] & ends.bits[e, w]
            if both:
                spare -= priced(both, w - odd, cuts.price)
        if spare > 0:
            tours.state[SPENT] += looked
            return True
    tours.state[SPENT] += looked
    return False


@kernel()
def _enter(tours, table, new, words):  # type: ignore[no-untyped-def]
    """Keep the tour in row `new` unless the same visits are known with the same last one, not later, worth no less."""
    rows, points, bits = tours.rows, tours.points, tours.bits
    key = np.uint64(rows[new, PLACE] * 2 + rows[new, FED] + 1)
    for w in range(MEMORY, MEMORY + words):
        key = (key ^ bits[new, w]) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    slot = np.int64(key & np.uint64(len(table) - 1))
    before = -1
    a = table[slot]
    while a >= 0:
        tours.state[SPENT] += 1
        same = rows[a, PLACE] == rows[new, PLACE] and rows[a, FED] == rows[new, FED]
        for w in range(MEMORY, MEMORY + words):
            same = same and bits[a, w] == bits[new, w]
        following = rows[a, AFTER]
        if same:
            if (
                rows[a, READY] <= rows[new, READY]
                and points[a, POINTS] >= points[new, POINTS] - _EQUAL
                and rows[a, DRIVING] <= rows[new, DRIVING]
            ):
                return
            if (
                rows[new, READY] <= rows[a, READY]
                and points[new, POINTS] >= points[a, POINTS] - _EQUAL
                and rows[new, DRIVING] <= rows[a, DRIVING]
            ):
                rows[a, STATUS] |= DROPPED
                if before < 0:
                    table[slot] = following
                else:
                    rows[before, AFTER] = following
                a = following
                continue
        before = a
        a = following
    rows[new, STATUS] = WAITING
    rows[new, AFTER] = table[slot]
    table[slot] = new
    tours.state[COUNT] += 1


@kernel()
def _extend(arrays, tours, table, cuts, price, ways, forbids, ends, ranked, starts, threshold, travel_weight, row):  # type: ignore[no-untyped-def]  # noqa: C901
    rows, points, bits, state = tours.rows, tours.points, tours.bits, tours.state
    words = forbids.shape[1]
    odd = MEMORY + words
    end = odd + cuts.counts.shape[1]
    here = rows[row, PLACE]
    for way in range(ways.begin[here], ways.begin[here + 1]):
        j = ways.to[way]
        barred = rows[row, LOAD] + arrays.load[j] > arrays.kits
        for w in range(words):
            if bits[row, MEMORY + w] & forbids[j, w]:
                barred = True
        leg = arrays.travel[here, j]
        if barred or rows[row, DRIVING] + leg > arrays.max_driving:
            continue
        times = legs_arrive(arrays, rows[row, READY], rows[row, FED], leg, arrays.closes)
        for fed in range(2):
            if times[fed] >= NEVER or not _reaches_an_end(
                arrays, tours, ends, ranked, starts, cuts, row, j, fed, times[fed],
                points[row, POINTS] - travel_weight * leg, leg, threshold, odd, end,
            ):  # fmt: skip
                continue
            for o in range(arrays.option_from[j], arrays.option_from[j + 1]):
                begins = max(times[fed] + arrays.setup[j], arrays.first[o])
                if begins > arrays.last[o]:
                    continue
                new = state[COUNT]
                if new >= len(rows):
                    state[FULL] = 1
                    return
                worth = points[row, POINTS] + arrays.gain[o] - price[j] - travel_weight * leg
                for w in range(odd, end):
                    counted = cuts.counts[j, w - odd]
                    even = bits[row, w] & counted
                    if even:
                        worth -= priced(even, w - odd, cuts.price)
                    bits[new, w] = bits[row, w] ^ counted
                for w in range(MEMORY, odd):
                    bits[new, w] = bits[row, w]
                bits[new, MEMORY + (j >> 6)] |= np.uint64(1) << np.uint64(j & 63)
                points[new, POINTS] = worth
                rows[new, READY] = begins + arrays.post[j]
                rows[new, PARENT] = row
                rows[new, WORTH] = rows[row, WORTH] + arrays.gain[o] - travel_weight * leg
                rows[new, PLACE], rows[new, FED] = j, fed
                rows[new, LOAD], rows[new, DRIVING] = rows[row, LOAD] + arrays.load[j], rows[row, DRIVING] + leg
                rows[new, SERVED] = rows[row, SERVED] + 1
                _enter(tours, table, new, words)


@kernel()
def enumerate_onward(  # type: ignore[no-untyped-def]
    arrays, tours, table, cuts, price, ways, forbids, ends, ranked, starts, threshold, travel_weight, budget
):
    """Grow tours until all have grown (true), the room is used up (true) or the budget is spent (false; call again)."""
    state = tours.state
    until = state[SPENT] + budget
    while state[SHELF] < state[COUNT]:
        row = state[SHELF]
        if tours.rows[row, STATUS] == WAITING and tours.rows[row, SERVED] < arrays.max_visits:
            _extend(
                arrays, tours, table, cuts, price, ways, forbids, ends, ranked, starts, threshold, travel_weight, row
            )
            if state[FULL]:
                return True
        state[SHELF] += 1
        state[SPENT] += 1
        if state[SPENT] > until:
            return False
    return True
