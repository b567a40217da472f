"""The public team-orienteering benchmark with time windows (TOPTW) as problems of the contract.

Reads the files of Solomon and of Cordeau with their profits, and the table of best-known values beside them. Distances
are Euclidean, rounded down to one decimal (Solomon) or two (Cordeau, `pr*`); counted in tenths or hundredths
everything is whole, so nothing is lost. One shift a vehicle, no lunch, driving free: the value is the sum of profits.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from routes import Place, Problem, Shift, Visit, Window

DAY = date(2026, 6, 1)


class Point(NamedTuple):
    """A line of a file: where, how long a visit takes, its profit, and when it may begin."""

    x: float
    y: float
    service: float
    profit: float
    opens: float
    closes: float


class BestKnown(NamedTuple):
    """The best value known of an instance with so many vehicles, and whether it is proved to be the optimum."""

    value: int
    proved: bool


def read_points(text: str) -> list[Point]:
    """The points of a file, the depot first.

    Raises ValueError where a line has too few numbers or the points are not numbered from 0.
    """
    rows = [line.split() for line in text.splitlines()[2:] if line.strip()]
    for number, row in enumerate(rows):
        if len(row) < 9 or int(row[0]) != number:
            raise ValueError(f"Point {number} is not a line of a TOPTW file: {' '.join(row)}")
    return [Point(*(float(row[field]) for field in (1, 2, 3, 4, -2, -1))) for row in rows]


def toptw_problem(name: str, points: list[Point], vehicles: int) -> Problem:
    """The instance for so many vehicles as a problem, its times counted in tenths or, if named `pr*`, hundredths."""
    unit = 100 if name.startswith("pr") else 10
    depot, *customers = points
    ends = _whole(depot.closes, unit)
    return Problem(
        name=f"{name}-{vehicles}",
        places=tuple(Place(f"place-{number}", 0.0, 0.0) for number in range(len(points))),
        travel=tuple(tuple(_distance(a, b, unit) for b in points) for a in points),
        shifts=tuple(
            Shift(f"van{van}", f"van{van}", DAY, _whole(depot.opens, unit), ends, 0, 0) for van in range(vehicles)
        ),
        visits=tuple(_visit(number, point, unit, ends) for number, point in enumerate(customers, 1)),
    )


def toptw_problems(folder: Path, vehicles: list[int], names: list[str] | None = None) -> Iterator[tuple[str, Problem]]:
    """Every instance of the folder (or those named) with each number of vehicles, as (instance name, problem)."""
    for path in sorted(folder.glob("*.txt")):
        if path.stem != "FORMAT" and (names is None or path.stem in names):
            points = read_points(path.read_text(encoding="utf-8"))
            for number in vehicles:
                yield path.stem, toptw_problem(path.stem, points, number)


def read_best_known(folder: Path) -> dict[tuple[str, int], BestKnown]:
    """The best-known values of the folder's `best_known.csv`, by instance and number of vehicles."""
    with (folder / "best_known.csv").open(encoding="utf-8", newline="") as lines:
        return {
            (row["instance"], int(row["vehicles"])): BestKnown(
                int(row["best_known"]), row["status"].startswith("proved")
            )
            for row in csv.DictReader(lines)
        }


def _visit(number: int, point: Point, unit: int, ends: int) -> Visit:
    """`closes` of a file is the latest start, of a window the end of the session; nothing ends after the shift."""
    session = _whole(point.service, unit)
    opens, closes = _whole(point.opens, unit), min(ends, _whole(point.closes, unit) + session)
    windows = (Window(DAY, opens, closes),) if opens <= closes else ()
    return Visit(f"c{number}", number, session, windows, prize=_whole(point.profit, 1))


def _distance(a: Point, b: Point, unit: int) -> int:
    return math.floor(unit * math.hypot(a.x - b.x, a.y - b.y) + 1e-9)


def _whole(number: float, unit: int) -> int:
    """Refuses what would have to be rounded."""
    counted = round(number * unit)
    if abs(counted - number * unit) > 1e-6:
        raise ValueError(f"{number} is not a whole number of 1/{unit}.")
    return counted
