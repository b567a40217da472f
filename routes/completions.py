"""What a tour can still earn: completion bounds for the labelling, compiled by numba.

For each (visit, time, lunch) a backward dynamic program bounds the points still to be had, forgetting all but the
visit before in the manner of 2-cycle elimination.
"""

from __future__ import annotations

import numpy as np

from routes.kernels import kernel
from routes.shift_classes import NEVER

IMPOSSIBLE = -1e18
"""The points of what cannot be."""


@kernel()
def arrive(arrays, before, after, leg, closes):  # type: ignore[no-untyped-def]
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


@kernel()
def worthwhile_legs(arrays, active):  # type: ignore[no-untyped-def]
    """The visits of `active` that can follow each place, in their order: where each place's begin, and the visits."""
    size = arrays.travel.shape[0]
    begins = np.zeros(size + 1, np.int64)
    follows = np.empty((len(active) + 1) * len(active), np.int16)
    chosen = np.zeros(size, np.bool_)
    chosen[0] = True
    for j in active:
        chosen[j] = True
    count = 0
    for i in range(size):
        begins[i] = count
        if chosen[i]:
            for j in active:
                if arrays.follows[i, j]:
                    follows[count] = j
                    count += 1
    begins[size] = count
    return begins, follows


@kernel()
def shortest_stay(arrays, active):  # type: ignore[no-untyped-def]
    """The fewest minutes that a visit takes at its place."""
    stay = arrays.ends - arrays.starts
    for j in active:
        stay = min(stay, arrays.setup[j] + arrays.post[j])
    return max(1, stay)


@kernel()
def completions(arrays, price, active, begins, follows, width, travel_weight):  # type: ignore[no-untyped-def]
    """What can still be had after leaving a visit at the start of a time bucket, lunch to come (0) or over (1).

    The best, the visit it goes to next, and the best that goes elsewhere. Works backwards through the day; for each
    bucket first what each minute of arrival in it is worth, then what each departure at its start is.
    """
    size = arrays.travel.shape[0]
    buckets = (arrays.ends - arrays.starts) // width + 1
    best = np.full((2, size, buckets), IMPOSSIBLE)
    other = np.full((2, size, buckets), IMPOSSIBLE)
    towards = np.full((2, size, buckets), -1, np.int16)
    minutes = buckets * width
    seen = (
        np.full((2, size, minutes), IMPOSSIBLE),
        np.full((2, size, minutes), -1, np.int16),
        np.full((2, size, minutes), IMPOSSIBLE),
    )
    everything = _all_gains(arrays, price, active)
    for bucket in range(buckets - 1, -1, -1):
        leaves = arrays.starts + bucket * width
        for state in range(2):
            if not _can_be(arrays, state, leaves, width):
                continue
            for j in active:
                last = min(leaves + width, arrays.latest[j] - arrays.post[j] - arrays.setup[j] + 1)
                for arrives in range(max(leaves, arrays.starts + arrays.there[j]), last):
                    _serve(arrays, price, j, arrives, state, width, bucket, everything, best, towards, other, seen)
        for state in range(2):
            if not _can_be(arrays, state, leaves, width):
                continue
            for j in active:
                if leaves <= arrays.latest[j] and leaves + width > arrays.earliest[j]:
                    _leave(arrays, j, leaves, state, width, begins, follows, travel_weight, best, towards, other, seen)
    state = 1 if arrays.minutes < 0 else 0
    _leave(arrays, 0, arrays.starts, state, width, begins, follows, travel_weight, best, towards, other, seen)
    return best, other, towards


@kernel()
def _all_gains(arrays, price, active):  # type: ignore[no-untyped-def]
    """What serving every visit would earn, driving apart: more than any tour."""
    everything = 0.0
    for k in active:
        top = 0.0
        for o in range(arrays.option_from[k], arrays.option_from[k + 1]):
            top = max(top, arrays.gain[o] - price[k])
        everything += top
    return everything


@kernel()
def _can_be(arrays, state, minute, width):  # type: ignore[no-untyped-def]
    """Whether in some minute of a bucket lunch can be still to come (state 0) or over (1)."""
    if state == 0:
        return arrays.minutes >= 0 and max(minute, arrays.opens) + arrays.minutes <= arrays.closes
    return arrays.minutes < 0 or minute + width > arrays.opens + arrays.minutes


@kernel()
def _serve(arrays, price, j, arrives, state, width, limit, everything, best, towards, other, seen):  # type: ignore[no-untyped-def]
    """What arriving at `j` at this minute can still earn: the best, the visit after `j`, the best by another one.

    Enters the result at `arrives` in `seen`; readiness before `limit` (not bounded yet) is taken for `everything`.
    """
    first, second, to = IMPOSSIBLE, IMPOSSIBLE, -1
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


@kernel()
def _two_best(first, to, second, points, after):  # type: ignore[no-untyped-def]
    """The best, where it goes, and the best that goes elsewhere, with one more candidate; -2 goes who knows where."""
    if points > first:
        if after != to or after == -2:
            second = max(second, first)
        return points, after, second
    if points > second and (after != to or after == -2):
        second = points
    return first, to, second


@kernel()
def _unless_back(seen, state, j, minute, here):  # type: ignore[no-untyped-def]
    """What arriving at `j` can earn without going on to `here`, where the van just was."""
    if seen[1][state, j, minute] == here:
        return seen[2][state, j, minute]
    return seen[0][state, j, minute]


@kernel()
def _leave(arrays, i, leaves, state, width, begins, follows, travel_weight, best, towards, other, seen):  # type: ignore[no-untyped-def]  # noqa: C901
    """What leaving `i` at `leaves` can still earn: the best, where it goes, and the best that goes elsewhere."""
    first, second, to = IMPOSSIBLE, IMPOSSIBLE, -1
    here = i if i > 0 else -9  # a completion may end at the depot, not at the visit it began with
    if i > 0:
        home = leaves + arrays.travel[i, 0]
        if state == 0:
            _, home = arrive(arrays, leaves, NEVER, arrays.travel[i, 0], min(arrays.closes, arrays.ends))
        if home <= arrays.ends:
            first, to = -float(travel_weight * arrays.travel[i, 0]), 0
    leaving = max(leaves, arrays.opens) + arrays.minutes
    minutes = seen[0].shape[2]
    for k in range(begins[i], begins[i + 1]):
        j = follows[k]
        leg = arrays.travel[i, j]
        minute = leaves + leg - arrays.starts
        if minute >= minutes:
            continue
        points = _unless_back(seen, state, j, minute, here)
        if state == 0:
            eaten = max(leaves + leg, arrays.opens) + arrays.minutes
            if eaten > arrays.closes:
                eaten = leaving + leg if leaving <= arrays.closes else NEVER
            if eaten - arrays.starts < minutes:
                points = max(points, _unless_back(seen, 1, j, eaten - arrays.starts, here))
        points -= travel_weight * leg
        if points > first:
            second = first
            first, to = points, j
        elif points > second:
            second = points
    bucket = (leaves - arrays.starts) // width
    best[state, i, bucket] = first
    other[state, i, bucket] = second
    towards[state, i, bucket] = to
