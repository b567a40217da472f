"""Requests: what a town asks for, and what becomes of it until a plan promises a visit.

What is acceptable is judged in `schedules.wishes`; here it is stored, decided, changed and taken back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from schedules import audit, calendar, reminders, visits
from schedules.errors import (
    AlreadyPromised,
    AlreadyUnderWay,
    BadPin,
    BadText,
    ChangedMeanwhile,
    Forbidden,
    Missing,
    MoveNotAllowed,
    NotFound,
    TextTooLong,
)
from schedules.lifecycle import LIVE_VISITS, MOVABLE_VISITS, move_request
from schedules.models import (
    Priority,
    RequestService,
    RequestState,
    RequestWindow,
    Service,
    Shift,
    Town,
    Visit,
    VisitRequest,
)
from schedules.numbering import next_number
from schedules.wishes import Asked, Wish, WishService, WishWindow, earliest_day, is_printable, read

__all__ = [
    "Wish",
    "WishService",
    "WishWindow",
    "accept",
    "amend",
    "catalogue",
    "decline",
    "earliest_day",
    "expire",
    "get_request",
    "list_requests",
    "pin",
    "set_priority",
    "submit",
    "unpin",
    "withdraw",
]

LONGEST_REASON = 500
WITHDRAWN = "withdrawn"
"""The reason of a visit that is cancelled because its town took the request back without saying why."""


# Reading --------------------------------------------------------------------------------------------------------------


def catalogue(session: Session) -> list[Service]:
    """The services that can be asked for."""
    return list(session.scalars(select(Service).where(Service.active).order_by(Service.position, Service.id)))


def get_request(session: Session, request_id: int, town_id: int | None = None) -> VisitRequest:
    """The request. Raises NotFound, also where it is another town's than `town_id`."""
    request = session.get(VisitRequest, request_id)
    if request is None or town_id not in (None, request.town_id):
        raise NotFound(noun="request", id=request_id)
    return request


def list_requests(
    session: Session,
    *,
    town_id: int | None = None,
    states: Collection[RequestState] | None = None,
    after_id: int | None = None,
    limit: int = 50,
) -> list[VisitRequest]:
    """Requests, the newest first; `after_id` is the last id of the page before."""
    found = select(VisitRequest).options(joinedload(VisitRequest.venue), joinedload(VisitRequest.town))
    if town_id is not None:
        found = found.where(VisitRequest.town_id == town_id)
    if states is not None:
        found = found.where(VisitRequest.state.in_(states))
    if after_id is not None:
        found = found.where(VisitRequest.id < after_id)
    return list(session.scalars(found.order_by(VisitRequest.id.desc()).limit(limit)))


# What a town does -----------------------------------------------------------------------------------------------------


def submit(
    session: Session, town_id: int, wish: Wish, *, actor: str, now: datetime, own_town_id: int | None = None
) -> VisitRequest:
    """File a request for a town; `own_town_id` is the town of whoever files it, None for a coordinator.

    Raises:
        Forbidden: somebody files for another town than the own.
        Refused: something in the wish is not acceptable; several problems come as one Invalid.
    """
    if own_town_id not in (None, town_id):
        raise Forbidden(field="town_id")
    if session.get(Town, town_id) is None:
        raise NotFound(noun="town", id=town_id)
    asked = read(session, town_id, wish, now=now)
    year = calendar.local_day(now).year
    request = VisitRequest(
        number=f"{year}-{next_number(session, f'requests of {year}'):04d}",
        town_id=town_id,
        state=RequestState.SUBMITTED,
        priority=wish.priority,
        submitted_at=now,
        submitted_by=actor,
    )
    _fill(request, wish, asked, now)
    session.add(request)
    session.flush()
    _record(session, request, "submitted", actor=actor, now=now, after=_picture(request))
    _tell(session, request, "request_received", now=now)
    return request


def amend(
    session: Session,
    request_id: int,
    wish: Wish,
    *,
    actor: str,
    now: datetime,
    version: int | None = None,
    town_id: int | None = None,
) -> VisitRequest:
    """Change a request that no visit has been promised for. Its priority stays.

    What was accepted before must be decided again, unless only contact and note have changed.

    Raises:
        AlreadyPromised: a visit has been promised.
        ChangedMeanwhile: the request's version is no longer `version`.
        Refused: something in the wish is not acceptable.
    """
    request = _open_to_change(session, request_id, version=version, town_id=town_id)
    asked = read(session, request.town_id, wish, now=now)
    before, matter_before = _picture(request), _matter(request)
    _fill(request, wish, asked, now)
    session.flush()
    if _matter(request) != matter_before:
        request.pinned_shift_id = request.pinned_starts = None
        if request.state is RequestState.ACCEPTED:
            move_request(request, RequestState.SUBMITTED, now=now)
            request.decided_at = None
    session.flush()
    old, new = audit.changed(before, _picture(request))
    _record(session, request, "amended", actor=actor, now=now, before=old, after=new)
    return request


