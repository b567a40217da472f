"""What a relaxed tour remembers: for each visit, which visits served before are not forgotten there.

Sets of local visits are bits of 64-bit words, a row per visit. Knows no search.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routes.class_arrays import ClassArrays
from routes.shift_classes import NEVER, ShiftClass
from routes.successors import reach

Words = NDArray[np.uint64]


def nearest_circles(arrays: ClassArrays, most: int) -> Words:
    """For each visit the `most` visits that a tour could leave for it and be back at in time, the nearest first."""
    size = len(arrays.setup)
    circle = _circles(arrays)
    around = np.where(circle, arrays.travel + arrays.travel.T, NEVER)
    keeps = np.zeros((size, (size + 63) // 64), dtype=np.uint64)
    for place in range(1, size):
        for other in np.argsort(around[:, place], kind="stable")[:most]:
            if circle[other, place]:
                _set(keeps[place], int(other))
    return keeps


def _circles(arrays: ClassArrays) -> NDArray[np.bool_]:
    """Whether a tour can serve the first, the second, and the first again."""
    first, last = reach(arrays)
    ready = np.maximum(arrays.starts + arrays.travel[0] + arrays.setup, first) + arrays.post
    there = np.maximum(ready[:, None] + arrays.travel + arrays.setup[None, :], first[None, :])
    back = there + arrays.post[None, :] + arrays.travel.T + arrays.setup[:, None]
    circle = (there <= last[None, :]) & (back <= last[:, None])
    circle[0, :] = circle[:, 0] = False
    np.fill_diagonal(circle, False)
    return np.asarray(circle)


def forbidden(shift_class: ShiftClass) -> Words:
    """For each visit itself and those that it excludes."""
    size = len(shift_class.visits)
    forbids = np.zeros((size, (size + 63) // 64), dtype=np.uint64)
    for place in range(size):
        for other in (place, *shift_class.conflicts[place]):
            _set(forbids[place], other)
    return forbids


def not_forgetting(keeps: Words, forbids: Words, order: Sequence[int]) -> bool:
    """Add to what visits remember (in place) until the shortest unlawful stretches of this tour cannot come again;
    whether anything was added."""
    added = False
    for end, place in enumerate(order):
        for begin in range(end - 1, -1, -1):
            if _has(forbids[place], order[begin]):
                for between in order[begin + 1 : end]:
                    if not _has(keeps[between], order[begin]):
                        _set(keeps[between], order[begin])
                        added = True
                break
    return added


def _set(words: Words, place: int) -> None:
    words[place // 64] |= np.uint64(1 << (place % 64))


def _has(words: Words, place: int) -> bool:
    return bool(words[place // 64] & np.uint64(1 << (place % 64)))
