"""Exact pricing by depth-first labelling with completion bounds, compiled by numba.

For one class of shifts and the master's prices the kernel (1) drops visits that cannot pay, (2) bounds what is still
to be had from each (visit, time, lunch) by a backward dynamic program that forgets all but the visit before, in the
manner of 2-cycle elimination, and (3) walks through the orders of visits depth first, cutting where label plus bound
cannot beat the threshold. Subset-row prices are charged exactly on the way (the bound ignores them, which keeps it
valid), so cuts never disturb the search. Nothing here branches on a clock.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routes.compiled import NEVER, ShiftClass
from routes.tours import Floats

_Ints = NDArray[np.int64]


class ClassArrays(NamedTuple):
    """A `ShiftClass` as the kernel reads it; options and conflicts are concatenated, `*_from` marks where each begins."""

    starts: int
    ends: int
    opens: int
    closes: int
    minutes: int
    kits: int
    max_visits: int
    max_driving: int
    travel: _Ints
    setup: _Ints
    post: _Ints
    load: _Ints
    option_from: _Ints
    first: _Ints
    last: _Ints
    gain: _Ints
    conflict_from: _Ints
    conflict: _Ints
    saving: _Ints
    keys: _Ints


class CutArrays(NamedTuple):
    """The cuts that a class can feel: visit -> (cut, weight) concatenated, and each cut's divisor and price."""

    member_from: _Ints
    member_cut: _Ints
    member_weight: _Ints
    divisor: _Ints
    price: Floats


class Found(NamedTuple):
    """Tours of one class: orders (local indices, one row each), lengths, values, reduced values, how it ended."""

    order: _Ints
    length: _Ints
    value: _Ints
    reduced: Floats
    best: float
    complete: bool
    labels: int


def class_arrays(shift_class: ShiftClass, travel_weight: int) -> ClassArrays:
    """Lay a class out for the kernel."""
    size = len(shift_class.visits)
    options = [option for options in shift_class.options for option in options]
    table = np.array(options, dtype=np.int64).reshape(-1, 3)
    conflicts = [other for others in shift_class.conflicts for other in sorted(others)]
    lunch = shift_class.lunch
    keys = np.random.default_rng(7).integers(-(1 << 62), 1 << 62, size=size, dtype=np.int64)
    return ClassArrays(
        shift_class.starts,
        shift_class.ends,
        lunch.opens,
        lunch.closes,
        lunch.minutes,
        shift_class.kits,
        min(shift_class.max_visits, size - 1),
        shift_class.max_driving,
        shift_class.travel,
        shift_class.setup,
        shift_class.post,
        shift_class.load,
        _offsets(len(options) for options in shift_class.options),
        np.ascontiguousarray(table[:, 0]),
        np.ascontiguousarray(table[:, 1]),
        np.ascontiguousarray(table[:, 2]),
        _offsets(len(others) for others in shift_class.conflicts),
        np.array(conflicts, dtype=np.int64),
        removal_savings(shift_class.travel),
        keys,
    )


def _offsets(lengths: object) -> _Ints:
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, dtype=np.int64))])  # type: ignore[call-overload, no-any-return]


def cut_arrays(size: int, members: dict[int, list[tuple[int, int]]], cuts: list[tuple[int, float]]) -> CutArrays:
    """Lay cuts out for the kernel: (cut, weight) of each of `size` local visits, (divisor, price) of each cut."""
    pairs = [pair for place in range(size) for pair in members.get(place, [])]
    return CutArrays(
        _offsets(len(members.get(place, [])) for place in range(size)),
        np.array([cut for cut, _ in pairs], dtype=np.int64),
        np.array([weight for _, weight in pairs], dtype=np.int64),
        np.array([divisor for divisor, _ in cuts], dtype=np.int64),
        np.array([price for _, price in cuts], dtype=np.float64),
    )


@njit(cache=True, nogil=True)
def removal_savings(travel):  # type: ignore[no-untyped-def]
    """For each visit the most minutes that going by way of it saves: above zero where the triangle rule is broken."""
    size = travel.shape[0]
    saving = np.zeros(size, np.int64)
    for k in range(1, size):
        most = -(1 << 40)
        for i in range(size):
            if i == k:
                continue
            to = travel[i, k]
            for j in range(size):
                if j != k and j != i:
                    spared = travel[i, j] - to - travel[k, j]
                    if spared > most:
                        most = spared
        saving[k] = max(0, most)
    return saving


