"""Decisions: what a coordinator, or the passing of time, makes of a request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import calendar
from schedules.errors import BadPin, Missing, MoveNotAllowed
from schedules.finding import find
from schedules.inbox import get_request, record, refuse_bad_reason, tell
from schedules.lifecycle import move_request
from schedules.models import Priority, RequestState, RequestWindow, Shift, VisitRequest


def accept(session: Session, request_id: int, *, actor: str, now: datetime) -> VisitRequest:
    """Take a request into the planning and tell the town. Raises MoveNotAllowed unless it is submitted."""
    request = get_request(session, request_id)
    if request.state is not RequestState.SUBMITTED:
        raise MoveNotAllowed(noun="request", from_=request.state.value, to=RequestState.ACCEPTED.value)
    return _decide(session, request, RequestState.ACCEPTED, None, actor=actor, now=now)


def decline(session: Session, request_id: int, *, reason: str, actor: str, now: datetime) -> VisitRequest:
    """Refuse a request for a reason that the town is told. Raises MoveNotAllowed once a visit is promised."""
    if not reason.strip():
        raise Missing(field="reason")
    refuse_bad_reason(reason)
    request = get_request(session, request_id)
    return _decide(session, request, RequestState.DECLINED, reason.strip(), actor=actor, now=now)


def _decide(
    session: Session, request: VisitRequest, to: RequestState, reason: str | None, *, actor: str, now: datetime
) -> VisitRequest:
    before = request.state
    move_request(request, to, now=now)
    request.decided_at, request.decline_reason = now, reason
    session.flush()
    after = {"state": to} if reason is None else {"state": to, "reason": reason}
    record(session, request, to.value, actor=actor, now=now, before={"state": before}, after=after)
    tell(session, request, f"request_{to.value}", now=now)
    return request


def set_priority(session: Session, request_id: int, priority: Priority, *, actor: str, now: datetime) -> VisitRequest:
    """Say how much a request matters; the planner's prize for it follows."""
    request = get_request(session, request_id)
    if request.priority is priority:
        return request
    before, request.priority = request.priority, priority
    request.touch(now)
    session.flush()
    record(
        session, request, "prioritised", actor=actor, now=now, before={"priority": before}, after={"priority": priority}
    )
    return request


def pin(
    session: Session, request_id: int, shift_id: int, starts: int | None = None, *, actor: str, now: datetime
) -> VisitRequest:
    """Fix a request to a shift and, where `starts` is given, to a minute of its day.

    Raises:
        BadPin: the shift does not drive, or no window of the request allows it.
        MoveNotAllowed: the request does not wait to be planned.
    """
    request = get_request(session, request_id)
    if request.state not in (RequestState.ACCEPTED, RequestState.PLANNED):
        raise MoveNotAllowed(noun="request", from_=request.state.value, to="pinned")
    shift = find(session, Shift, shift_id)
    if shift is None or shift.out_of_service is not None:
        raise BadPin(field="shift_id", given=shift_id)
    spans = [(window.opens, window.closes) for window in request.windows if window.day == shift.day]
    if not spans:
        raise BadPin(field="shift_id", given=shift_id, day=shift.day.isoformat())
    if starts is not None and not any(o <= starts and starts + request.session <= c for o, c in spans):
        raise BadPin(field="starts", given=starts, windows=[list(span) for span in spans], session=request.session)
    return _pin(session, request, shift_id, starts, "pinned", actor=actor, now=now)


def unpin(session: Session, request_id: int, *, actor: str, now: datetime) -> VisitRequest:
    """Let the planner decide again where a request goes."""
    request = get_request(session, request_id)
    if request.pinned_shift_id is None:
        return request
    return _pin(session, request, None, None, "unpinned", actor=actor, now=now)


def _pin(
    session: Session,
    request: VisitRequest,
    shift_id: int | None,
    starts: int | None,
    verb: str,
    *,
    actor: str,
    now: datetime,
) -> VisitRequest:
    before = {"shift_id": request.pinned_shift_id, "starts": request.pinned_starts}
    request.pinned_shift_id, request.pinned_starts = shift_id, starts
    request.touch(now)
    session.flush()
    after = {"shift_id": shift_id, "starts": starts}
    record(session, request, verb, actor=actor, now=now, before=before, after=after)
    return request


def expire(session: Session, *, now: datetime) -> int:
    """End the requests whose last window has passed without a promise, and tell their towns; the number of them."""
    today = calendar.local_day(now)
    last_day = select(func.max(RequestWindow.day)).where(RequestWindow.request_id == VisitRequest.id).scalar_subquery()
    waiting = select(VisitRequest).where(
        VisitRequest.state.in_((RequestState.SUBMITTED, RequestState.ACCEPTED)), last_day <= today
    )
    number = 0
    for request in session.scalars(waiting).all():
        if all(calendar.instant(window.day, window.closes) <= now for window in request.windows):
            before = request.state
            move_request(request, RequestState.EXPIRED, now=now)
            after = {"state": RequestState.EXPIRED}
            session.flush()
            record(session, request, "expired", actor="system", now=now, before={"state": before}, after=after)
            tell(session, request, "request_expired", now=now)
            number += 1
    return number
