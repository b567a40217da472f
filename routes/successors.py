"""Which visits can follow which, nearest first: the ways that a search of labels tries."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.class_arrays import ClassArrays
from routes.shift_classes import NEVER, Integers


class Ways(NamedTuple):
    """The visits to try after each, concatenated; those after `place` begin at `begin[place]`."""

    begin: Integers
    to: Integers


class Successors:
    """For each visit of a class (and the start) those that can follow it in time, by driving and waiting."""

    def __init__(self, arrays: ClassArrays) -> None:
        first, last = reach(arrays)
        ready = first + arrays.post
        ready[0] = arrays.starts
        begins = ready[:, None] + arrays.travel + arrays.setup[None, :]
        possible = begins <= last[None, :]
        possible[:, 0] = False
        np.fill_diagonal(possible, False)
        waits = np.maximum(0, first[None, :] - begins)
        cost = np.where(possible, arrays.travel + waits, NEVER)
        self._ranked = np.argsort(cost, axis=1, kind="stable")
        self._possible = np.take_along_axis(possible, self._ranked, axis=1)

    def ways(self, active: Integers, most: int) -> Ways:
        """At most so many ways from each visit to the active ones, but all from the start place."""
        is_active = np.zeros(len(self._ranked), dtype=np.bool_)
        is_active[active] = True
        chosen: NDArray[np.bool_] = self._possible & is_active[self._ranked]
        chosen[1:] &= np.cumsum(chosen[1:], axis=1) <= most
        return Ways(np.concatenate([[0], np.cumsum(chosen.sum(axis=1))]), self._ranked[chosen])


def reach(arrays: ClassArrays) -> tuple[Integers, Integers]:
    """The first and the last session start of each visit; of the start place, never."""
    spans = [slice(*arrays.option_from[place : place + 2]) for place in range(len(arrays.setup))]
    first = np.array([arrays.first[span].min(initial=NEVER) for span in spans])
    last = np.array([arrays.last[span].max(initial=-NEVER) for span in spans])
    return first, last
