"""Seeded, made-up districts in the form of the contract, for measuring planners: sizes S, M, L and XL.

    python -m tests.benchmarks.district M 3 --variant tight --out m3.json

A district is a cloud of venues around a few centres with depots in them; towns are the nearest centres. Travel is
1.3 x great circle at 36 km/h plus four minutes, rounded up, with a little asymmetry. Requests ask for half days or
days, some with a bonus for one of them; some are pinned, promised or alternatives of each other.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple


class Size(NamedTuple):
    vans: int
    days: int
    requests: int
    depots: int
    kilometres: float


SIZES = {
    "S": Size(1, 5, 20, 1, 15.0),
    "M": Size(2, 10, 80, 1, 18.0),
    "L": Size(5, 20, 400, 2, 20.0),
    "XL": Size(40, 5, 1000, 16, 45.0),
}

VARIANTS = {"plain": (1.0, 0.5), "tight": (0.6, 0.2), "loose": (1.6, 0.9)}
"""For each variant: a factor on the days a request offers, and the chance that a window is a whole day."""

SKILLS = ("tester", "presenter", "legal_officer")
LATITUDE, LONGITUDE = 30.918, 121.474
DAY_STARTS, NOON, DAY_ENDS = 510, 720, 1020


def district(size: str, seed: int, variant: str = "plain") -> dict[str, Any]:
    """The problem document of one made-up district; the same arguments always give the same one."""
    shape = SIZES[size]
    chance = random.Random(f"{size}-{variant}-{seed}")
    centres = [_near(chance, LATITUDE, LONGITUDE, shape.kilometres) for _ in range(max(13, shape.depots))]
    depots = centres[: shape.depots]
    days = [(date(2026, 6, 1) + timedelta(days=day + 2 * (day // 5))).isoformat() for day in range(shape.days)]
    points = depots + [_near(chance, *chance.choice(centres), 4.0) for _ in range(shape.requests)]
    shifts = _shifts(chance, shape, days)
    visits = _visits(chance, shape, days, points, centres, VARIANTS[variant])
    travel = _travel(points)
    _bind(chance, shifts, visits, travel)
    alternatives = chance.sample(range(shape.requests), k=2 * (shape.requests // 25))
    return {
        "format": "roving-van-problem/1",
        "name": f"district-{size}-{variant}-{seed}",
        "places": [
            {"id": f"place-{i}", "lat": round(lat, 6), "lon": round(lon, 6)} for i, (lat, lon) in enumerate(points)
        ],
        "travel": travel,
        "shifts": shifts,
        "visits": visits,
        "exclusive": [[f"r{a}", f"r{b}"] for a, b in zip(alternatives[::2], alternatives[1::2], strict=True)],
        "towns": [{"id": f"town-{t}", "due": chance.randint(1, 2), "shortfall": 60} for t in range(len(centres))],
        "weights": {"travel": 1, "drop": 400, "other_day": 120, "other_van": 20, "retime": 40, "tolerance": 15},
    }


def _near(chance: random.Random, lat: float, lon: float, kilometres: float) -> tuple[float, float]:
    north, east = chance.gauss(0, kilometres / 2), chance.gauss(0, kilometres / 2)
    return lat + north / 111.2, lon + east / (111.2 * math.cos(math.radians(lat)))


def _travel(points: list[tuple[float, float]]) -> list[list[int]]:
    def minutes(a: tuple[float, float], b: tuple[float, float]) -> int:
        if a == b:
            return 0
        east = (b[1] - a[1]) * 111.2 * math.cos(math.radians(LATITUDE))
        kilometres = 1.3 * math.hypot((b[0] - a[0]) * 111.2, east)
        return math.ceil(kilometres / 36 * 60 + 4 + (0.5 if a > b else 0))

    return [[minutes(a, b) for b in points] for a in points]


def _shifts(chance: random.Random, shape: Size, days: list[str]) -> list[dict[str, Any]]:
    shifts = []
    for van in range(shape.vans):
        crew = {"tester": 2, "presenter": 1, "legal_officer": 1}
        if van % 3 == 2:
            crew.pop(chance.choice(SKILLS))
        for day in days:
            shifts.append(
                {
                    "id": f"van{van + 1}@{day}",
                    "van": f"van{van + 1}",
                    "day": day,
                    "starts": DAY_STARTS,
                    "ends": DAY_ENDS,
                    "start_place": van % shape.depots,
                    "end_place": van % shape.depots,
                    "crew": crew,
                    "equipment": ["food_lab"] if van % 4 != 3 else [],
                    "kits": 72,
                    "max_visits": None if van % 2 == 0 else 5,
                    "max_driving": {1: 240, 2: 150}.get(shape.depots, 110),
                    "lunch": {"opens": 660, "closes": 810, "minutes": 45},
                }
            )
    return shifts


def _visits(
    chance: random.Random,
    shape: Size,
    days: list[str],
    points: list[tuple[float, float]],
    centres: list[tuple[float, float]],
    variant: tuple[float, float],
) -> list[dict[str, Any]]:
    more_days, whole_day = variant
    visits = []
    for request in range(shape.requests):
        point = points[shape.depots + request]
        skill = chance.choices(SKILLS, weights=(5, 3, 2))[0]
        offered = chance.sample(
            days, k=min(len(days), max(1, round(more_days * chance.randint(1, max(4, len(days) // 3)))))
        )
        visits.append(
            {
                "id": f"r{request}",
                "place": shape.depots + request,
                "town": f"town-{min(range(len(centres)), key=lambda t: math.dist(centres[t], point))}",
                "setup": chance.choice((10, 15, 20)),
                "session": chance.choice((30, 45, 60, 60, 90, 120)),
                "teardown": chance.choice((10, 15)),
                "windows": [window for day in sorted(offered) for window in _windows(chance, day, whole_day)],
                "crew": {skill: chance.choice((1, 1, 2)) if skill == "tester" else 1},
                "equipment": ["food_lab"] if skill == "tester" and chance.random() < 0.6 else [],
                "kits": chance.choice((12, 24)) if skill == "tester" else 0,
                "prize": chance.randint(100, 600),
                "pin": None,
                "promise": None,
            }
        )
    return visits


def _windows(chance: random.Random, day: str, whole_day: float) -> list[dict[str, Any]]:
    morning = {"day": day, "opens": DAY_STARTS, "closes": NOON, "bonus": 0}
    afternoon = {"day": day, "opens": NOON + 60, "closes": DAY_ENDS, "bonus": 0}
    if chance.random() < whole_day:
        preferred = {**chance.choice((morning, afternoon)), "bonus": chance.choice((0, 20, 40))}
        return [{"day": day, "opens": DAY_STARTS, "closes": DAY_ENDS, "bonus": 0}] + [preferred] * (
            preferred["bonus"] > 0
        )
    return [chance.choice((morning, afternoon))]


def _bind(
    chance: random.Random, shifts: list[dict[str, Any]], visits: list[dict[str, Any]], travel: list[list[int]]
) -> None:
    """Pin a few visits to a van that can serve them on a day they offer, at most one a shift; promise some others."""
    taken: set[str] = set()
    for visit in chance.sample(visits, k=len(visits) // 8):
        window = chance.choice(visit["windows"])
        fit = [shift for shift in shifts if shift["id"] not in taken and _can_serve(shift, visit, window, travel)]
        if not fit:
            continue
        shift = fit[chance.randrange(len(fit))]
        if chance.random() < 0.3:
            taken.add(shift["id"])
            visit["pin"] = {"shift": shift["id"]}
        else:
            visit["promise"] = {"shift": shift["id"], "starts": window["opens"] + 60}


def _can_serve(shift: dict[str, Any], visit: dict[str, Any], window: dict[str, Any], travel: list[list[int]]) -> bool:
    """Whether an otherwise empty shift can surely serve the visit in this window, whenever lunch falls."""
    out, home = travel[shift["start_place"]][visit["place"]], travel[visit["place"]][shift["end_place"]]
    starts = max(window["opens"], shift["starts"] + out + visit["setup"] + shift["lunch"]["minutes"])
    return (
        shift["day"] == window["day"]
        and set(visit["equipment"]) <= set(shift["equipment"])
        and all(shift["crew"].get(skill, 0) >= needed for skill, needed in visit["crew"].items())
        and out + home <= shift["max_driving"]
        and starts + visit["session"] <= window["closes"]
        and starts + visit["session"] + visit["teardown"] + home + shift["lunch"]["minutes"] <= shift["ends"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("seed", type=int)
    parser.add_argument("--variant", choices=VARIANTS, default="plain")
    parser.add_argument("--out", type=Path, required=True)
    wish = parser.parse_args()
    wish.out.write_text(json.dumps(district(wish.size, wish.seed, wish.variant)), encoding="utf-8")


if __name__ == "__main__":
    main()
