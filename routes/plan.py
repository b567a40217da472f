"""The plan: tours of stops with exact minutes, their value, and how far from the best possible they can be.

A plan is data, lawful or not; `routes.checker` judges it and `routes.score` prices it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit's place in a tour: the van stands there from `arrives` to `departs`, the session begins at `starts`."""

    visit: str
    arrives: int
    starts: int
    departs: int


@dataclass(frozen=True, slots=True)
class Tour:
    """One shift's ordered stops; the van leaves its start place at `leaves` and is at its end place at `returns`."""

    shift: str
    leaves: int
    returns: int
    lunch: int | None
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Tours with the points they are worth and `bound`, a number no lawful plan can exceed (None: not known)."""

    problem: str
    tours: tuple[Tour, ...]
    value: int
    bound: float | None = None
    seconds: float = 0.0
    seed: int = 0
    stated_proven: bool | None = field(default=None, compare=False)
    """What a plan that was read says of its own proof; only the checker looks at it. Everybody else asks `proven`."""

    @property
    def proven(self) -> bool:
        """Nothing better exists: values are whole, so a bound less than one point above is met."""
        return self.bound is not None and self.bound - self.value < 1

    @property
    def gap(self) -> float | None:
        """(bound - value) / max(1, |bound|), or None where no bound is known."""
        if self.bound is None:
            return None
        return (self.bound - self.value) / max(1, abs(self.bound))

    def stops(self) -> Iterator[tuple[Tour, Stop]]:
        """Every stop with the tour it belongs to."""
        for tour in self.tours:
            for stop in tour.stops:
                yield tour, stop

    @property
    def served(self) -> frozenset[str]:
        """The ids of the visits that the plan serves."""
        return frozenset(stop.visit for _, stop in self.stops())


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a planning run stands: `phase` is one of the names in `routes.planner.PHASES`."""

    phase: str
    seconds: float
    value: int | None
    bound: float | None

    @property
    def gap(self) -> float | None:
        if self.value is None or self.bound is None:
            return None
        return (self.bound - self.value) / max(1, abs(self.bound))
