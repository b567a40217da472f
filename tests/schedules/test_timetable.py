"""When ticks fall, to which period each belongs, and how long one may be silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import calendar
from schedules.jobs import ACTIONS
from schedules.timetable import period_of, rhythms
from schedules.triggers import OncePerPeriod

RHYTHMS = rhythms(tick_seconds=5.0, lease_seconds=8.0)
MOMENTS = st.floats(1.6e9, 4.0e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_every_tick_has_a_rhythm_and_every_rhythm_a_tick() -> None:
    assert set(RHYTHMS) == set(ACTIONS)


def test_the_lease_is_renewed_well_before_it_runs_out() -> None:
    assert RHYTHMS["heartbeat"].every <= 8.0 / 3


@pytest.mark.parametrize("name", RHYTHMS)
def test_three_periods_of_silence_are_no_fault_yet_and_much_more_is(name: str) -> None:
    rhythm = RHYTHMS[name]
    assert 3 * rhythm.every <= rhythm.patience <= 3 * rhythm.every + 60.0


@given(now=MOMENTS, seconds=st.sampled_from(sorted({rhythm.every for rhythm in RHYTHMS.values()})))
def test_from_the_first_tick_on_one_falls_into_the_middle_of_each_period(now: datetime, seconds: float) -> None:
    trigger = OncePerPeriod(seconds, calendar.zone())
    tick = trigger.get_next_fire_time(None, now)
    assert tick == now
    for _ in range(5):
        after = trigger.get_next_fire_time(tick, now)
        periods = (period_of(after, seconds) - period_of(tick, seconds)).total_seconds() / seconds
        assert periods == pytest.approx(1.0, abs=1e-3)
        assert (after - period_of(after, seconds)).total_seconds() == pytest.approx(seconds / 2, abs=1e-3)
        tick = after


@given(now=MOMENTS, late=st.floats(0.0, 2.4))
def test_a_tick_that_is_late_or_by_another_clock_belongs_to_the_same_period(now: datetime, late: float) -> None:
    trigger = OncePerPeriod(5.0, calendar.zone())
    due = trigger.get_next_fire_time(now, now)
    for moment in (due + timedelta(seconds=late), due - timedelta(seconds=late)):
        assert period_of(moment, 5.0) == period_of(due, 5.0)
