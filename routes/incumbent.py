"""The plan in hand and the bound: what a planning run answers with whenever it ends.

Keeps the best plan, tells `progress` of every better value or bound, and makes the plan that is handed out, checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from routes.checker import check
from routes.compiled import Compiled
from routes.effort import Effort
from routes.plan import Plan, Progress
from routes.timetable import tour_of
from routes.tours import Column, TourPool, plan_value


class BrokenPlan(AssertionError):
    """The planner made a plan that the checker refuses: a mistake of ours, never of who asked."""


class Incumbent:
    """The best plan so far as column numbers of the pool, its value, and a number that no plan exceeds."""

    def __init__(
        self,
        compiled: Compiled,
        pool: TourPool,
        effort: Effort,
        phase: str,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._compiled, self._pool, self._effort = compiled, pool, effort
        self._phase, self._progress = phase, progress
        self.numbers: list[int] = []
        self.value = -math.inf
        self.bound = math.inf
        self._aside: tuple[float, list[int]] = (-math.inf, [])

    @property
    def proven(self) -> bool:
        """Whether nothing better is left to find."""
        return self.gap < 1

    @property
    def best(self) -> float:
        """The value of the best plan, in hand or laid aside."""
        return max(self.value, self._aside[0])

    @property
    def gap(self) -> float:
        """The points between bound and best plan."""
        return self.bound - self.best

    def accept(self, columns: Iterable[Column]) -> None:
        """Keep a plan if it is better than the one in hand."""
        columns = list(columns)
        value = plan_value(self._compiled, columns)
        if value > self.value:
            self.numbers = [self._pool.find(column) for column in columns]
            self.value = plan_value(self._compiled, [self._pool[number] for number in self.numbers])
            self._report()

    def begin_again(self, columns: Iterable[Column]) -> None:
        """Take another plan in hand though it may be worth less; the one before is laid aside, not lost."""
        self._aside = max(self._aside, (self.value, self.numbers), key=lambda plan: plan[0])
        self.value = -math.inf
        self.accept(columns)

    def tighten(self, bound: float) -> None:
        """Take a better bound over, rounded down to a value that a plan can have."""
        if bound < self.bound:
            grain, start = self._compiled.grain, self._compiled.constant
            self.bound = start + grain * math.floor((bound - start + 1e-4) / grain)
            self._report()

    def enter(self, phase: str) -> None:
        """Say what the run does next."""
        self._phase = phase
        self._report()

    def plan(self, seed: int) -> Plan:
        """The best plan, with minutes, checked. Raises BrokenPlan."""
        value, numbers = max((self.value, self.numbers), self._aside, key=lambda plan: plan[0])
        waiting = {shift_class.index: list(shift_class.shifts) for shift_class in self._compiled.classes}
        tours = []
        for number in sorted(numbers, key=lambda number: self._pool[number]):
            column = self._pool[number]
            shift = waiting[column.klass].pop(0)
            tours.append((shift, tour_of(self._compiled, shift, self._compiled.classes[column.klass], column.order)))
        problem = self._compiled.problem
        plan = Plan(
            problem=problem.name,
            tours=tuple(tour for _, tour in sorted(tours, key=lambda pair: pair[0])),
            value=int(value),
            bound=None if math.isinf(self.bound) else float(self.bound),
            seconds=round(self._effort.elapsed, 3),
            seed=seed,
        )
        violations = list(check(problem, plan))
        if violations:
            raise BrokenPlan("; ".join(str(violation) for violation in violations))
        return plan

    def _report(self) -> None:
        if self._progress is not None:
            value = None if math.isinf(self.best) else int(self.best)
            bound = None if math.isinf(self.bound) else float(self.bound)
            self._progress(Progress(self._phase, self._effort.elapsed, value, bound))
