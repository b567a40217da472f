"""The master's numbers: prices that make true bounds, cuts that cut, choices that keep every row."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from routes.compiled import compile_problem
from routes.effort import Effort
from routes.enumeration import enumerate_tours
from routes.instances import read_problem
from routes.master import Master, choose, lagrangian_bound, violated_cuts
from routes.pricing import MANY_LABELS, CompletePool
from routes.tours import Column, Scope, TourPool, compatible, plan_value
from tests.benchmarks.district import district


@pytest.mark.parametrize("seed", range(4))
def test_the_lagrangian_bound_meets_the_linear_program_where_nothing_is_left_to_price(seed: int) -> None:
    compiled = compile_problem(read_problem(district("S", seed)))
    pool, scope = TourPool(compiled.visits), Scope.whole(compiled)
    columns = enumerate_tours(compiled, 10**6)
    assert columns is not None
    pricer = CompletePool(compiled, pool, columns)
    master = Master(compiled, scope, pool)
    master.add_columns(range(len(pool)))
    relaxed = master.solve(Effort(60))
    assert relaxed is not None
    priced = pricer.price(relaxed.prices, scope, MANY_LABELS)
    assert priced is not None
    assert priced.numbers == []
    assert lagrangian_bound(relaxed.prices, scope, priced.best) == pytest.approx(relaxed.value, abs=1e-3)


def test_any_prices_give_a_bound_above_the_best_plan() -> None:
    compiled = compile_problem(read_problem(district("S", 1)))
    pool, scope = TourPool(compiled.visits), Scope.whole(compiled)
    columns = enumerate_tours(compiled, 10**6)
    assert columns is not None
    pricer = CompletePool(compiled, pool, columns)
    choice = choose(compiled, scope, pool, range(len(pool)), [], Effort(60), 60)
    assert choice is not None
    best = plan_value(compiled, [pool[number] for number in choice.numbers])
    assert choice.bound == pytest.approx(best, abs=0.5)
    few = Master(compiled, scope, pool)
    few.add_columns(compatible_numbers(pool, compatible(compiled, columns)))
    relaxed = few.solve(Effort(60))
    assert relaxed is not None
    priced = pricer.price(relaxed.prices, scope, MANY_LABELS)
    assert priced is not None
    assert lagrangian_bound(relaxed.prices, scope, priced.best) >= best


def compatible_numbers(pool: TourPool, columns: list[Column]) -> list[int]:
    """The numbers of columns that the pool knows."""
    return [pool.find(column) for column in columns]


def test_three_visits_shared_by_halves_of_three_tours_are_cut_off() -> None:
    pool = TourPool(4)
    numbers = [pool.find(Column(0, pair, 10)) for pair in combinations(range(3), 2)]
    cuts = violated_cuts(pool, dict.fromkeys(numbers, 0.5), [], 10)
    assert [cut.members for cut in cuts] == [(0, 1, 2)]
    assert [cut.times(pool[number].order) for cut in cuts for number in numbers] == [1, 1, 1]
    assert violated_cuts(pool, dict.fromkeys(numbers, 0.5), cuts, 10) == []


def test_a_scope_beside_fixed_tours_leaves_their_visits_rivals_and_dues_out() -> None:
    compiled = compile_problem(read_problem(district("S", 2)))
    columns = enumerate_tours(compiled, 10**6)
    assert columns is not None
    fixed = max(columns, key=lambda column: column.value)
    scope = Scope.beside(compiled, [fixed])
    assert not scope.free[list(fixed.order)].any()
    assert scope.counts[fixed.klass] == compiled.classes[fixed.klass].count - 1
    served = np.array([sum(visit in members for visit in fixed.order) for _, _, members in compiled.towns])
    assert list(scope.dues) == [max(0, due - here) for (due, _, _), here in zip(compiled.towns, served, strict=True)]
