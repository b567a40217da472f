"""Explaining drafts in the background, and every kind of change as it is applied to the rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from routes.explain import explain
from routes.planner import plan_visits
from schedules import applying, background, explaining, leases, publishing, runs
from schedules.drafts import store_draft
from schedules.errors import BadChoice, ChangeGone, MoveNotAllowed, NotFound
from schedules.models import AuditRow, Explanation, Plan, RequestService, Shift
from schedules.planning import snapshot
from tests.factories import make_crew_member, make_days, make_request, make_service, make_shift, make_van

MONDAY = date(2026, 6, 8)
TUESDAY = MONDAY + timedelta(days=1)
LAST = MONDAY + timedelta(days=4)


@pytest.fixture(autouse=True)
def calendar_rows(session):
    make_days(session, MONDAY - timedelta(days=28), 90)


def drafted(session, now) -> Plan:
    """The plan of the week, stored by a runner."""
    plan = runs.queue_plan(session, MONDAY, LAST, seconds=5, actor="c", now=now)
    runs.claim_run(session, owner="o", now=now, lease_seconds=30)
    taken = snapshot(session, MONDAY, LAST, now=now)
    solution = plan_visits(taken.problem, seconds=5, work=2000, seed=1)
    reasons = explain(taken.problem, solution)
    store_draft(session, plan.id, taken, solution, reasons, owner="o", attempt=1, now=now)
    session.commit()
    return plan


def two_for_one_morning(session, now) -> tuple[Any, Any]:
    """Two requests of which one van's short Monday morning can take one."""
    van = make_van(session)
    shifts = make_shift(session, MONDAY, van=van), make_shift(session, TUESDAY, van=van)
    requests = tuple(make_request(session, [(MONDAY, 540, 660)], now=now) for _ in range(2))
    return shifts, requests


def explained(session, now, *changes: dict[str, Any]) -> Explanation:
    """The draft's only open request with these changes, as if they had been found."""
    plan = drafted(session, now)
    [left_out] = plan.unserved
    row = Explanation(
        plan_id=plan.id, request_id=left_out.request_id, reason={"class": left_out.reason}, made_at=now,
        changes=[{"points": 0, "starts": 540, "displaces": [], "adds": [], "moves": [], **each} for each in changes],
    )  # fmt: skip
    session.add(row)
    session.commit()
    return row


# In the background ----------------------------------------------------------------------------------------------------


def test_a_draft_is_explained_once_by_the_child_of_a_runner(session, session_factory, now):
    two_for_one_morning(session, now)
    plan = drafted(session, now)
    assert background.explain_one(session_factory, owner="r", clock=lambda: now) == plan.id
    [row] = session.scalars(select(Explanation))
    assert (row.plan_id, row.request_id) == (plan.id, plan.unserved[0].request_id)
    assert row.reason["class"] == "outranked"
    assert row.reason["exact"]
    assert {"other_day", "anyway"} <= {change["kind"] for change in row.changes}
    assert background.explain_one(session_factory, owner="r", clock=lambda: now) is None
    assert leases.holder(session, explaining.lease_of(plan.id)) is None


def test_a_run_that_waits_comes_before_explaining(session, session_factory, now):
    two_for_one_morning(session, now)
    plan = drafted(session, now)
    runs.queue_plan(session, MONDAY, LAST, seconds=5, actor="c", now=now)
    session.commit()
    assert background.explain_one(session_factory, owner="r", clock=lambda: now) == plan.id
    assert session.scalars(select(Explanation)).all() == []


def test_what_another_runner_explains_is_left_to_it(session, session_factory, now):
    two_for_one_morning(session, now)
    plan = drafted(session, now)
    assert leases.acquire(session, explaining.lease_of(plan.id), "other", 60)
    session.commit()
    assert background.explain_one(session_factory, owner="r", clock=lambda: now) is None


def test_a_discarded_draft_is_not_explained(session, session_factory, now):
    two_for_one_morning(session, now)
    plan = drafted(session, now)
    publishing.discard(session, plan.id, actor="c", now=now)
    session.commit()
    assert background.explain_one(session_factory, owner="r", clock=lambda: now) is None
    assert not explaining.store_explanation(session, plan.id, "r1", None, now=now)


def test_a_visit_that_cannot_be_explained_is_not_waited_for(session, session_factory, now):
    two_for_one_morning(session, now)
    plan = drafted(session, now)
    visit = f"r{plan.unserved[0].request_id}"
    assert explaining.store_explanation(session, plan.id, visit, None, now=now)
    session.commit()
    assert background.explain_one(session_factory, owner="r", clock=lambda: now) is None


# Applying -------------------------------------------------------------------------------------------------------------


def change(kind: str, shift: Shift, **detail: int | str) -> dict[str, Any]:
    return {"kind": kind, "shift": shift.code, "detail": detail}


