"""The demo district: all that a plan leaves out is explained, and ten changes applied serve ten in the next plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

import van_service.accounts  # noqa: F401 - registers the tables
from schedules import applying, background, calendar, decisions, explaining, runner, runs
from schedules.db import Base
from schedules.errors import ChangeGone
from schedules.models import AuditRow, Explanation, Plan, PlanState, RequestState, Shift, Unserved, VisitRequest
from schedules.publishing import violations
from van_service.demo import horizon, load_demo

NOW = datetime(2026, 7, 23, 1, 0, tzinfo=UTC)
APPLIED = 10


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sessionmaker[Session], int]]:
    """The demo, all requests accepted, with a plan of its four weeks made and explained by a runner; and its id."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.sqlite'}")
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    with sessions.begin() as session:
        load_demo(session, now=NOW)
        for request in session.scalars(select(VisitRequest).where(VisitRequest.state == RequestState.SUBMITTED)).all():
            decisions.accept(session, request.id, actor="zhou", now=NOW)
        first, last = horizon(session, calendar.local_day(NOW))
        plan_id = runs.queue_plan(session, first, last, seconds=20, actor="zhou", now=NOW).id
    assert runner.run_one(sessions, owner="test", clock=lambda: NOW) == plan_id
    assert background.explain_one(sessions, owner="test", clock=lambda: NOW) == plan_id
    yield sessions, plan_id
    engine.dispose()


def explanations(session: Session, plan_id: int) -> list[Explanation]:
    return list(session.scalars(select(Explanation).where(Explanation.plan_id == plan_id)))


def test_each_request_left_out_has_a_class_a_reason_and_a_checked_change_or_the_proof(explained) -> None:
    sessions, plan_id = explained
    with sessions() as session:
        found = {row.request_id: row for row in explanations(session, plan_id)}
        left_out = session.scalars(select(Unserved).where(Unserved.plan_id == plan_id)).all()
        assert left_out
        assert found.keys() == {row.request_id for row in left_out}
        for row in left_out:
            reason, changes = found[row.request_id].reason, found[row.request_id].changes
            assert reason["class"] == row.reason
            assert reason["rules"] if row.reason == "impossible" else reason["points"] is not None
            nothing = reason["nothing_helps"]
            assert changes or (nothing is not None and nothing["proven"])
            assert [-each["points"] for each in changes] == sorted(-each["points"] for each in changes)


def test_nothing_of_the_plan_waits_to_be_explained_any_more(explained) -> None:
    sessions, plan_id = explained
    with sessions() as session:
        assert plan_id not in explaining.waiting_plans(session, calendar.local_day(NOW))


def test_ten_applied_changes_serve_all_ten_in_the_next_plan(explained) -> None:
    sessions, plan_id = explained
    with sessions.begin() as session:
        possible = (row.request_id for row in explanations(session, plan_id) if apply_first(session, row))
        applied = list(islice(possible, APPLIED))
        assert len(applied) == APPLIED
        pinned = session.scalars(select(VisitRequest).where(VisitRequest.id.in_(applied))).all()
        days = [session.get_one(Shift, request.pinned_shift_id).day for request in pinned]
        audited = session.scalars(select(AuditRow.noun_id).where(AuditRow.verb == "change_applied")).all()
        assert sorted(map(int, audited)) == sorted(applied)
        first, last = horizon(session, calendar.local_day(NOW))
        again = runs.queue_plan(session, first, max(last, *days), seconds=20, actor="zhou", now=NOW).id
    assert runner.run_one(sessions, owner="test", clock=lambda: NOW) == again
    with sessions() as session:
        plan = session.get_one(Plan, again)
        assert (plan.state, plan.failure) == (PlanState.DRAFT, None)
        assert violations(session, plan) == []
        served = {stop.request_id for tour in plan.tours for stop in tour.stops}
        assert set(applied) <= served


def apply_first(session: Session, row: Explanation) -> bool:
    """Apply the cheapest change that what was applied before leaves possible."""
    for number in range(len(row.changes)):
        try:
            applying.apply_change(session, row.plan_id, row.request_id, number, actor="zhou", now=NOW)
        except ChangeGone:
            continue
        return True
    return False
