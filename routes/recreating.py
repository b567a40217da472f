"""When a planning run ruins and recreates, and for how long.

Column generation makes better plans where it has the time to converge; ruin and recreate has a good one long before
that. So large problems begin with it, it has most of a run that is too short for column generation, and it goes on
where a plan of long tours cannot be proved. The shares of time were measured.
"""

from __future__ import annotations

import math

from routes.compiled import Compiled
from routes.effort import Effort
from routes.incumbent import Incumbent
from routes.tours import TourPool

_SHARE, _SECONDS_PER_VISIT = 0.6, 0.008
_SHARE_IF_LONG, _SECONDS_PER_VISIT_IF_LONG = 0.4, 0.08
_SHARE_IF_SHORT, _COLUMNS_SECONDS_PER_PAIR = 0.95, 0.0005
_FIRST_ROUND = 0.5
_COMPILE_SHARE = 0.1
_LARGE = 10_000
"""Pairs of a visit and a class able to serve it, from which quick insertion in plain Python takes too long."""


class Recreating:
    """Ruin and recreate as steps of one run, which keep the plan in hand and the pool of tours up to date."""

    def __init__(
        self, compiled: Compiled, pool: TourPool, incumbent: Incumbent, effort: Effort, seed: int, threads: int
    ) -> None:
        self._compiled, self._pool, self._incumbent, self._effort = compiled, pool, incumbent, effort
        self._seed = seed
        self._lanes = 1 if effort.counted else threads
        self._pairs = sum(len(klass.visits) for klass in compiled.classes)

    @property
    def comes_first(self) -> bool:
        """Whether the problem is so large that this is quicker than quick insertion."""
        return self._pairs > _LARGE

    def once(self) -> bool:
        """A good plan, soon; false if the search is not compiled yet, which only the first run of a machine meets."""
        left = self._effort.left
        seconds = min(_SECONDS_PER_VISIT * self._compiled.visits, _SHARE * left)
        if left < _COLUMNS_SECONDS_PER_PAIR * self._pairs:
            seconds = _SHARE_IF_SHORT * left
        return self._search(seconds)

    def once_for_long_tours(self) -> bool:
        """As `once`, in rounds each longer than the one before, until a round brings nothing: many plans of long tours
        are the best at once, and others take their time."""
        seconds = min(_SECONDS_PER_VISIT_IF_LONG * self._compiled.visits, _SHARE_IF_LONG * self._effort.left)
        return self._rounds(self._effort.used + seconds, in_vain=False)

    def to_the_end(self) -> bool:
        """Rounds for as long as the run may last."""
        return self._rounds(math.inf, in_vain=True)

    def _rounds(self, until: float, *, in_vain: bool) -> bool:
        seconds, value = _FIRST_ROUND, -math.inf
        while not self._incumbent.proven and not self._effort.over() and self._effort.used < until:
            if self._incumbent.value == value and not in_vain:
                break
            value = self._incumbent.value
            if not self._search(min(seconds, self._effort.left, until - self._effort.used)):
                return False
            seconds *= 2
        return True

    def _search(self, seconds: float) -> bool:
        """Search for so long, from the plan in hand on and with luck of its own."""
        from routes import ruin  # here, as numba takes half a second to load and small problems never need it

        self._incumbent.enter("recreate")
        if not ruin.is_ready(self._effort, _COMPILE_SHARE * self._effort.left):
            return False
        self._seed += 1
        best, met = ruin.recreate(
            self._compiled,
            [self._pool[number] for number in self._incumbent.numbers],
            self._effort,
            self._seed,
            self._effort.used + seconds,
            lanes=self._lanes,
            heard=self._incumbent.accept,
        )
        self._pool.extend(met)
        self._incumbent.accept(best)
        return True
