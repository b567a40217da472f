"""Improving a plan: a few shifts planned anew together, again and again, each time to the best their tours allow.

Each neighbourhood is a small column generation and a choice among its tours, up to proving that nothing better is
among them. With several lanes, neighbourhoods that touch no shift and no visit in common are planned side by side,
each in a thread with a pool of its own; the plan in hand changes only in the thread that planned before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from routes.compiled import Compiled
from routes.effort import Effort
from routes.generation import Generation, generate
from routes.incumbent import Incumbent
from routes.master import choose
from routes.neighbourhoods import Neighbourhood, Neighbourhoods
from routes.pricing import Pricer
from routes.tours import Column, Prices, TourPool

_SMALLEST = 14
_SECONDS = 0.8
_CUT_ROUNDS = 3
_MOST_OFFERED = 2_000
_MOST_IN_CHOICE = 1_500


class Replanned(NamedTuple):
    """A neighbourhood, the tours chosen for it (None: nothing better), and how long that took."""

    neighbourhood: Neighbourhood
    chosen: list[Column] | None
    took: float


class Replanner:
    """Plans neighbourhoods of one problem anew; `guide` are the prices that tell good tours from bad."""

    def __init__(self, compiled: Compiled, pool: TourPool, pricer: Pricer, effort: Effort, guide: Prices) -> None:
        self._compiled, self._pool, self._pricer, self._effort, self._guide = compiled, pool, pricer, effort, guide

    def replan(self, part: Neighbourhood, value: float, guess: Prices | None, cut_rounds: int) -> Replanned:
        """Column generation, then choice; `value` is that of the plan in hand, `guess` prices the first tours."""
        began = self._effort.used
        in_hand = value - part.staying
        start = [self._pool.find(column) for column in part.opened]
        offered = self._pool.nearest(part.scope, self._guide, _MOST_OFFERED)

        def enough(state: Generation) -> bool:
            return state.bound - in_hand < 1

        state = generate(
            self._compiled,
            part.scope,
            self._pool,
            self._pricer,
            sorted({*start, *offered}),
            self._effort,
            enough,
            guess,
            cut_rounds,
        )
        chosen = None
        if state.prices is not None and not enough(state) and not self._effort.over():
            chosen = self._choose(part, state.prices, in_hand - state.bound, start)
        return Replanned(part, chosen, self._effort.used - began)

    def _choose(self, part: Neighbourhood, prices: Prices, least: float, start: list[int]) -> list[Column] | None:
        """The best of the tours that could make the neighbourhood better than it is."""
        nearest = self._pool.nearest(part.scope, prices, _MOST_IN_CHOICE, least - 1e-6)
        offered = sorted({*nearest, *start})
        choice = choose(self._compiled, part.scope, self._pool, offered, start, self._effort, 3 * _SECONDS)
        return None if choice is None else [self._pool[number] for number in choice.numbers]


class Improvement:
    """The loop: picks neighbourhoods, has them planned anew, and takes over what is better."""

    def __init__(
        self, compiled: Compiled, pool: TourPool, pricer: Pricer, effort: Effort, incumbent: Incumbent, prices: Prices
    ) -> None:
        self._compiled, self._pool, self._pricer, self._effort = compiled, pool, pricer, effort
        self._incumbent, self._prices = incumbent, prices
        self._enough: Callable[[], bool] = lambda: False

    def sweep(self, seed: int, size: int, times: int, until: float, guess: Prices | None) -> None:
        """Plan some neighbourhoods anew, one after the other, each slot as seldom twice as can be."""
        neighbourhoods = Neighbourhoods(self._compiled, seed)
        replanner = Replanner(self._compiled, self._pool, self._pricer, self._effort, self._prices)
        for _ in range(times):
            part = neighbourhoods.pick(self._columns, self._prices, size)
            if part is None or self._done or self._effort.used > until:
                return
            self._take(replanner.replan(part, self._incumbent.value, guess, 1))
            neighbourhoods.note(part, better=False)

    def run(
        self,
        seed: int,
        enough: Callable[[], bool],
        lanes: int = 1,
        beside: Callable[[TourPool], Pricer] | None = None,
    ) -> None:
        """Improve until that is enough; `beside` makes a pricer for the pool of a lane."""
        self._enough = enough
        neighbourhoods = Neighbourhoods(self._compiled, seed)
        if beside is None or lanes < 2 or len(self._compiled.problem.shifts) < 2 * lanes * _SMALLEST:
            self._one_by_one(neighbourhoods)
        else:
            with ThreadPoolExecutor(lanes) as workers:
                self._side_by_side(neighbourhoods, workers, lanes, beside)

    def _one_by_one(self, neighbourhoods: Neighbourhoods) -> None:
        size = _SMALLEST
        replanner = Replanner(self._compiled, self._pool, self._pricer, self._effort, self._prices)
        while not self._done:
            part = neighbourhoods.pick(self._columns, self._prices, size)
            if part is None:
                return
            replanned = replanner.replan(part, self._incumbent.value, None, _CUT_ROUNDS)
            neighbourhoods.note(part, better=self._take(replanned))
            size = self._next_size(size, replanned)

    def _side_by_side(
        self,
        neighbourhoods: Neighbourhoods,
        workers: ThreadPoolExecutor,
        lanes: int,
        beside: Callable[[TourPool], Pricer],
    ) -> None:
        size = _SMALLEST
        running: dict[Future[Replanned], tuple[Neighbourhood, TourPool]] = {}
        while not self._done:
            while len(running) < lanes:
                part = neighbourhoods.pick(self._columns, self._prices, size, [other for other, _ in running.values()])
                if part is None:
                    break
                pool = self._pool_for(part)
                replanner = Replanner(self._compiled, pool, beside(pool), self._effort, self._prices)
                running[workers.submit(replanner.replan, part, self._incumbent.value, None, _CUT_ROUNDS)] = part, pool
            if not running:
                return
            finished, _ = wait(running, timeout=0.05, return_when=FIRST_COMPLETED)
            for future in finished:
                part, pool = running.pop(future)
                self._pool.extend(pool[number] for number in range(len(pool)))
                neighbourhoods.note(part, better=self._take(future.result()))
                size = self._next_size(size, future.result())
        for future in running:
            self._take(future.result())

    def _pool_for(self, part: Neighbourhood) -> TourPool:
        """The tours known that may help in a neighbourhood, in a pool that one thread has for itself."""
        pool = TourPool(self._compiled.visits)
        pool.extend(part.opened)
        pool.extend(self._pool[number] for number in self._pool.nearest(part.scope, self._prices, _MOST_OFFERED))
        return pool

    def _take(self, replanned: Replanned) -> bool:
        """Put the tours chosen in the place of those opened, if that is better."""
        if replanned.chosen is None:
            return False
        before = self._incumbent.value
        opened = Counter(column.key for column in replanned.neighbourhood.opened)
        staying = []
        for column in self._columns:
            if opened[column.key] > 0:
                opened[column.key] -= 1
            else:
                staying.append(column)
        self._incumbent.accept([*staying, *replanned.chosen])
        return self._incumbent.value > before

    def _next_size(self, size: int, replanned: Replanned) -> int:
        size += 1 if replanned.took < _SECONDS else -1
        return min(max(size, _SMALLEST), len(self._compiled.problem.shifts))

    @property
    def _columns(self) -> list[Column]:
        return [self._pool[number] for number in self._incumbent.numbers]

    @property
    def _done(self) -> bool:
        return self._incumbent.proven or self._effort.over() or self._enough()
