"""The pool of tours that are known, and the part of a problem that is open to choice.

A tour here is a class of shifts, an order of visits and its value at its best times. The pool keeps the best order
known for each set of visits, as arrays, so that the reduced cost of all its tours is one NumPy expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.compiled import Compiled, Integers

Floats = NDArray[np.float64]


class Column(NamedTuple):
    """One possible tour: `order` holds visits of the problem, `value` its points with the driving paid."""

    klass: int
    order: tuple[int, ...]
    value: int

    @property
    def key(self) -> tuple[int, tuple[int, ...]]:
        """What two orders of the same set have in common."""
        return self.klass, tuple(sorted(self.order))


class Cut(NamedTuple):
    """A rank-one cut over visits: summed over the tours driven, floor(weight served / divisor) stays within `limit`.

    Weights (1, 1, 1) and divisor 2 make the subset-row cut of Jepsen et al. (2008): of the tours that serve two or
    more of three visits only one can be driven. The other kinds are those of Pecin et al. (2017).
    """

    members: tuple[int, ...]
    weights: tuple[int, ...] = (1, 1, 1)
    divisor: int = 2

    @property
    def limit(self) -> int:
        """What no plan's tours exceed."""
        return sum(self.weights) // self.divisor

    def times(self, order: Iterable[int]) -> int:
        """How often a tour counts in the cut."""
        served = 0
        for visit in order:
            if visit in self.members:
                served += self.weights[self.members.index(visit)]
        return served // self.divisor


@dataclass(frozen=True)
class Prices:
    """What the master asks: points per visit (a sentinel 0 at the end), per class of shifts and per cut.

    `constant` is the part of the Lagrangian bound that no tour changes: adding count x best reduced value over the
    classes gives a number that no plan of the scope can exceed, whatever the prices are.
    """

    visit: Floats
    klass: Floats
    cuts: tuple[Cut, ...]
    cut: Floats
    constant: float


class TourPool:
    """Columns by number; a better order of a known set gets a new number and takes the set over."""

    def __init__(self, visits: int) -> None:
        self._sentinel = visits
        self._columns: list[Column] = []
        self._number: dict[tuple[int, tuple[int, ...]], int] = {}
        self._klass = np.zeros(64, dtype=np.int64)
        self._value = np.zeros(64, dtype=np.int64)
        self._members = np.full((64, 6), visits, dtype=np.int64)
        self._lawful = np.zeros(64, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, number: int) -> Column:
        return self._columns[number]

    @property
    def klass(self) -> Integers:
        """The class of every column."""
        return self._klass[: len(self)]

    @property
    def value(self) -> Integers:
        """The value of every column."""
        return self._value[: len(self)]

    @property
    def members(self) -> Integers:
        """The visits of every column, padded with the number of visits."""
        return self._members[: len(self)]

    @property
    def lawful(self) -> NDArray[np.bool_]:
        """Which columns a plan may drive; the others only bound it."""
        return self._lawful[: len(self)]

    def add(self, column: Column, *, lawful: bool = True) -> int | None:
        """The number of a column that is new or better than its set was known to be, else None."""
        key = column.key
        known = self._number.get(key)
        if known is not None and self._columns[known].value >= column.value:
            return None
        number = len(self._columns)
        self._make_room(number, len(column.order))
        self._columns.append(column)
        self._number[key] = number
        self._klass[number] = column.klass
        self._value[number] = column.value
        self._lawful[number] = lawful
        self._members[number, : len(column.order)] = key[1]
        return number

    def find(self, column: Column) -> int:
        """The number under which the set of this column is known, adding it first where it is not."""
        self.add(column)
        return self._number[column.key]

    def extend(self, columns: Iterable[Column]) -> list[int]:
        """Add columns; the numbers of those that are news."""
        return [number for column in columns if (number := self.add(column)) is not None]

    def is_best(self, number: int) -> bool:
        """Whether no better order of the same set has come since."""
        column = self._columns[number]
        return self._number[column.key] == number

    def reduced(self, prices: Prices) -> Floats:
        """The reduced value of every column: its value less the prices of all it uses, its class included."""
        return reduced_values(self.value, self.members, prices) - prices.klass[self.klass]

    def nearest(self, scope: Scope, prices: Prices, most: int, least: float = -np.inf) -> list[int]:
        """The columns of a scope with the highest reduced values, of those that reach `least`."""
        inside = np.nonzero(scope.holds(self))[0]
        reduced = reduced_values(self.value[inside], self.members[inside], prices) - prices.klass[self.klass[inside]]
        ranked = np.argsort(-reduced, kind="stable")[:most]
        return [int(number) for number in inside[ranked[reduced[ranked] >= least]]]

    def _make_room(self, number: int, width: int) -> None:
        rows, columns = self._members.shape
        if number < rows and width <= columns:
            return
        more = np.full((rows * 2 if number >= rows else rows, max(columns, width + 2)), self._sentinel, dtype=np.int64)
        more[:rows, :columns] = self._members
        self._members = more
        if number >= rows:
            self._klass = np.concatenate([self._klass, np.zeros(rows, dtype=np.int64)])
            self._value = np.concatenate([self._value, np.zeros(rows, dtype=np.int64)])
            self._lawful = np.concatenate([self._lawful, np.zeros(rows, dtype=np.bool_)])


