"""Neighbourhoods that are planned anew side by side have no shift and no visit in common."""

from __future__ import annotations

import numpy as np
import pytest

from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.generation import guessed_prices
from routes.improvement import Improvement
from routes.incumbent import Incumbent
from routes.insertion import insert_greedily
from routes.instances import read_problem
from routes.neighbourhoods import Neighbourhood, Neighbourhoods
from routes.pins import pinned_tours
from routes.pricing import LabellingPricer
from routes.tours import Column, Scope, TourPool, compatible, plan_value
from tests.benchmarks.district import district


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_problem(read_problem(district("L", 2)))


@pytest.fixture(scope="module")
def columns(compiled: Compiled) -> list[Column]:
    return insert_greedily(compiled, pinned_tours(compiled), Effort(60))


def picked(compiled: Compiled, columns: list[Column], seed: int) -> tuple[Neighbourhood, Neighbourhood]:
    neighbourhoods = Neighbourhoods(compiled, seed)
    prices = guessed_prices(compiled)
    first = neighbourhoods.pick(columns, prices, 14)
    assert first is not None
    second = neighbourhoods.pick(columns, prices, 14, [first])
    assert second is not None
    return first, second


@pytest.mark.parametrize("seed", range(5))
def test_two_at_once_share_no_slot_no_visit_and_no_rival(compiled: Compiled, columns: list[Column], seed: int) -> None:
    first, second = picked(compiled, columns, seed)
    whole = Scope.whole(compiled)
    assert {column.key for column in first.opened}.isdisjoint(column.key for column in second.opened)
    assert (first.scope.counts + second.scope.counts <= whole.counts).all()
    assert not (first.scope.free & second.scope.free).any()
    for visit in np.nonzero(first.scope.free)[0]:
        assert not second.scope.free[list(compiled.rivals[visit])].any()


@pytest.mark.parametrize("seed", range(5))
def test_what_a_neighbourhood_opens_it_may_serve_again(compiled: Compiled, columns: list[Column], seed: int) -> None:
    for part in picked(compiled, columns, seed):
        assert all(part.scope.free[list(column.order)].all() for column in part.opened)
        assert part.staying + sum(column.value for column in part.opened) == sum(column.value for column in columns)


def test_no_neighbourhood_is_left_when_all_shifts_are_busy(compiled: Compiled, columns: list[Column]) -> None:
    neighbourhoods = Neighbourhoods(compiled, 1)
    prices = guessed_prices(compiled)
    everything = neighbourhoods.pick(columns, prices, len(compiled.problem.shifts))
    assert everything is not None
    assert neighbourhoods.pick(columns, prices, 14, [everything]) is None


def test_two_lanes_leave_a_better_plan_that_can_be_driven(compiled: Compiled, columns: list[Column]) -> None:
    effort, pool = Effort(600), TourPool(compiled.visits)
    incumbent = Incumbent(compiled, pool, effort, "improvement", None)
    incumbent.accept(columns)
    before = incumbent.value
    pricer = LabellingPricer(compiled, pool, effort)
    improvement = Improvement(compiled, pool, pricer, effort, incumbent, guessed_prices(compiled))
    improvement.run(0, lambda: incumbent.value > before + 200, 2, pricer.beside)
    after = [pool[number] for number in incumbent.numbers]
    assert len(compatible(compiled, after)) == len(after)
    assert plan_value(compiled, after) == incumbent.value > before
    assert compiled.pinned <= {visit for column in after for visit in column.order}
