"""What a stored plan says of the requests it leaves out: codes and numbers, as the pages put them into words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from routes.explain import explain
from routes.planner import plan_visits
from schedules import runs
from schedules.drafts import OBSTACLES, store_draft
from schedules.models import Plan, PlanState, RequestState, VisitState
from schedules.planning import snapshot
from schedules.runs import LeaseLost
from tests.factories import (
    make_crew_member,
    make_days,
    make_request,
    make_service,
    make_shift,
    make_venue,
    make_visit,
)

MONDAY = date(2026, 6, 1)
TUESDAY = MONDAY + timedelta(days=1)
NEXT_MONDAY, NEXT_TUESDAY = MONDAY + timedelta(days=7), MONDAY + timedelta(days=8)
LAST = MONDAY + timedelta(days=27)


@pytest.fixture(autouse=True)
def calendar_rows(session):
    make_days(session, MONDAY - timedelta(days=28), 90)


def drafted(session, now) -> Plan:
    """The plan of these days, stored by a runner of attempt 1."""
    plan = runs.queue_plan(session, MONDAY, LAST, seconds=5, actor="c", now=now)
    runs.claim_run(session, owner="o", now=now, lease_seconds=30)
    taken = snapshot(session, MONDAY, LAST, now=now)
    solution = plan_visits(taken.problem, seconds=5, work=2000, seed=1)
    reasons = explain(taken.problem, solution)
    return store_draft(session, plan.id, taken, solution, reasons, owner="o", attempt=1, now=now)


def left_out(plan: Plan, request) -> tuple[str, dict[str, Any]]:
    [found] = [each for each in plan.unserved if each.request_id == request.id]
    return found.reason, found.detail


def test_a_served_request_has_its_stop_with_exact_minutes(session, now):
    shift = make_shift(session, NEXT_MONDAY)
    request = make_request(session, [(NEXT_MONDAY, 540, 720)], now=now)
    plan = drafted(session, now)
    [tour], [stop] = plan.tours, plan.tours[0].stops
    assert (tour.shift_id, stop.request_id, stop.position) == (shift.id, request.id, 0)
    assert tour.leaves + stop.drive == stop.arrives <= stop.starts - request.setup
    assert stop.departs >= stop.starts + request.session + request.teardown
    assert (plan.state, plan.proven, plan.gap) == (PlanState.DRAFT, True, 0.0)
    assert {key: plan.summary[key] for key in ("asked", "served", "impossible", "outranked")} == {
        "asked": 1, "served": 1, "impossible": 0, "outranked": 0,
    }  # fmt: skip
    assert plan.summary["prizes"][str(request.id)]["total"] == plan.summary["parts"]["prizes"]


def test_a_lack_of_people_for_several_things_at_once_names_the_skills(session, now):
    jack_of_both = make_crew_member(session, ("presenter", "legal_officer"))
    shift = make_shift(session, NEXT_MONDAY, crew=[jack_of_both])
    service = make_service(session, "both", {"presenter": 1, "legal_officer": 1})
    request = make_request(session, [(NEXT_MONDAY, 540, 720)], now=now, service=service)
    reason, detail = left_out(drafted(session, now), request)
    assert (reason, detail["rules"], detail["shifts"]) == ("impossible", {"crew": 1}, 1)
    assert detail["nearest"] == {
        "rule": "crew", "shift": shift.code, "short": 1, "needs": 2, "has": 1,
        "skills": ["legal_officer", "presenter"],
    }  # fmt: skip


def test_days_too_near_to_another_visit_count_beside_the_rules_of_the_others(session, now):
    venue = make_venue(session)
    past = NEXT_TUESDAY - timedelta(days=28)
    earlier = make_request(session, [(past, 540, 720)], now=now, venue=venue, state=RequestState.DONE)
    make_visit(session, earlier, make_shift(session, past), state=VisitState.DONE)
    make_shift(session, NEXT_MONDAY)
    make_shift(session, NEXT_TUESDAY, kits=0)
    request = make_request(session, [(NEXT_MONDAY, 540, 720), (NEXT_TUESDAY, 540, 720)], now=now, venue=venue)
    _, detail = left_out(drafted(session, now), request)
    assert (detail["rules"], detail["shifts"]) == ({"venue_rest": 1, "kits": 1}, 2)
    assert detail["nearest"]["rule"] == "kits"


def test_where_every_day_is_too_near_the_last_visit_is_named(session, now):
    venue = make_venue(session)
    past = MONDAY - timedelta(days=7)
    earlier = make_request(session, [(past, 540, 720)], now=now, venue=venue, state=RequestState.DONE)
    make_visit(session, earlier, make_shift(session, past), state=VisitState.DONE)
    make_shift(session, NEXT_MONDAY)
    request = make_request(session, [(NEXT_MONDAY, 540, 720)], now=now, venue=venue)
    _, detail = left_out(drafted(session, now), request)
    assert (detail["rules"], detail["shifts"]) == ({"venue_rest": 1}, 1)
    assert detail["nearest"] == {
        "rule": "venue_rest", "day": NEXT_MONDAY.isoformat(), "visited": past.isoformat(), "days": 28,
    }  # fmt: skip


def test_a_promise_of_a_broken_van_without_another_day_says_so(session, now):
    broken = make_shift(session, TUESDAY, out_of_service="engine")
    request = make_request(session, [(TUESDAY, 540, 720)], now=now, state=RequestState.PLANNED)
    make_visit(session, request, broken, 570)
    plan = drafted(session, now)
    reason, detail = left_out(plan, request)
    assert (reason, detail["rules"]) == ("impossible", {"out_of_service": 1})
    assert plan.summary["parts"]["broken_promises"] == 800


def test_the_outranked_name_requests_and_are_never_called_exact(session, now):
    make_shift(session, NEXT_MONDAY, max_visits=1)
    first = make_request(session, [(NEXT_MONDAY, 540, 720)], now=now, submitted_at=now - timedelta(days=9))
    second = make_request(session, [(NEXT_MONDAY, 540, 720)], now=now)
    reason, detail = left_out(drafted(session, now), second)
    assert (reason, detail["displaces"], detail["exact"]) == ("outranked", [first.id], False)
    assert detail["points"] > 0


def test_every_code_that_is_stored_is_known(session, now):
    make_shift(session, NEXT_MONDAY, kits=0)
    make_request(session, [(NEXT_MONDAY, 540, 720)], now=now)
    make_request(session, [(NEXT_TUESDAY, 540, 720)], now=now)
    plan = drafted(session, now)
    rules = {rule for each in plan.unserved for rule in each.detail["rules"]}
    assert rules == {"kits", "day"} <= set(OBSTACLES)


def test_a_runner_without_the_lease_stores_nothing(session, now):
    make_shift(session, NEXT_MONDAY)
    make_request(session, [(NEXT_MONDAY, 540, 720)], now=now)
    plan = runs.queue_plan(session, MONDAY, LAST, seconds=5, actor="c", now=now)
    runs.claim_run(session, owner="quick", now=now, lease_seconds=30)
    taken = snapshot(session, MONDAY, LAST, now=now)
    solution = plan_visits(taken.problem, seconds=5, work=2000, seed=1)
    with pytest.raises(LeaseLost):
        store_draft(session, plan.id, taken, solution, (), owner="slow", attempt=1, now=now)
    session.refresh(plan)
    assert (plan.state, plan.tours, plan.value) == (PlanState.SOLVING, [], None)
