"""Column generation with subset-row cuts: tightens the bound of a scope and fills the pool with good tours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from routes.compiled import Compiled
from routes.effort import Effort
from routes.master import Master, Relaxed, lagrangian_bound, violated_cuts
from routes.pricing import FEW_LABELS, Priced, Pricer
from routes.tours import Prices, Scope, TourPool

_CUTS_PER_ROUND = 60
_CUT_ROUNDS = 40
_MOST_COLUMNS = 32_000
_LEAST_GAIN = 0.1
_NEAR = 5e-5
_MANY_CLASSES = 120
_SMOOTHED_UNTIL = 0.002
_FEW_NEWS = 200
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
    uncut = before = math.inf
    for _ in range(cut_rounds + 1):
        _converge(master, scope, pool, pricer, state, effort, enough)
        if not state.converged or state.relaxed is None or enough(state):
            break
        uncut = state.bound if before == math.inf else uncut
        if _is_large(scope) and before - state.bound < _LEAST_GAIN * (uncut - state.bound):
            break
        before = state.bound
        cuts = violated_cuts(pool, state.relaxed.shares, master.cuts, _CUTS_PER_ROUND)
        if not cuts:
            break
        master.add_cuts(cuts)
    state.numbers = tuple(master.numbers)
    return state


def _converge(
    master: Master,
    scope: Scope,
    pool: TourPool,
    pricer: Pricer,
    state: Generation,
    effort: Effort,
    enough: Enough,
) -> None:
    """Column generation to the end: until no tour is worth more than it costs, or nearly so where a step takes long."""
    state.converged = False
    smooth = _is_large(scope)
    while not effort.over():
        relaxed = master.solve(effort)
        if relaxed is None:
            return
        state.relaxed = relaxed
        smooth = smooth and _is_far(state, relaxed)
        prices = smoothed(state.prices, relaxed.prices) if smooth else relaxed.prices
        priced = price_once(scope, pricer, state, prices, FEW_LABELS)
        if priced is None:
            return
        news = master.fresh(priced.numbers)
        if not smooth and (not news or (_is_large(scope) and state.bound - relaxed.value < _NEAR * abs(state.bound))):
            state.converged = True
            return
        if smooth and len(news) < _FEW_NEWS:
            smooth = False
        master.add_columns(news)
        if len(master.numbers) > _MOST_COLUMNS and len(news) > _FEW_NEWS:
            master.keep_only(_worth_keeping(master, pool, relaxed, news))
        if enough(state):
            return


def _is_large(scope: Scope) -> bool:
    """Whether so many classes are open that each step takes a second or so."""
    return bool(np.count_nonzero(scope.counts) > _MANY_CLASSES)


def _is_far(state: Generation, relaxed: Relaxed) -> bool:
    """Whether a linear program still has far to go, so that its prices swing wildly."""
    if state.prices is None or state.prices.cuts != relaxed.prices.cuts:
        return False
    return state.bound - relaxed.value > _SMOOTHED_UNTIL * abs(state.bound)


def smoothed(centre: Prices | None, prices: Prices) -> Prices:
    """Half way from the prices of the best bound to those of the linear program (Wentges 1997)."""
    if centre is None:
        return prices
    return Prices(
        (centre.visit + prices.visit) / 2,
        (centre.klass + prices.klass) / 2,
        prices.cuts,
        (centre.cut + prices.cut) / 2,
        (centre.constant + prices.constant) / 2,
    )


def _worth_keeping(master: Master, pool: TourPool, relaxed: Relaxed, news: list[int]) -> list[int]:
    """The columns in use, so that the value does not fall, the news, and those nearest to the prices."""
    numbers = np.array(master.numbers)
    reduced = pool.reduced(relaxed.prices)[numbers]
    nearest = numbers[np.argsort(-reduced, kind="stable")[: _MOST_COLUMNS // 2]]
    return sorted({*relaxed.shares, *news, *nearest.tolist()})


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
