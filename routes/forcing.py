"""The best plan that serves one visit more, by forcing it in and choosing anew among all tours, with a bound.

Only where all lawful tours can be listed: then the linear program with the visit's row made an equation bounds every
plan that serves it, and a choice among all tours near its prices is the best such plan. All tours are listed once and
serve for every visit of the plan that is asked about.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from routes.compiled import Compiled
from routes.effort import Effort
from routes.enumeration import enumerate_tours
from routes.generation import generate, guessed_prices
from routes.master import choose
from routes.plan import Plan
from routes.pricing import CompletePool
from routes.timetable import best_timing, tour_of
from routes.tours import Column, Prices, Scope, TourPool, plan_value

MOST_LABELS = 300_000
_CUT_ROUNDS = 3
_NEAREST = 2_000
_OWN = 200
_MOST_IN_CHOICE = 1_500
_FIRST = 700
_CHOICE_SECONDS = 1.6


@dataclass(frozen=True, slots=True)
class Forced:
    """The best plan found that serves the visit, and a number that no such plan exceeds."""

    plan: Plan
    bound: int


class _Priced(NamedTuple):
    prices: Prices
    bound: int


class Forcing:
    """All tours of a problem, with prices for them."""

    def __init__(self, compiled: Compiled, effort: Effort) -> None:
        self._compiled, self._effort = compiled, effort
        self._scope = Scope.whole(compiled)
        self._pool = TourPool(compiled.visits)
        self._place_of = {visit.id: place for place, visit in enumerate(compiled.problem.visits)}
        self._pricer: CompletePool | None = None
        self._prices: Prices | None = None
        columns = enumerate_tours(compiled, MOST_LABELS, effort.over)
        if columns:
            self._pricer = CompletePool(compiled, self._pool, columns)
            base = generate(
                compiled, self._scope, self._pool, self._pricer, [], effort, lambda _: False, guessed_prices(compiled)
            )
            self._prices = base.prices

    def force(self, visit: str, plan: Plan) -> Forced | None:
        """The best plan that serves the visit, looked for from `plan`, which serves it too.

        None where the tours are too many to list or the effort is over.
        """
        if self._pricer is None or self._prices is None or self._effort.over():
            return None
        place = self._place_of[visit]
        forced = replace(self._compiled, pinned=self._compiled.pinned | {place})
        best = self._columns(plan)
        offered = {*self._near(self._prices, _NEAREST), *self._near(self._prices, _OWN, place), *best}
        loose = self._priced(forced, offered, cut_rounds=0)
        if loose is None:
            return None
        best = self._better(forced, {*self._near(loose.prices, _FIRST)}, best)[0]
        tight = self._priced(forced, {*self._near(loose.prices, _NEAREST), *best}, _CUT_ROUNDS) or loose
        bound = min(loose.bound, tight.bound)
        near = self._pricer.within(tight.prices, self._scope, tight.bound - self._value(best), _MOST_IN_CHOICE)
        if near is not None and bound > self._value(best):
            best, limit = self._better(forced, {*near}, best)
            bound = bound if limit is None else min(bound, max(limit, self._value(best)))
        return Forced(self._as_plan(best), max(bound, self._value(best)))

    def _priced(self, forced: Compiled, offered: Collection[int], cut_rounds: int) -> _Priced | None:
        """Prices of the plans that serve the visit, and their bound."""
        assert self._pricer is not None
        state = generate(
            forced,
            self._scope,
            self._pool,
            self._pricer,
            sorted(offered),
            self._effort,
            lambda _: False,
            None,
            cut_rounds,
        )
        return None if state.prices is None else _Priced(state.prices, math.floor(state.bound + 1e-4))

    def _better(self, forced: Compiled, offered: Collection[int], best: list[int]) -> tuple[list[int], int | None]:
        """The best choice among these tours and those of the plan in hand, and what none of them exceeds."""
        numbers = sorted({*offered, *best})
        choice = choose(forced, self._scope, self._pool, numbers, best, self._effort, _CHOICE_SECONDS)
        if choice is None:
            return best, None
        chosen = list(choice.numbers)
        return max(best, chosen, key=self._value), math.floor(choice.bound + 1e-4)

    def _value(self, numbers: Collection[int]) -> int:
        return plan_value(self._compiled, [self._pool[number] for number in numbers])

    def _near(self, prices: Prices, most: int, visit: int | None = None) -> list[int]:
        """The tours nearest to the prices, or above them; of one visit's tours only, where one is named."""
        reduced = self._pool.reduced(prices)
        if visit is not None:
            reduced[~(self._pool.members == visit).any(axis=1)] = -np.inf
        ranked = np.argsort(-reduced, kind="stable")[:most]
        return [int(number) for number in ranked if reduced[number] > -np.inf]

    def _columns(self, plan: Plan) -> list[int]:
        """The plan's tours as columns of the pool."""
        index_of = {shift.id: index for index, shift in enumerate(self._compiled.problem.shifts)}
        class_of = {shift: klass for klass in self._compiled.classes for shift in klass.shifts}
        weight = self._compiled.problem.weights.travel
        numbers = []
        for tour in plan.tours:
            klass = class_of[index_of[tour.shift]]
            order = tuple(self._place_of[stop.visit] for stop in tour.stops)
            timing = best_timing(klass, [klass.local[visit] for visit in order], weight)
            if timing is not None:
                numbers.append(self._pool.find(Column(klass.index, order, timing.value)))
        return numbers

    def _as_plan(self, numbers: Collection[int]) -> Plan:
        """The plan with minutes."""
        problem = self._compiled.problem
        waiting = {klass.index: list(klass.shifts) for klass in self._compiled.classes}
        tours = {}
        for column in (self._pool[number] for number in sorted(numbers)):
            shift = waiting[column.klass].pop(0)
            tours[shift] = tour_of(self._compiled, shift, self._compiled.classes[column.klass], column.order)
        return Plan(problem.name, tuple(tours[shift] for shift in sorted(tours)), self._value(numbers))
