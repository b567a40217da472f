"""Which shifts to plan anew together: a few that could trade visits, chosen where the plan loses most.

By duality the distance between plan and bound is the sum, over shifts, of what the class's price exceeds the reduced
value of the tour driven, and over unserved visits, of their prices. Shifts with a large share are worth reopening.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routes.compiled import Compiled
from routes.insertion import empty_slots
from routes.tours import Column, Floats, Prices, Scope, reduced_values


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

    def pick(self, columns: Sequence[Column], prices: Prices, size: int) -> tuple[Scope, list[Column], list[Column]]:
        """A scope of `size` slots, the tours it opens, and those that stay."""
        _, tours = empty_slots(self._compiled, columns)
        losses = self._losses(tours, prices)
        weights = (losses + 1.0 + losses.mean()) / (1.0 + self._vain) ** 2
        first = self._random.choices(range(len(tours)), weights=weights.tolist())[0]
        near = self._trades(tours, first) * np.array([self._random.uniform(0.3, 1.0) for _ in tours])
        near *= 1.0 + losses / (losses.mean() + 1.0)
        near[first] = np.inf
        chosen = set(np.argsort(-near, kind="stable")[:size].tolist())
        self._last = sorted(chosen)
        opened = [tour for slot, tour in enumerate(tours) if tour and slot in chosen]
        fixed = [tour for slot, tour in enumerate(tours) if tour and slot not in chosen]
        beside = Scope.beside(self._compiled, fixed)
        counts = np.bincount([self._slots[slot] for slot in chosen], minlength=len(self._compiled.classes))
        return Scope(counts.astype(np.int64), beside.free, beside.dues), opened, fixed

    def note(self, *, better: bool) -> None:
        """Remember whether the last pick was worth it."""
        if better:
            self._vain[self._last] *= 0.5
        else:
            self._vain[self._last] += 3.0 / len(self._last)

    def _losses(self, tours: Sequence[Column | None], prices: Prices) -> Floats:
        """What each slot lacks of its price."""
        losses = prices.klass[self._slots].copy()
        for slot, tour in enumerate(tours):
            if tour:
                members = np.array([tour.order], dtype=np.int64)
                losses[slot] -= reduced_values(np.array([tour.value]), members, prices)[0]
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
