"""What the addresses of the desk carry behind their question mark."""

from __future__ import annotations

from datetime import date

from flask import request

YEARS_SHOWN = (2000, 2100)
LARGEST_ID = 2**31 - 1


def day_given(name: str) -> date | None:
    """The day of an argument such as `?from=2026-06-16`; None where there is none or nobody could mean it."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if YEARS_SHOWN[0] <= day.year < YEARS_SHOWN[1] else None


def id_given(name: str) -> int | None:
    """The number of a row, as in `?town=3`; None where there is none or no row could have it."""
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= LARGEST_ID else None