def withdraw(
    session: Session,
    request_id: int,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    town_id: int | None = None,
    version: int | None = None,
) -> VisitRequest:
    """Take a request back; a visit promised for it is cancelled by the town and everybody told.

    Raises:
        AlreadyUnderWay: the van has set off.
        MoveNotAllowed: the request has ended otherwise.
    """
    request = _current(session, request_id, version=version, town_id=town_id)
    if request.state is RequestState.WITHDRAWN:
        return request
    _refuse_bad_text(reason or "")
    before = request.state
    visit = session.scalar(select(Visit).where(Visit.request_id == request.id, Visit.state.in_(LIVE_VISITS)))
    if visit is None:
        move_request(request, RequestState.WITHDRAWN, now=now)
    elif visit.state in MOVABLE_VISITS:
        said = (reason or "").strip() or WITHDRAWN
        visits.cancel(session, visit.id, said, actor=actor, now=now, by="town", request_to=RequestState.WITHDRAWN)
    else:
        raise AlreadyUnderWay(noun="visit", id=visit.id)
    after = {"state": request.state, "reason": reason}
    _record(session, request, "withdrawn", actor=actor, now=now, before={"state": before}, after=after)
    return request


# What a coordinator does ----------------------------------------------------------------------------------------------


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
    _refuse_bad_text(reason)
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
    _record(session, request, to.value, actor=actor, now=now, before={"state": before}, after=after)
    _tell(session, request, f"request_{to.value}", now=now)
    return request


def set_priority(session: Session, request_id: int, priority: Priority, *, actor: str, now: datetime) -> VisitRequest:
    """Say how much a request matters; the planner's prize for it follows."""
    request = get_request(session, request_id)
    if request.priority is priority:
        return request
    before, request.priority = request.priority, priority
    request.touch(now)
    session.flush()
    _record(
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
    shift = session.get(Shift, shift_id)
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
    _record(session, request, verb, actor=actor, now=now, before=before, after=after)
    return request


# What time does -------------------------------------------------------------------------------------------------------


def expire(session: Session, *, now: datetime) -> int:
    """End the requests whose last window has passed without a promise; the number of them."""
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
            _record(session, request, "expired", actor="system", now=now, before={"state": before}, after=after)
            number += 1
    session.flush()
    return number


# Within ---------------------------------------------------------------------------------------------------------------


def _current(session: Session, request_id: int, *, version: int | None, town_id: int | None) -> VisitRequest:
    request = get_request(session, request_id, town_id)
    if version not in (None, request.version):
        raise ChangedMeanwhile(version=request.version)
    return request


def _open_to_change(session: Session, request_id: int, *, version: int | None, town_id: int | None) -> VisitRequest:
    request = _current(session, request_id, version=version, town_id=town_id)
    if request.state is RequestState.PLANNED:
        raise AlreadyPromised(noun="request", id=request.id)
    if request.state not in (RequestState.SUBMITTED, RequestState.ACCEPTED):
        raise MoveNotAllowed(noun="request", from_=request.state.value, to=RequestState.SUBMITTED.value)
    return request


def _fill(request: VisitRequest, wish: Wish, asked: Asked, now: datetime) -> None:
    request.venue_id = asked.venue.id
    request.setup, request.session, request.teardown = asked.setup, asked.session, asked.teardown
    request.kits, request.people = asked.kits, wish.people
    request.contact_name, request.contact_phone = wish.contact_name.strip(), wish.contact_phone.strip()
    request.contact_email = (wish.contact_email or "").strip() or None
    request.note = (wish.note or "").strip() or None
    request.alternative_group = (wish.alternative_group or "").strip() or None
    request.brings = sorted(set(wish.brings))
    request.windows = [
        RequestWindow(day=window.day, opens=window.opens, closes=window.closes, preferred=window.preferred)
        for window in wish.windows
    ]
    present = {each.service_id: each for each in request.services}
    request.services = [
        present.get(each.service.id) or RequestService(service_id=each.service.id) for each in asked.services
    ]
    for row, each in zip(request.services, asked.services, strict=True):
        row.minutes = each.minutes
    request.touch(now)


def _matter(request: VisitRequest) -> dict[str, Any]:
    """What a decision was made about."""
    windows = sorted((window.day.isoformat(), window.opens, window.closes) for window in request.windows)
    return {
        "venue_id": request.venue_id,
        "services": sorted([each.service_id, each.minutes] for each in request.services),
        "windows": [list(window) for window in windows],
        "people": request.people,
        "brings": list(request.brings),
        "alternative_group": request.alternative_group,
    }


def _picture(request: VisitRequest) -> dict[str, Any]:
    return {
        "state": request.state,
        "priority": request.priority,
        **_matter(request),
        "contact_name": request.contact_name,
        "contact_phone": request.contact_phone,
        "contact_email": request.contact_email,
        "note": request.note,
    }


def _refuse_bad_text(reason: str) -> None:
    if len(reason) > LONGEST_REASON:
        raise TextTooLong(field="reason", most=LONGEST_REASON, given=len(reason))
    if not is_printable(reason):
        raise BadText(field="reason")


def _record(session: Session, request: VisitRequest, verb: str, **said: Any) -> None:
    audit.record(session, verb=verb, noun="request", noun_id=request.id, **said)


def _tell(session: Session, request: VisitRequest, kind: str, *, now: datetime) -> None:
    reminders.queue_request_messages(session, request, kind, now=now)
