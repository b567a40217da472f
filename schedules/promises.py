"""Promises: the only door through which a visit is made or changed.

Every change raises the visit's version and writes a VisitChange and an audit row. Who may change what, and when, is
for `schedules.visits` (the town and the crew) and `schedules.publishing` (a new plan) to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import audit
from schedules.lifecycle import move_request, move_visit
from schedules.models import RequestState, Stop, Visit, VisitChange, VisitRequest, VisitState


def promise(session: Session, stop: Stop, *, actor: str, now: datetime) -> Visit:
    """Make a new visit out of a plan's stop."""
    request, shift = stop.request, stop.tour.shift
    earlier = session.scalars(select(Visit.id).where(Visit.request_id == request.id)).all()
    visit = Visit(
        uid=f"{request.number}-{len(earlier) + 1}",
        request_id=request.id,
        town_id=request.town_id,
        venue_id=request.venue_id,
        plan_id=stop.plan_id,
        shift_id=shift.id,
        state=VisitState.PROMISED,
        version=1,
        day=shift.day,
        arrives=stop.arrives,
        starts=stop.starts,
        closes=stop.starts + request.session,
        departs=stop.departs,
    )
    session.add(visit)
    session.flush()
    _log(session, visit, "promised", {}, _promise(visit), actor=actor, now=now, reason=None)
    return visit


def move(session: Session, visit: Visit, stop: Stop, *, actor: str, now: datetime) -> Visit:
    """Change what is promised to what a plan's stop says; a confirmation given before no longer counts."""
    to = VisitState.PROMISED if visit.state is VisitState.CONFIRMED else None
    shift = stop.tour.shift
    return change(
        session,
        visit,
        "moved",
        actor=actor,
        now=now,
        to=to,
        plan_id=stop.plan_id,
        shift_id=shift.id,
        day=shift.day,
        arrives=stop.arrives,
        starts=stop.starts,
        closes=stop.starts + stop.request.session,
        departs=stop.departs,
    )


def follow(session: Session, visit: Visit, stop: Stop) -> None:
    """Take over from a newer plan what is the van's own business: when it arrives and leaves.

    Day, van and session stay as promised, so the version stays too and nobody is told again.
    """
    visit.plan_id, visit.arrives, visit.departs = stop.plan_id, stop.arrives, stop.departs
    session.flush()


def change(
    session: Session,
    visit: Visit,
    kind: str,
    *,
    actor: str,
    now: datetime,
    to: VisitState | None = None,
    reason: str | None = None,
    **values: Any,
) -> Visit:
    """Change a visit in any way: its version rises and the change is logged.

    Raises:
        MoveNotAllowed: the visit cannot get from its state to `to`.
    """
    before = {"state": visit.state} | {name: getattr(visit, name) for name in values}
    if to is not None:
        move_visit(visit, to)
    for name, value in values.items():
        setattr(visit, name, value)
    if reason is not None:
        visit.reason = reason
    visit.version += 1
    after = {"state": visit.state} | values
    session.flush()
    if "shift_id" in values:
        session.expire(visit, ["shift"])
    _log(session, visit, kind, *audit.changed(before, after), actor=actor, now=now, reason=reason)
    return visit


def _log(
    session: Session,
    visit: Visit,
    kind: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    reason: str | None,
) -> None:
    told = after if reason is None else {**after, "reason": reason}
    row = audit.record(
        session, actor=actor, now=now, verb=kind, noun="visit", noun_id=visit.id, before=before, after=told
    )
    changed = VisitChange(
        version=visit.version, at=now, actor=actor, kind=kind, before=row.before, after=row.after, reason=reason
    )
    visit.changes.append(changed)
    session.flush()


def _promise(visit: Visit) -> dict[str, Any]:
    return {"state": visit.state, "shift_id": visit.shift_id, "day": visit.day, "starts": visit.starts}


def release(session: Session, request: VisitRequest, to: RequestState, *, now: datetime) -> None:
    """Move a request whose promise has gone; a pin to the shift that went goes with it."""
    if request.state is not to:
        move_request(request, to, now=now)
    request.pinned_shift_id = request.pinned_starts = None
    session.flush()
