"""Planning the visits: from the first lawful plan to a proven one, or as near as the time allows.

The recipe is `plan_visits`; each step leaves a lawful plan and a true bound behind, so a run can end after any of
them. Knows no clock but through `Effort`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from routes.checker import check
from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.enumeration import enumerate_tours
from routes.generation import Generation, generate
from routes.insertion import insert_greedily
from routes.master import choose
from routes.pins import ContradictoryPins, pinned_tours
from routes.plan import Plan, Progress
from routes.pricing import CompletePool, Pricer
from routes.problem import Problem
from routes.timetable import tour_of
from routes.tours import Column, Scope, TourPool, plan_value

__all__ = ["PHASES", "BrokenPlan", "ContradictoryPins", "plan_visits"]

PHASES = ("insertion", "columns", "choice", "proof", "improvement")
_MOST_LABELS = 300_000
_MOST_IN_GAP = 60_000
_MOST_IN_CHOICE = 2_000
_CHOICE_SLACK = 0.004


class BrokenPlan(AssertionError):
    """The planner made a plan that the checker refuses: a mistake of ours, never of who asked."""


def plan_visits(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    work: int | None = None,
    threads: int = 2,
) -> Plan:
    """The best plan found in the time, with a bound that no lawful plan exceeds.

    The time is `seconds`, or less if `stop` answers true; with `work` (units of about a millisecond) the run is
    counted instead of timed and the same seed gives the same plan. Raises ContradictoryPins naming the visits, and
    BrokenPlan should the checker find fault with the result.
    """
    run = Run(problem, Effort(seconds, work, stop), seed, threads, progress)
    run.insert()
    run.generate_columns()
    run.choose_tours()
    run.prove()
    return run.plan()


class Run:
    """One planning run: the best plan so far, the bound, and the pool of tours they come from."""

    def __init__(
        self,
        problem: Problem,
        effort: Effort,
        seed: int,
        threads: int,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.compiled: Compiled = compile_problem(problem)
        self.effort, self.seed, self.threads = effort, seed, threads
        self.scope = Scope.whole(self.compiled)
        self.pool = TourPool(self.compiled.visits)
        self.incumbent: list[int] = []
        self.value = -math.inf
        self.bound = math.inf
        self.generation = Generation()
        self.pricer: Pricer | None = None
        self._progress = progress
        self._phase = PHASES[0]

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do, or no time to do it."""
        return self.bound - self.value < 1 or self.effort.over()

    def insert(self) -> None:
        """A lawful plan at once: what the pins force, and quick insertion around it."""
        forced = pinned_tours(self.compiled)
        self.accept(forced)
        self.accept(insert_greedily(self.compiled, forced, self.effort))

    def generate_columns(self) -> None:
        """Price all tours, and tighten the bound with cuts while that helps."""
        self._enter("columns")
        columns = enumerate_tours(self.compiled, _MOST_LABELS, self.effort.over)
        if columns is None or self.done:
            return
        self.pricer = CompletePool(self.compiled, self.pool, columns)
        self.generation = generate(
            self.compiled, self.scope, self.pool, self.pricer, self.incumbent, self.effort, self._tighten
        )

    def _tighten(self, state: Generation) -> bool:
        """Take a better bound over; enough is when the plan in hand meets it."""
        if state.bound < self.bound:
            self.bound = math.floor(state.bound + 1e-4)
            self._report()
        return self.done

    def choose_tours(self) -> None:
        """The best plan of the tours nearest to the prices."""
        self._enter("choice")
        if self.done or self.generation.prices is None:
            return
        reduced = self.pool.reduced(self.generation.prices)
        nearest = np.argsort(-reduced, kind="stable")[:_MOST_IN_CHOICE]
        self._choose({int(number) for number in nearest if reduced[number] > -_CHOICE_SLACK * abs(self.bound)})

    def prove(self) -> None:
        """The best plan of every tour that could be in a better one: its optimum is the optimum."""
        self._enter("proof")
        if self.done or self.pricer is None or self.generation.prices is None:
            return
        numbers = self.pricer.within(self.generation.prices, self.scope, self.bound - self.value, _MOST_IN_GAP)
        if numbers is None:
            return
        best = self._choose(set(numbers))
        if best is not None:
            self.bound = min(self.bound, max(self.value, math.floor(best + 1e-4)))
            self._report()

    def _choose(self, numbers: set[int]) -> float | None:
        """Choose among columns and the plan in hand; the bound of that choice."""
        offered = sorted(numbers.union(self.incumbent))
        choice = choose(
            self.compiled, self.scope, self.pool, offered, self.incumbent, self.effort, seconds=self.effort.left
        )
        if choice is None:
            return None
        self.accept(self.pool[number] for number in choice.numbers)
        return choice.bound

    def accept(self, columns: Iterable[Column]) -> None:
        """Keep a plan if it is better than the one in hand."""
        columns = list(columns)
        value = plan_value(self.compiled, columns)
        if value > self.value:
            self.value = value
            self.incumbent = [self.pool.find(column) for column in columns]
            self._report()

    def plan(self) -> Plan:
        """The plan in hand, with minutes, checked. Raises BrokenPlan."""
        waiting = {shift_class.index: list(shift_class.shifts) for shift_class in self.compiled.classes}
        tours = []
        for number in sorted(self.incumbent, key=lambda number: self.pool[number]):
            column = self.pool[number]
            shift = waiting[column.klass].pop(0)
            tours.append((shift, tour_of(self.compiled, shift, self.compiled.classes[column.klass], column.order)))
        plan = Plan(
            problem=self.compiled.problem.name,
            tours=tuple(tour for _, tour in sorted(tours, key=lambda pair: pair[0])),
            value=int(self.value),
            bound=None if math.isinf(self.bound) else float(self.bound),
            seconds=round(self.effort.elapsed, 3),
            seed=self.seed,
        )
        violations = list(check(self.compiled.problem, plan))
        if violations:
            raise BrokenPlan("; ".join(str(violation) for violation in violations))
        return plan

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._report()

    def _report(self) -> None:
        if self._progress is not None:
            value = None if math.isinf(self.value) else int(self.value)
            bound = None if math.isinf(self.bound) else float(self.bound)
            self._progress(Progress(self._phase, self.effort.elapsed, value, bound))
