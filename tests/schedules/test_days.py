"""The day table: announced years, guessed years, and what a coordinator says."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from schedules import audit, days
from schedules.errors import BeyondCalendar
from schedules.models import DayKind, DaySource

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def test_2026_has_its_248_working_days(session: Session, now: datetime) -> None:
    # By month, from the State Council's notice of 4 November 2025.
    days.seed_days(session, FIRST, LAST, now=now)
    working = days.working_days(session, FIRST, LAST)
    by_month = [sum(day.month == month for day in working) for month in range(1, 13)]
    assert by_month == [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]


def test_a_make_up_sunday_works_and_says_what_for(session: Session, now: datetime) -> None:
    days.seed_days(session, date(2026, 9, 20), date(2026, 9, 20), now=now)
    row = days.get_day(session, date(2026, 9, 20))
    assert row is not None
    assert (row.kind, row.works, row.announced, row.name_zh) == (DayKind.MAKE_UP, True, True, "国庆节")


def test_a_friday_in_the_holidays_does_not_work(session: Session, now: datetime) -> None:
    days.seed_days(session, date(2026, 6, 19), date(2026, 6, 21), now=now)
    row = days.get_day(session, date(2026, 6, 19))
    assert row is not None
    assert (row.kind, row.source, row.name_en) == (
        DayKind.HOLIDAY,
        DaySource.CHINESE_CALENDAR,
        "Dragon Boat Festival",
    )


def test_a_year_without_an_announced_table_says_so(session: Session, now: datetime) -> None:
    days.seed_days(session, date(2026, 12, 30), date(2027, 1, 10), now=now)
    new_year, monday = days.get_day(session, date(2027, 1, 1)), days.get_day(session, date(2027, 1, 4))
    assert new_year is not None
    assert monday is not None
    assert (new_year.kind, new_year.source, new_year.announced) == (DayKind.HOLIDAY, DaySource.HOLIDAYS, False)
    assert (monday.kind, monday.source, monday.announced) == (DayKind.WORKING, DaySource.WEEK, False)
    assert days.years_without_table(session, date(2026, 12, 30), date(2027, 1, 10)) == [2027]


def test_a_year_that_is_not_in_the_table_at_all_is_without_table(session: Session, now: datetime) -> None:
    days.seed_days(session, date(2026, 12, 1), LAST, now=now)
    assert days.years_without_table(session, date(2026, 12, 1), date(2027, 1, 1)) == [2027]
    assert days.years_without_table(session, date(2026, 12, 1), LAST) == []


def test_a_guess_gives_way_to_the_announcement(session: Session, now: datetime) -> None:
    day = date(2026, 9, 20)
    days.seed_days(session, day, day, now=now)
    row = days.get_day(session, day)
    assert row is not None
    row.kind, row.source, row.announced = DayKind.WEEKEND, DaySource.WEEK, False  # as guessed a year before
    days.seed_days(session, day, day, now=now)
    assert (row.kind, row.announced) == (DayKind.MAKE_UP, True)


def test_what_a_coordinator_says_stands_whatever_is_announced(session: Session, now: datetime) -> None:
    day = date(2026, 6, 2)
    days.seed_days(session, day, day, now=now)
    days.set_day(session, day, DayKind.HOLIDAY, "停电", "Power cut", actor="zhou", now=now)
    days.seed_days(session, day, day, now=now)
    row = days.get_day(session, day)
    assert row is not None
    assert (row.kind, row.source, row.name_en) == (DayKind.HOLIDAY, DaySource.COORDINATOR, "Power cut")
    [written] = audit.rows_about(session, "day", "2026-06-02")
    assert (written.before["kind"], written.after["kind"]) == ("working", "holiday")


def test_seeding_twice_changes_nothing(session: Session, now: datetime) -> None:
    days.seed_days(session, FIRST, date(2026, 1, 31), now=now)
    session.commit()
    days.seed_days(session, FIRST, date(2026, 1, 31), now=now)
    assert not session.dirty


@pytest.mark.parametrize(
    ("day", "number", "then"),
    [
        (date(2026, 6, 18), 1, date(2026, 6, 22)),  # Friday to Sunday are the Dragon Boat holidays
        (date(2026, 6, 22), -3, date(2026, 6, 16)),
        (date(2026, 6, 20), 0, date(2026, 6, 20)),
    ],
)
def test_working_days_are_counted_over_holidays(
    session: Session, now: datetime, day: date, number: int, then: date
) -> None:
    days.seed_days(session, date(2026, 6, 1), date(2026, 6, 30), now=now)
    assert days.add_working_days(session, day, number) == then


def test_counting_beyond_the_table_is_refused(session: Session, now: datetime) -> None:
    days.seed_days(session, date(2026, 6, 1), date(2026, 6, 30), now=now)
    with pytest.raises(BeyondCalendar):
        days.add_working_days(session, date(2026, 6, 29), 2)
    assert not days.works(session, date(2026, 7, 1))
