"""Visits: finding them, and what the town and the crew say of them on the day.

What the crew records may come late from a phone without network, so every step takes the true time `at`, and a step
said twice is heard once. How a visit changes is `schedules.promises`' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from schedules import delays, reminders
from schedules.errors import Missing, MoveNotAllowed, NotFound
from schedules.finding import find
from schedules.inbox import refuse_bad_reason
from schedules.models import CrewMember, RequestState, Shift, Tour, Visit, VisitState
from schedules.promises import change, release


def get_visit(
    session: Session, visit_id: int, *, town_id: int | None = None, crew_member_id: int | None = None
) -> Visit:
    """The visit. Raises NotFound, also where it is another town's, or of a shift that the crew member does not ride."""
    visit = find(session, Visit, visit_id)
    if visit is None or town_id not in (None, visit.town_id):
        raise NotFound(noun="visit", id=visit_id)
    if crew_member_id is not None and crew_member_id not in [member.id for member in visit.shift.crew]:
        raise NotFound(noun="visit", id=visit_id)
    return visit


def list_visits(
    session: Session,
    first: date | None = None,
    last: date | None = None,
    *,
    town_id: int | None = None,
    crew_member_id: int | None = None,
    van_id: int | None = None,
) -> list[Visit]:
    """The visits of a span of days in the order in which they take place, cancelled ones included.

    Of one town, of the shifts that one crew member rides, of one van, where given.
    """
    found = _all_visits()
    if first is not None:
        found = found.where(Visit.day >= first)
    if last is not None:
        found = found.where(Visit.day <= last)
    if town_id is not None:
        found = found.where(Visit.town_id == town_id)
    if van_id is not None:
        found = found.where(Visit.shift.has(Shift.van_id == van_id))
    if crew_member_id is not None:
        found = found.where(Visit.shift.has(Shift.crew.any(CrewMember.id == crew_member_id)))
    return list(session.scalars(found))


def visits_of_town(session: Session, town_id: int, first: date | None = None, last: date | None = None) -> list[Visit]:
    """A town's visits in the order in which they take place."""
    return list_visits(session, first, last, town_id=town_id)


def visits_of_day(
    session: Session, day: date, *, crew_member_id: int | None = None, van_id: int | None = None
) -> list[Visit]:
    """The visits of a day, cancelled ones included; of one crew member's or one van's shift where given."""
    return list_visits(session, day, day, crew_member_id=crew_member_id, van_id=van_id)


def visit_of_request(session: Session, request_id: int) -> Visit | None:
    """The request's latest visit, whatever its state."""
    return session.scalar(
        _all_visits().where(Visit.request_id == request_id).order_by(None).order_by(Visit.id.desc()).limit(1)
    )


def _all_visits() -> Select[Visit]:
    return (
        select(Visit)
        .options(
            joinedload(Visit.request),
            joinedload(Visit.venue),
            joinedload(Visit.town),
            joinedload(Visit.shift).joinedload(Shift.van),
        )
        .order_by(Visit.day, Visit.starts, Visit.id)
    )


# What the town and the crew say ---------------------------------------------------------------------------------------


def confirm(session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None) -> Visit:
    """The town says that it expects the van."""
    visit = get_visit(session, visit_id)
    if visit.state in (VisitState.CONFIRMED, VisitState.ON_THE_WAY, VisitState.OPEN, VisitState.DONE):
        return visit
    return change(session, visit, "confirmed", actor=actor, now=now, to=VisitState.CONFIRMED)


def set_off(session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None) -> Visit:
    """The van drives towards the venue."""
    visit = get_visit(session, visit_id)
    if visit.set_off_at is not None and visit.state is not VisitState.CANCELLED:
        return visit
    change(session, visit, "set_off", actor=actor, now=now, to=VisitState.ON_THE_WAY, set_off_at=_true_time(at, now))
    delays.tell_on_the_way(session, visit, now=now)
    return _heard(session, visit, now)


def arrive(session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None) -> Visit:
    """The van stands at the venue."""
    visit = get_visit(session, visit_id)
    if visit.arrived_at is not None and visit.state is not VisitState.CANCELLED:
        return visit
    _require(visit, visit.state is VisitState.ON_THE_WAY, "arrived")
    change(session, visit, "arrived", actor=actor, now=now, arrived_at=_true_time(at, now))
    return _heard(session, visit, now)


def open_session(session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None) -> Visit:
    """The session begins."""
    visit = get_visit(session, visit_id)
    if visit.opened_at is not None and visit.state is not VisitState.CANCELLED:
        return visit
    _require(visit, visit.arrived_at is not None, "open")
    change(session, visit, "opened", actor=actor, now=now, to=VisitState.OPEN, opened_at=_true_time(at, now))
    return _heard(session, visit, now)


def close_session(session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None) -> Visit:
    """The session ends; the report makes the visit done."""
    visit = get_visit(session, visit_id)
    if visit.closed_at is not None and visit.state is not VisitState.CANCELLED:
        return visit
    _require(visit, visit.state is VisitState.OPEN, "closed")
    change(session, visit, "closed", actor=actor, now=now, closed_at=_true_time(at, now))
    return _heard(session, visit, now)


