"""What the town's pages look up: its standing, its live visits, its reports, and why a plan left a request out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import explaining, fairness, visits
from schedules.fairness import TownCoverage
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Plan, PlanState, Report, RequestState, Town, Unserved, Visit, VisitRequest
from van_service.remedies import Remedy, remedy_for_town


def live_visit(session: Session, asked: VisitRequest) -> Visit | None:
    """The visit that is promised or under way for a request."""
    visit = visits.visit_of_request(session, asked.id)
    return visit if visit is not None and visit.state in LIVE_VISITS else None


def crew_may_be_called(visit: Visit, today: date) -> bool:
    """Whether the town sees whom to call: from the day before on."""
    return bool(visit.shift.crew) and today >= visit.day - timedelta(days=1)


def reports_of(session: Session, visit_ids: Sequence[int]) -> dict[int, Report]:
    """The reports of these visits, by the visit's id."""
    rows = session.scalars(select(Report).where(Report.visit_id.in_(visit_ids)))
    return {row.visit_id: row for row in rows}


def left_out_of(session: Session, mine: Sequence[VisitRequest]) -> dict[int, Unserved]:
    """For each request that waits, why the latest published plan has no place for it.

    A request decided anew after the plan was asked for is another request; what the plan said of it no longer counts.
    """
    waiting = [each.id for each in mine if each.state is RequestState.ACCEPTED]
    rows = session.scalars(
        select(Unserved)
        .join(Plan, Plan.id == Unserved.plan_id)
        .join(Unserved.request)
        .where(Plan.state == PlanState.PUBLISHED, Unserved.request_id.in_(waiting))
        .where(func.coalesce(VisitRequest.decided_at, VisitRequest.submitted_at) <= Plan.created_at)
        .order_by(Unserved.plan_id)
    )
    return {row.request_id: row for row in rows}


def remedy_of(session: Session, left_out: Unserved) -> Remedy | None:
    """The cheapest change that would have served the request and is the town's to make; None where none is known."""
    explanation = explaining.explanations_of(session, left_out.plan_id).get(left_out.request_id)
    return None if explanation is None else remedy_for_town(explanation)


def standing_of(session: Session, town: Town, today: date) -> TownCoverage | None:
    """The town's line of this month's coverage."""
    first = today.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    lines = fairness.coverage(session, first, last, today=today)
    return next((line for line in lines if line.town.id == town.id), None)
