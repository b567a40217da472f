"""Changing the numbers of planning: limits, versions, the audit, and which drafts no longer stand."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from schedules import publishing
from schedules.errors import BadChoice, BadCount, ChangedMeanwhile, Invalid, Missing
from schedules.models import AuditRow, PlanningSettings
from schedules.planning_numbers import LIMITS, change_numbers, drafts_overtaken, numbers_in_force
from schedules.prizes import DEFAULTS, planning_numbers
from tests.drafts import draft
from tests.factories import make_days, make_request, make_shift

TUESDAY = date(2026, 6, 9)


@pytest.fixture
def plan(session, now):
    """A draft that serves one request."""
    make_days(session, date(2026, 6, 1))
    shift, asked = make_shift(session, TUESDAY), make_request(session, [(TUESDAY, 480, 720)], now=now)
    return draft(session, [(asked, shift, 540)], now=now)


def change(session, now, *, version=0, **changed):
    return change_numbers(session, {**planning_numbers(session), **changed}, version=version, actor="desk", now=now)


def test_until_somebody_changes_them_the_usual_numbers_stand_as_version_nought(session):
    stand = numbers_in_force(session)
    assert (stand.version, stand.values, stand.changed_at, stand.changed_by) == (0, DEFAULTS, None, None)


def test_every_number_has_limits_that_its_usual_value_keeps():
    assert LIMITS.keys() == DEFAULTS.keys()
    assert all(LIMITS[name].least <= number <= LIMITS[name].most for name, number in DEFAULTS.items())


def test_a_change_is_stored_versioned_and_audited(session, now):
    stand = change(session, now, hold_minutes=20)
    assert (stand.version, stand.values["hold_minutes"], stand.changed_by) == (1, 20, "desk")
    assert planning_numbers(session) == {**DEFAULTS, "hold_minutes": 20}
    assert change(session, now, version=1, visit=310).version == 2
    first, second = session.scalars(select(AuditRow).where(AuditRow.noun == "settings").order_by(AuditRow.id))
    assert (first.before, first.after) == ({"hold_minutes": 10}, {"hold_minutes": 20})
    assert (second.before, second.after) == ({"visit": 300}, {"visit": 310})


def test_only_what_differs_from_the_usual_is_kept(session, now):
    change(session, now, hold_minutes=20, visit=310)
    change(session, now, version=1, hold_minutes=10)
    assert session.get_one(PlanningSettings, 1).values == {"visit": 310}


def test_the_same_numbers_again_change_nothing(session, now):
    assert change(session, now).version == 0
    assert session.scalars(select(AuditRow).where(AuditRow.noun == "settings")).all() == []


@pytest.mark.parametrize("version", [1, 7])
def test_whoever_read_other_numbers_is_refused(session, now, version):
    with pytest.raises(ChangedMeanwhile):
        change(session, now, version=version, visit=310)


def test_any_version_will_do_where_none_is_named(session, now):
    change(session, now, visit=310)
    assert change(session, now, version=None, visit=320).version == 2


def test_numbers_beyond_their_limits_are_refused_by_name_and_nothing_is_changed(session, now):
    with pytest.raises(BadCount) as refused:
        change(session, now, hold_minutes=0)
    assert (refused.value.field, refused.value.detail["least"], refused.value.detail["most"]) == ("hold_minutes", 1, 60)
    with pytest.raises(Invalid) as several:
        change(session, now, visit=-1, offer_hours=10_000)
    assert [each.field for each in several.value.problems] == ["visit", "offer_hours"]
    assert planning_numbers(session) == DEFAULTS


def test_what_is_missing_or_unknown_is_named(session, now):
    given = dict(DEFAULTS)
    del given["visit"]
    with pytest.raises(Missing) as missing:
        change_numbers(session, given, version=0, actor="desk", now=now)
    assert missing.value.field == "visit"
    with pytest.raises(BadChoice) as unknown:
        change_numbers(session, {**DEFAULTS, "luck": 7}, version=0, actor="desk", now=now)
    assert unknown.value.field == "luck"


def test_a_draft_made_with_other_points_is_stale_until_they_are_as_they_were(session, plan, now):
    assert publishing.staleness(session, plan) == []
    change(session, now, visit=310)
    [reason] = publishing.staleness(session, plan)
    assert (reason.noun, reason.id, reason.what) == ("settings", "1", "changed")
    assert drafts_overtaken(session, now=now) == 1
    change(session, now, version=1, visit=300)
    assert publishing.staleness(session, plan) == []
    assert drafts_overtaken(session, now=now) == 0


@pytest.mark.parametrize("name", ["hold_minutes", "holds_per_town", "offer_hours", "request_lead_days"])
def test_numbers_that_no_plan_is_made_by_leave_drafts_alone(session, plan, now, name):
    change(session, now, **{name: DEFAULTS[name] + 1})
    assert publishing.staleness(session, plan) == []
