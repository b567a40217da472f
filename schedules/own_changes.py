"""A town's own changes: what it may alter of its request that a published plan left out, so that it can be served.

Reasons were found on the draft (`schedules.explaining`), and much may have happened since. Of the changes listed there
a town may make those that alter nothing but its own request (never overtime, crew, kits or pins), and only where the
request as changed now fits beside everything that is promised, pinned or held, moving nobody. The request stays
accepted; the wait list, asked at once, offers the time to whoever is worth most, which is most often this request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import wait_list
from schedules.applying import ask_otherwise, carry_out, claim, get_explanation, shift_of_code
from schedules.errors import BadChoice, ChangeGone, MoveNotAllowed, NotFound
from schedules.inbox import get_request, record
from schedules.models import Explanation, Hold, Plan, PlanState, RequestState, RequestWindow, Unserved, VisitRequest
from schedules.openings import openings, unfiled_request
from schedules.planning import TravelMaker
from schedules.publishing import queue_up

OWN_KINDS = ("wider_window", "other_day", "fewer_services", "later_day")
"""The kinds of change that alter nothing but the request."""

COPIED = ("id", "number", "priority", "brings", "alternative_group", "setup", "session", "teardown", "kits")


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change of an explanation that a town may make now; `number` is its place there."""

    explanation: Explanation
    number: int

    @property
    def kind(self) -> str:
        """Which kind of change it is, a code."""
        return str(self.explanation.changes[self.number]["kind"])


def left_out_of(session: Session, requests: Sequence[VisitRequest]) -> dict[int, Unserved]:
    """For each request that waits, why the latest published plan has no place for it.

    A request decided anew after the plan was asked for is another request; what the plan said of it no longer counts.
    """
    waiting = [each.id for each in requests if each.state is RequestState.ACCEPTED]
    rows = session.scalars(
        select(Unserved)
        .join(Plan, Plan.id == Unserved.plan_id)
        .join(Unserved.request)
        .where(Plan.state == PlanState.PUBLISHED, Unserved.request_id.in_(waiting))
        .where(func.coalesce(VisitRequest.decided_at, VisitRequest.submitted_at) <= Plan.created_at)
        .order_by(Unserved.plan_id)
    )
    return {row.request_id: row for row in rows}


def own_change(
    session: Session, request: VisitRequest, *, now: datetime, travel: TravelMaker | None = None
) -> OwnChange | None:
    """The cheapest change that is the town's to make and would serve its request now; None where there is none.

    Raises TravelUnavailable.
    """
    row = _explanation_of(session, request)
    if row is None or row.applied is not None or not _may_be_changed(request):
        return None
    fitting = (number for number in _own_numbers(row) if _helps(session, request, row.changes[number], now, travel))
    number = next(fitting, None)
    return None if number is None else OwnChange(row, number)


def apply_own_change(
    session: Session,
    request_id: int,
    number: int,
    *,
    actor: str,
    now: datetime,
    town_id: int | None = None,
    travel: TravelMaker | None = None,
) -> Hold | None:
    """Make a change of the town's own and let the wait list offer what is free; the request's offer, if it gets one.

    The caller must roll back when this raises.

    Raises:
        NotFound: there is no such request of the town, or nothing is known of why it was left out.
        BadChoice: no change of the town's own has this number.
        MoveNotAllowed: one was made already, or the request does not wait, or is pinned or offered a time.
        ChangeGone: it would no longer help.
        TravelUnavailable: the road times cannot be had.
    """
    queue_up(session)
    request = get_request(session, request_id, town_id)
    row = _explanation_of(session, request)
    if row is None:
        raise NotFound(noun="explanation", id=request_id)
    if number not in _own_numbers(row):
        raise BadChoice(field="number", given=number, known=_own_numbers(row))
    if row.applied is not None or not _may_be_changed(request):
        raise MoveNotAllowed(noun="request", from_=request.state.value, to="changed")
    change = row.changes[number]
    if not _helps(session, request, change, now, travel):
        raise ChangeGone(noun="request", id=request_id)
    claim(session, row, number, actor=actor, now=now)
    carry_out(session, request, shift_of_code(session, change["shift"]), change, actor=actor, now=now)
    after = {"plan": row.plan_id, **{key: change[key] for key in ("kind", "shift", "detail", "points")}}
    record(session, request, "change_applied", actor=actor, now=now, after=after)
    wait_list.offer_freed(session, now=now, travel=travel)
    return wait_list.offer_to(session, request, now=now)


def _explanation_of(session: Session, request: VisitRequest) -> Explanation | None:
    left_out = left_out_of(session, [request]).get(request.id)
    if left_out is None:
        return None
    try:
        return get_explanation(session, left_out.plan_id, request.id)
    except NotFound:
        return None


def _own_numbers(row: Explanation) -> list[int]:
    return [number for number, change in enumerate(row.changes) if change["kind"] in OWN_KINDS]


def _may_be_changed(request: VisitRequest) -> bool:
    """A request that is pinned has its place, or is just being offered one."""
    return request.state is RequestState.ACCEPTED and request.pinned_shift_id is None


# Does it help now? ----------------------------------------------------------------------------------------------------


def _helps(
    session: Session, request: VisitRequest, change: Mapping[str, Any], now: datetime, travel: TravelMaker | None
) -> bool:
    """Whether the request as changed fits on the change's day beside everything that stands, and nobody moves."""
    trial = _copy_of(request)
    try:
        ask_otherwise(trial, change)
        day = shift_of_code(session, change["shift"]).day
    except (ChangeGone, NotFound):
        return False
    found = openings(session, day, day, now=now, asked=[trial], travel=travel)
    return any(not offer.shifted for offer in found.offers(request.id))


def _copy_of(request: VisitRequest) -> VisitRequest:
    """The request to be tried otherwise; the copy belongs to no session."""
    windows = [
        RequestWindow(day=each.day, opens=each.opens, closes=each.closes, preferred=each.preferred)
        for each in request.windows
    ]
    services = [(each.service, each.minutes) for each in request.services]
    trial = unfiled_request(request.venue, services, windows, now=request.submitted_at)
    for name in COPIED:
        setattr(trial, name, getattr(request, name))
    return trial
