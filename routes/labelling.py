"""Exact pricing by depth-first labelling with completion bounds, compiled by numba.

For one class of shifts and the master's prices the kernel (1) drops visits that cannot pay, (2) bounds what is still
to be had from each (visit, time, lunch) by a backward dynamic program that forgets all but the visit before, in the
manner of 2-cycle elimination, and (3) walks through the orders of visits depth first, cutting where label plus bound
cannot beat the threshold. Subset-row prices are charged exactly on the way (the bound ignores them, which keeps it
valid), so cuts never disturb the search. Nothing here branches on a clock.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routes.compiled import NEVER, NO_BREAK, Option, ShiftClass
from routes.effort import Effort
from routes.tours import Floats

_Ints = NDArray[np.int64]
_COMPILING = threading.Lock()


class ClassArrays(NamedTuple):
    """A `ShiftClass` for the kernel; options and conflicts are concatenated, `*_from` marks where each begins."""

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
    top: _Ints
    removable: NDArray[np.bool_]
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


def warm_up(effort: Effort) -> None:
    """Have the kernel compiled, or loaded from numba's cache; returns early if the run is over first.

    The first time on a machine this takes some seconds, so it goes on in a thread of its own.
    """
    worker = threading.Thread(target=_compile, daemon=True)
    worker.start()
    while worker.is_alive() and not effort.over():
        worker.join(0.02)


def _compile() -> None:
    with _COMPILING:
        options = ((), (Option(0, 1, 1),))
        one, two = np.zeros(2, dtype=np.int64), np.zeros((2, 2), dtype=np.int64)
        nothing = (frozenset[int](), frozenset[int]())
        tiny = ShiftClass(
            0, (0,), 0, 9, 0, 1, NEVER, NO_BREAK, np.array([-1, 0]), two, one, one, one, options, nothing, ()
        )
        arrays, cuts = class_arrays(tiny, 1), cut_arrays(2, {}, [])
        price_class(arrays, cuts, np.zeros(2), np.ones(1, dtype=np.int64), 1, 0.0, 1, False, 100, 5)


def class_arrays(shift_class: ShiftClass, travel_weight: int) -> ClassArrays:
    """Lay a class out for the kernel."""
    size = len(shift_class.visits)
    options = [option for options in shift_class.options for option in options]
    table = np.array(options, dtype=np.int64).reshape(-1, 3)
    conflicts = [other for others in shift_class.conflicts for other in sorted(others)]
    lunch = shift_class.lunch
    saving = removal_savings(shift_class.travel)
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
        saving,
        np.array([max((option.gain for option in options), default=0) for options in shift_class.options]),
        _removable(shift_class, saving),
        keys,
    )


def _removable(shift_class: ShiftClass, saving: _Ints) -> NDArray[np.bool_]:
    """Visits without which any lawful tour through them would still be lawful: they save no time, no limited driving,
    and no leg is so long that lunch could only be eaten half way."""
    longest = int(shift_class.travel.max())
    lunch = shift_class.lunch
    if lunch.minutes >= 0 and longest > lunch.closes - lunch.opens - lunch.minutes:
        return np.zeros(len(saving), dtype=np.bool_)
    quick = saving <= shift_class.setup + shift_class.post
    return np.asarray(quick & ((saving == 0) | (shift_class.max_driving >= NEVER)))


def _offsets(lengths: object) -> _Ints:
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, dtype=np.int64))])  # type: ignore[call-overload]


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


def removal_savings(travel: _Ints) -> _Ints:
    """For each visit the most minutes that going by way of it saves: above zero where the triangle rule is broken."""
    size = len(travel)
    saving = np.zeros(size, dtype=np.int64)
    for via in range(1, size):
        spared = travel - travel[:, via, None] - travel[None, via, :]
        np.fill_diagonal(spared, 0)
        spared[via, :] = spared[:, via] = 0
        saving[via] = max(0, int(spared.max()))
    return saving


def paying(arrays: ClassArrays, price: Floats, free: NDArray[np.bool_], travel_weight: int, margin: float) -> _Ints:
    """The visits worth looking at, most profitable first: leaving out any other never costs more than `margin`.

    A visit that earns nothing can still pay by the minutes that going by way of it saves, or by giving lunch a place
    on a long way; such visits stay.
    """
    worth = arrays.top - price
    keep = free & (~arrays.removable | (worth + travel_weight * arrays.saving > -margin))
    keep[0] = False
    active = np.nonzero(keep)[0]
    return active[np.argsort(-worth[active], kind="stable")]


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
def _serve(arrays, price, j, arrives, state, width, limit, everything, best, towards, other, seen):  # type: ignore[no-untyped-def]
    """What arriving at `j` at this minute can still earn: the best, the visit after `j`, the best by another one.

    Enters the result at `arrives` in `seen`; readiness before `limit` (not bounded yet) is taken for `everything`.
    """
    first, second, to = -1e18, -1e18, -1
    buckets = best.shape[2]
    for o in range(arrays.option_from[j], arrays.option_from[j + 1]):
        begins = max(arrives + arrays.setup[j], arrays.first[o])
        if begins > arrays.last[o]:
            continue
        bucket = (begins + arrays.post[j] - arrays.starts) // width
        if bucket >= buckets:
            continue
        gain = arrays.gain[o] - price[j]
        if bucket <= limit:
            points, after, runner = gain + everything, -1, gain + everything
        else:
            points = gain + best[state, j, bucket]
            after = towards[state, j, bucket]
            runner = gain + other[state, j, bucket]
        first, to, second = _two_best(first, to, second, points, after)
        first, to, second = _two_best(first, to, second, runner, -2)
    minute = arrives - arrays.starts
    seen[0][state, j, minute] = first
    seen[1][state, j, minute] = to
    seen[2][state, j, minute] = second


@njit(cache=True, nogil=True)
def _two_best(first, to, second, points, after):  # type: ignore[no-untyped-def]
    """The best, where it goes, and the best that goes elsewhere, with one more candidate; -2 goes who knows where."""
    if points > first:
        if after != to or after == -2:
            second = max(second, first)
        return points, after, second
    if points > second and (after != to or after == -2):
        second = points
    return first, to, second


@njit(cache=True, nogil=True)
def _completions(arrays, price, active, width, travel_weight):  # type: ignore[no-untyped-def]  # noqa: C901
    """What can still be had after leaving a visit at the start of a time bucket, lunch to come (0) or over (1).

    The best, the visit it goes to next, and the best that goes elsewhere. Works backwards through the day; for each
    bucket first what each minute of arrival in it is worth, then what each departure at its start is.
    """
    size = arrays.travel.shape[0]
    buckets = (arrays.ends - arrays.starts) // width + 1
    best = np.full((2, size, buckets), -1e18)
    other = np.full((2, size, buckets), -1e18)
    towards = np.full((2, size, buckets), -1, np.int16)
    minutes = buckets * width
    seen = (
        np.full((2, size, minutes), -1e18),
        np.full((2, size, minutes), -1, np.int16),
        np.full((2, size, minutes), -1e18),
    )
    everything = 0.0
    for k in active:
        top = 0.0
        for o in range(arrays.option_from[k], arrays.option_from[k + 1]):
            top = max(top, arrays.gain[o] - price[k])
        everything += top
    closes_home = min(arrays.closes, arrays.ends)
    for bucket in range(buckets - 1, -1, -1):
        leaves = arrays.starts + bucket * width
        for j in active:
            for arrives in range(leaves, leaves + width):
                _serve(arrays, price, j, arrives, 1, width, bucket, everything, best, towards, other, seen)
                if arrays.minutes >= 0:
                    _serve(arrays, price, j, arrives, 0, width, bucket, everything, best, towards, other, seen)
        for a in range(-1, len(active)):
            i = 0 if a < 0 else active[a]
            if a < 0 and bucket > 0:
                continue
            here = i if i > 0 else -9  # a completion may end at the depot, not at the visit it began with
            for state in range(2):
                if state == 0 and arrays.minutes < 0:
                    continue
                first, second, to = -1e18, -1e18, -1
                leaving = max(leaves, arrays.opens) + arrays.minutes
                if i > 0:
                    home = leaves + arrays.travel[i, 0]
                    if state == 0:
                        _, home = _arrive(arrays, leaves, NEVER, arrays.travel[i, 0], closes_home)
                    if home <= arrays.ends:
                        first, to = -float(travel_weight * arrays.travel[i, 0]), 0
                for j in active:
                    if j == i:
                        continue
                    leg = arrays.travel[i, j]
                    minute = leaves + leg - arrays.starts
                    if minute >= minutes:
                        continue
                    points = (
                        seen[2][state, j, minute] if seen[1][state, j, minute] == here else seen[0][state, j, minute]
                    )
                    if state == 0:
                        eaten = max(leaves + leg, arrays.opens) + arrays.minutes
                        if eaten > arrays.closes:
                            eaten = leaving + leg if leaving <= arrays.closes else NEVER
                        minute = eaten - arrays.starts
                        if minute < minutes:
                            if seen[1][1, j, minute] == here:
                                points = max(points, seen[2][1, j, minute])
                            else:
                                points = max(points, seen[0][1, j, minute])
                    points -= travel_weight * leg
                    if points > first:
                        second = first
                        first, to = points, j
                    elif points > second:
                        second = points
                best[state, i, bucket] = first
                other[state, i, bucket] = second
                towards[state, i, bucket] = to
    return best, other, towards


@njit(cache=True, nogil=True)
def _shortest_stay(arrays, active):  # type: ignore[no-untyped-def]
    """The fewest minutes that a visit takes at its place."""
    stay = arrays.ends - arrays.starts
    for j in active:
        stay = min(stay, arrays.setup[j] + arrays.post[j])
    return max(1, stay)


@njit(cache=True, nogil=True)
def price_class(  # type: ignore[no-untyped-def]  # noqa: C901 (one loop over an explicit stack: numba compiles it once)
    arrays, cuts, price, active, travel_weight, threshold, keep, everything, most, bucket_width
):
    """Tours of one class with a reduced value above `threshold`: the best `keep`, or every one if `everything`.

    `best` is at least the best reduced value, and the list complete, unless more than `most` labels were needed.
    """
    size = arrays.travel.shape[0]
    width = min(bucket_width, _shortest_stay(arrays, active))
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
                        slot = int(np.argmin(out_reduced[:found]))
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
