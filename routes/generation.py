"""Column generation with subset-row cuts: tightens the bound of a scope and fills the pool with good tours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from routes.compiled import Compiled
from routes.effort import Effort
from routes.master import Master, Relaxed, lagrangian_bound, violated_cuts
from routes.pricing import Pricer
from routes.tours import Prices, Scope, TourPool

_CUTS_PER_ROUND = 60
_CUT_ROUNDS = 40


@dataclass
class Generation:
    """Where the linear program of a scope stands. `prices` are those that gave `bound`."""

    bound: float = math.inf
    prices: Prices | None = None
    relaxed: Relaxed | None = None
    numbers: tuple[int, ...] = ()
    converged: bool = False


def generate(
    compiled: Compiled,
    scope: Scope,
    pool: TourPool,
    pricer: Pricer,
    numbers: list[int],
    effort: Effort,
    enough: Callable[[Generation], bool],
    cut_rounds: int = _CUT_ROUNDS,
) -> Generation:
    """Price and cut until nothing more is gained, `enough` says so (asked after each step) or the run is over."""
    master = Master(compiled, scope, pool)
    master.add_columns(numbers)
    state = Generation()
    for _ in range(cut_rounds + 1):
        _converge(master, scope, pricer, state, effort, enough)
        if not state.converged or state.relaxed is None or enough(state):
            break
        cuts = violated_cuts(pool, state.relaxed.shares, master.cuts, _CUTS_PER_ROUND)
        if not cuts:
            break
        master.add_cuts(cuts)
    state.numbers = tuple(master.numbers)
    return state


def _converge(
    master: Master,
    scope: Scope,
    pricer: Pricer,
    state: Generation,
    effort: Effort,
    enough: Callable[[Generation], bool],
) -> None:
    """Column generation to the end: until no tour is worth more than it costs."""
    state.converged = False
    while not effort.over():
        relaxed = master.solve(effort)
        if relaxed is None:
            return
        state.relaxed = relaxed
        priced = pricer.price(relaxed.prices, scope)
        bound = lagrangian_bound(relaxed.prices, scope, priced.best)
        if bound < state.bound:
            state.bound, state.prices = bound, relaxed.prices
        if not priced.numbers:
            state.converged = True
            return
        if enough(state):
            return
        master.add_columns(priced.numbers)
