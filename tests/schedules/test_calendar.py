"""Crossing between instants and local minutes, in the district's zone and in one with summer time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import calendar

SPRING = date(2026, 3, 29)  # in Berlin the clock jumps from 02:00 to 03:00
AUTUMN = date(2026, 10, 25)  # in Berlin the clock falls back from 03:00 to 02:00


@pytest.fixture
def shanghai() -> Iterator[None]:
    before = calendar.zone().key
    calendar.use_zone("Asia/Shanghai")
    yield
    calendar.use_zone(before)


@pytest.fixture
def berlin() -> Iterator[None]:
    before = calendar.zone().key
    calendar.use_zone("Europe/Berlin")
    yield
    calendar.use_zone(before)


@pytest.mark.usefixtures("shanghai")
def test_nine_in_shanghai_is_one_in_utc() -> None:
    assert calendar.instant(date(2026, 6, 1), 540) == datetime(2026, 6, 1, 1, tzinfo=UTC)


@pytest.mark.usefixtures("shanghai")
def test_an_evening_in_utc_is_already_tomorrow_in_shanghai() -> None:
    assert calendar.local_day(datetime(2026, 5, 31, 16, 0, tzinfo=UTC)) == date(2026, 6, 1)


def test_minute_1440_is_the_next_midnight() -> None:
    assert calendar.instant(date(2026, 6, 1), 1440) == calendar.instant(date(2026, 6, 2), 0)


@given(
    day=st.dates(date(2000, 1, 1), date(2099, 12, 30)),
    minutes=st.integers(0, 1439),
)
def test_in_shanghai_every_minute_comes_back_as_itself(day: date, minutes: int) -> None:
    instant = calendar.instant(day, minutes)
    assert (calendar.local_day(instant), calendar.local_minutes(instant)) == (day, minutes)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 1), 24)])
def test_a_day_lasts_as_long_as_it_does(day: date, hours: int) -> None:
    midnight, next_midnight = calendar.instant(day, 0), calendar.instant(day, 1440)
    assert next_midnight.astimezone(UTC) - midnight.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_the_wall_clock_rules_after_the_change(day: date) -> None:
    # A session at 09:00 is at 09:00 on the wall, though 8 or 10 hours after midnight: UTC 07:00 and 08:00.
    in_utc = calendar.instant(day, 540).astimezone(UTC)
    assert in_utc.hour == (7 if day == SPRING else 8)
    assert calendar.local_minutes(in_utc) == 540


@pytest.mark.usefixtures("berlin")
def test_a_minute_that_does_not_exist_is_the_one_after_the_jump() -> None:
    # 02:30 on the spring day: the clock shows 03:30 instead.
    assert calendar.local_minutes(calendar.instant(SPRING, 150).astimezone(UTC)) == 210


@pytest.mark.usefixtures("berlin")
def test_a_minute_that_comes_twice_is_the_first_of_the_two() -> None:
    # 02:30 on the autumn day is at 00:30 UTC, while summer time still lasts, and again at 01:30 UTC.
    assert calendar.instant(AUTUMN, 150).astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.usefixtures("berlin")
def test_local_midnight_belongs_to_the_new_day_on_both_sides_of_the_change() -> None:
    for day in (SPRING, AUTUMN):
        assert calendar.local_day(calendar.instant(day, 0)) == day
        assert calendar.local_day(calendar.instant(day, 1439)) == day
