"""What may be asked of the planner: which days, for how long, with which options. Refuses by field, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import calendar, days
from schedules.errors import BadChoice, BadCount, BadWindow, BeyondCalendar, CalendarMissing, WindowInPast
from schedules.models import Van

LONGEST_HORIZON_DAYS = 62
MOST_SECONDS = 600
LARGEST_SEED = 2**31 - 1


def refuse_bad_order(
    session: Session,
    first: date,
    last: date,
    *,
    seconds: float,
    seed: int,
    options: Mapping[str, Any],
    now: datetime,
) -> None:
    """Raise Refused, naming the field, where an order is not acceptable.

    Days whose holidays are not announced are refused and not guessed.
    """
    _refuse_bad_days(session, first, last, now)
    if not 0 < seconds <= MOST_SECONDS:
        raise BadCount(field="seconds", least=1, most=MOST_SECONDS, given=seconds)
    if not 0 <= seed <= LARGEST_SEED:
        raise BadCount(field="seed", least=0, most=LARGEST_SEED, given=seed)
    _refuse_bad_options(session, options)


def _refuse_bad_days(session: Session, first: date, last: date, now: datetime) -> None:
    if last < first:
        raise BadWindow(field="last_day")
    if last < calendar.local_day(now):
        raise WindowInPast(field="last_day")
    if (last - first).days >= LONGEST_HORIZON_DAYS:
        raise BadCount(field="last_day", least=1, most=LONGEST_HORIZON_DAYS, given=(last - first).days + 1)
    for day, field in ((first, "first_day"), (last, "last_day")):
        if days.get_day(session, day) is None:
            raise BeyondCalendar(field=field, day=day.isoformat())
    unsure = days.years_without_table(session, first, last)
    if unsure:
        raise CalendarMissing(field="last_day", years=unsure)


def _refuse_bad_options(session: Session, options: Mapping[str, Any]) -> None:
    for name in options.keys() - {"vans", "reserve"}:
        raise BadChoice(field=f"options.{name}")
    if not isinstance(options.get("reserve", True), bool):
        raise BadChoice(field="options.reserve")
    vans = options.get("vans")
    if vans is not None:
        known = set(session.scalars(select(Van.code)))
        if not isinstance(vans, list) or not vans or any(not isinstance(van, str) or van not in known for van in vans):
            raise BadChoice(field="options.vans", known=sorted(known))
