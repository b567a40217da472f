"""Where travel times come from: the great circle and usual speeds, a table somebody measured, or a router's roads.

Every source takes places and gives `TravelTimes`, whole minutes rounded up with 0 on the diagonal, saying who said so.
Two places with the very same coordinates are 0 minutes apart: the van stays parked.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from routes.osrm import Osrm
from routes.problem import Place
from routes.travel_times import (
    MissingPairs,
    OffTheMap,
    RouterFailed,
    TravelSource,
    TravelTimes,
    TravelUnavailable,
    ZeroTimes,
    at_one_point,
    fill,
    kilometres,
    refuse_all_zero,
    whole_minutes,
)

__all__ = [
    "GreatCircle",
    "InvalidTable",
    "MissingPairs",
    "OffTheMap",
    "Osrm",
    "RoadClass",
    "RouterFailed",
    "Table",
    "TravelSource",
    "TravelTimes",
    "TravelUnavailable",
    "ZeroTimes",
    "read_pairs",
]


class RoadClass(StrEnum):
    """What kind of road leads to a place."""

    RURAL = "rural"
    URBAN = "urban"
    FAST = "fast"


USUAL_SPEEDS: Mapping[RoadClass, float] = {RoadClass.RURAL: 36, RoadClass.URBAN: 28, RoadClass.FAST: 45}
"""km/h over a whole leg, lights and turns included."""


@dataclass(frozen=True, slots=True)
class GreatCircle:
    """Distance as the crow flies x `road_factor`, each half of a leg at the speed of its end's road class, + parking.

    `road_classes` is by place id; a place that is not in it is rural. `parking` minutes are added to every leg: to find
    a place to stand and to walk. The same both ways.
    """

    road_classes: Mapping[str, RoadClass] = field(default_factory=dict)
    speeds: Mapping[RoadClass, float] = field(default_factory=lambda: dict(USUAL_SPEEDS))
    road_factor: float = 1.3
    parking: int = 5

    def __post_init__(self) -> None:
        if any(speed <= 0 for speed in self.speeds.values()) or set(self.speeds) != set(RoadClass):
            raise ValueError("Each road class needs a speed above 0 km/h.")
        if self.road_factor < 1:
            raise ValueError("No road is shorter than the great circle.")
        if self.parking < 0:
            raise ValueError("Parking must not take negative minutes.")

    def times(self, places: Sequence[Place]) -> TravelTimes:
        """The matrix for these places."""
        minutes = tuple(tuple(self._minutes(here, there) for there in places) for here in places)
        return TravelTimes(minutes, "great circle")

    def _minutes(self, here: Place, there: Place) -> int:
        if at_one_point(here, there):
            return 0
        road = self.road_factor * kilometres(here, there)
        pace = (self._minutes_per_km(here) + self._minutes_per_km(there)) / 2
        return whole_minutes(road * pace + self.parking)

    def _minutes_per_km(self, place: Place) -> float:
        return 60 / self.speeds[self.road_classes.get(place.id, RoadClass.RURAL)]


class InvalidTable(ValueError):
    """A travel table cannot be read; `line` says where (the heading is line 1)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Table:
    """Minutes that somebody measured, by (from id, to id); the way back is a pair of its own.

    A pair that is missing comes from the fallback and is counted, or is refused by name where there is none.
    """

    pairs: Mapping[tuple[str, str], int]
    fallback: TravelSource | None = None

    @classmethod
    def from_csv(cls, path: Path, fallback: TravelSource | None = None) -> Table:
        """The table in a UTF-8 CSV file headed `from_id,to_id,minutes`. Raises InvalidTable, OSError."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidTable(1, "the file is not in UTF-8") from error
        return cls(read_pairs(text), fallback)

    def times(self, places: Sequence[Place]) -> TravelTimes:
        """The matrix for these places. Raises MissingPairs, ZeroTimes, and whatever the fallback raises."""
        cells = [[self._minutes(here, there) for there in places] for here in places]
        refuse_all_zero("table", cells, places)
        return fill("table", cells, places, self.fallback)

    def _minutes(self, here: Place, there: Place) -> int | None:
        return 0 if here.id == there.id else self.pairs.get((here.id, there.id))


def read_pairs(text: str) -> dict[tuple[str, str], int]:
    """The pairs of a CSV text headed `from_id,to_id,minutes` (in any order). Raises InvalidTable with the line."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        if sorted(reader.fieldnames or []) != ["from_id", "minutes", "to_id"]:
            raise InvalidTable(1, "the heading must be from_id,to_id,minutes")
        pairs: dict[tuple[str, str], int] = {}
        for row in reader:
            pair, minutes = _read_pair(row, reader.line_num)
            if pairs.setdefault(pair, minutes) != minutes:
                raise InvalidTable(
                    reader.line_num, f"{pair[0]} to {pair[1]} is said to take {pairs[pair]} minutes above"
                )
    except csv.Error as error:
        raise InvalidTable(reader.reader.line_num, str(error)) from error
    return pairs


def _read_pair(row: Mapping[str | None, str | list[str] | None], line: int) -> tuple[tuple[str, str], int]:
    here, there, minutes = row["from_id"], row["to_id"], row["minutes"]
    if None in row or not (isinstance(here, str) and isinstance(there, str) and isinstance(minutes, str)):
        raise InvalidTable(line, "must have three cells")
    if not here or not there:
        raise InvalidTable(line, "an id is empty")
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) <= 5):
        raise InvalidTable(line, f"minutes must be a whole number, not {minutes!r}")
    return (here, there), int(minutes)
