"""What the town's pages look up: the caller's town, its standing, visits and reports, and what helps a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from routes.travel import TravelUnavailable
from schedules import explaining, fairness, own_changes, requests, visits
from schedules.fairness import TownCoverage
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Report, Town, Unserved, Visit, VisitRequest
from van_service import auth
from van_service.extensions import db
from van_service.remedies import Remedy, remedies_of, remedy_for_town
from van_service.travel import travel_of_app


def town_of_caller() -> Town:
    """The town of whoever is signed in."""
    town_id = auth.current_town_id()
    assert town_id is not None  # the guard lets only accounts of a town come here
    town: Town = db.session.get_one(Town, town_id)
    return town


def own_request(request_id: int) -> VisitRequest:
    """The request, if it is the caller's town's. Raises NotFound."""
    return requests.get_request(db.session, request_id, town_of_caller().id)


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


def own_change(session: Session, asked: VisitRequest, *, now: datetime) -> Remedy | None:
    """The change of its own that would serve the town's request now; None also while nobody can say."""
    try:
        found = own_changes.own_change(session, asked, now=now, travel=travel_of_app())
    except TravelUnavailable:
        return None
    return None if found is None else remedies_of(found.explanation)[found.number]


def remedy_of(session: Session, left_out: Unserved) -> Remedy | None:
    """The cheapest change that would have served the request and is the town's to make; None where none is known."""
    explanation = explaining.explanations_of(session, left_out.plan_id).get(left_out.request_id)
    return None if explanation is None else remedy_for_town(explanation)


def change_made(session: Session, left_out: Unserved) -> Remedy | None:
    """The change that was applied to the request since it was left out."""
    explanation = explaining.explanations_of(session, left_out.plan_id).get(left_out.request_id)
    if explanation is None or explanation.applied is None:
        return None
    return remedies_of(explanation)[explanation.applied]


def standing_of(session: Session, town: Town, today: date) -> TownCoverage | None:
    """The town's line of this month's coverage."""
    first = today.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    lines = fairness.coverage(session, first, last, today=today)
    return next((line for line in lines if line.town.id == town.id), None)