@njit(cache=True, nogil=True)
def _arrive(arrays, before, after, leg, closes):  # type: ignore[no-untyped-def]
    """`routes.timetable.arrivals`."""
    fed = after + leg if after < NEVER else NEVER
    if before >= NEVER:
        return NEVER, fed
    arrives = before + leg
    on_arrival = max(arrives, arrays.opens) + arrays.minutes
    if on_arrival <= closes:
        return arrives, min(fed, on_arrival)
    leaving = max(before, arrays.opens) + arrays.minutes
    if leaving <= arrays.closes:
        return arrives, min(fed, leaving + leg)
    return arrives, fed


@njit(cache=True, nogil=True)
def _paying(arrays, price, open_visits, travel_weight, margin):  # type: ignore[no-untyped-def]
    """The visits worth looking at, most profitable first: leaving out any other never costs more than `margin`."""
    size = arrays.travel.shape[0]
    worth = np.empty(size, np.float64)
    keep = np.zeros(size, np.bool_)
    longest = 0
    for i in range(size):
        for j in range(size):
            if i != j:
                longest = max(longest, arrays.travel[i, j])
    lunch_moves = arrays.minutes < 0 or longest <= arrays.closes - arrays.opens - arrays.minutes
    for k in range(1, size):
        best = -1e18
        for o in range(arrays.option_from[k], arrays.option_from[k + 1]):
            best = max(best, arrays.gain[o] - price[k])
        worth[k] = best
        removable = (
            lunch_moves
            and arrays.saving[k] <= arrays.setup[k] + arrays.post[k]
            and (arrays.max_driving >= NEVER or arrays.saving[k] == 0)
        )
        keep[k] = open_visits[k] and (not removable or best + travel_weight * arrays.saving[k] > -margin)
    active = np.nonzero(keep)[0]
    return active[np.argsort(-worth[active])]


@njit(cache=True, nogil=True)
def _completions(arrays, price, active, width, travel_weight):  # type: ignore[no-untyped-def]
    """What can still be had after leaving a visit at the start of a time bucket, lunch to come (0) or over (1).

    The best, the visit it goes to next, and the best that goes elsewhere.
    """
    size = arrays.travel.shape[0]
    buckets = (arrays.ends - arrays.starts) // width + 1
    best = np.full((2, size, buckets), -1e18)
    other = np.full((2, size, buckets), -1e18)
    towards = np.full((2, size, buckets), -1, np.int16)
    everything = 0.0
    for k in active:
        top = 0.0
        for o in range(arrays.option_from[k], arrays.option_from[k + 1]):
            top = max(top, arrays.gain[o] - price[k])
        everything += top
    for bucket in range(buckets - 1, -1, -1):
        leaves = arrays.starts + bucket * width
        for a in range(-1, len(active)):
            i = 0 if a < 0 else active[a]
            if a < 0 and bucket > 0:
                continue
            for eaten in range(2):
                if eaten == 0 and arrays.minutes < 0:
                    continue
                before = NEVER if eaten else leaves
                after = leaves if eaten else NEVER
                first, second, to = -1e18, -1e18, -1
                if i > 0:
                    leg = arrays.travel[i, 0]
                    _, fed = _arrive(arrays, before, after, leg, min(arrays.closes, arrays.ends))
                    if fed <= arrays.ends:
                        first, to = -float(travel_weight * leg), 0
                for j in active:
                    if j == i:
                        continue
                    leg = arrays.travel[i, j]
                    hungry, fed = _arrive(arrays, before, after, leg, arrays.closes)
                    points = -1e18
                    for o in range(arrays.option_from[j], arrays.option_from[j + 1]):
                        gain = arrays.gain[o] - price[j] - travel_weight * leg
                        for state in range(2):
                            begins = fed if state else hungry
                            begins = max(begins + arrays.setup[j], arrays.first[o])
                            if begins > arrays.last[o]:
                                continue
                            then = (begins + arrays.post[j] - arrays.starts) // width
                            if then >= buckets:
                                continue
                            if then <= bucket:
                                rest = everything
                            elif towards[state, j, then] == i and i > 0:
                                rest = other[state, j, then]
                            else:
                                rest = best[state, j, then]
                            points = max(points, gain + rest)
                    if points > first:
                        second = first
                        first, to = points, j
                    elif points > second:
                        second = points
                best[eaten, i, bucket] = first
                other[eaten, i, bucket] = second
                towards[eaten, i, bucket] = to
    return best, other, towards


