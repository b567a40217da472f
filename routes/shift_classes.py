"""Alike shifts as one class: what it may do, and the lawful session starts of each visit it may serve.

Two shifts are alike when every order of visits is worth the same on both; they then share one set of tours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER = 1 << 30
"""A minute that no clock shows: the time of what cannot happen, and the limit of what is not limited."""

Integers = NDArray[np.int64]


class Option(NamedTuple):
    """Session starts from `first` to `last` (inclusive minutes), each worth `gain` points, the driving apart."""

    first: int
    last: int
    gain: int


class Break(NamedTuple):
    """The lunch rule of a class; a class without one has `minutes` < 0."""

    opens: int
    closes: int
    minutes: int


NO_BREAK = Break(0, 0, -1)


@dataclass(frozen=True)
class ShiftClass:
    """Shifts that are alike, with the visits any of them may serve.

    Local index 0 is the depot (row 0 of `travel`: from the start place; column 0: to the end place); local index k > 0
    is the visit `visits[k]` of the problem (`visits[0]` is -1). `post` is session and teardown, in minutes.
    """

    index: int
    shifts: tuple[int, ...]
    starts: int
    ends: int
    kits: int
    max_visits: int
    max_driving: int
    lunch: Break
    visits: Integers
    travel: Integers
    setup: Integers
    post: Integers
    load: Integers
    options: tuple[tuple[Option, ...], ...]
    conflicts: tuple[frozenset[int], ...]
    pinned: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many shifts are alike."""
        return len(self.shifts)

    @cached_property
    def local(self) -> dict[int, int]:
        """The local index of each visit."""
        return {int(visit): place for place, visit in enumerate(self.visits) if place}

    @cached_property
    def legs(self) -> list[list[int]]:
        """`travel` as plain lists, which plain Python reads faster than an array."""
        legs: list[list[int]] = self.travel.tolist()
        return legs

    @cached_property
    def minutes(self) -> list[tuple[int, int, int]]:
        """(setup, post, kits) of each local index, as plain numbers."""
        return [(int(a), int(b), int(c)) for a, b, c in zip(self.setup, self.post, self.load, strict=True)]
