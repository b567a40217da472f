"""Visits promised by hand, for tests of pages that show them: one published plan with one tour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from schedules import promises
from schedules.lifecycle import move_request
from schedules.models import Plan, PlanState, RequestState, Shift, Stop, Tour, Unserved, Visit, VisitRequest


def published_plan(session: Session, shift: Shift, *, now: datetime) -> Plan:
    """A plan of the shift's day, published, without a stop yet."""
    plan = Plan(
        state=PlanState.PUBLISHED,
        first_day=shift.day,
        last_day=shift.day,
        seconds_allowed=1,
        created_at=now,
        created_by="zhou",
        published_at=now,
        published_by="zhou",
    )
    plan.tours.append(Tour(shift_id=shift.id, leaves=480, returns=940, lunch=700, driving=70))
    session.add(plan)
    session.flush()
    return plan


def promise(
    session: Session, plan: Plan, request: VisitRequest, *, starts: int, drive: int = 30, now: datetime
) -> Visit:
    """A visit to the request on the plan's tour, its session beginning at the minute given."""
    tour = plan.tours[0]
    stop = Stop(
        plan_id=plan.id,
        request_id=request.id,
        position=len(tour.stops),
        drive=drive,
        arrives=starts - request.setup,
        starts=starts,
        departs=starts + request.session + request.teardown,
    )
    tour.stops.append(stop)
    session.flush()
    visit = promises.promise(session, stop, actor="zhou", now=now)
    move_request(request, RequestState.PLANNED, now=now)
    session.flush()
    return visit


def leave_out(session: Session, plan: Plan, request: VisitRequest, reason: str, **detail: object) -> None:
    """The plan has no place for this request."""
    session.add(Unserved(plan_id=plan.id, request_id=request.id, reason=reason, detail=detail))
    session.flush()
