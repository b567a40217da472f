"""Pricing of long tours: labels that dominate each other, over tours that may forget where they have been.

A relaxation: what it calls best is never less than what the best lawful tour is worth, so its bounds are bounds. Tours
that serve a visit twice, or two that exclude each other, go into the linear program only; `remember` makes the search
wiser until none of them is left in it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from routes import ng_enumeration, ng_labels, ng_tours
from routes.class_arrays import ClassArrays, class_arrays, paying
from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.long_ground import Ground, cut_masks, no_cuts, unbound
from routes.neighbourhood_memory import forbidden, nearest_circles, not_forgetting
from routes.ng_completions import completion_table, no_completion, reversed_arrays
from routes.ng_labels import Labels, Memory, Rules
from routes.pricing import EPSILON, Priced
from routes.shift_classes import Integers
from routes.small_problem import few_visits
from routes.successors import Successors
from routes.tours import Column, Floats, Prices, Scope, TourPool

_LOWEST = -1e17
_COMPILING_SECONDS = 600.0
_COMPARISONS_AT_ONCE = 2_000_000
_COMPARISONS_A_TOUR = 1_500
"""What may be spent on each tour that is asked for, when all near the prices are."""
_MOST_LABELS, _MOST_GUESSED, _MOST_TOURS = 1_000_000, 100_000, 600_000
_REMEMBERED, _REMEMBERED_BY_BOUNDS = 8, 2
_GUESSED_WAYS, _ALL_WAYS = (20,), 1 << 30
_ALL = Rules(True, False, False, False)
_GUESS = Rules(False, False, False, False)


_COMPILING = threading.Lock()
_COMPILED = threading.Event()


def compile_kernels() -> None:
    """Have the kernels compiled, or loaded from numba's cache, by pricing a few visits; the first time on a machine
    this takes some ten seconds."""
    with _COMPILING:
        if not _COMPILED.is_set():
            compiled = compile_problem(few_visits())
            pricer = RelaxedPricer(compiled, TourPool(compiled.visits), Effort(_COMPILING_SECONDS), waits=False)
            scope, free = Scope.whole(compiled), np.zeros(len(compiled.classes))
            prices = Prices(np.zeros(compiled.visits + 1), free, (), np.zeros(0), 0.0)
            pricer.price(prices, scope, 0)
            pricer.within(prices, scope, 0.0, 100)
            _COMPILED.set()


class RelaxedPricer:
    """A pricer for long tours. Memory: about 130 bytes for each of at most a million labels, one class at a time.

    Where the kernels are not compiled yet, a thread of its own begins with that, and the first search waits for it.
    """

    def __init__(self, compiled: Compiled, pool: TourPool, effort: Effort, *, waits: bool = True) -> None:
        self._compiling = threading.Thread(target=compile_kernels, daemon=True)
        if waits:
            self._compiling.start()
        self._compiled, self._pool, self._effort = compiled, pool, effort
        self._weight = compiled.problem.weights.travel
        self._arrays = [class_arrays(klass, self._weight) for klass in compiled.classes]
        self._keeps = [nearest_circles(arrays, _REMEMBERED) for arrays in self._arrays]
        self._keeps_little = [nearest_circles(arrays, _REMEMBERED_BY_BOUNDS) for arrays in self._arrays]
        self._successors = [(Successors(arrays), Successors(reversed_arrays(arrays))) for arrays in self._arrays]
        self._forbids = [forbidden(klass) for klass in compiled.classes]
        self.per_class = 100

    def guess(self, prices: Prices, scope: Scope) -> list[int] | None:
        """News among tours found quickly: they never serve a visit twice, but better ones may be missed."""
        for ways in _GUESSED_WAYS:
            numbers = self._guess(prices, scope, ways)
            if numbers is None or numbers:
                return numbers
        return []

    def _guess(self, prices: Prices, scope: Scope, ways: int) -> list[int] | None:
        numbers: list[int] = []
        for klass in self._open(scope):
            ground = self._ground(prices, scope, klass, 0.0, ways)
            threshold = prices.klass[klass] + EPSILON
            memory = Memory(np.full_like(self._keeps[klass], ~np.uint64(0)), self._forbids[klass])
            labels = self._label(
                ground, ground.arrays, False, memory, no_completion(len(ground.price)), threshold, _GUESS, _MOST_GUESSED
            )
            if labels is None:
                return None
            numbers += self._news(ground, labels, threshold)
        return numbers

    def price(self, prices: Prices, scope: Scope, most_labels: int) -> Priced | None:
        """The best tours of each class with a reduced value above the price of the class; None if the run is over
        first."""
        best = np.full(len(self._compiled.classes), -np.inf)
        numbers: list[int] = []
        exact = True
        for klass in self._open(scope):
            ground = self._ground(prices, scope, klass, 0.0)
            threshold = prices.klass[klass] + EPSILON
            bounds = self._bounds(ground, reverse=True)
            if bounds is None:
                return None
            root = float(bounds[:, 0, 0].max())
            if root <= threshold:
                best[klass] = root
                continue
            memory = Memory(self._keeps[klass], self._forbids[klass])
            labels = self._label(ground, ground.arrays, False, memory, bounds, threshold, ground.rules, _MOST_LABELS)
            if labels is None:
                return None
            _, _, top = ng_tours.tours_home(ground.arrays, labels, threshold, self._weight)
            best[klass] = max(top, threshold)
            if labels.state[ng_labels.FULL]:
                exact = False
                best[klass] = max(best[klass], ng_tours.not_extended(ground.arrays, labels, bounds))
            numbers += self._news(ground, labels, threshold)
        return Priced(numbers, best, exact)

    def within(self, prices: Prices, scope: Scope, slack: float, most: int) -> list[int] | None:
        """Every column whose reduced value lies at most `slack` below the price of its class; None if over `most`."""
        numbers: list[int] = []
        for klass in self._open(scope):
            ground = self._ground(prices, scope, klass, slack + 2 * EPSILON)
            threshold = prices.klass[klass] - slack - EPSILON
            tours = self._tours(ground, threshold, _COMPARISONS_A_TOUR * most)
            if tours is None:
                return None
            rows, _, _ = ng_tours.tours_home(ground.arrays, tours, threshold, self._weight)
            if len(rows) > 8 * most:
                return None
            columns = self._columns(ground, tours, rows)
            self._pool.extend(columns)
            numbers += sorted({self._pool.find(column) for column in columns})
            if len(numbers) > most or self._effort.over():
                return None
        return numbers

    def remember(self, numbers: Iterable[int]) -> bool:
        """Make the search unable to find again what is unlawful about these tours; whether that was news."""
        news = False
        for number in numbers:
            column = self._pool[number]
            shift_class = self._compiled.classes[column.klass]
            order = [shift_class.local[visit] for visit in column.order]
            news = not_forgetting(self._keeps[column.klass], self._forbids[column.klass], order) or news
        return news

    def remember_everything(self) -> None:
        """Let no tour forget where it has been; for problems so small that the labels stay few."""
        for keeps in self._keeps:
            keeps[:] = ~np.uint64(0)

    def finds(self, number: int) -> bool:
        """Whether a search might still find this tour."""
        column = self._pool[number]
        keeps, forbids = self._keeps[column.klass], self._forbids[column.klass]
        local = self._compiled.classes[column.klass].local
        memory = np.zeros(keeps.shape[1], dtype=np.uint64)
        for visit in column.order:
            place = local[visit]
            if (memory & forbids[place]).any():
                return False
            memory &= keeps[place]
            memory[place // 64] |= np.uint64(1 << (place % 64))
        return True

    @staticmethod
    def _open(scope: Scope) -> list[int]:
        return [klass for klass, count in enumerate(scope.counts) if count > 0]

    def _ground(self, prices: Prices, scope: Scope, klass: int, margin: float, ways: int = _ALL_WAYS) -> Ground:
        shift_class = self._compiled.classes[klass]
        price = prices.visit[shift_class.visits]
        active = paying(self._arrays[klass], price, scope.free[shift_class.visits], self._weight, margin)
        arrays, rules = unbound(self._arrays[klass], active)
        forth, back = self._successors[klass]
        both = forth.ways(active, ways), back.ways(active, ways)
        return Ground(klass, arrays, rules, price, active, both, cut_masks(prices, shift_class))

    def _bounds(self, ground: Ground, reverse: bool) -> Floats | None:
        """What can still be earned, from labels in the other direction that remember little and feel no cuts."""
        forwards, backwards = ground.free, reversed_arrays(ground.free)
        arrays, other = (forwards, backwards) if reverse else (backwards, forwards)
        memory = Memory(self._keeps_little[ground.klass], self._forbids[ground.klass])
        size = len(ground.price)
        uncut = replace(ground, cuts=no_cuts(size))
        labels = self._label(uncut, other, reverse, memory, no_completion(size), _LOWEST, _ALL, _MOST_LABELS)
        if labels is None:
            return None
        if labels.state[ng_labels.FULL]:
            return no_completion(size)
        return completion_table(arrays, labels, ground.active, self._weight)  # type: ignore[no-any-return]

    def _tours(self, ground: Ground, threshold: float, most: int) -> Labels | None:
        """Every tour worth more than the threshold, growing; None if the run is over or they take more than so many
        comparisons."""
        bounds = self._bounds(ground, reverse=False)
        if bounds is None:
            return None
        memory = Memory(self._keeps[ground.klass], self._forbids[ground.klass])
        backwards = reversed_arrays(ground.arrays)
        ends = self._label(ground, backwards, True, memory, bounds, threshold, ground.rules, _MOST_LABELS)
        if ends is None or ends.state[ng_labels.FULL]:
            return None
        size = len(ground.price)
        ranked, starts = ng_enumeration.ranked_ends(ends, size)
        tours = ng_labels.new_labels(_MOST_TOURS, size, memory.keeps.shape[1], ground.cuts.counts.shape[1])
        ng_labels.begin(ground.arrays, tours)
        table = np.full(1 << 20, -1, dtype=np.int64)
        while not ng_enumeration.enumerate_onward(
            ground.arrays, tours, table, ground.cuts, ground.price, ground.ways[0], memory.forbids, ends, ranked,
            starts, threshold, self._weight, _COMPARISONS_AT_ONCE,
        ):  # fmt: skip
            if self._effort.over() or tours.state[ng_labels.SPENT] > most:
                return None
        self._effort.spend(tours.state[ng_labels.SPENT] * 5e-5)
        return None if tours.state[ng_labels.FULL] else tours

    def _label(
        self,
        ground: Ground,
        arrays: ClassArrays,
        reverse: bool,
        memory: Memory,
        completion: Floats,
        threshold: float,
        rules: Rules,
        most: int,
    ) -> Labels | None:
        """A search to its end, or until the room is full; None if the run is over first."""
        while self._compiling.is_alive():
            self._compiling.join(0.02)
            if self._effort.over():
                return None
        labels = ng_labels.new_labels(most, len(ground.price), memory.keeps.shape[1], ground.cuts.counts.shape[1])
        ng_labels.begin(arrays, labels)
        while not ng_labels.advance(
            arrays, labels, ground.cuts, ground.price, ground.active, ground.ways[reverse], memory, completion,
            threshold, self._weight, rules, _COMPARISONS_AT_ONCE,
        ):  # fmt: skip
            if self._effort.over():
                return None
        self._effort.spend(labels.state[ng_labels.SPENT] * 5e-5)
        return labels

    def _news(self, ground: Ground, labels: Labels, threshold: float) -> list[int]:
        rows, totals, _ = ng_tours.tours_home(ground.arrays, labels, threshold, self._weight)
        rows = rows[np.argsort(-totals, kind="stable")[: 40 * self.per_class]]
        longest = int(labels.rows[rows, ng_labels.SERVED].max(initial=1))
        orders, lengths = ng_tours.trace(labels, rows, longest)
        columns = self._columns(ground, labels, rows[varied(orders, lengths, self.per_class)])
        added = [self._pool.add(column, lawful=self._is_lawful(column)) for column in columns]
        return [number for number in added if number is not None]

    def _is_lawful(self, column: Column) -> bool:
        """Whether a tour serves no visit twice and no two that exclude each other."""
        order = column.order
        return len(set(order)) == len(order) and all(self._compiled.rivals[visit].isdisjoint(order) for visit in order)

    def _columns(self, ground: Ground, labels: Labels, rows: Integers) -> list[Column]:
        longest = int(labels.rows[rows, ng_labels.SERVED].max(initial=1))
        orders, lengths = ng_tours.trace(labels, rows, longest)
        homes = ground.arrays.travel[labels.rows[rows, ng_labels.PLACE], 0]
        values = labels.rows[rows, ng_labels.WORTH] - self._weight * homes
        visits = self._compiled.classes[ground.klass].visits
        return [
            Column(ground.klass, tuple(visits[order[:length]].tolist()), int(value))
            for order, length, value in zip(orders, lengths, values, strict=True)
        ]


def varied(orders: Integers, lengths: Integers, most: int) -> list[int]:
    """Of tours in falling order of worth, those that bring in a visit that few of those before served."""
    times = np.zeros(int(orders.max(initial=0)) + 1, dtype=np.int64)
    kept: list[int] = []
    for row, length in enumerate(lengths):
        order = orders[row, :length]
        if len(kept) < most // 10 or times[order].min() < most // 10:
            times[order] += 1
            kept.append(row)
            if len(kept) == most:
                break
    return kept
