"""Which problems have long tours: there tours are too many to walk through one by one, and labels must dominate."""

from __future__ import annotations

import numpy as np

from routes.compiled import Compiled, ShiftClass

_LONG = 10


def are_long(compiled: Compiled) -> bool:
    """Whether some shift could serve ten visits or more.

    Not where a visit can take no time at all: labels that dominate each other go forward in time only.
    """
    return (
        bool(compiled.classes)
        and all((klass.setup + klass.post)[1:].min() > 0 for klass in compiled.classes)
        and max(_most_served(klass) for klass in compiled.classes) >= _LONG
    )


def _most_served(shift_class: ShiftClass) -> int:
    """A number of visits that no tour of the class exceeds: the shortest ones, each by its shortest way there."""
    size = len(shift_class.visits)
    elsewhere = ~np.eye(size, dtype=np.bool_)[:, 1:]
    legs = shift_class.travel[:, 1:].min(axis=0, where=elsewhere, initial=shift_class.ends)
    minutes = np.sort((shift_class.setup + shift_class.post)[1:] + legs)
    room = shift_class.ends - shift_class.starts - max(0, shift_class.lunch.minutes)
    return min(shift_class.max_visits, int(np.searchsorted(np.cumsum(minutes), room, side="right")))