def test_each_kind_alters_just_what_it_says_and_pins_the_request(session, now):
    (monday, tuesday), _ = two_for_one_morning(session, now)
    joiner = make_crew_member(session, ("presenter",))
    day, hours = MONDAY.isoformat(), {"was_opens": 540, "was_closes": 660}
    row = explained(
        session,
        now,
        change("wider_window", monday, day=day, opens=540, closes=720, minutes=60, **hours),
        change("other_day", tuesday, day=TUESDAY.isoformat(), opens=540, closes=660),
        change("overtime", monday, starts=monday.starts, ends=monday.ends + 20, minutes=20),
        change("extra_kits", monday, kits=7),
        change("extra_crew", monday, member=joiner.code, skills="presenter"),
    )
    kits, ends = monday.kits, monday.ends
    for number in range(len(row.changes)):
        point = session.begin_nested()
        applying.apply_change(session, row.plan_id, row.request_id, number, actor="c", now=now)
        request, kind = row.request, row.changes[number]["kind"]
        assert request.pinned_shift_id == (tuesday if kind == "other_day" else monday).id
        assert request.windows[0].closes == (720 if kind == "wider_window" else 660)
        assert len(request.windows) == (2 if kind == "other_day" else 1)
        assert monday.ends == ends + (20 if kind == "overtime" else 0)
        assert monday.kits == kits + (7 if kind == "extra_kits" else 0)
        assert (joiner in monday.crew) == (kind == "extra_crew")
        verbs = set(session.scalars(select(AuditRow.verb)))
        assert {"change_applied", "pinned"} <= verbs
        point.rollback()
        session.expire_all()


def test_a_service_left_out_takes_its_minutes_and_kits_along(session, now):
    crew = [make_crew_member(session) for _ in range(2)]
    shift = make_shift(session, MONDAY, crew=crew)
    talk, test = (make_service(session, code, {"tester": 1}) for code in ("talk", "test"))
    talk.minutes, talk.setup, talk.teardown, talk.kits = 60, 10, 5, 0
    requests = [make_request(session, [(MONDAY, 540, 660)], now=now, service=test) for _ in range(2)]
    for request in requests:
        request.services.append(RequestService(service_id=talk.id, minutes=60))
    session.commit()
    spared = requests[0].setup + requests[0].session + requests[0].teardown - (10 + 60 + 5)
    row = explained(session, now, change("fewer_services", shift, without="test", minutes=spared, session=60))
    asked = applying.apply_change(session, row.plan_id, row.request_id, 0, actor="c", now=now)
    assert [each.service.code for each in asked.services] == ["talk"]
    assert (asked.session, asked.setup, asked.teardown, asked.kits) == (60, 10, 5, 0)


def test_changes_that_cannot_both_be_kept_are_refused_the_second_time(session, now):
    van = make_van(session)
    monday = make_shift(session, MONDAY, van=van)
    requests = [make_request(session, [(MONDAY, 540, 660)], now=now) for _ in range(3)]
    plan = drafted(session, now)
    left_out = [row.request_id for row in plan.unserved]
    assert len(left_out) == len(requests) - 1
    for request_id in left_out:
        session.add(
            Explanation(
                plan_id=plan.id,
                request_id=request_id,
                reason={},
                made_at=now,
                changes=[{**change("anyway", monday), "points": -1}],
            )
        )
    session.commit()
    applying.apply_change(session, plan.id, left_out[0], 0, actor="c", now=now)
    session.commit()
    with pytest.raises(ChangeGone):
        applying.apply_change(session, plan.id, left_out[1], 0, actor="c", now=now)


def test_what_is_not_there_or_was_applied_is_refused(session, now):
    (monday, _), _ = two_for_one_morning(session, now)
    row = explained(session, now, change("anyway", monday))
    with pytest.raises(BadChoice):
        applying.apply_change(session, row.plan_id, row.request_id, 1, actor="c", now=now)
    with pytest.raises(NotFound):
        applying.apply_change(session, row.plan_id, row.request_id + 1000, 0, actor="c", now=now)
    applying.apply_change(session, row.plan_id, row.request_id, 0, actor="c", now=now)
    with pytest.raises(MoveNotAllowed):
        applying.apply_change(session, row.plan_id, row.request_id, 0, actor="c", now=now)


def test_somebody_who_rides_elsewhere_by_now_is_not_added(session, now):
    (monday, _), _ = two_for_one_morning(session, now)
    joiner = make_crew_member(session, ("presenter",))
    row = explained(session, now, change("extra_crew", monday, member=joiner.code, skills="presenter"))
    make_shift(session, MONDAY, crew=[joiner])
    session.commit()
    with pytest.raises(ChangeGone):
        applying.apply_change(session, row.plan_id, row.request_id, 0, actor="c", now=now)
