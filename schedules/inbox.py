"""The inbox: finding requests, and saying what happens to them in the audit trail and to the town.

What may happen is for `schedules.requests` (the town) and `schedules.decisions` (the coordinator, and time) to say.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from schedules import audit, reminders
from schedules.errors import BadText, NotFound, TextTooLong
from schedules.finding import find
from schedules.models import RequestState, Service, VisitRequest
from schedules.wishes import is_printable

LONGEST_REASON = 500


def catalogue(session: Session) -> list[Service]:
    """The services that can be asked for."""
    return list(session.scalars(select(Service).where(Service.active).order_by(Service.position, Service.id)))


def get_request(session: Session, request_id: int, town_id: int | None = None) -> VisitRequest:
    """The request. Raises NotFound, also where it is another town's than `town_id`."""
    request = find(session, VisitRequest, request_id)
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


def refuse_bad_reason(reason: str) -> None:
    """Raises TextTooLong or BadText where a reason cannot be stored and shown."""
    if len(reason) > LONGEST_REASON:
        raise TextTooLong(field="reason", most=LONGEST_REASON, given=len(reason))
    if not is_printable(reason):
        raise BadText(field="reason")


def record(session: Session, request: VisitRequest, verb: str, **said: Any) -> None:
    """Add an audit row about a request; `said` is what `audit.record` takes besides."""
    audit.record(session, verb=verb, noun="request", noun_id=request.id, **said)


def tell(session: Session, request: VisitRequest, kind: str, *, now: datetime) -> None:
    """Queue a message to the people behind a request."""
    reminders.queue_request_messages(session, request, kind, now=now)