def leave(session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None) -> Visit:
    """The van drives away, before or after the report is written."""
    visit = get_visit(session, visit_id)
    if visit.left_at is not None:
        return visit
    _require(visit, visit.state in (VisitState.OPEN, VisitState.DONE) and visit.closed_at is not None, "left")
    change(session, visit, "left", actor=actor, now=now, left_at=_true_time(at, now))
    return _heard(session, visit, now)


def miss(
    session: Session, visit_id: int, reason: str, *, actor: str, now: datetime, at: datetime | None = None
) -> Visit:
    """The visit did not take place: its town is told, its request waits for another one."""
    visit = get_visit(session, visit_id)
    if visit.state is VisitState.MISSED:
        return visit
    visit = _end(session, visit_id, VisitState.MISSED, reason, by=actor, actor=actor, now=now)
    reminders.queue_visit_messages(session, visit, "visit_missed", now=now)
    return visit


def cancel(
    session: Session,
    visit_id: int,
    reason: str,
    *,
    actor: str,
    now: datetime,
    at: datetime | None = None,
    by: str | None = None,
    request_to: RequestState = RequestState.ACCEPTED,
) -> Visit:
    """Take the promise back and tell the town; `by` says whose wish that was, `actor` who typed it.

    The request waits for another visit, unless `request_to` says that it is withdrawn.
    """
    visit = get_visit(session, visit_id)
    if visit.state is VisitState.CANCELLED:
        return visit
    visit = _end(
        session, visit_id, VisitState.CANCELLED, reason, by=by or actor, actor=actor, now=now, request_to=request_to
    )
    reminders.queue_visit_messages(session, visit, "cancelled", now=now)
    return visit


def _end(
    session: Session,
    visit_id: int,
    to: VisitState,
    reason: str,
    *,
    by: str,
    actor: str,
    now: datetime,
    request_to: RequestState = RequestState.ACCEPTED,
) -> Visit:
    if not reason.strip():
        raise Missing(field="reason")
    refuse_bad_reason(reason)
    visit = get_visit(session, visit_id)
    if visit.state is to:
        return visit
    change(session, visit, to.value, actor=actor, now=now, to=to, reason=reason.strip(), ended_by=by)
    release(session, visit.request, request_to, now=now)
    return visit


def _heard(session: Session, visit: Visit, now: datetime) -> Visit:
    """After a step of the crew: the towns still ahead of the van are told if it runs late."""
    delays.tell_delays(session, visit.shift, now=now)
    return visit


def _true_time(at: datetime | None, now: datetime) -> datetime:
    """When it happened. A phone's clock that runs ahead is not believed."""
    return now if at is None else min(at, now)


def _require(visit: Visit, met: bool, to: str) -> None:
    if not met or visit.state in (VisitState.CANCELLED, VisitState.MISSED):
        raise MoveNotAllowed(noun="visit", from_=visit.state.value, to=to)


# A shift's tour as it stands ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TourView:
    """A shift with the visits promised on it; minutes of the shift's day, None where no plan says them.

    `as_planned` is false once visits were cancelled after publishing: the numbers are then those of the whole tour.
    """

    shift: Shift
    visits: list[Visit]
    leaves: int | None = None
    returns: int | None = None
    lunch: int | None = None
    driving: int | None = None
    drives: Mapping[int, int] = field(default_factory=dict)
    as_planned: bool = True


def tour_of(session: Session, shift_id: int) -> TourView:
    """The tour that a shift's visits make, with the hours of the plans that they were published from.

    `drives` gives for each visit's id the minutes of driving to it. Raises NotFound.
    """
    shift = find(session, Shift, shift_id)
    if shift is None:
        raise NotFound(noun="shift", id=shift_id)
    standing = _all_visits().where(Visit.shift_id == shift_id, Visit.state != VisitState.CANCELLED)
    visits = list(session.scalars(standing))
    plans = {visit.plan_id for visit in visits if visit.plan_id is not None}
    rows = session.scalars(select(Tour).where(Tour.plan_id.in_(plans), Tour.shift_id == shift_id))
    tours = {tour.plan_id: tour for tour in rows}
    if not tours:
        return TourView(shift, visits)
    return _joined(shift, visits, tours)


def _joined(shift: Shift, visits: list[Visit], tours: Mapping[int, Tour]) -> TourView:
    """The tour as published; one that was repaired while it was driven begins as the older plan says."""
    newest, oldest = tours[max(tours)], tours[min(tours)]
    drive_to = {(plan_id, stop.request_id): stop.drive for plan_id, tour in tours.items() for stop in tour.stops}
    wanted = {visit.id: (visit.plan_id, visit.request_id) for visit in visits}
    drives = {visit_id: drive_to[key] for visit_id, key in wanted.items() if key in drive_to}
    latest = [visit for visit in visits if visit.plan_id == newest.plan_id]
    as_planned = (
        [stop.request_id for stop in newest.stops] == [visit.request_id for visit in latest]
        and visits[len(visits) - len(latest) :] == latest
        and len(drives) == len(visits)
    )
    home = newest.driving - sum(stop.drive for stop in newest.stops)
    driving = newest.driving if newest is oldest else sum(drives.values()) + home
    lunch = newest.lunch if newest.lunch is not None else oldest.lunch
    return TourView(shift, visits, oldest.leaves, newest.returns, lunch, driving, drives, as_planned)
