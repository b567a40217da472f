"""The day table: which days people work, each day saying where that is known from.

The State Council announces a year's holidays and make-up working days around November of the year before. Until the
announcement is in `chinesecalendar`, the days of a year are a guess and say so (`announced` is false).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

import chinese_calendar
import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import audit
from schedules.errors import BeyondCalendar
from schedules.models import Day, DayKind, DaySource

WEEKEND = (5, 6)


class Claim(NamedTuple):
    """What a source says of one date."""

    kind: DayKind
    source: DaySource
    announced: bool
    name_zh: str | None = None
    name_en: str | None = None


def seed_days(session: Session, first: date, last: date, *, now: datetime) -> None:
    """Fill the table from `first` to `last`. Days set by a coordinator stay; others follow what is known by now."""
    present = {day.date: day for day in session.scalars(select(Day).where(Day.date.between(first, last)))}
    for day in dates(first, last):
        row = present.get(day)
        if row is not None and row.source is DaySource.COORDINATOR:
            continue
        if row is None:
            row = Day(date=day)
            session.add(row)
        claim = claim_about(day)
        if (row.kind, row.source, row.announced, row.name_zh, row.name_en) != tuple(claim):
            row.kind, row.source, row.announced, row.name_zh, row.name_en = claim
            row.changed_at = now
    session.flush()


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def claim_about(day: date) -> Claim:
    """What the best source at hand says: the announced table, else public holidays by law, else the week."""
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # its answer for a year not yet announced
        return _guess(day)
    name_zh = chinese_calendar.Holiday(name).chinese if name else None
    if off:
        kind = DayKind.HOLIDAY if name else DayKind.WEEKEND
    else:
        kind = DayKind.MAKE_UP if day.weekday() in WEEKEND else DayKind.WORKING
    return Claim(kind, DaySource.CHINESE_CALENDAR, True, name_zh, name)


def _guess(day: date) -> Claim:
    name_zh = _holidays_by_law(day.year, "zh_CN").get(day)
    if name_zh is not None:
        name_en = _holidays_by_law(day.year, "en_US").get(day)
        return Claim(DayKind.HOLIDAY, DaySource.HOLIDAYS, False, name_zh, name_en)
    kind = DayKind.WEEKEND if day.weekday() in WEEKEND else DayKind.WORKING
    return Claim(kind, DaySource.WEEK, False)


@cache
def _holidays_by_law(year: int, language: str) -> dict[date, str]:
    return dict(holidays.country_holidays("CN", years=year, language=language))


def get_day(session: Session, day: date) -> Day | None:
    """The row of a date, or None beyond the table."""
    return session.get(Day, day)


def works(session: Session, day: date) -> bool:
    """Whether people work on this day; never true beyond the table."""
    row = get_day(session, day)
    return row is not None and row.works


def working_days(session: Session, first: date, last: date) -> list[date]:
    """The days on which people work, from `first` to `last`, as far as the table reaches."""
    rows = session.scalars(select(Day).where(Day.date.between(first, last)).order_by(Day.date))
    return [row.date for row in rows if row.works]


def add_working_days(session: Session, day: date, number: int) -> date:
    """The day `number` working days after `day`, or before it where `number` is negative.

    Raises:
        BeyondCalendar: the table ends before.
    """
    step = timedelta(days=1 if number >= 0 else -1)
    left = abs(number)
    while left:
        day += step
        row = get_day(session, day)
        if row is None:
            raise BeyondCalendar(day=day.isoformat())
        left -= row.works
    return day


def years_without_table(session: Session, first: date, last: date) -> list[int]:
    """The years between the two dates of which some day is missing or only guessed."""
    sure = announced_days(session, first, last)
    return sorted({day.year for day in dates(first, last) if day not in sure})


def announced_days(session: Session, first: date, last: date) -> set[date]:
    """The days between the two dates of which it is officially known whether people work."""
    return set(session.scalars(select(Day.date).where(Day.date.between(first, last), Day.announced)))


def set_day(
    session: Session,
    day: date,
    kind: DayKind,
    name_zh: str | None = None,
    name_en: str | None = None,
    *,
    actor: str,
    now: datetime,
) -> Day:
    """Say what a day is; this stands whatever a later announcement says."""
    row = get_day(session, day)
    before = {} if row is None else _picture(row)
    if row is None:
        row = Day(date=day)
        session.add(row)
    row.kind, row.source, row.announced = kind, DaySource.COORDINATOR, True
    row.name_zh, row.name_en, row.changed_at = name_zh, name_en, now
    old, new = audit.changed(before, _picture(row))
    audit.record(session, actor=actor, now=now, verb="set", noun="day", noun_id=day.isoformat(), before=old, after=new)
    return row


def _picture(row: Day) -> dict[str, object]:
    return {
        "kind": row.kind,
        "source": row.source,
        "announced": row.announced,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
    }
