"""What labels tell once a search has ended: the tours that come home, their visits, what was left undone."""

from __future__ import annotations

import numpy as np

from routes.kernels import kernel
from routes.ng_labels import (
    BUCKETS,
    COUNT,
    DRIVING,
    DROPPED,
    FED,
    PARENT,
    PLACE,
    POINTS,
    READY,
    SERVED,
    STATUS,
    WAITING,
    legs_arrive,
)  # fmt: skip

_NOTHING = -1e18


@kernel()
def tours_home(arrays, labels, threshold, travel_weight):  # type: ignore[no-untyped-def]
    """The labels from which the van can go home for more than `threshold`, what each tour is then worth at the prices,
    and the best of those worths (over all labels)."""
    rows = labels.rows
    count = labels.state[COUNT]
    found = np.empty(count, np.int64)
    totals = np.empty(count)
    many = 0
    best = _NOTHING
    closes_home = min(arrays.closes, arrays.ends)
    for row in range(1, count):
        if rows[row, STATUS] & DROPPED:
            continue
        home = arrays.travel[rows[row, PLACE], 0]
        if rows[row, DRIVING] + home > arrays.max_driving:
            continue
        _, back = legs_arrive(arrays, rows[row, READY], rows[row, FED], home, closes_home)
        if back > arrays.ends:
            continue
        total = labels.points[row, POINTS] - travel_weight * home
        best = max(best, total)
        if total > threshold:
            found[many] = row
            totals[many] = total
            many += 1
    return found[:many], totals[:many], best


@kernel()
def not_extended(arrays, labels, completion):  # type: ignore[no-untyped-def]
    """What the best label that was not extended could still come to; for a search that ended for lack of room."""
    rows = labels.rows
    best = _NOTHING
    bucket_minutes = (arrays.ends - arrays.starts) // BUCKETS + 1
    for row in range(labels.state[COUNT]):
        if rows[row, STATUS] == WAITING:
            bucket = (rows[row, READY] - arrays.starts) // bucket_minutes
            best = max(best, labels.points[row, POINTS] + completion[rows[row, FED], rows[row, PLACE], bucket])
    return best


@kernel()
def trace(labels, chosen, longest):  # type: ignore[no-untyped-def]
    """The visits of labels in their order, one row each, and how many."""
    rows = labels.rows
    orders = np.zeros((len(chosen), longest), np.int64)
    lengths = np.zeros(len(chosen), np.int64)
    for c in range(len(chosen)):
        row = chosen[c]
        length = rows[row, SERVED]
        lengths[c] = length
        while length > 0:
            length -= 1
            orders[c, length] = rows[row, PLACE]
            row = rows[row, PARENT]
    return orders, lengths
