"""Exact pricing by depth-first labelling with completion bounds, compiled by numba.

For one class of shifts and the master's prices the kernel bounds what is still to be had from each (visit, time,
lunch) (`routes.completions`) and walks through the orders of visits depth first, cutting where label plus bound
cannot beat the threshold. Subset-row prices are charged exactly on the way (the bound ignores them, which keeps it
valid), so cuts never disturb the search. Nothing here branches on a clock.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from routes.class_arrays import class_arrays, cut_arrays
from routes.completions import arrive, completions, shortest_stay, worthwhile_legs
from routes.effort import Effort
from routes.kernels import kernel
from routes.shift_classes import NEVER, NO_BREAK, Integers, Option, ShiftClass
from routes.tours import Floats

_COMPILING = threading.Lock()


class Found(NamedTuple):
    """Tours of one class: orders (local indices, one row each), lengths, values, reduced values, how it ended."""

    order: Integers
    length: Integers
    value: Integers
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


@kernel()
def price_class(  # type: ignore[no-untyped-def]  # noqa: C901 (one loop over an explicit stack: numba compiles it once)
    arrays, cuts, price, active, travel_weight, threshold, keep, everything, most, bucket_width
):
    """Tours of one class with a reduced value above `threshold`: the best `keep`, or every one if `everything`.

    `best` is at least the best reduced value, and the list complete, unless more than `most` labels were needed.
    """
    size = arrays.travel.shape[0]
    width = min(bucket_width, shortest_stay(arrays, active))
    begins, follows = worthwhile_legs(arrays, active)
    best, other, towards = completions(arrays, price, active, begins, follows, width, travel_weight)
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
        here = place[depth]
        if cursor[depth] >= begins[here + 1]:
            if depth > 0:
                blocked[here] -= 1
                for c in range(arrays.conflict_from[here], arrays.conflict_from[here + 1]):
                    blocked[arrays.conflict[c]] -= 1
                for m in range(cuts.member_from[here], cuts.member_from[here + 1]):
                    inside[cuts.member_cut[m]] -= cuts.member_weight[m]
            depth -= 1
            continue
        j = follows[cursor[depth]]
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
        leg = arrays.travel[here, j]
        if driving[depth] + leg + arrays.home[j] > arrays.max_driving:
            continue
        hungry, fed = arrive(arrays, before[depth], after[depth], leg, arrays.closes)
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
        _, back = arrive(arrays, ready_before, ready_after, home, min(arrays.closes, arrays.ends))
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
        cursor[depth] = begins[j]
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
