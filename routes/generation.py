"""Column generation with subset-row cuts: tightens the bound of a scope and fills the pool with good tours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from routes.compiled import Compiled
from routes.effort import Effort
from routes.master import Master, Relaxed, lagrangian_bound, violated_cuts
from routes.pricing import FEW_LABELS, MANY_LABELS, Priced, Pricer
from routes.tours import Prices, Scope, TourPool

_CUTS_PER_ROUND = 60
_CUT_ROUNDS = 40
_MINUTES_ON_THE_ROAD = 20
_HOURS_FILLED = 0.9


@dataclass
class Generation:
    """Where the linear program of a scope stands. `prices` are those that gave `bound`."""

    bound: float = math.inf
    prices: Prices | None = None
    relaxed: Relaxed | None = None
    numbers: tuple[int, ...] = ()
    converged: bool = False


Enough = Callable[[Generation], bool]


def guessed_prices(compiled: Compiled) -> Prices:
    """Prices to begin with: a visit's points less what its minutes would earn elsewhere.

    The rate for a minute is that of the last visit that fits if the shifts' hours were filled in order of points per
    minute, as in the linear relaxation of a knapsack.
    """
    gain = np.zeros(compiled.visits + 1)
    minutes = np.ones(compiled.visits + 1)
    hours = 0
    for shift_class in compiled.classes:
        hours += shift_class.count * (shift_class.ends - shift_class.starts - max(0, shift_class.lunch.minutes))
        for place in range(1, len(shift_class.visits)):
            visit = shift_class.visits[place]
            gain[visit] = max(gain[visit], *(option.gain for option in shift_class.options[place]))
            minutes[visit] = shift_class.setup[place] + shift_class.post[place] + _MINUTES_ON_THE_ROAD
    ranked = np.argsort(-gain[:-1] / minutes[:-1], kind="stable")
    fits = int(np.searchsorted(np.cumsum(minutes[ranked]), _HOURS_FILLED * hours))
    rate = gain[ranked[fits]] / minutes[ranked[fits]] if fits < len(ranked) else 0.0
    visit_prices = np.maximum(0.0, gain - rate * minutes)
    visit_prices[-1] = 0.0
    klass = np.zeros(len(compiled.classes))
    return Prices(visit_prices, klass, (), np.zeros(0), compiled.constant + float(visit_prices.sum()))


def generate(
    compiled: Compiled,
    scope: Scope,
    pool: TourPool,
    pricer: Pricer,
    numbers: list[int],
    effort: Effort,
    enough: Enough,
    guess: Prices | None = None,
    cut_rounds: int = _CUT_ROUNDS,
) -> Generation:
    """Price and cut until nothing more is gained, `enough` says so (asked after each step) or the run is over.

    The first tours are priced by `guess`, where given, for the first linear program knows next to nothing.
    """
    master = Master(compiled, scope, pool)
    master.add_columns(numbers)
    state = Generation()
    if guess is not None:
        priced = price_once(scope, pricer, state, guess, FEW_LABELS)
        master.add_columns(priced.numbers if priced else ())
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


def _converge(master: Master, scope: Scope, pricer: Pricer, state: Generation, effort: Effort, enough: Enough) -> None:
    """Column generation to the end: until no tour is worth more than it costs."""
    state.converged = False
    labels = FEW_LABELS
    while not effort.over():
        relaxed = master.solve(effort)
        if relaxed is None:
            return
        state.relaxed = relaxed
        priced = price_once(scope, pricer, state, relaxed.prices, labels)
        while priced is not None and not priced.numbers and not priced.exact and labels < MANY_LABELS:
            labels *= 4
            priced = price_once(scope, pricer, state, relaxed.prices, labels)
        if priced is None:
            return
        if not priced.numbers:
            state.converged = True
            return
        master.add_columns(priced.numbers)
        if enough(state):
            return


def price_once(scope: Scope, pricer: Pricer, state: Generation, prices: Prices, labels: int) -> Priced | None:
    """Price once and note the Lagrangian bound; None if the run is over first."""
    priced = pricer.price(prices, scope, labels)
    if priced is None:
        return None
    bound = lagrangian_bound(prices, scope, priced.best)
    if bound < state.bound:
        # With each class priced at its best tour the slacks of a plan's tours add up to its distance from the bound.
        state.bound, state.prices = bound, replace(prices, klass=np.maximum(0.0, priced.best))
    return priced
