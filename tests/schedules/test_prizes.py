"""The points of a visit: each part as documented, and no request that waits for ever."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from schedules.models import PlanningSettings, Priority, VisitRequest
from schedules.prizes import DEFAULTS, planning_numbers, prize_parts, weights

TODAY = date(2026, 6, 1)


def asked(now: datetime, *, days_ago: int = 0, priority: Priority = Priority.NORMAL) -> VisitRequest:
    return VisitRequest(submitted_at=now - timedelta(days=days_ago), priority=priority)


def parts(request: VisitRequest, days_since: int | None = 0, hotspot_points: int = 0, **changed: int):
    return prize_parts(
        request, today=TODAY, days_since=days_since, hotspot_points=hotspot_points, settings={**DEFAULTS, **changed}
    )


def test_a_fresh_request_of_a_town_visited_today_is_worth_the_base(now):
    assert parts(asked(now)).as_numbers() == {
        "base": 300, "priority": 0, "waiting": 0, "hotspot": 0, "recency": 0, "total": 300,
    }  # fmt: skip


def test_the_parts_add_up(now):
    found = parts(asked(now, days_ago=7, priority=Priority.URGENT), days_since=14, hotspot_points=60)
    assert (found.base, found.priority, found.waiting, found.hotspot, found.recency) == (300, 300, 28, 60, 42)
    assert found.total == 730


@pytest.mark.parametrize(("days_since", "points"), [(0, 0), (34, 102), (35, 105), (90, 105), (None, 105)])
def test_a_town_counts_up_to_the_cap_and_one_never_visited_as_the_cap(now, days_since, points):
    assert parts(asked(now), days_since=days_since).recency == points


def test_waiting_outgrows_every_other_part(now):
    newcomer = parts(asked(now, priority=Priority.URGENT), days_since=None, hotspot_points=200)
    old = asked(now)
    old.submitted_at = now - timedelta(days=200)
    assert parts(old, days_since=0).total > newcomer.total


def test_a_request_is_never_worth_less_for_being_filed_after_the_day_of_the_plan(now):
    assert parts(asked(now, days_ago=-3)).waiting == 0


def test_no_visit_is_worth_less_than_an_hour_of_driving_and_more():
    assert DEFAULTS["visit"] > 4 * 60 * DEFAULTS["driving_minute"]
    assert 0.25 < DEFAULTS["town_shortfall"] / 370 < 0.45, "a third of an ordinary visit"
    told = weights(DEFAULTS)
    assert told.drop > 2 * 370 > told.other_day > told.retime > told.other_van
    assert told.tolerance == 15


def test_coordinators_change_numbers_and_nonsense_is_passed_over(session):
    changed = {"visit": 500, "raised": -1, "urgent": "many", "waiting_day": True, "unheard_of": 3}
    session.add(PlanningSettings(id=1, values=changed))
    session.flush()
    assert planning_numbers(session) == {**DEFAULTS, "visit": 500}


def test_without_a_row_of_settings_the_defaults_hold(session):
    assert planning_numbers(session) == DEFAULTS
