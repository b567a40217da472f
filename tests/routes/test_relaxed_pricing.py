"""The pricer of long tours against the list of all tours and, through the planner, against brute force."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from routes import long_tours, relaxed_pricing
from routes.checker import check
from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.enumeration import enumerate_tours
from routes.generation import Generation
from routes.long_generation import generate_long
from routes.pins import pinned_tours
from routes.plan import Progress
from routes.planner import ContradictoryPins, plan_visits
from routes.pricing import MANY_LABELS, CompletePool, Pricer
from routes.problem import Problem
from routes.relaxed_pricing import RelaxedPricer
from routes.tours import Cut, Prices, Scope, TourPool
from tests.routes.test_planner_properties import brute_force, random_problem


def takes_time(problem: Problem) -> Problem:
    """The problem with a minute more of teardown, so that every visit takes some."""
    return replace(problem, visits=tuple(replace(visit, teardown=visit.teardown + 1) for visit in problem.visits))


def random_prices(compiled: Compiled, chance: random.Random) -> Prices:
    """Prices as a master might ask them, rewards for serving a town among them, with many cuts."""
    visits = range(compiled.visits)
    cuts = [Cut(tuple(sorted(chance.sample(visits, 3)))) for _ in range(4)] if compiled.visits >= 3 else []
    return Prices(
        visit=np.array([chance.uniform(-20, 80) for _ in visits] + [0.0]),
        klass=np.array([chance.uniform(0, 20) for _ in compiled.classes]),
        cuts=tuple(cuts),
        cut=np.array([chance.uniform(0, 40) for _ in cuts]),
        constant=0.0,
    )


def both_pricers(problem: Problem) -> tuple[Compiled, TourPool, CompletePool, TourPool, RelaxedPricer]:
    compiled = compile_problem(problem)
    columns = enumerate_tours(compiled, 10**6)
    assert columns is not None
    pools = TourPool(compiled.visits), TourPool(compiled.visits)
    return (
        compiled,
        pools[0],
        CompletePool(compiled, pools[0], columns),
        pools[1],
        RelaxedPricer(compiled, pools[1], Effort(100)),
    )


def noting(bounds: list[float | None]) -> Callable[[Progress | Generation], bool]:
    """Notes every bound told, and never has enough."""

    def note(news: Progress | Generation) -> bool:
        bounds.append(news.bound)
        return False

    return note


def tours_within(pool: TourPool, pricer: Pricer, prices: Prices, scope: Scope, slack: float) -> set[object]:
    numbers = pricer.within(prices, scope, slack, 10**5)
    assert numbers is not None
    return {(pool[number].klass, tuple(sorted(pool[number].order)), pool[number].value) for number in numbers}


@pytest.mark.parametrize("block", range(6))
def test_no_tour_is_worth_more_than_the_relaxed_best_and_those_that_remember_all_are_worth_as_much(block: int) -> None:
    for seed in range(2000 + 20 * block, 2000 + 20 * block + 20):
        compiled, _, complete, _, relaxed = both_pricers(takes_time(random_problem(seed)))
        scope, chance = Scope.whole(compiled), random.Random(seed)
        for _ in range(3):
            prices = random_prices(compiled, chance)
            held = complete.price(prices, scope, MANY_LABELS)
            found = relaxed.price(prices, scope, MANY_LABELS)
            assert held is not None
            assert found is not None
            assert found.exact
            assert (np.maximum(found.best, prices.klass) >= np.maximum(held.best, prices.klass) - 1e-4).all()
            relaxed.remember_everything()
            wiser = relaxed.price(prices, scope, MANY_LABELS)
            assert wiser is not None
            assert np.maximum(wiser.best, prices.klass) == pytest.approx(np.maximum(held.best, prices.klass), abs=1e-4)


@pytest.mark.parametrize("block", range(6))
def test_every_tour_within_a_distance_of_the_prices_is_named(block: int) -> None:
    for seed in range(3000 + 20 * block, 3000 + 20 * block + 20):
        compiled, pool, complete, other_pool, relaxed = both_pricers(takes_time(random_problem(seed)))
        scope, chance = Scope.whole(compiled), random.Random(seed)
        for slack in (0.0, 10.0, 60.0):
            prices = random_prices(compiled, chance)
            best = complete.price(prices, scope, MANY_LABELS)
            assert best is not None
            prices = replace(prices, klass=np.maximum(0.0, best.best))
            assert tours_within(pool, complete, prices, scope, slack) == tours_within(
                other_pool, relaxed, prices, scope, slack
            )


@pytest.mark.parametrize("block", range(8))
def test_plans_made_with_it_are_the_optimum_of_brute_force(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_tours, "_LONG", 0)
    for seed in range(4000 + 20 * block, 4000 + 20 * block + 20):
        problem = takes_time(random_problem(seed))
        best = brute_force(problem)
        if best is None:
            with pytest.raises(ContradictoryPins):
                plan_visits(problem, seconds=20, threads=1)
            continue
        bounds: list[float | None] = []
        plan = plan_visits(
            problem, seconds=20, threads=1, progress=lambda news, bounds=bounds: bounds.append(news.bound)
        )
        assert not list(check(problem, plan))
        assert all(bound is None or bound >= best for bound in bounds)
        assert plan.value == best
        assert plan.proven


@pytest.mark.parametrize("block", range(6))
def test_tours_that_forget_at_first_still_bound_every_plan(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaxed_pricing, "_REMEMBERED", 0)
    for seed in range(5000 + 20 * block, 5000 + 20 * block + 20):
        problem = takes_time(random_problem(seed))
        best = brute_force(problem)
        if best is None:
            continue
        compiled, pool, effort = compile_problem(problem), TourPool(len(problem.visits)), Effort(100)
        pricer, bounds = RelaxedPricer(compiled, pool, effort), list[float | None]()
        start = [pool.find(column) for column in pinned_tours(compiled)]
        state = generate_long(
            compiled, Scope.whole(compiled), pool, pricer, start, effort, noting(bounds),
            lambda now: False,
        )  # fmt: skip
        assert state.converged
        assert all(bound is not None and bound >= best - 1e-6 for bound in bounds)
        assert state.relaxed is not None
        assert state.bound == pytest.approx(state.relaxed.value, abs=1e-3)
        assert all(pool.lawful[number] for number in state.relaxed.shares)
