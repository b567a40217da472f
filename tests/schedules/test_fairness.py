"""What towns are due, have had, and how long they have waited."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from schedules import fairness
from schedules.models import Town, VisitState
from tests.factories import make_request, make_shift, make_town, make_venue, make_visit

MONDAY = date(2026, 6, 1)
SUNDAY_IN_FOUR_WEEKS = date(2026, 6, 28)


@pytest.mark.parametrize(
    ("weight", "days", "due"),
    [
        (50_000, 28, 1),  # 28 / 30.44 = 0.92
        (100_000, 28, 1),  # not above 100,000
        (100_001, 28, 2),  # 1.84
        (50_000, 7, 0),  # 0.23
        (208_749, 7, 0),  # 0.46
        (208_749, 8, 1),  # 0.53
        (50_000, 365, 12),
        (208_749, 365, 24),
        (50_000, 0, 0),
    ],
)
def test_a_town_is_due_its_monthly_visits_prorated(weight: int, days: int, due: int) -> None:
    assert fairness.due_of(Town(planning_weight=weight), days) == due


@pytest.mark.parametrize(
    ("since", "due"),
    [
        (28, 0),  # 28 + 7 = 35 days: just in time
        (29, 1),
        (None, 1),
    ],
)
def test_nobody_waits_longer_than_35_days(since: int | None, due: int) -> None:
    assert fairness.due_with_history(Town(planning_weight=50_000), 7, since) == due


@given(weight=st.integers(0, 500_000), days=st.integers(0, 400), since=st.none() | st.integers(0, 400))
def test_dues_never_shrink_with_more_days_or_people(weight: int, days: int, since: int | None) -> None:
    town, larger = Town(planning_weight=weight), Town(planning_weight=weight + 100_000)
    due = fairness.due_with_history(town, days, since)
    assert fairness.due_with_history(town, days + 1, since) >= due
    assert fairness.due_with_history(larger, days, since) >= due


def make_past_visit(session: Session, town: Town, day: date, state: VisitState, now: datetime) -> None:
    request = make_request(session, [(day, 540, 720)], now=now, venue=make_venue(session, town))
    make_visit(session, request, make_shift(session, day), state=state)


def test_only_visits_that_took_place_end_the_wait(session: Session, now: datetime) -> None:
    visited, never = make_town(session), make_town(session)
    for ago, state in ((40, VisitState.DONE), (20, VisitState.MISSED), (10, VisitState.CANCELLED)):
        make_past_visit(session, visited, MONDAY - timedelta(days=ago), state, now)
    make_past_visit(session, visited, MONDAY + timedelta(days=1), VisitState.DONE, now)  # not yet, seen from Monday
    assert fairness.days_since_last_visit(session, MONDAY) == {visited.id: 40, never.id: None}


def test_coverage_is_the_account_of_each_town(session: Session, now: datetime) -> None:
    large, small = make_town(session, code="1", planning_weight=150_000), make_town(session, code="2")
    make_past_visit(session, large, MONDAY - timedelta(days=3), VisitState.DONE, now)
    make_past_visit(session, large, MONDAY + timedelta(days=1), VisitState.DONE, now)
    make_past_visit(session, large, SUNDAY_IN_FOUR_WEEKS, VisitState.CONFIRMED, now)
    make_past_visit(session, large, SUNDAY_IN_FOUR_WEEKS + timedelta(days=1), VisitState.PROMISED, now)
    make_past_visit(session, small, MONDAY, VisitState.CANCELLED, now)
    today = MONDAY + timedelta(days=2)
    first, second = fairness.coverage(session, MONDAY, SUNDAY_IN_FOUR_WEEKS, today=today)
    assert (first.town, first.due, first.done, first.planned, first.days_since_last) == (large, 2, 1, 1, 1)
    assert (first.missing, first.overdue, first.weight) == (0, False, 150_000)
    assert (second.town, second.due, second.done, second.planned, second.days_since_last) == (small, 1, 0, 0, None)
    assert second.missing == 1


def test_a_town_beyond_the_longest_wait_is_overdue(session: Session, now: datetime) -> None:
    town = make_town(session)
    make_past_visit(session, town, MONDAY - timedelta(days=36), VisitState.DONE, now)
    [account] = fairness.coverage(session, MONDAY, MONDAY, today=MONDAY)
    assert (account.overdue, account.due) == (True, 1)
