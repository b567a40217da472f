"""What a source of travel times gives and how it fails; the sources themselves are in `routes.travel`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from routes.problem import Matrix, Place

EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class TravelTimes:
    """Whole minutes from each place to each other, in the order asked.

    `source` names who said so; `filled` counts the cells that the source could not give and its fallback did.
    """

    minutes: Matrix
    source: str
    filled: int = 0


class TravelSource(Protocol):
    """Anything that knows how long the van drives."""

    def times(self, places: Sequence[Place]) -> TravelTimes:
        """The matrix for these places, 0 on the diagonal. Raises TravelUnavailable rather than guess."""
        ...


class TravelUnavailable(Exception):
    """The travel times cannot be had, and none are guessed."""


class MissingPairs(TravelUnavailable):
    """Some pairs of places have no travel time and there is no fallback; `pairs` names them (from, to)."""

    def __init__(self, source: str, pairs: Sequence[tuple[str, str]]) -> None:
        shown = ", ".join(f"{here} to {there}" for here, there in pairs[:5])
        more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
        super().__init__(f"The {source} has no time for {shown}{more}.")
        self.pairs = tuple(pairs)


class OffTheMap(TravelUnavailable):
    """Some places lie too far from any road that the router knows; `metres` says how far, by place."""

    def __init__(self, metres: Mapping[str, float]) -> None:
        shown = ", ".join(f"{place} ({round(distance)} m)" for place, distance in sorted(metres.items())[:5])
        super().__init__(f"{len(metres)} places are off the router's map: {shown}.")
        self.metres = dict(metres)


class ZeroTimes(TravelUnavailable):
    """Every time is zero although the places are apart: a sign of a wrong map, not of a fast van."""

    def __init__(self, source: str) -> None:
        super().__init__(f"The {source} says that every drive takes no time, although the places are apart.")


class RouterFailed(TravelUnavailable):
    """The router cannot be reached, refuses the question or answers in a form that is not its own."""


def kilometres(here: Place, there: Place) -> float:
    """The great-circle distance by the haversine formula; within 0.5 % of the true one on the ellipsoid."""
    lat_here, lat_there = math.radians(here.lat), math.radians(there.lat)
    half_lat = (lat_there - lat_here) / 2
    half_lon = math.radians(there.lon - here.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_here) * math.cos(lat_there) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


def at_one_point(here: Place, there: Place) -> bool:
    """Whether two places share their coordinates: the van stays parked between them, so the drive takes 0 minutes."""
    return (here.lat, here.lon) == (there.lat, there.lon)


def whole_minutes(minutes: float) -> int:
    """Rounded up, so that a plan never counts on a drive that is too short; a rounding error does not add a minute."""
    return math.ceil(minutes - 1e-9)


def refuse_all_zero(source: str, cells: Sequence[Sequence[float | None]], places: Sequence[Place]) -> None:
    """Raise ZeroTimes where every known time between places that are apart is zero."""
    apart = [
        time
        for here, row in zip(places, cells, strict=True)
        for there, time in zip(places, row, strict=True)
        if time is not None and not at_one_point(here, there)
    ]
    if apart and not any(apart):
        raise ZeroTimes(source)


def fill(
    source: str, cells: Sequence[Sequence[int | None]], places: Sequence[Place], fallback: TravelSource | None
) -> TravelTimes:
    """The matrix of the cells, each empty (None) one taken from the fallback and counted.

    Raises MissingPairs where a cell is empty and there is no fallback, and whatever the fallback raises.
    """
    empty = [(r, c) for r, row in enumerate(cells) for c, minutes in enumerate(row) if minutes is None]
    if empty and fallback is None:
        raise MissingPairs(source, [(places[r].id, places[c].id) for r, c in empty])
    if empty and fallback is not None:
        spare = fallback.times(places)
        source = f"{source}, else {spare.source}"
    rows = (
        tuple(spare.minutes[r][c] if minutes is None else minutes for c, minutes in enumerate(row))
        for r, row in enumerate(cells)
    )
    return TravelTimes(tuple(rows), source, len(empty))
