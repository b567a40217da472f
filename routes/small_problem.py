"""A problem of six visits, to be planned once so that what is slow the first time has been done."""

from __future__ import annotations

from datetime import date

from routes.problem import Lunch, Place, Problem, Shift, Visit, Weights, Window


def few_visits() -> Problem:
    """Six visits for one van of two days, more than it can serve."""
    days = (date(2026, 6, 1), date(2026, 6, 2))
    size = 7
    travel = tuple(tuple(0 if here == there else 20 for there in range(size)) for here in range(size))
    windows = tuple(Window(day, 480, 990) for day in days)
    return Problem(
        name="warm-up",
        places=tuple(Place(f"place-{place}", 30.9, 121.4) for place in range(size)),
        travel=travel,
        shifts=tuple(
            Shift(f"van@{day}", "van", day, 480, 990, 0, 0, max_visits=2, lunch=Lunch(660, 810, 60)) for day in days
        ),
        visits=tuple(Visit(f"r{place}", place, 90, windows, prize=100 + place) for place in range(1, size)),
        weights=Weights(travel=1),
    )
