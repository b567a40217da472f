"""Planning the visits: from the first lawful plan to a proven one, or as near as the time allows.

The recipe is `plan_visits`; each step leaves a lawful plan and a true bound behind, so a run can end after any of
them. Knows no clock but through `Effort`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.enumeration import enumerate_tours
from routes.generation import Generation, generate, guessed_prices, price_once
from routes.improvement import Improvement
from routes.incumbent import BrokenPlan, Incumbent
from routes.insertion import insert_greedily
from routes.long_tours import are_long
from routes.master import choose
from routes.pins import ContradictoryPins, pinned_tours
from routes.plan import Plan, Progress
from routes.pricing import MANY_LABELS, CompletePool, LabellingPricer, Pricer
from routes.problem import Problem
from routes.recreating import Recreating
from routes.tours import Column, Prices, Scope, TourPool, compatible

__all__ = ["PHASES", "BrokenPlan", "ContradictoryPins", "plan_visits"]

PHASES = ("insertion", "recreate", "sweep", "columns", "choice", "proof", "improvement")
MOST_LABELS = 300_000
_MOST_IN_GAP, _MOST_IN_NARROW_GAP = 60_000, 8_000
_MOST_IN_CHOICE = 2_000
_MOST_IN_FIRST_PROGRAM = 12_000
_SWEEP_NEIGHBOURHOOD = 16
_SWEEP_SHARE, _COLUMNS_SHARE = 0.03, 0.6
_MOST_IN_NEIGHBOURHOOD = 1_500
_CLOSER = 0.7
_CHOICE_SLACK = 0.004


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
    run.prepare()
    run.recreate()
    run.sweep()
    run.generate_columns()
    run.round_shares()
    run.choose_tours()
    run.prove()
    run.improve()
    return run.incumbent.plan(seed)


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
        self.problem = problem
        self.compiled: Compiled = compile_problem(problem)
        self.effort, self.seed, self.threads = effort, seed, threads
        self.scope = Scope.whole(self.compiled)
        self.pool = TourPool(self.compiled.visits)
        self.incumbent = Incumbent(self.compiled, self.pool, effort, PHASES[0], progress)
        self.generation = Generation()
        self.guess = guessed_prices(self.compiled)
        self.pricer: Pricer | None = None
        self.has_long_tours = are_long(self.compiled)
        self.recreating = Recreating(self.compiled, self.pool, self.incumbent, effort, seed, threads)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do, or no time to do it."""
        return self.incumbent.proven or self.effort.over()

    def insert(self) -> None:
        """A lawful plan at once: what the pins force, and quick insertion around it."""
        forced = pinned_tours(self.compiled)
        self.incumbent.accept(forced)
        if not self.recreating.comes_first or not self.recreating.once():
            self.incumbent.accept(insert_greedily(self.compiled, forced, self.effort))

    def prepare(self) -> None:
        """Take every lawful tour at hand where that is possible, else make ready to search for them."""
        self.incumbent.enter("columns")
        if self.has_long_tours:
            from routes.relaxed_pricing import RelaxedPricer  # here, as numba takes half a second to load

            self.pricer = RelaxedPricer(self.compiled, self.pool, self.effort)
            return
        columns = enumerate_tours(self.compiled, MOST_LABELS, self.effort.over)
        if columns is not None:
            self.pricer = CompletePool(self.compiled, self.pool, columns)
        elif not self.done:
            self.pricer = LabellingPricer(self.compiled, self.pool, self.effort, self.threads)

    def recreate(self) -> None:
        """Ruin and recreate, where tours are too many to list: a good plan soon, and tours that good plans have."""
        if self.done or isinstance(self.pricer, CompletePool):
            return
        if self.has_long_tours:
            self.recreating.once_for_long_tours()
        elif not self.recreating.comes_first:
            self.recreating.once()

    def sweep(self) -> None:
        """Where there are many shifts, plan all of them once, a few neighbours at a time: a good plan and a pool of
        tours that the linear program of the whole then starts from."""
        shifts = len(self.problem.shifts)
        if not isinstance(self.pricer, LabellingPricer) or shifts < 2 * _SWEEP_NEIGHBOURHOOD:
            return
        self.incumbent.enter("sweep")
        until = self.effort.used + _SWEEP_SHARE * self.effort.left
        times = 2 * shifts // _SWEEP_NEIGHBOURHOOD
        self._improvement.sweep(self.seed, _SWEEP_NEIGHBOURHOOD, times, until, self.guess)

    def generate_columns(self) -> None:
        """Price all tours, and tighten the bound with cuts while that helps."""
        self.incumbent.enter("columns")
        if self.done or self.pricer is None:
            return
        if self.has_long_tours:
            self._generate_long()
            if self.done or not isinstance(self.pricer, CompletePool):
                return
        limit = (
            math.inf if isinstance(self.pricer, CompletePool) else self.effort.used + _COLUMNS_SHARE * self.effort.left
        )
        offered = self.pool.nearest(self.scope, self.prices, _MOST_IN_FIRST_PROGRAM)
        self.generation = generate(
            self.compiled,
            self.scope,
            self.pool,
            self.pricer,
            sorted({*self.incumbent.numbers, *offered}),
            self.effort,
            lambda state: self._tighten(state) or self.effort.used > limit,
            self.prices,
        )
        if not self.generation.converged and self.generation.relaxed is not None and not self.done:
            self._bound(self.generation.relaxed.prices)

    def _generate_long(self) -> None:
        """Column generation over long tours; where few tours could better the plan in hand, these are taken at hand."""
        from routes.long_generation import generate_long
        from routes.relaxed_pricing import RelaxedPricer

        assert isinstance(self.pricer, RelaxedPricer)
        start = self.pool.nearest(self.scope, self.prices, _MOST_IN_FIRST_PROGRAM)
        self.generation = generate_long(
            self.compiled, self.scope, self.pool, self.pricer, start, self.effort, self._tighten, self._settle
        )

    def _settle(self, state: Generation) -> bool:
        """Choose among the tours nearest to the prices, then try to list all that could be in a better plan."""
        assert self.pricer is not None
        assert state.prices is not None
        self.generation = state
        self.round_shares()
        if not self.done:
            numbers = set(self.pool.nearest(self.scope, state.prices, _MOST_IN_NEIGHBOURHOOD))
            self._choose(self.scope, numbers, self.incumbent.numbers, [], self.effort.left / 20)
        if self.done:
            return True
        slack = self.incumbent.bound - self.incumbent.value
        within = self.pricer.within(state.prices, self.scope, slack, _MOST_IN_GAP // 3)
        if within is None:
            return False
        self.pricer = CompletePool(self.compiled, self.pool, [self.pool[number] for number in within])
        return True

    def _bound(self, prices: Prices) -> None:
        """The Lagrangian bound of prices, searched to the end."""
        assert self.pricer is not None
        if price_once(self.scope, self.pricer, self.generation, prices, MANY_LABELS):
            self._tighten(self.generation)

    @property
    def prices(self) -> Prices:
        """The best prices known."""
        return self.generation.prices or self.guess

    def _tighten(self, state: Generation) -> bool:
        """Take a better bound over; enough is when the plan in hand meets it."""
        self.incumbent.tighten(max(self.incumbent.value, state.bound))
        return self.done

    def choose_tours(self) -> None:
        """The best plan of the tours nearest to the prices, where the whole is small enough to choose at once."""
        self.incumbent.enter("choice")
        if self.done or self.generation.prices is None or not isinstance(self.pricer, CompletePool):
            return
        reduced = self.pool.reduced(self.generation.prices)
        nearest = self.pool.nearest(self.scope, self.generation.prices, _MOST_IN_CHOICE)
        numbers = {number for number in nearest if reduced[number] > -_CHOICE_SLACK * abs(self.incumbent.bound)}
        self._choose(self.scope, numbers, self.incumbent.numbers, [], self.effort.left / 4)

    def round_shares(self) -> None:
        """Start over from the tours that the linear program drives most.

        Such a plan may be worth less than the one in hand, which is then laid aside, but it lies near the optimum and
        replanning neighbourhoods soon takes it past what a local optimum of insertion or sweep reaches.
        """
        if self.done or self.generation.relaxed is None:
            return
        shares = self.generation.relaxed.shares
        ranked = sorted(
            (number for number in shares if self.pool.lawful[number]), key=lambda number: (-shares[number], number)
        )
        taken = compatible(self.compiled, [self.pool[number] for number in ranked])
        if not self.compiled.pinned <= {visit for column in taken for visit in column.order}:
            return
        columns = insert_greedily(self.compiled, taken, self.effort)
        if isinstance(self.pricer, CompletePool) or self.has_long_tours:
            self.incumbent.accept(columns)
        elif not self.effort.over():
            self.incumbent.begin_again(columns)

    def prove(self) -> None:
        """The best plan of every tour that could be in a better one: its optimum is the optimum."""
        self.incumbent.enter("proof")
        if self.done or self.pricer is None or self.generation.prices is None:
            return
        self._prove(_MOST_IN_GAP, self.effort.left / (1 if isinstance(self.pricer, CompletePool) else 4))

    def _prove(self, most: int, seconds: float) -> None:
        """Choose among all tours that could be in a better plan, if they are at most so many.

        The distance counts from the bound that the prices give; one that a choice has tightened says nothing of them.
        """
        assert self.pricer is not None
        assert self.generation.prices is not None
        numbers = self.pricer.within(self.generation.prices, self.scope, self._slack, most)
        if numbers is None:
            return
        best = self._choose(self.scope, set(numbers), self.incumbent.numbers, [], seconds)
        if best is not None:
            self.incumbent.tighten(max(self.incumbent.best, best))

    def improve(self) -> None:
        """Plan a few shifts anew together, again and again, each time to the best their tours allow."""
        self.incumbent.enter("improvement")
        if self.pricer is None:
            return
        if self.has_long_tours or self.generation.bound == math.inf:
            self.recreating.to_the_end()
            return
        seed = self.seed
        while not self.done:
            self._improve_until(_CLOSER * self._slack, seed)
            if not self.done and self.generation.prices is not None:
                self._prove(_MOST_IN_NARROW_GAP, self.effort.left / 2)
            seed += 1

    @property
    def _slack(self) -> float:
        """How far the tours of a better plan can lie from the prices."""
        return self.generation.bound - self.incumbent.best

    def _improve_until(self, slack: float, seed: int) -> None:
        if isinstance(self.pricer, LabellingPricer) and not self.effort.counted:
            lanes, beside = self.threads, self.pricer.beside
            self._improvement.run(seed, lambda: self._slack <= slack, lanes, beside)
        else:
            self._improvement.run(seed, lambda: self._slack <= slack)

    @property
    def _improvement(self) -> Improvement:
        assert self.pricer is not None
        return Improvement(self.compiled, self.pool, self.pricer, self.effort, self.incumbent, self.prices)

    def _choose(
        self, scope: Scope, numbers: set[int], hint: list[int], fixed: list[Column], seconds: float
    ) -> float | None:
        """Choose among columns of a scope and those of the plan in hand; the bound of that choice."""
        offered = sorted(numbers.union(hint))
        choice = choose(self.compiled, scope, self.pool, offered, hint, self.effort, seconds)
        if choice is None:
            return None
        self.incumbent.accept([*fixed, *(self.pool[number] for number in choice.numbers)])
        return choice.bound
