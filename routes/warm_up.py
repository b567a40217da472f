"""Doing once, before anybody waits, what is slow the first time: loading the solvers and compiling hot loops.

`load_solvers` takes a second or two, `compile_labelling` up to half a minute where numba's cache on the disk is empty;
the latter is only needed for problems whose tours are too many to list. `python -m routes.warm_up` does both, which an
installation can do beforehand.
"""

from __future__ import annotations

from routes.compiled import compile_problem
from routes.effort import Effort
from routes.generation import generate
from routes.planner import plan_visits
from routes.pricing import LabellingPricer
from routes.small_problem import few_visits
from routes.tours import Scope, TourPool

_SECONDS = 120.0


def load_solvers() -> None:
    """Plan a few visits, with every solver that a plan of a district needs."""
    plan_visits(few_visits(), seconds=_SECONDS)


def compile_labelling() -> None:
    """Price a few tours by labelling, short ones and long ones, and have ruin and recreate compiled."""
    from routes import relaxed_pricing, ruin  # here, as numba takes half a second to load

    compiled, effort = compile_problem(few_visits()), Effort(_SECONDS)
    pool, scope = TourPool(compiled.visits), Scope.whole(compiled)
    pricer = LabellingPricer(compiled, pool, effort)
    found = generate(compiled, scope, pool, pricer, [], effort, lambda _: False)
    if found.prices is not None:
        pricer.within(found.prices, scope, 1.0, 10)
    ruin.is_ready(effort, _SECONDS)
    relaxed_pricing.compile_kernels()


if __name__ == "__main__":
    load_solvers()
    compile_labelling()
