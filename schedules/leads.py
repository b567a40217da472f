"""Leads: how long before something a message is due, by the clock or by the time in which people work.

Knows the day table and the zone, and nothing of messages. Offices read no mail on days off, so "two days before" most
often means working days, and "four hours before" four hours in which somebody sits at a desk.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.calendar import instant, local_day, local_minutes
from schedules.models import Day, DayKind

DAYS_SEARCHED_FOR_WORK = 14
"""More than the longest holidays have; each working day asked for adds its own week to the search."""
WEEKEND = (5, 6)


class Unit(StrEnum):
    """What a lead counts: `clock` days and a time of day, `working_minutes` the minutes of working hours."""

    CLOCK = "clock"
    WORKING_MINUTES = "working_minutes"


@dataclass(frozen=True, slots=True)
class Lead:
    """A moment before something that begins on a day at a minute.

    By the clock: `days` days before (working ones if `working`; 0 is the day itself) when the clock shows `minutes`
    after midnight. By working minutes: so many `minutes` of working hours before the beginning.
    """

    days: int = 0
    minutes: int = 0
    working: bool = False
    unit: Unit = Unit.CLOCK

    def as_fields(self) -> dict[str, Any]:
        """The lead as a row keeps it."""
        return {**asdict(self), "unit": self.unit.value}

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> Lead:
        """The lead that a row keeps."""
        return cls(**{**fields, "unit": Unit(fields.get("unit", Unit.CLOCK))})


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of a working day, in minutes after midnight."""

    begin: int
    end: int


def moment_before(session: Session, lead: Lead, day: date, starts: int, hours: WorkingHours) -> datetime:
    """When the lead of something that begins on `day` at the minute `starts` is reached.

    Days before the reach of the day table count as calendar days by the clock, and Monday to Friday as working ones
    for working minutes: a reminder must not be lost because a table is missing.
    """
    if lead.unit is Unit.WORKING_MINUTES:
        return _working_minutes_before(session, day, starts, lead.minutes, hours)
    before = working_days_before(session, day, lead.days) if lead.working else day - timedelta(days=lead.days)
    return instant(before, lead.minutes)


def working_days_before(session: Session, day: date, number: int) -> date:
    """The working day `number` working days before `day`; a calendar day where the day table does not reach."""
    if number == 0:
        return day
    working = session.scalars(
        select(Day.date)
        .where(
            Day.date < day,
            Day.date >= day - timedelta(days=DAYS_SEARCHED_FOR_WORK + 7 * (number // 5)),
            Day.kind.in_((DayKind.WORKING, DayKind.MAKE_UP)),
        )
        .order_by(Day.date.desc())
        .limit(number)
    ).all()
    return working[-1] if len(working) == number else day - timedelta(days=number)


def working_minutes_between(session: Session, begin: datetime, end: datetime, hours: WorkingHours) -> int:
    """The minutes of working hours from one instant to a later one, each hour counted as its wall clock shows it."""
    first, last = local_day(begin), local_day(end)
    works = _works_by_day(session, first, last)
    total = 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        opens = max(hours.begin, local_minutes(begin)) if day == first else hours.begin
        closes = min(hours.end, local_minutes(end)) if day == last else hours.end
        total += max(0, closes - opens) if works[day] else 0
    return total


def _working_minutes_before(session: Session, day: date, starts: int, minutes: int, hours: WorkingHours) -> datetime:
    a_day = hours.end - hours.begin
    furthest = day - timedelta(days=DAYS_SEARCHED_FOR_WORK + 7 * (minutes // (5 * a_day) + 1))
    works = _works_by_day(session, furthest, day)
    left, here, closes = minutes, day, min(starts, hours.end)
    while here > furthest:
        open_minutes = max(0, closes - hours.begin) if works[here] else 0
        if 0 < left <= open_minutes:
            return instant(here, closes - left)
        left -= open_minutes
        here, closes = here - timedelta(days=1), hours.end
    return instant(furthest, hours.begin)


def _works_by_day(session: Session, first: date, last: date) -> dict[date, bool]:
    rows = {row.date: row.works for row in session.scalars(select(Day).where(Day.date.between(first, last)))}
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return {day: rows.get(day, day.weekday() not in WEEKEND) for day in days}