def reduced_values(value: Integers, members: Integers, prices: Prices) -> Floats:
    """Values less the prices of the visits and of the cuts (padded members cost nothing), class prices apart."""
    reduced = value - prices.visit[members].sum(axis=1)
    sentinel = len(prices.visit) - 1
    met = np.zeros(sentinel + 1, dtype=np.int8)
    met[members] = 1
    for cut, price in zip(prices.cuts, prices.cut, strict=True):
        if price > 0 and met[list(cut.members)] @ cut.weights >= cut.divisor:
            inside = np.zeros(sentinel + 1, dtype=np.int8)
            inside[list(cut.members)] = cut.weights
            reduced -= price * (inside[members].sum(axis=1) // cut.divisor)
    return np.asarray(reduced, dtype=np.float64)


@dataclass(frozen=True)
class Scope:
    """What a choice may touch: how many shifts of each class, which visits, and the visits each town is still due."""

    counts: Integers
    free: NDArray[np.bool_]
    dues: tuple[int, ...]

    @classmethod
    def whole(cls, compiled: Compiled) -> Scope:
        """Everything is open."""
        return cls(
            counts=np.array([shift_class.count for shift_class in compiled.classes], dtype=np.int64),
            free=np.ones(compiled.visits, dtype=np.bool_),
            dues=tuple(due for due, _, _ in compiled.towns),
        )

    @classmethod
    def beside(cls, compiled: Compiled, fixed: Sequence[Column]) -> Scope:
        """What is left open beside tours that stay as they are."""
        whole = cls.whole(compiled)
        counts, free, dues = whole.counts.copy(), whole.free.copy(), list(whole.dues)
        for column in fixed:
            counts[column.klass] -= 1
            for visit in column.order:
                free[visit] = False
                free[list(compiled.rivals[visit])] = False
                if compiled.town_of[visit] >= 0:
                    dues[compiled.town_of[visit]] -= 1
        return cls(counts, free, tuple(max(0, due) for due in dues))

    def holds(self, pool: TourPool) -> NDArray[np.bool_]:
        """Which columns of the pool lie wholly within the scope and are lawful."""
        open_visits = np.append(self.free, True)
        return np.asarray(pool.lawful & (self.counts[pool.klass] > 0) & open_visits[pool.members].all(axis=1))


def plan_value(compiled: Compiled, columns: Iterable[Column]) -> int:
    """The points of a plan made of these tours, by the contract."""
    columns = list(columns)
    missing = [due for due, _, _ in compiled.towns]
    for column in columns:
        for visit in column.order:
            if compiled.town_of[visit] >= 0:
                missing[compiled.town_of[visit]] -= 1
    lost = sum(shortfall * max(0, short) for short, (_, shortfall, _) in zip(missing, compiled.towns, strict=True))
    return compiled.constant + sum(column.value for column in columns) - lost


def compatible(compiled: Compiled, columns: Iterable[Column]) -> list[Column]:
    """As many of these tours, in their order, as one plan can drive; those with pinned visits come first."""
    left = [shift_class.count for shift_class in compiled.classes]
    closed: set[int] = set()
    taken = []
    for column in sorted(columns, key=lambda column: compiled.pinned.isdisjoint(column.order)):
        if left[column.klass] and closed.isdisjoint(column.order):
            left[column.klass] -= 1
            taken.append(column)
            for visit in column.order:
                closed.add(visit)
                closed.update(compiled.rivals[visit])
    return taken
