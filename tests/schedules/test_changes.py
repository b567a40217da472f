"""Disruptions: what each forbids, frees or delays in the planning problem, and that nothing else changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from routes import Problem
from schedules import audit, changes, publishing, runs, visits
from schedules.calendar import instant
from schedules.errors import ChangedMeanwhile, MoveNotAllowed, Refused
from schedules.models import DisruptionKind, DisruptionState
from schedules.planning import snapshot
from tests.drafts import FIRST, LAST, draft
from tests.upset import THURSDAY, TUESDAY, WEDNESDAY, Week, enter, make_plans, make_week, visit_to


@pytest.fixture
def week(session: Session, now: datetime) -> Week:
    return make_week(session, now=now)


def problem_of(session: Session, now: datetime, **options: Any) -> Problem:
    return snapshot(session, FIRST, LAST, now=now, options={"reserve": False, **options}).problem


def changed(before: Problem, after: Problem) -> dict[str, list[str]]:
    """What of each shift and visit is no longer the same, by its id."""
    found: dict[str, list[str]] = {}
    for old, new in [*zip(before.shifts, after.shifts, strict=True), *zip(before.visits, after.visits, strict=True)]:
        assert old.id == new.id
        names = [name for name in old.__slots__ if getattr(old, name) != getattr(new, name)]
        if names:
            found[old.id] = names
    return found


def test_a_van_that_is_out_for_days_can_drive_on_none_of_them(session: Session, week: Week, now: datetime) -> None:
    before = problem_of(session, now)
    changes.enter(
        session,
        changes.Entry(DisruptionKind.VAN_OUT, "发动机故障", first_day=TUESDAY, last_day=WEDNESDAY, van_id=week.van.id),
        actor="zhou",
        now=now,
    )
    after = problem_of(session, now)
    lost = [week.shifts[day].code for day in (TUESDAY, WEDNESDAY)]
    assert changed(before, after) == {code: ["max_visits"] for code in lost}
    assert [after.shift_by_id[code].max_visits for code in lost] == [0, 0]


@pytest.mark.parametrize(
    ("opens", "closes", "left"),
    [(None, 660, (660, 990)), (840, None, (480, 840)), (540, 600, (600, 990)), (480, 990, None)],
)
def test_a_van_that_is_out_for_hours_keeps_the_longer_side_of_its_shift(
    session: Session, week: Week, now: datetime, opens: int | None, closes: int | None, left: tuple[int, int] | None
) -> None:
    entry = changes.Entry(
        DisruptionKind.VAN_OUT, "保养", first_day=TUESDAY, opens=opens, closes=closes, van_id=week.van.id
    )
    changes.enter(session, entry, actor="zhou", now=now)
    shift = problem_of(session, now).shift_by_id[week.shifts[TUESDAY].code]
    assert (None if shift.max_visits == 0 else (shift.starts, shift.ends)) == left


def test_an_ill_tester_leaves_the_crew_with_one_tester_less(session: Session, week: Week, now: datetime) -> None:
    before = problem_of(session, now)
    entry = changes.Entry(DisruptionKind.CREW_ILL, "发烧", first_day=TUESDAY, crew_member_id=week.tester.id)
    changes.enter(session, entry, actor="zhou", now=now)
    after = problem_of(session, now)
    assert changed(before, after) == {week.shifts[TUESDAY].code: ["crew"]}
    assert after.shift_by_id[week.shifts[TUESDAY].code].crew["tester"] == 1


def test_a_crew_whose_only_driver_is_ill_cannot_drive(session: Session, week: Week, now: datetime) -> None:
    enter(session, week, DisruptionKind.CREW_ILL, now=now)
    after = problem_of(session, now)
    assert after.shift_by_id[week.shifts[TUESDAY].code].max_visits == 0
    assert after.shift_by_id[week.shifts[WEDNESDAY].code].max_visits == 3


def test_a_visit_that_its_town_calls_off_has_no_time_left(session: Session, week: Week, now: datetime) -> None:
    before = problem_of(session, now)
    enter(session, week, DisruptionKind.TOWN_CANCELS, now=now)
    after = problem_of(session, now)
    assert changed(before, after) == {f"r{week.first.id}": ["windows"]}
    assert after.visit_by_id[f"r{week.first.id}"].windows == ()


def test_a_closed_venue_loses_its_days_and_no_other_venue_does(session: Session, week: Week, now: datetime) -> None:
    before = problem_of(session, now)
    enter(session, week, DisruptionKind.VENUE_CLOSED, now=now)
    after = problem_of(session, now)
    assert changed(before, after) == {f"r{week.first.id}": ["windows"]}
    assert [window.day for window in after.visit_by_id[f"r{week.first.id}"].windows] == [WEDNESDAY, THURSDAY]


def test_heat_cuts_its_hours_out_of_what_is_outdoors(session: Session, week: Week, now: datetime) -> None:
    before = problem_of(session, now)
    enter(session, week, DisruptionKind.HEAT, now=now)
    after = problem_of(session, now)
    assert changed(before, after) == {f"r{week.outdoors.id}": ["windows"]}
    windows = after.visit_by_id[f"r{week.outdoors.id}"].windows
    on_wednesday = [(window.opens, window.closes) for window in windows if window.day == WEDNESDAY]
    assert on_wednesday == [(480, 660), (840, 900)]
    assert len(windows) == 4


def test_a_host_that_brings_a_room_is_not_outdoors(session: Session, week: Week, now: datetime) -> None:
    week.outdoors.brings = ["indoor"]
    session.commit()
    before = problem_of(session, now)
    enter(session, week, DisruptionKind.STORM, now=now)
    assert changed(before, problem_of(session, now)) == {}


def test_a_late_crew_leaves_later_and_keeps_its_hours(session: Session, week: Week) -> None:
    dawn = instant(date(2026, 6, 9), 420)  # Tuesday at 7:00
    before = problem_of(session, dawn)
    enter(session, week, DisruptionKind.CREW_LATE, now=dawn)
    after = problem_of(session, dawn, proposal="replan")
    shift = after.shift_by_id[week.shifts[TUESDAY].code]
    assert (shift.starts, shift.ends) == (480 + 90, 990)
    assert before.visit_by_id[f"r{week.first.id}"].pin is not None  # within the freeze
    assert after.visit_by_id[f"r{week.first.id}"].pin is None  # 9:00 cannot be kept any more
    assert after.visit_by_id[f"r{week.second.id}"].pin is not None  # the other van's stands still


def test_an_urgent_request_is_worth_more_and_needs_no_notice(session: Session, week: Week) -> None:
    monday = instant(date(2026, 6, 8), 720)
    before = problem_of(session, monday)
    enter(session, week, DisruptionKind.URGENT_VISIT, now=monday)
    after = problem_of(session, monday)
    assert changed(before, after) == {f"r{week.waiting.id}": ["prize"]}
    assert (
        after.visit_by_id[f"r{week.waiting.id}"].prize
        == before.visit_by_id[f"r{week.waiting.id}"].prize + 300  # `prizes.DEFAULTS["urgent"]`
    )


def test_what_is_left_of_a_shift_begins_where_its_van_will_be_free(session: Session, week: Week, now: datetime) -> None:
    visit = visit_to(session, week.first)
    at_the_venue = instant(date(2026, 6, 9), 570)  # Tuesday, 9:30
    for step in (visits.set_off, visits.arrive, visits.open_session):
        step(session, visit.id, actor="crew", now=at_the_venue)
    session.commit()
    problem = problem_of(session, at_the_venue, proposal="replan")
    shift = problem.shift_by_id[week.shifts[TUESDAY].code]
    assert problem.places[shift.start_place].id == f"venue-{week.first.venue_id}"
    assert (shift.starts, shift.ends) == (visit.departs, 990)
    assert (shift.max_visits, shift.kits) == (2, 48 - 12)
    assert f"r{week.first.id}" not in problem.visit_by_id  # under way: it stays as it is


def test_a_crew_has_eaten_once_its_planned_lunch_is_over(session: Session, week: Week) -> None:
    visit = visit_to(session, week.first)
    visit.departs = 800  # its lunch at 11:00 was at the venue
    late = instant(date(2026, 6, 9), 780)
    for step in (visits.set_off, visits.arrive, visits.open_session):
        step(session, visit.id, actor="crew", now=late)
    session.commit()
    shift = problem_of(session, late, proposal="replan").shift_by_id[week.shifts[TUESDAY].code]
    assert shift.lunch is None


# Entering, revoking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(DisruptionKind))
def test_every_kind_is_recorded_and_revoked_without_a_trace_in_the_problem(
    session: Session, week: Week, kind: DisruptionKind
) -> None:
    at = instant(date(2026, 6, 9), 420)
    before = snapshot(session, FIRST, LAST, now=at, options={})
    disruption = enter(session, week, kind, now=at)
    assert snapshot(session, FIRST, LAST, now=at, options={}).inputs != before.inputs
    changes.revoke(session, disruption.id, actor="wu", now=at + timedelta(minutes=5))
    assert snapshot(session, FIRST, LAST, now=at, options={}) == before
    rows = audit.rows_about(session, "disruption", disruption.id)
    assert [(row.actor, row.verb) for row in rows] == [("zhou", "entered"), ("wu", "revoked")]
    assert rows[0].after["reason"] == "说明原因"
    with pytest.raises(MoveNotAllowed):
        changes.revoke(session, disruption.id, actor="wu", now=at)


@pytest.mark.parametrize("kind", list(DisruptionKind))
def test_a_draft_made_before_the_entry_is_stale(session: Session, week: Week, kind: DisruptionKind) -> None:
    at = instant(date(2026, 6, 9), 420)
    plan = draft(session, [], now=at)
    assert publishing.staleness(session, plan) == []
    disruption = enter(session, week, kind, now=at)
    assert [(each.noun, each.id, each.what) for each in publishing.staleness(session, plan)] == [
        ("disruption", str(disruption.id), "added")
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": DisruptionKind.VAN_OUT, "reason": " ", "van_id": 1, "first_day": TUESDAY}, "reason"),
        ({"kind": DisruptionKind.VAN_OUT, "reason": "x", "first_day": TUESDAY}, "van_id"),
        ({"kind": DisruptionKind.VAN_OUT, "reason": "x", "van_id": 999, "first_day": TUESDAY}, "van_id"),
        ({"kind": DisruptionKind.STORM, "reason": "x", "first_day": TUESDAY, "opens": 600}, "closes"),
        ({"kind": DisruptionKind.STORM, "reason": "x", "first_day": TUESDAY, "opens": 600, "closes": 500}, "closes"),
        ({"kind": DisruptionKind.STORM, "reason": "x", "first_day": WEDNESDAY, "last_day": TUESDAY}, "last_day"),
        ({"kind": DisruptionKind.TOWN_CANCELS, "reason": "x", "visit_id": 999}, "visit_id"),
        ({"kind": DisruptionKind.CREW_LATE, "reason": "x", "shift_id": 1, "minutes": 0}, "minutes"),
        ({"kind": DisruptionKind.URGENT_VISIT, "reason": "x", "request_id": 999}, "request_id"),
    ],
)
def test_an_impossible_entry_is_refused_by_field(
    session: Session, week: Week, values: dict[str, Any], field: str
) -> None:
    tuesday = instant(date(2026, 6, 9), 510)
    with pytest.raises(Refused) as error:
        changes.enter(session, changes.Entry(**values), actor="zhou", now=tuesday)
    assert error.value.field == field
    assert changes.list_disruptions(session) == []


def test_the_visits_hit_are_those_that_cannot_stay(session: Session, week: Week, now: datetime) -> None:
    hit = {
        kind: [
            visit.request_id
            for visit in changes.visits_hit(session, enter(session, week, kind, now=instant(date(2026, 6, 9), 480)))
        ]
        for kind in DisruptionKind
    }
    first, outdoors = [week.first.id], [week.outdoors.id]
    assert hit == {
        DisruptionKind.VAN_OUT: first,
        DisruptionKind.CREW_ILL: first,
        DisruptionKind.TOWN_CANCELS: first,
        DisruptionKind.VENUE_CLOSED: first,
        DisruptionKind.HEAT: outdoors,
        DisruptionKind.STORM: outdoors,
        DisruptionKind.CREW_LATE: first,
        DisruptionKind.URGENT_VISIT: [],
    }
    assert {each.state for each in changes.list_disruptions(session)} == {DisruptionState.OPEN}


def test_a_request_for_a_closed_venue_is_told_that_and_not_that_no_van_drives(
    session: Session, week: Week, now: datetime
) -> None:
    entry = changes.Entry(
        DisruptionKind.VENUE_CLOSED, "装修", first_day=TUESDAY, last_day=THURSDAY, venue_id=week.waiting.venue_id
    )
    changes.enter(session, entry, actor="zhou", now=now)
    runs.queue_plan(session, FIRST, LAST, seconds=3, options={"reserve": False}, actor="zhou", now=now)
    session.commit()
    [plan] = make_plans(session, now=now)
    [left_out] = plan.unserved
    assert (left_out.request_id, left_out.reason) == (week.waiting.id, "impossible")
    assert left_out.detail["rules"] == {"disrupted": 6}  # two vans on three days


def test_whoever_revokes_while_a_plan_is_published_wins_or_is_refused(
    session: Session, week: Week, now: datetime
) -> None:
    disruption = enter(session, week, DisruptionKind.STORM, now=now)
    plan = draft(session, [], now=now)
    changes.revoke(session, disruption.id, actor="wu", now=now)
    with pytest.raises(ChangedMeanwhile):
        changes.settle(session, plan, actor="zhou", now=now)
