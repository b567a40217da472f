"""When schools can be visited: teaching days of announced terms, else of a usual year.

Terms that have been announced are in data/school_terms.csv; the months of a usual year are an assumption and serve
only where none is. Weeks of examinations are left out in both.
"""

from __future__ import annotations

from datetime import date

from van_service.demo.tables import read_table

# (month, day) from and to, both included.
USUAL_TERMS = (((9, 1), (12, 31)), ((1, 1), (1, 20)), ((3, 1), (6, 30)))
EXAMINATIONS = (((1, 12), (1, 31)), ((6, 7), (6, 30)))


def is_teaching_day(day: date) -> bool:
    """Whether lessons are given if `day` is a working day at all."""
    if any(_within(day, *span) for span in EXAMINATIONS):
        return False
    terms = [(date.fromisoformat(row["first"]), date.fromisoformat(row["last"])) for row in read_table("school_terms")]
    if terms[0][0] <= day < date(terms[-1][1].year, 9, 1):
        return any(first <= day <= last for first, last in terms)
    return any(_within(day, *span) for span in USUAL_TERMS)


def _within(day: date, first: tuple[int, int], last: tuple[int, int]) -> bool:
    return first <= (day.month, day.day) <= last