@njit(cache=True, nogil=True)
def _smallest_step(arrays, active):  # type: ignore[no-untyped-def]
    """The fewest minutes from leaving one visit to leaving the next."""
    step = arrays.ends - arrays.starts
    for j in active:
        for i in active:
            if i != j:
                step = min(step, arrays.travel[i, j] + arrays.setup[j] + arrays.post[j])
        step = min(step, arrays.travel[0, j] + arrays.setup[j] + arrays.post[j])
    return max(1, step)


@njit(cache=True, nogil=True)
def price_class(arrays, cuts, price, open_visits, travel_weight, threshold, margin, keep, everything, most, bucket_width):  # type: ignore[no-untyped-def]
    """Tours of one class with a reduced value above `threshold`: the best `keep`, or every one if `everything`.

    `best` is at least the best reduced value, and the list complete, unless more than `most` labels were needed.
    """
    size = arrays.travel.shape[0]
    active = _paying(arrays, price, open_visits, travel_weight, margin)
    width = min(bucket_width, _smallest_step(arrays, active))
    best, other, towards = _completions(arrays, price, active, width, travel_weight)
    root = max(best[0, 0, 0], best[1, 0, 0])
    deepest = min(arrays.max_visits, len(active))
    out_order = np.zeros((keep, deepest + 1), np.int64)
    out_length = np.zeros(keep, np.int64)
    out_value = np.zeros(keep, np.int64)
    out_reduced = np.full(keep, -1e18)
    out_key = np.zeros(keep, np.int64)
    slots = 16
    while everything and slots < 4 * keep:
        slots *= 2
    table = np.full(slots, -1, np.int64)
    found = 0
    floor = threshold
    top = -1e18
    labels = 0
    complete = True
    blocked = np.zeros(size, np.int64)
    inside = np.zeros(len(cuts.price), np.int64)
    depths = deepest + 2
    place = np.zeros(depths, np.int64)
    cursor = np.zeros(depths, np.int64)
    option = np.zeros(depths, np.int64)
    surpassed = np.zeros(depths, np.int64)
    before = np.zeros(depths, np.int64)
    after = np.zeros(depths, np.int64)
    value = np.zeros(depths, np.int64)
    reduced = np.zeros(depths, np.float64)
    load = np.zeros(depths, np.int64)
    driving = np.zeros(depths, np.int64)
    identity = np.zeros(depths, np.int64)
    before[0] = NEVER if arrays.minutes < 0 else arrays.starts
    after[0] = arrays.starts if arrays.minutes < 0 else NEVER
    option[0] = -1
    depth = 0
    if root <= threshold or deepest == 0:
        return out_order[:0], out_length[:0], out_value[:0], out_reduced[:0], root, True, labels
    while depth >= 0:
        if cursor[depth] >= len(active) or depth >= deepest:
            here = place[depth]
            if depth > 0:
                blocked[here] -= 1
                for c in range(arrays.conflict_from[here], arrays.conflict_from[here + 1]):
                    blocked[arrays.conflict[c]] -= 1
                for m in range(cuts.member_from[here], cuts.member_from[here + 1]):
                    inside[cuts.member_cut[m]] -= cuts.member_weight[m]
            depth -= 1
            continue
        j = active[cursor[depth]]
        if option[depth] < 0:
            option[depth] = arrays.option_from[j]
            surpassed[depth] = -(1 << 60)
            if blocked[j] > 0 or load[depth] + arrays.load[j] > arrays.kits:
                option[depth] = arrays.option_from[j + 1]
        o = option[depth]
        if o >= arrays.option_from[j + 1]:
            cursor[depth] += 1
            option[depth] = -1
            continue
        option[depth] += 1
        if arrays.gain[o] <= surpassed[depth]:
            continue
        here = place[depth]
        leg = arrays.travel[here, j]
        if driving[depth] + leg > arrays.max_driving:
            continue
        hungry, fed = _arrive(arrays, before[depth], after[depth], leg, arrays.closes)
        hungry_begins = max(hungry + arrays.setup[j], arrays.first[o])
        fed_begins = max(fed + arrays.setup[j], arrays.first[o])
        ready_before = hungry_begins + arrays.post[j] if hungry_begins <= arrays.last[o] else NEVER
        ready_after = fed_begins + arrays.post[j] if fed_begins <= arrays.last[o] else NEVER
        if ready_before >= NEVER and ready_after >= NEVER:
            continue
        if ready_after < NEVER or fed >= NEVER:
            surpassed[depth] = arrays.gain[o]
        labels += 1
        if labels > most:
            complete = False
            break
        charge = 0.0
        for m in range(cuts.member_from[j], cuts.member_from[j + 1]):
            c = cuts.member_cut[m]
            had = inside[c] // cuts.divisor[c]
            has = (inside[c] + cuts.member_weight[m]) // cuts.divisor[c]
            charge += (has - had) * cuts.price[c]
        points = reduced[depth] + arrays.gain[o] - price[j] - travel_weight * leg - charge
        worth = value[depth] + arrays.gain[o] - travel_weight * leg
        rest = -1e18
        for state in range(2):
            ready = ready_after if state else ready_before
            if ready >= NEVER:
                continue
            bucket = (ready - arrays.starts) // width
            if bucket >= best.shape[2]:
                continue
            to = towards[state, j, bucket]
            rest = max(rest, other[state, j, bucket] if to > 0 and blocked[to] > 0 else best[state, j, bucket])
        if points + rest <= floor:
            continue
        home = arrays.travel[j, 0]
        _, back = _arrive(arrays, ready_before, ready_after, home, min(arrays.closes, arrays.ends))
        if back <= arrays.ends and driving[depth] + leg + home <= arrays.max_driving:
            total = points - travel_weight * home
            if total > floor:
                key = identity[depth] + arrays.keys[j]
                slot = -1
                if everything:
                    probe = key & (slots - 1)
                    while table[probe] >= 0 and out_key[table[probe]] != key:
                        probe = (probe + 1) & (slots - 1)
                    slot = table[probe]
                    if slot < 0:
                        if found >= keep:
                            complete = False
                            break
                        table[probe] = found
                else:
                    for s in range(found):
                        if out_key[s] == key:
                            slot = s
                if slot < 0:
                    if found < keep:
                        slot = found
                        found += 1
                    else:
                        slot = np.argmin(out_reduced[:found])
                    out_reduced[slot] = -1e18
                if total > out_reduced[slot]:
                    out_key[slot] = key
                    out_reduced[slot] = total
                    out_value[slot] = worth - travel_weight * home
                    out_length[slot] = depth + 1
                    for d in range(1, depth + 1):
                        out_order[slot, d - 1] = place[d]
                    out_order[slot, depth] = j
                    top = max(top, total)
                    if not everything and found == keep:
                        floor = max(threshold, out_reduced.min())
        if depth + 1 >= deepest:
            continue
        depth += 1
        place[depth] = j
        cursor[depth] = 0
        option[depth] = -1
        before[depth] = ready_before
        after[depth] = ready_after
        value[depth] = worth
        reduced[depth] = points
        load[depth] = load[depth - 1] + arrays.load[j]
        driving[depth] = driving[depth - 1] + leg
        identity[depth] = identity[depth - 1] + arrays.keys[j]
        blocked[j] += 1
        for c in range(arrays.conflict_from[j], arrays.conflict_from[j + 1]):
            blocked[arrays.conflict[c]] += 1
        for m in range(cuts.member_from[j], cuts.member_from[j + 1]):
            inside[cuts.member_cut[m]] += cuts.member_weight[m]
    ceiling = max(top, threshold) if complete else root
    return out_order[:found], out_length[:found], out_value[:found], out_reduced[:found], ceiling, complete, labels
