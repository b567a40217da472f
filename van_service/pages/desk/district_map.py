"""What the map shows of one day of a plan, as plain data for the page's script. No tiles are needed.

The backdrop is drawn around the venues and is no official outline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from schedules.models import Tour, Town, Unserved, Venue
from van_service.pages import formats
from van_service.pages.desk.names import short_town, short_van

Point = tuple[float, float]
MARGIN_DEGREES = 0.012


def map_data(tours: Sequence[Tour], unserved: Iterable[Unserved], towns: Iterable[Town]) -> dict[str, Any]:
    """Depots, tours with numbered stops, what is left out, and the towns' points with their names."""
    towns, left_out = list(towns), list(unserved)
    points = [(town.latitude, town.longitude) for town in towns]
    points += [_point(tour_stop.request.venue) for tour in tours for tour_stop in tour.stops]
    points += [_point(row.request.venue) for row in left_out]
    return {
        "land": around(points),
        "towns": [{"at": [town.latitude, town.longitude], "name": short_town(town)} for town in towns],
        "tours": [_tour(tour) for tour in tours],
        "unserved": [
            {
                "at": _point(row.request.venue),
                "name": f"{short_town(row.request.town)} · {formats.localized(row.request.venue)}",
                "kind": formats.localized(row.request.venue.kind),
            }
            for row in left_out
        ],
    }


def _tour(tour: Tour) -> dict[str, Any]:
    depot = tour.shift.van.depot
    return {
        "van": short_van(tour.shift),
        "number": tour.shift.van.number,
        "depot": {"at": [depot.latitude, depot.longitude], "name": formats.localized(depot)},
        "stops": [
            {
                "at": _point(stop.request.venue),
                "name": f"{short_town(stop.request.town)} · {formats.localized(stop.request.venue)}",
                "kind": formats.localized(stop.request.venue.kind),
                "time": formats.clock(stop.starts),
            }
            for stop in tour.stops
        ],
    }


def _point(venue: Venue) -> Point:
    return venue.latitude, venue.longitude


def around(points: Iterable[Point]) -> list[Point]:
    """A polygon around the points with a margin: the convex hull, each corner moved outward.

    Andrew, A. M. (1979), "Another efficient algorithm for convex hulls in two dimensions".
    """
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return []
    lower, upper = _half_hull(ordered), _half_hull(ordered[::-1])
    hull = lower[:-1] + upper[:-1]
    middle = (sum(corner[0] for corner in hull) / len(hull), sum(corner[1] for corner in hull) / len(hull))
    return [_outward(corner, middle) for corner in hull]


def _half_hull(points: Sequence[Point]) -> list[Point]:
    hull: list[Point] = []
    for point in points:
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    return hull


def _turn(start: Point, through: Point, end: Point) -> float:
    """Positive for a turn to the left."""
    return (through[0] - start[0]) * (end[1] - start[1]) - (through[1] - start[1]) * (end[0] - start[0])


def _outward(corner: Point, middle: Point) -> Point:
    away = (corner[0] - middle[0], corner[1] - middle[1])
    length = (away[0] ** 2 + away[1] ** 2) ** 0.5 or 1.0
    return (
        round(corner[0] + away[0] / length * MARGIN_DEGREES, 5),
        round(corner[1] + away[1] / length * MARGIN_DEGREES, 5),
    )
