"""Which shifts to plan anew together: a few that could trade visits, chosen where the plan loses most.

By duality the distance between plan and bound is the sum, over shifts, of what the class's price exceeds the reduced
value of the tour driven, and over unserved visits, of their prices. Shifts with a large share are worth reopening.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.compiled import Compiled
from routes.insertion import empty_slots
from routes.tours import Column, Floats, Prices, Scope, reduced_values


class Neighbourhood(NamedTuple):
    """What is open, the tours that it opens, and the value of those that stay."""

    scope: Scope
    opened: tuple[Column, ...]
    staying: int
    slots: tuple[int, ...]


class Neighbourhoods:
    """Chooses slots (one per shift) to reopen; keeps count of those that were tried in vain."""

    def __init__(self, compiled: Compiled, seed: int) -> None:
        self._compiled = compiled
        self._random = random.Random(seed)
        self._serves = np.zeros((len(compiled.classes), compiled.visits), dtype=np.bool_)
        for shift_class in compiled.classes:
            self._serves[shift_class.index, shift_class.visits[1:]] = True
        self._slots = [klass.index for klass in compiled.classes for _ in klass.shifts]
        self._vain = np.zeros(len(self._slots))

    def pick(
        self, columns: Sequence[Column], prices: Prices, size: int, busy: Sequence[Neighbourhood] = ()
    ) -> Neighbourhood | None:
        """Some `size` slots to reopen that no busy neighbourhood touches, or None where too few are left.

        What is open in a busy neighbourhood is closed in this one, so both may be planned anew at the same time.
        """
        _, tours = empty_slots(self._compiled, columns)
        idle = self._idle(tours, busy)
        if idle.sum() < min(size, len(tours)):
            return None
        losses = self._losses(tours, prices)
        weights = idle * (losses + 1.0 + losses.mean()) / (1.0 + self._vain) ** 2
        first = self._random.choices(range(len(tours)), weights=weights.tolist())[0]
        near = self._trades(tours, first) * np.array([self._random.uniform(0.3, 1.0) for _ in tours])
        near *= idle * (1.0 + losses / (losses.mean() + 1.0))
        near[first] = np.inf
        chosen = set(np.argsort(-near, kind="stable")[:size].tolist())
        opened = [tour for slot, tour in enumerate(tours) if tour and slot in chosen]
        fixed = [tour for slot, tour in enumerate(tours) if tour and slot not in chosen]
        counts = np.bincount([self._slots[slot] for slot in chosen], minlength=len(self._compiled.classes))
        beside = Scope.beside(self._compiled, fixed)
        free = beside.free & self._serves[counts > 0].any(axis=0)
        for other in busy:
            free[self._closed_by(other)] = False
        scope = Scope(counts.astype(np.int64), free, beside.dues)
        return Neighbourhood(scope, tuple(opened), sum(column.value for column in fixed), tuple(sorted(chosen)))

    def note(self, tried: Neighbourhood, *, better: bool) -> None:
        """Remember whether a pick was worth it."""
        slots = list(tried.slots)
        if better:
            self._vain[slots] *= 0.5
        else:
            self._vain[slots] += 3.0 / len(slots)

    def _idle(self, tours: Sequence[Column | None], busy: Sequence[Neighbourhood]) -> NDArray[np.bool_]:
        """The slots that no busy neighbourhood has open: its tours, and as many empty slots as it has besides."""
        idle = np.ones(len(tours), dtype=np.bool_)
        for other in busy:
            opened = Counter(column.key for column in other.opened)
            empty = Counter(dict(enumerate(other.scope.counts.tolist())))
            empty.subtract(column.klass for column in other.opened)
            for slot, tour in enumerate(tours):
                if not idle[slot]:
                    continue
                if tour is not None and opened[tour.key] > 0:
                    opened[tour.key] -= 1
                    idle[slot] = False
                elif tour is None and empty[self._slots[slot]] > 0:
                    empty[self._slots[slot]] -= 1
                    idle[slot] = False
        return idle

    def _closed_by(self, other: Neighbourhood) -> list[int]:
        """The visits that another neighbourhood may serve, and their rivals."""
        visits = np.nonzero(other.scope.free)[0].tolist()
        return [*visits, *(rival for visit in visits for rival in self._compiled.rivals[visit])]

    def _losses(self, tours: Sequence[Column | None], prices: Prices) -> Floats:
        """What each slot lacks of its price."""
        losses = prices.klass[self._slots].copy()
        driven = [(slot, tour) for slot, tour in enumerate(tours) if tour]
        if driven:
            width = max(len(tour.order) for _, tour in driven)
            members = np.full((len(driven), width), self._compiled.visits, dtype=np.int64)
            for row, (_, tour) in enumerate(driven):
                members[row, : len(tour.order)] = tour.order
            values = np.array([tour.value for _, tour in driven], dtype=np.int64)
            losses[[slot for slot, _ in driven]] -= reduced_values(values, members, prices)
        return np.maximum(0.0, losses)

    def _trades(self, tours: Sequence[Column | None], first: int) -> NDArray[np.float64]:
        """How many visits each slot could hand to the first, or take from it."""
        mine = self._serves[self._slots[first]]
        wanted = tours[first]
        trades = np.zeros(len(tours))
        for slot, tour in enumerate(tours):
            if tour:
                trades[slot] += mine[list(tour.order)].sum()
            if wanted:
                trades[slot] += self._serves[self._slots[slot], list(wanted.order)].sum()
        return trades + 0.01
