"""Doing once, before anybody waits, what is slow the first time: loading the solvers and compiling hot loops.

`load_solvers` takes a second or two, `compile_labelling` up to half a minute where numba's cache on the disk is empty;
the latter is only needed for problems whose tours are too many to list.
"""

from __future__ import annotations

from datetime import date

from routes.compiled import compile_problem
from routes.effort import Effort
from routes.generation import generate
from routes.planner import plan_visits
from routes.pricing import LabellingPricer
from routes.problem import Lunch, Place, Problem, Shift, Visit, Weights, Window
from routes.tours import Scope, TourPool

_SECONDS = 120.0


def load_solvers() -> None:
    """Plan a few visits, with every solver that a plan of a district needs."""
    plan_visits(_few_visits(), seconds=_SECONDS)


def compile_labelling() -> None:
    """Price a few tours by labelling, and have ruin and recreate compiled."""
    from routes import ruin  # here, as numba takes half a second to load

    compiled, effort = compile_problem(_few_visits()), Effort(_SECONDS)
    pool, scope = TourPool(compiled.visits), Scope.whole(compiled)
    pricer = LabellingPricer(compiled, pool, effort)
    found = generate(compiled, scope, pool, pricer, [], effort, lambda _: False)
    if found.prices is not None:
        pricer.within(found.prices, scope, 1.0, 10)
    ruin.is_ready(effort, _SECONDS)


def _few_visits() -> Problem:
    """Six visits for one van of two days, more than it can serve."""
    days = (date(2026, 6, 1), date(2026, 6, 2))
    size = 7
    travel = tuple(tuple(0 if here == there else 20 for there in range(size)) for here in range(size))
    windows = tuple(Window(day, 480, 990) for day in days)
    return Problem(
        name="warm-up",
        places=tuple(Place(f"place-{place}", 30.9, 121.4) for place in range(size)),
        travel=travel,
        shifts=tuple(
            Shift(f"van@{day}", "van", day, 480, 990, 0, 0, max_visits=2, lunch=Lunch(660, 810, 60)) for day in days
        ),
        visits=tuple(Visit(f"r{place}", place, 90, windows, prize=100 + place) for place in range(1, size)),
        weights=Weights(travel=1),
    )
