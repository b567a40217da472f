"""Pricing: the tours worth more than what the master asks for their visits.

Two pricers with one face. `CompletePool` has every lawful tour at hand (small problems); `routes.labelling` finds
them by labels when there are too many to hold. Both also bound the best reduced value of each class, which makes the
Lagrangian bound, and both can name every tour within a distance of the prices, which makes a proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np

from routes.compiled import Compiled
from routes.tours import Column, Floats, Prices, Scope, TourPool

EPSILON = 1e-6
"""Reduced values below this count as nothing."""


class Priced(NamedTuple):
    """News for the master: column numbers, and for each class a number that no reduced value of it exceeds."""

    numbers: list[int]
    best: Floats


class Pricer(Protocol):
    """What column generation needs of a pricer."""

    def price(self, prices: Prices, scope: Scope) -> Priced:
        """The best tours of each class with a reduced value above the price of the class."""

    def within(self, prices: Prices, scope: Scope, slack: float, most: int) -> list[int] | None:
        """Every column whose reduced value lies at most `slack` below the price of its class; None if over `most`."""


class CompletePool:
    """A pricer for problems whose tours are all in the pool already."""

    def __init__(self, compiled: Compiled, pool: TourPool, columns: Iterable[Column], per_class: int = 40) -> None:
        self._pool = pool
        self._numbers = np.array([pool.find(column) for column in columns], dtype=np.int64)
        self._classes = len(compiled.classes)
        self._per_class = per_class

    def price(self, prices: Prices, scope: Scope) -> Priced:
        """The best tours of each class with a reduced value above the price of the class."""
        reduced = self._reduced(prices, scope)
        klass = self._pool.klass[self._numbers]
        best = np.full(self._classes, -np.inf)
        np.maximum.at(best, klass, reduced + prices.klass[klass])
        rows = np.nonzero(reduced > EPSILON)[0]
        rows = rows[np.lexsort((rows, -reduced[rows], klass[rows]))]
        ranked = klass[rows]
        rank = np.arange(len(rows)) - np.searchsorted(ranked, ranked)
        return Priced(self._numbers[rows[rank < self._per_class]].tolist(), best)

    def within(self, prices: Prices, scope: Scope, slack: float, most: int) -> list[int] | None:
        """Every column whose reduced value lies at most `slack` below the price of its class; None if over `most`."""
        found = self._numbers[self._reduced(prices, scope) >= -slack - EPSILON]
        return found.tolist() if len(found) <= most else None

    def _reduced(self, prices: Prices, scope: Scope) -> Floats:
        reduced = self._pool.reduced(prices)
        reduced[~scope.holds(self._pool)] = -np.inf
        return reduced[self._numbers]
