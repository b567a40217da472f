"""A crowd of short visits that are all allowed on every day: as many tours as there can be, and memory for few."""

from __future__ import annotations

import random
from datetime import date, timedelta

from routes.problem import Lunch, Place, Problem, Shift, Visit, Window

MONDAY = date(2026, 6, 1)


def crowd(visits: int = 400, days: int = 40) -> Problem:
    """Too much to be proven in an hour."""
    chance = random.Random(7)
    dates = [MONDAY + timedelta(days=day) for day in range(days)]
    points = [(chance.uniform(0, 40), chance.uniform(0, 40)) for _ in range(61)]
    travel = [[round(3 + 1.2 * abs(complex(*a) - complex(*b))) * (a != b) for b in points] for a in points]
    windows = tuple(Window(day, 480, 1020) for day in dates)
    return Problem(
        name="crowd",
        places=tuple(Place(f"p{index}", 30.9, 121.4) for index in range(len(points))),
        travel=tuple(tuple(row) for row in travel),
        shifts=tuple(
            Shift(f"van@{day}", "van", day, 480, 1020, 0, 0, max_visits=None, lunch=Lunch(660, 810, 60))
            for day in dates
        ),
        visits=tuple(
            Visit(f"v{index}", chance.randrange(1, 61), chance.randint(20, 70), windows, prize=chance.randint(50, 99))
            for index in range(visits)
        ),
    )
