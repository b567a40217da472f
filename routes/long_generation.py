"""Column generation for long tours: quick guesses first, an exact search when they find nothing more.

Once the linear program has converged, what its tours do wrong (serve a visit twice) is forbidden to the search, and
when they do nothing wrong any more, subset-row cuts tighten it.
"""

from __future__ import annotations

from routes.compiled import Compiled
from routes.effort import Effort
from routes.generation import Enough, Generation, price_once
from routes.master import Master, violated_cuts
from routes.pricing import MANY_LABELS
from routes.relaxed_pricing import RelaxedPricer
from routes.tours import Scope, TourPool

_CUTS_PER_ROUND = 20
_MOST_CUTS = 128
_ROUNDS = 100
_GUESSES_IN_A_ROW = 20
"""After so many guesses a bound is wanted."""


def generate_long(
    compiled: Compiled,
    scope: Scope,
    pool: TourPool,
    pricer: RelaxedPricer,
    numbers: list[int],
    effort: Effort,
    enough: Enough,
    settled: Enough,
) -> Generation:
    """Price, remember and cut until nothing more is gained, or the run is over, or `enough` (asked after each step) or
    `settled` (asked where the linear program has converged) says so."""
    master = Master(compiled, scope, pool)
    master.add_columns(numbers)
    state = Generation()
    for _ in range(_ROUNDS):
        _converge(master, scope, pricer, state, effort, enough)
        if not state.converged or state.relaxed is None or enough(state) or settled(state):
            break
        if pricer.remember(state.relaxed.shares):
            master.keep_only([number for number in master.numbers if pricer.finds(number)])
            continue
        cuts = violated_cuts(pool, state.relaxed.shares, master.cuts, _CUTS_PER_ROUND)
        if not cuts or len(master.cuts) + len(cuts) > _MOST_CUTS:
            break
        master.add_cuts(cuts)
    state.numbers = tuple(master.numbers)
    return state


def _converge(
    master: Master, scope: Scope, pricer: RelaxedPricer, state: Generation, effort: Effort, enough: Enough
) -> None:
    """Column generation to the end: until no tour is worth more than it costs."""
    state.converged = False
    guesses = 0
    while not effort.over():
        relaxed = master.solve(effort)
        if relaxed is None:
            return
        state.relaxed = relaxed
        numbers = pricer.guess(relaxed.prices, scope)
        guesses += 1
        if numbers is None:
            return
        if not numbers or guesses % _GUESSES_IN_A_ROW == 0:
            priced = price_once(scope, pricer, state, relaxed.prices, MANY_LABELS)
            if priced is None:
                return
            numbers += priced.numbers
            if not numbers:
                state.converged = True
                return
        master.add_columns(numbers)
        if enough(state):
            return
