"""Requests: what a town asks for, and what becomes of it until a plan promises a visit.

What is acceptable is judged in `schedules.wishes`; here it is stored, changed and taken back. Decisions on requests are
made in `schedules.decisions` and reached through this door too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import audit, calendar, visits
from schedules.decisions import accept, decline, expire, pin, set_priority, unpin
from schedules.errors import AlreadyPromised, AlreadyUnderWay, ChangedMeanwhile, Forbidden, MoveNotAllowed, NotFound
from schedules.finding import find
from schedules.inbox import catalogue, get_request, list_requests, record, refuse_bad_reason, tell
from schedules.lifecycle import LIVE_VISITS, MOVABLE_VISITS, move_request
from schedules.models import RequestService, RequestState, RequestWindow, Town, Visit, VisitRequest
from schedules.numbering import next_number
from schedules.wishes import Asked, Wish, WishService, WishWindow, earliest_day, read

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

WITHDRAWN = "withdrawn"
"""The reason of a visit that is cancelled because its town took the request back without saying why."""


# What a town does -----------------------------------------------------------------------------------------------------


def submit(
    session: Session,
    town_id: int,
    wish: Wish,
    *,
    actor: str,
    now: datetime,
    own_town_id: int | None = None,
    answered: bool = True,
) -> VisitRequest:
    """File a request for a town; `own_town_id` is the town of whoever files it, None for a coordinator.

    The town is told that it has come in, unless it is not `answered` because better news follow at once.

    Raises:
        Forbidden: somebody files for another town than the own.
        Refused: something in the wish is not acceptable; several problems come as one Invalid.
    """
    if own_town_id not in (None, town_id):
        raise Forbidden(field="town_id")
    if find(session, Town, town_id) is None:
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
    record(session, request, "submitted", actor=actor, now=now, after=_picture(request))
    if answered:
        tell(session, request, "request_received", now=now)
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
    record(session, request, "amended", actor=actor, now=now, before=old, after=new)
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
    refuse_bad_reason(reason or "")
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
    record(session, request, "withdrawn", actor=actor, now=now, before={"state": before}, after=after)
    return request


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
        "preferred": [window.preferred for window in request.windows],
        "contact_name": request.contact_name,
        "contact_phone": request.contact_phone,
        "contact_email": request.contact_email,
        "note": request.note,
    }
