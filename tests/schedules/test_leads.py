"""Leads: how long before is counted, by the clock and by the hours in which people work, in any zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from schedules import calendar, days
from schedules.calendar import instant, local_minutes
from schedules.db import Base
from schedules.leads import Lead, Unit, WorkingHours, moment_before, working_days_before, working_minutes_between
from schedules.models import DayKind
from tests.factories import make_day, make_days

OFFICE = WorkingHours(510, 1020)
MONDAY = date(2026, 6, 1)


def before(session: Session, minutes: int, day: date, starts: int) -> datetime:
    return moment_before(session, Lead(minutes=minutes, unit=Unit.WORKING_MINUTES), day, starts, OFFICE)


def year_2026(session: Session, now: datetime) -> None:
    days.seed_days(session, date(2026, 1, 1), date(2026, 12, 31), now=now)


@pytest.mark.parametrize(
    ("minutes", "day", "starts", "then"),
    [
        (60, date(2026, 6, 3), 570, (date(2026, 6, 3), 510)),  # the hour before the session is the day's first
        (61, date(2026, 6, 3), 570, (date(2026, 6, 2), 1019)),
        (240, date(2026, 6, 3), 570, (date(2026, 6, 2), 840)),
        (240, date(2026, 6, 8), 570, (date(2026, 6, 5), 840)),  # a weekend between
        (510, date(2026, 6, 8), 480, (date(2026, 6, 5), 510)),  # before the office opens nothing of the day counts
        (60, date(2026, 6, 3), 1200, (date(2026, 6, 3), 960)),  # nor what lies after it has closed
        (60, date(2026, 6, 22), 570, (date(2026, 6, 22), 510)),
        (120, date(2026, 6, 22), 570, (date(2026, 6, 18), 960)),  # Dragon Boat, 19 to 21 June
        (120, date(2026, 10, 8), 510, (date(2026, 9, 30), 900)),  # a week of holidays
        (120, date(2026, 10, 12), 510, (date(2026, 10, 10), 900)),  # Saturday 10 October is worked
        (120, date(2026, 9, 21), 510, (date(2026, 9, 20), 900)),  # and so is a Sunday
    ],
)
def test_working_minutes_pass_over_nights_weekends_and_holidays(session, now, minutes, day, starts, then):
    year_2026(session, now)
    assert before(session, minutes, day, starts) == instant(*then)


def test_where_the_day_table_ends_the_week_counts(session):
    assert before(session, 120, date(2026, 6, 8), 510) == instant(date(2026, 6, 5), 900)


def test_a_lead_that_finds_no_working_time_ends_somewhere(session):
    for offset in range(60):
        make_day(session, MONDAY - timedelta(days=offset), DayKind.HOLIDAY)
    assert before(session, 60, MONDAY, 600) < instant(MONDAY, 0)


@pytest.mark.parametrize(
    ("number", "day", "then"),
    [
        (0, date(2026, 6, 8), date(2026, 6, 8)),
        (1, date(2026, 6, 8), date(2026, 6, 5)),
        (2, date(2026, 6, 8), date(2026, 6, 4)),
        (2, date(2026, 10, 9), date(2026, 9, 30)),
        (10, date(2026, 2, 26), date(2026, 2, 5)),  # over Spring Festival and the Saturday worked before it
    ],
)
def test_working_days_before(session, now, number, day, then):
    year_2026(session, now)
    assert working_days_before(session, day, number) == then


def test_a_lead_comes_back_from_a_row_as_it_went():
    for lead in (Lead(2, 540, True), Lead(minutes=240, unit=Unit.WORKING_MINUTES)):
        assert Lead.of_fields(lead.as_fields()) == lead


@pytest.fixture(scope="module")
def office_year():
    """A session that knows the days of 2026; read only."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with sessionmaker(engine)() as session:
        days.seed_days(session, date(2025, 11, 1), date(2026, 12, 31), now=instant(MONDAY, 0))
        yield session
    engine.dispose()


@given(
    day=st.dates(date(2026, 1, 5), date(2026, 12, 31)),
    starts=st.integers(0, 1439),
    minutes=st.integers(1, 4800),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
)
def test_exactly_so_many_working_minutes_lie_between_the_lead_and_the_beginning(
    office_year, day, starts, minutes, zone
):
    present = calendar.zone().key
    calendar.use_zone(zone)
    try:
        due = before(office_year, minutes, day, starts)
        assert working_minutes_between(office_year, due, instant(day, starts), OFFICE) == minutes
        assert OFFICE.begin <= local_minutes(due) < OFFICE.end
        assert days.works(office_year, calendar.local_day(due))
    finally:
        calendar.use_zone(present)


@pytest.mark.parametrize("monday", [date(2026, 3, 30), date(2026, 10, 26)])
def test_the_wall_clock_counts_over_a_night_in_which_clocks_change(session, monkeypatch, monday):
    monkeypatch.setattr(calendar, "_zone", ZoneInfo("Europe/Berlin"))
    make_days(session, monday - timedelta(days=7), 10)
    due = before(session, 120, monday, 510).astimezone(ZoneInfo("Europe/Berlin"))
    assert (due.date(), due.hour) == (monday - timedelta(days=3), 15)
    clock = moment_before(session, Lead(1, 960), monday, 510, OFFICE).astimezone(ZoneInfo("Europe/Berlin"))
    assert (clock.date(), clock.hour) == (monday - timedelta(days=1), 16)
