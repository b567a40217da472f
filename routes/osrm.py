"""Travel times by an OSRM server's roads, over HTTP; trusts it only after checking what is known to go wrong.

OSRM moves a point that lies outside its map to the nearest road it has, however far, and says "Ok"; gives null for
places that no road joins; and refuses large tables. (https://project-osrm.org/docs/v5.24.0/api/#table-service)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from routes.problem import Place
from routes.travel_times import (
    OffTheMap,
    RouterFailed,
    TravelSource,
    TravelTimes,
    at_one_point,
    fill,
    kilometres,
    refuse_all_zero,
    whole_minutes,
)

SOURCE = "road router"


@dataclass(frozen=True, slots=True)
class Osrm:
    """The `/table` service at `url` (such as `http://localhost:5000`), asked for at most `max_places` at a time.

    A place that snaps to a road more than `max_snap` metres away is refused (OffTheMap), as is a pair that no road
    joins (MissingPairs); with a fallback their cells come from it and are counted. A server that fails is never
    replaced in silence: RouterFailed. `parking` minutes are added to every leg. `timeout` is in seconds per request,
    `retries` further ones follow a lost connection or a busy server.
    """

    url: str
    fallback: TravelSource | None = None
    profile: str = "driving"
    max_places: int = 100
    max_snap: float = 500
    parking: int = 5
    timeout: float = 10
    retries: int = 2

    def __post_init__(self) -> None:
        if self.max_places < 2:
            raise ValueError("A table of fewer than two places says nothing.")

    def times(self, places: Sequence[Place]) -> TravelTimes:
        """The matrix for these places. Raises OffTheMap, MissingPairs, ZeroTimes, RouterFailed."""
        seconds: list[list[float | None]] = [[0.0] * len(places) for _ in places]
        snaps: dict[int, float] = {}
        with self._session() as session:
            for sources, destinations in _tiles(len(places), self.max_places):
                answer = self._ask(session, places, sources, destinations)
                snaps |= answer.snaps
                for row, values in zip(sources, answer.seconds, strict=True):
                    seconds[row][destinations.start : destinations.stop] = values
        self._drop_off_the_map(seconds, places, snaps)
        refuse_all_zero(SOURCE, seconds, places)
        cells = [
            [self._minutes(here, there, value) for there, value in zip(places, row, strict=True)]
            for here, row in zip(places, seconds, strict=True)
        ]
        return fill(SOURCE, cells, places, self.fallback)

    def _minutes(self, here: Place, there: Place, seconds: float | None) -> int | None:
        if at_one_point(here, there):
            return 0
        return None if seconds is None else whole_minutes(seconds / 60) + self.parking

    def _drop_off_the_map(
        self, seconds: list[list[float | None]], places: Sequence[Place], snaps: Mapping[int, float]
    ) -> None:
        """Empty the rows and columns of the places whose nearest road is too far to be theirs."""
        lost = {index for index, metres in snaps.items() if metres > self.max_snap}
        if lost and self.fallback is None:
            raise OffTheMap({places[index].id: snaps[index] for index in lost})
        for row in range(len(places)):
            for column in range(len(places)):
                if row in lost or column in lost:
                    seconds[row][column] = None

    def _session(self) -> requests.Session:
        again = Retry(
            total=self.retries,
            backoff_factor=0.2,
            status_forcelist=(429, 502, 503, 504),
            allowed_methods=("GET",),
            respect_retry_after_header=False,  # it may ask for an hour
            raise_on_status=False,
        )
        session = requests.Session()
        session.mount("http://", HTTPAdapter(max_retries=again))
        session.mount("https://", HTTPAdapter(max_retries=again))
        return session

    def _ask(self, session: requests.Session, places: Sequence[Place], rows: range, columns: range) -> _Answer:
        """One request: the seconds from the places of `rows` to those of `columns`."""
        asked = sorted({*rows, *columns})
        points = ";".join(f"{places[index].lon:.6f},{places[index].lat:.6f}" for index in asked)
        parameters = {"annotations": "duration"}
        if len(asked) < len(places):
            parameters["sources"] = ";".join(str(asked.index(row)) for row in rows)
            parameters["destinations"] = ";".join(str(asked.index(column)) for column in columns)
        address = f"{self.url.rstrip('/')}/table/v1/{self.profile}/{points}"
        try:
            response = session.get(address, params=parameters, timeout=self.timeout)
            body = response.json()
        except requests.RequestException as error:
            raise RouterFailed(f"The road router gave no answer ({type(error).__name__}).") from error
        return _understand(body, response.status_code, places, rows, columns)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Seconds from each source (row) to each destination, and how far, in metres, each place lies from its road."""

    seconds: list[list[float | None]]
    snaps: dict[int, float]


def _tiles(size: int, limit: int) -> Iterator[tuple[range, range]]:
    """Blocks of sources and of destinations that cover the matrix, together never more than `limit` places."""
    step = size if size <= limit else limit // 2
    blocks = [range(first, min(first + step, size)) for first in range(0, size, max(1, step))]
    for rows in blocks:
        for columns in blocks:
            if rows != columns or len(rows) > 1:  # OSRM answers about no single place, and its own time is 0
                yield rows, columns


def _understand(body: object, status: int, places: Sequence[Place], rows: range, columns: range) -> _Answer:
    if not isinstance(body, dict) or body.get("code") != "Ok":
        said = f"{body.get('code')}: {body.get('message')}" if isinstance(body, dict) else "no OSRM answer"
        raise RouterFailed(f"The road router refuses the question (HTTP {status}, {said}).")
    snaps = _snaps(body.get("sources"), places, rows) | _snaps(body.get("destinations"), places, columns)
    table = body.get("durations")
    if not isinstance(table, list) or len(table) != len(rows):
        raise RouterFailed("The road router's table has not the rows that were asked for.")
    return _Answer([_seconds(row, len(columns)) for row in table], snaps)


def _seconds(row: object, size: int) -> list[float | None]:
    if not isinstance(row, list) or len(row) != size:
        raise RouterFailed("The road router's table has not the columns that were asked for.")
    for cell in row:
        if cell is not None and not (_is_number(cell) and cell >= 0):
            raise RouterFailed(f"The road router says that a drive takes {cell!r} seconds.")
    return row


def _snaps(waypoints: object, places: Sequence[Place], indices: range) -> dict[int, float]:
    """How far each place was moved, by the server's word or, where it gives none, by the point it moved it to."""
    if not isinstance(waypoints, list) or len(waypoints) != len(indices):
        raise RouterFailed("The road router does not say where it put the places.")
    return {index: _snap(point, places[index]) for index, point in zip(indices, waypoints, strict=True)}


def _snap(waypoint: object, place: Place) -> float:
    match waypoint:
        case {"distance": metres} if _is_number(metres):
            return float(metres)
        case {"location": [lon, lat]} if _is_number(lon) and _is_number(lat) and abs(lat) <= 90 and abs(lon) <= 180:
            return 1000 * kilometres(place, Place("", lat, lon))
    raise RouterFailed(f"The road router does not say where it put {place.id}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
