"""The two pricers against each other: labels find what the complete pool holds, at any prices and under any cuts."""

from __future__ import annotations

import random

import numpy as np
import pytest

from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.enumeration import enumerate_tours
from routes.instances import read_problem
from routes.pricing import MANY_LABELS, CompletePool, LabellingPricer
from routes.tours import Cut, Prices, Scope, TourPool
from tests.benchmarks.district import district


def random_prices(compiled: Compiled, chance: random.Random) -> Prices:
    """Prices as a master might ask them, with cuts of several kinds."""
    visits = range(compiled.visits)
    cuts = [Cut(tuple(sorted(chance.sample(visits, 3)))) for _ in range(15)]
    cuts += [Cut(tuple(sorted(chance.sample(visits, 5))), (1, 1, 1, 1, 1), chance.choice((2, 3))) for _ in range(5)]
    return Prices(
        visit=np.array([chance.uniform(0, 500) for _ in visits] + [0.0]),
        klass=np.array([chance.uniform(0, 50) for _ in compiled.classes]),
        cuts=tuple(cuts),
        cut=np.array([chance.uniform(0, 80) for _ in cuts]),
        constant=0.0,
    )


@pytest.mark.parametrize("seed", range(6))
def test_labels_find_the_best_tour_of_every_class(seed: int) -> None:
    compiled = compile_problem(read_problem(district("S", seed, ("plain", "tight", "loose")[seed % 3])))
    columns = enumerate_tours(compiled, 10**6)
    assert columns is not None
    pools = TourPool(compiled.visits), TourPool(compiled.visits)
    complete = CompletePool(compiled, pools[0], columns)
    labelling = LabellingPricer(compiled, pools[1], Effort(100))
    scope, chance = Scope.whole(compiled), random.Random(seed)
    for _ in range(5):
        prices = random_prices(compiled, chance)
        held, found = complete.price(prices, scope, MANY_LABELS), labelling.price(prices, scope, MANY_LABELS)
        assert held is not None
        assert found is not None
        assert found.exact
        asked = prices.klass
        assert np.maximum(found.best, asked) == pytest.approx(np.maximum(held.best, asked), abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_labels_name_every_tour_within_a_distance_of_the_prices(seed: int) -> None:
    compiled = compile_problem(read_problem(district("S", seed)))
    columns = enumerate_tours(compiled, 10**6)
    assert columns is not None
    pools = TourPool(compiled.visits), TourPool(compiled.visits)
    complete = CompletePool(compiled, pools[0], columns)
    labelling = LabellingPricer(compiled, pools[1], Effort(100))
    scope, prices = Scope.whole(compiled), random_prices(compiled, random.Random(seed))
    best = complete.price(prices, scope, MANY_LABELS)
    assert best is not None
    prices = Prices(prices.visit, np.maximum(0.0, best.best), prices.cuts, prices.cut, 0.0)
    near = [
        pool_of_tours(pool, pricer.within(prices, scope, 150.0, 10**5))
        for pool, pricer in zip(pools, (complete, labelling), strict=True)
    ]
    assert near[0] == near[1]
    assert len(near[0]) > 1


def pool_of_tours(pool: TourPool, numbers: list[int] | None) -> set[tuple[int, tuple[int, ...], int]]:
    """Columns as (class, set of visits, value)."""
    assert numbers is not None
    return {(pool[number].klass, tuple(sorted(pool[number].order)), pool[number].value) for number in numbers}
