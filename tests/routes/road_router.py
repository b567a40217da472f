"""A server that answers like osrm-routed's `/table`, traps included, on a flat map made up for the tests.

It knows one square of roads. A point outside is moved to the nearest road, however far, and code is "Ok" all the same;
a drive takes ten seconds per 0.001 degree east or west and twenty north or south.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from routes.problem import Place
from routes.travel_times import kilometres

Point = tuple[float, float]  # longitude, latitude, as OSRM has it


@dataclass
class Roads:
    """What the server knows, how it misbehaves and what it was asked."""

    west: float = 121.3
    east: float = 121.8
    south: float = 30.7
    north: float = 31.1
    limit: int = 100
    islands: set[Point] = field(default_factory=set)
    all_zero: bool = False
    with_distances: bool = True
    stumbles: int = 0
    answer: Any = None
    asked: list[int] = field(default_factory=list)

    def table(self, points: list[Point], sources: list[int], destinations: list[int]) -> tuple[int, Any]:
        """The status and body of the answer."""
        self.asked.append(len(points))
        if self.stumbles:
            self.stumbles -= 1
            return 503, {"code": "Busy"}
        if self.answer is not None:
            return 200, self.answer
        if len(sources) * len(destinations) > self.limit**2 or len(points) > self.limit:
            return 400, {"code": "TooBig", "message": "Too many table coordinates"}
        if len(points) < 2:
            return 400, {"code": "InvalidOptions", "message": "Number of coordinates needs to be at least two"}
        snapped = [self._snap(point) for point in points]
        return 200, {
            "code": "Ok",
            "sources": [self._waypoint(points[index], snapped[index]) for index in sources],
            "destinations": [self._waypoint(points[index], snapped[index]) for index in destinations],
            "durations": [[self._seconds(snapped[s], snapped[d]) for d in destinations] for s in sources],
        }

    def _snap(self, point: Point) -> Point:
        lon, lat = point
        return min(max(lon, self.west), self.east), min(max(lat, self.south), self.north)

    def _waypoint(self, point: Point, snapped: Point) -> dict[str, Any]:
        metres = 1000 * kilometres(Place("a", point[1], point[0]), Place("b", snapped[1], snapped[0]))
        word = {"name": "", "location": list(snapped)}
        return word | {"distance": metres} if self.with_distances else word

    def _seconds(self, here: Point, there: Point) -> float | None:
        if self.all_zero:
            return 0
        if here != there and (here in self.islands or there in self.islands):
            return None
        return round(abs(there[0] - here[0]) * 10_000 + abs(there[1] - here[1]) * 20_000, 1)


@contextmanager
def running(roads: Roads) -> Iterator[str]:
    """The address of a server with these roads."""

    class Table(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = _answer(roads, self.path)
            payload = json.dumps(body).encode() if not isinstance(body, bytes) else body
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Table)
    thread = Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(roads: Roads, path: str) -> tuple[int, Any]:
    address = urlsplit(path)
    found = re.fullmatch(r"/table/v1/driving/([-0-9.,;]+)", address.path)
    if not found:
        return 400, {"code": "InvalidUrl", "message": "URL string malformed"}
    points = [(float(lon), float(lat)) for lon, lat in (pair.split(",") for pair in found[1].split(";"))]
    options = parse_qs(address.query, separator="&")
    everything = list(range(len(points)))
    sources, destinations = (
        [int(index) for index in options[name][0].split(";")] if name in options else everything
        for name in ("sources", "destinations")
    )
    return roads.table(points, sources, destinations)
