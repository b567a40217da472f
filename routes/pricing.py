"""Pricing: the tours worth more than what the master asks for their visits.

Two pricers with one face. `CompletePool` has every lawful tour at hand (small problems); `routes.labelling` finds
them by labels when there are too many to hold. Both also bound the best reduced value of each class, which makes the
Lagrangian bound, and both can name every tour within a distance of the prices, which makes a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from routes.class_arrays import ClassArrays, CutArrays, class_arrays, cut_arrays, paying
from routes.compiled import Compiled, ShiftClass
from routes.effort import Effort
from routes.tours import Column, Floats, Prices, Scope, TourPool

if TYPE_CHECKING:
    from routes import labelling

EPSILON = 1e-6
"""Reduced values below this count as nothing."""

FEW_LABELS, MANY_LABELS = 500_000, 4_000_000
"""Labels a class may take while prices are still moving, and when a bound is wanted."""


class Priced(NamedTuple):
    """Column numbers for the master, and for each class a number that no reduced value of it exceeds.

    Where the search of a class was cut short, `exact` is false and its number is a weaker bound.
    """

    numbers: list[int]
    best: Floats
    exact: bool


class Pricer(Protocol):
    """What column generation needs of a pricer."""

    def price(self, prices: Prices, scope: Scope, most_labels: int) -> Priced | None:
        """The best tours of each class with a reduced value above the price of the class, searched with at most so
        many labels a class; None if the run is over first."""

    def within(self, prices: Prices, scope: Scope, slack: float, most: int) -> list[int] | None:
        """Every column whose reduced value lies at most `slack` below the price of its class; None if over `most`."""


class CompletePool:
    """A pricer for problems whose tours are all in the pool already."""

    def __init__(self, compiled: Compiled, pool: TourPool, columns: Iterable[Column], per_class: int = 40) -> None:
        self._pool = pool
        self._numbers = np.array([pool.find(column) for column in columns], dtype=np.int64)
        self._classes = len(compiled.classes)
        self._per_class = per_class

    def price(self, prices: Prices, scope: Scope, most_labels: int) -> Priced | None:
        """The best tours of each class with a reduced value above the price of the class."""
        reduced = self._reduced(prices, scope)
        klass = self._pool.klass[self._numbers]
        best = np.full(self._classes, -np.inf)
        np.maximum.at(best, klass, reduced + prices.klass[klass])
        rows = np.nonzero(reduced > EPSILON)[0]
        rows = rows[np.lexsort((rows, -reduced[rows], klass[rows]))]
        ranked = klass[rows]
        rank = np.arange(len(rows)) - np.searchsorted(ranked, ranked)
        return Priced(self._numbers[rows[rank < self._per_class]].tolist(), best, True)

    def within(self, prices: Prices, scope: Scope, slack: float, most: int) -> list[int] | None:
        """Every column whose reduced value lies at most `slack` below the price of its class; None if over `most`."""
        found = self._numbers[self._reduced(prices, scope) >= -slack - EPSILON]
        return found.tolist() if len(found) <= most else None

    def _reduced(self, prices: Prices, scope: Scope) -> Floats:
        reduced = self._pool.reduced(prices)
        reduced[~scope.holds(self._pool)] = -np.inf
        return reduced[self._numbers]


class LabellingPricer:
    """A pricer that searches the tours of each class anew, on up to `threads` cores; for problems of any size."""

    def __init__(self, compiled: Compiled, pool: TourPool, effort: Effort, threads: int = 1) -> None:
        from routes import labelling  # numba takes half a second to load, and small problems never need it

        labelling.warm_up(effort)

        self._labelling = labelling
        self._compiled, self._pool, self._effort, self._threads = compiled, pool, effort, threads
        self._weight = compiled.problem.weights.travel
        self._arrays: dict[int, ClassArrays] = {}
        self.per_class = 20
        self.bucket = 10

    def beside(self, pool: TourPool) -> LabellingPricer:
        """A pricer for the pool of one thread among several."""
        other = LabellingPricer(self._compiled, pool, self._effort)
        other._arrays = self._arrays
        return other

    def price(self, prices: Prices, scope: Scope, most_labels: int) -> Priced | None:
        """The best tours of each class with a reduced value above the price of the class, searched with at most so
        many labels a class, or with many where few find none; None if the run is over first."""
        best = np.full(len(self._compiled.classes), -np.inf)
        classes = [klass for klass, count in enumerate(scope.counts) if count > 0]
        results = dict(zip(classes, self._each(partial(self._best, prices, scope, most_labels), classes), strict=True))
        hasty = [klass for klass, found in results.items() if found and not found.complete]
        if hasty and most_labels < MANY_LABELS and not any(found and len(found.value) for found in results.values()):
            again = self._each(partial(self._best, prices, scope, MANY_LABELS), hasty)
            results.update(zip(hasty, again, strict=True))
        numbers: list[int] = []
        for klass, found in results.items():
            if found is None:
                return None
            best[klass] = found.best
            numbers += [self._pool.find(column) for column in self._columns(klass, found)]
        return Priced(numbers, best, all(found is not None and found.complete for found in results.values()))

    def within(self, prices: Prices, scope: Scope, slack: float, most: int) -> list[int] | None:
        """Every column whose reduced value lies at most `slack` below the price of its class; None if over `most`."""
        columns: list[Column] = []
        for klass in np.nonzero(scope.counts)[0].tolist():
            found = self._near(prices, scope, slack, most - len(columns), klass)
            if not found.complete or self._effort.over():
                return None
            columns += self._columns(klass, found)
        return [self._pool.find(column) for column in columns]

    def _each(self, search: Callable[[int], labelling.Found], classes: list[int]) -> list[labelling.Found | None]:
        """Search classes, side by side on the threads; None for those that the end of the run leaves out."""

        def unless_over(klass: int) -> labelling.Found | None:
            return None if self._effort.over() else search(klass)

        if self._threads < 2 or len(classes) < 2:
            found = [unless_over(klass) for klass in classes]
        else:
            with ThreadPoolExecutor(self._threads) as threads:
                found = list(threads.map(unless_over, classes))
        self._effort.spend(sum(1e-4 * one.labels + 0.1 for one in found if one))
        return found

    def _best(self, prices: Prices, scope: Scope, most_labels: int, klass: int) -> labelling.Found:
        threshold = prices.klass[klass] + EPSILON
        return self._search(prices, scope, klass, threshold, 0.0, self.per_class, False, most_labels)

    def _near(self, prices: Prices, scope: Scope, slack: float, most: int, klass: int) -> labelling.Found:
        threshold = prices.klass[klass] - slack - EPSILON
        return self._search(prices, scope, klass, threshold, slack + 2 * EPSILON, most, True, 2 * MANY_LABELS)

    def _search(
        self,
        prices: Prices,
        scope: Scope,
        klass: int,
        threshold: float,
        margin: float,
        keep: int,
        everything: bool,
        most_labels: int,
    ) -> labelling.Found:
        shift_class = self._compiled.classes[klass]
        if klass not in self._arrays:
            self._arrays[klass] = class_arrays(shift_class, self._weight)
        arrays, price = self._arrays[klass], prices.visit[shift_class.visits]
        active = paying(arrays, price, scope.free[shift_class.visits], self._weight, margin)
        return self._labelling.Found(
            *self._labelling.price_class(
                arrays,
                self._cuts(prices, shift_class),
                price,
                active,
                self._weight,
                threshold,
                keep,
                everything,
                most_labels,
                self.bucket,
            )
        )

    def _cuts(self, prices: Prices, shift_class: ShiftClass) -> CutArrays:
        """The priced cuts of which the class can serve enough members to feel them."""
        felt: list[tuple[int, float]] = []
        members: dict[int, list[tuple[int, int]]] = {}
        for cut, price in zip(prices.cuts, prices.cut, strict=True):
            inside = [
                (shift_class.local[visit], weight)
                for visit, weight in zip(cut.members, cut.weights, strict=True)
                if visit in shift_class.local
            ]
            if price > EPSILON and sum(weight for _, weight in inside) >= cut.divisor:
                for place, weight in inside:
                    members.setdefault(place, []).append((len(felt), weight))
                felt.append((cut.divisor, float(price)))
        return cut_arrays(len(shift_class.visits), members, felt)

    def _columns(self, klass: int, found: labelling.Found) -> Iterator[Column]:
        visits = self._compiled.classes[klass].visits
        for order, length, value in zip(found.order, found.length, found.value, strict=True):
            yield Column(klass, tuple(visits[order[:length]].tolist()), int(value))
