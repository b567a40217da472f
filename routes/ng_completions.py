"""What a tour can still earn, read off the labels of the same class turned back to front, compiled by numba.

A label of the reversed class is the end of a tour: it says by when the van must arrive at its first visit and what is
earned from there.
"""

from __future__ import annotations

import numpy as np

from routes.class_arrays import ClassArrays
from routes.kernels import kernel
from routes.ng_labels import BUCKETS, COUNT, DROPPED, FED, MEMORY, PLACE, POINTS, READY, STATUS, legs_arrive
from routes.tours import Floats

_NOTHING = -1e18


def reversed_arrays(arrays: ClassArrays) -> ClassArrays:
    """The class with its day run back to front: every lawful tour, reversed, is a lawful tour of it and worth the same.

    The mirror of minute t is starts + ends - t; what was setup comes after the session, and lunch on a leg stays there.
    """
    mirror = arrays.starts + arrays.ends
    order = np.concatenate(
        [
            np.arange(arrays.option_from[place], arrays.option_from[place + 1])[::-1]
            for place in range(len(arrays.setup))
        ]
    ).astype(np.int64)
    lunch = arrays.minutes >= 0
    return arrays._replace(
        opens=mirror - arrays.closes if lunch else arrays.opens,
        closes=mirror - arrays.opens if lunch else arrays.closes,
        travel=np.ascontiguousarray(arrays.travel.T),
        setup=arrays.post,
        post=arrays.setup,
        first=np.ascontiguousarray(mirror - arrays.last[order]),
        last=np.ascontiguousarray(mirror - arrays.first[order]),
        gain=np.ascontiguousarray(arrays.gain[order]),
    )


def no_completion(size: int) -> Floats:
    """For a search that bounds nothing."""
    return np.full((2, size, BUCKETS), np.inf)


@kernel()
def completion_table(arrays, ends, active, travel_weight):  # type: ignore[no-untyped-def]  # noqa: C901
    """A bound on what is earned after leaving a visit, by (lunch over, visit, bucket of the time it is left).

    `ends` are the labels of the reversed class. An end that remembers the visit itself is none for it.
    """
    size = arrays.travel.shape[0]
    width = (arrays.ends - arrays.starts) // BUCKETS + 1
    mirror = arrays.starts + arrays.ends
    lunch = arrays.minutes >= 0
    closes_home = min(arrays.closes, arrays.ends)
    table = np.full((2, size, BUCKETS), _NOTHING)
    best = np.empty((2, size, BUCKETS))
    for a in range(-1, len(active)):
        i = 0 if a < 0 else active[a]
        word, bit = i >> 6, np.uint64(1) << np.uint64(i & 63)
        best[:] = _NOTHING
        for row in range(1, ends.state[COUNT]):
            if not ends.rows[row, STATUS] & DROPPED and not (i > 0 and ends.bits[row, MEMORY + word] & bit):
                bucket = (mirror - ends.rows[row, READY] - arrays.starts) // width
                fed, place = ends.rows[row, FED], ends.rows[row, PLACE]
                best[fed, place, bucket] = max(best[fed, place, bucket], ends.points[row, POINTS])
        for fed in range(2):
            for j in active:
                for bucket in range(BUCKETS - 2, -1, -1):
                    best[fed, j, bucket] = max(best[fed, j, bucket], best[fed, j, bucket + 1])
        last = 1 if i == 0 else BUCKETS
        for state in range(2):
            if lunch or state == 1:
                for bucket in range(last):
                    leaves = arrays.starts + bucket * width
                    earned = _NOTHING
                    home = arrays.travel[i, 0]
                    if i > 0:
                        _, back = legs_arrive(arrays, leaves, state, home, closes_home)
                        if back <= arrays.ends:
                            earned = -float(travel_weight * home)
                    for j in active:
                        if j != i:
                            leg = arrays.travel[i, j]
                            hungry, fed = legs_arrive(arrays, leaves, state, leg, arrays.closes)
                            if hungry <= arrays.ends:
                                arrival = (hungry - arrays.starts) // width
                                earned = max(earned, best[1, j, arrival] - travel_weight * leg)
                            if fed <= arrays.ends:
                                arrival = (fed - arrays.starts) // width
                                earned = max(earned, best[0 if lunch else 1, j, arrival] - travel_weight * leg)
                    table[state, i, bucket] = earned
    return table
