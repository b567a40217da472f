"""The wait list: capacity that has become free is offered to requests that the published plan left out.

Nobody has to say that something became free: whoever the plan in force left out and who now fits beside everything
that is promised, pinned or held is offered the slot, the one first who is worth most to the district (`prizes`, and a
visit that the town is due and lacks) less the detour. An offer is a hold: the request is pinned to the slot, so that
every plan made meanwhile keeps it; the town takes it, or lets it pass, or the time runs out and the next one is asked.
A request has one offer at a time, and is not offered again a shift that it let go or that was taken back from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from routes.offers import Offer
from schedules import audit, calendar, fairness, reminders
from schedules.additions import add_visit
from schedules.days import works
from schedules.errors import HoldOver
from schedules.facts import facts_of_request
from schedules.held import end, end_what_is_over, is_any_over, is_live
from schedules.holds import get_hold
from schedules.models import (
    Hold,
    HoldKind,
    HoldService,
    HoldState,
    Plan,
    PlanState,
    RequestState,
    Shift,
    Unserved,
    VisitRequest,
)
from schedules.openings import Openings, openings
from schedules.planning import TravelMaker
from schedules.planning_inputs import read_requests
from schedules.prizes import prize_parts
from schedules.publishing import queue_up
from schedules.recipients import people_for

MOST_A_TICK = 20
SHORTEST_OFFER = timedelta(hours=2)
LATEST_HOUR = 16 * 60
"""On the last day on which a visit can still be planned an offer ends at this minute, so that people can prepare."""


def offer_freed(session: Session, *, now: datetime, travel: TravelMaker | None = None) -> list[Hold]:
    """Offer what is free to whoever waits for it; the holds that are new. Ends first what is over."""
    if not is_any_over(session, now=now) and _next(session, now=now, travel=travel) is None:
        return []  # most often: nobody need wait for us
    queue_up(session)
    end_what_is_over(session, now=now)
    made: list[Hold] = []
    while len(made) < MOST_A_TICK:
        found = _next(session, now=now, travel=travel)
        if found is None:
            break
        made.append(_hold_for(session, found, now=now))
    return made


def take(
    session: Session,
    hold_id: int,
    *,
    actor: str,
    now: datetime,
    town_id: int | None = None,
    travel: TravelMaker | None = None,
) -> VisitRequest:
    """The town takes what it is offered: the visit is promised at once. The caller rolls back when this raises.

    Raises:
        HoldOver: the offer is over.
        SlotGone: the van has broken down, or the like, since.
    """
    queue_up(session)
    offered = _live_offer(session, hold_id, town_id, now)
    request, shift, starts = offered.request, offered.shift, offered.starts
    assert request is not None  # an offer has one
    end(session, offered, HoldState.TAKEN, actor=actor, now=now)
    add_visit(session, request, shift, starts, actor=actor, now=now, travel=travel)
    return request


def let_pass(session: Session, hold_id: int, *, actor: str, now: datetime, town_id: int | None = None) -> Hold:
    """The town does not want this slot; its request goes on waiting for another. Raises HoldOver."""
    queue_up(session)
    offered = get_hold(session, hold_id, town_id)
    if offered.state is HoldState.PASSED:
        return offered
    return end(session, _live_offer(session, hold_id, town_id, now), HoldState.PASSED, actor=actor, now=now)


def offer_to(session: Session, request: VisitRequest, *, now: datetime) -> Hold | None:
    """What a request is offered now."""
    found = session.scalar(select(Hold).where(Hold.request_id == request.id, Hold.state == HoldState.HELD))
    return found if found is not None and found.kind is HoldKind.WAIT_LIST and is_live(found, now) else None


def deadline(session: Session, now: datetime, day: date, *, hours: int, notice_days: int) -> datetime:
    """When an offer ends: after so many hours of working days, and while a visit on the day can still be planned."""
    ends, left = now, timedelta(hours=hours)
    last = calendar.instant(day - timedelta(days=max(1, notice_days)), LATEST_HOUR)
    while left > timedelta() and ends < last:
        today = calendar.local_day(ends)
        midnight = calendar.instant(today + timedelta(days=1), 0)
        if works(session, today):
            step = min(left, midnight - ends)
            ends, left = ends + step, left - step
        else:
            ends = midnight
    return min(ends, last)


# Whom to ask next -----------------------------------------------------------------------------------------------------


class Candidate(NamedTuple):
    """A request with the slot to offer it until `ends`; `worth` is for the district, the detour paid."""

    worth: int
    request: VisitRequest
    shift: Shift
    starts: int
    ends: datetime


def _next(session: Session, *, now: datetime, travel: TravelMaker | None) -> Candidate | None:
    """Who is to be asked next, and for what."""
    waiting = _waiting(session, now)
    if not waiting:
        return None
    first, last = min(day for day, _ in waiting.values()), max(day for _, day in waiting.values())
    requests = read_requests(session, ids=waiting.keys())
    found = openings(session, first, last, now=now, asked=requests, travel=travel)
    candidates = [
        Candidate(worth - offer.points + offer.bonus, request, found.shifts[offer.shift], offer.starts, ends)
        for request, worth in _by_worth(session, requests, found)
        for offer, ends in _fitting(session, request, found, waiting[request.id], now=now)
    ]
    return max(candidates, key=lambda each: (each.worth, -each.request.id), default=None)


def _waiting(session: Session, now: datetime) -> dict[int, tuple[date, date]]:
    """The requests that a published plan has left out and that nothing is offered to, with the plan's days ahead."""
    today = calendar.local_day(now)
    offered = select(Hold.request_id).where(Hold.state == HoldState.HELD, Hold.request_id.is_not(None))
    rows = session.execute(
        select(Unserved.request_id, Plan.first_day, Plan.last_day)
        .join(Plan, Plan.id == Unserved.plan_id)
        .join(Unserved.request)
        .where(
            Plan.state == PlanState.PUBLISHED,
            Plan.last_day > today,
            VisitRequest.state == RequestState.ACCEPTED,
            VisitRequest.pinned_shift_id.is_(None),
            VisitRequest.id.not_in(offered),
            func.coalesce(VisitRequest.decided_at, VisitRequest.submitted_at) <= Plan.created_at,
        )
        .order_by(Plan.id)
    )
    return {request_id: (max(first, today), last) for request_id, first, last in rows}


def _by_worth(
    session: Session, requests: Sequence[VisitRequest], found: Openings
) -> Iterator[tuple[VisitRequest, int]]:
    """What a visit to each would be worth: its prize, and what its town lacks of the visits it is due."""
    rows = found.rows
    since = fairness.days_since_last_visit(session, rows.today)
    lacking = {
        each.town.id for each in fairness.coverage(session, rows.first, rows.last, today=rows.today) if each.missing
    }
    for request in requests:
        parts = prize_parts(
            request,
            today=rows.today,
            days_since=since.get(request.town_id),
            hotspot_points=rows.hotspots.get(request.town_id, 0),
            settings=rows.numbers,
            urgent=request.id in rows.effects.urgent,
        )
        yield request, parts.total + (rows.numbers["town_shortfall"] if request.town_id in lacking else 0)


def _fitting(
    session: Session, request: VisitRequest, found: Openings, days: tuple[date, date], *, now: datetime
) -> Iterator[tuple[Offer, datetime]]:
    """The request's best slot that moves nobody and leaves time to answer, with the end of that time."""
    let_go = set(
        session.scalars(
            select(Hold.shift_id).where(
                Hold.request_id == request.id,
                Hold.kind == HoldKind.WAIT_LIST,
                Hold.state.in_((HoldState.PASSED, HoldState.EXPIRED, HoldState.RELEASED)),
            )
        )
    )
    numbers = found.rows.numbers
    for offer in found.offers(request.id):
        shift = found.shifts[offer.shift]
        if offer.shifted or shift.id in let_go or not days[0] <= shift.day <= days[1]:
            continue
        ends = deadline(session, now, shift.day, hours=numbers["offer_hours"], notice_days=numbers["notice_days"])
        if ends - now >= SHORTEST_OFFER:
            yield offer, ends
            return


def _hold_for(session: Session, found: Candidate, *, now: datetime) -> Hold:
    """Hold the slot, pin the request to it and tell its people."""
    request, shift, starts, ends = found.request, found.shift, found.starts, found.ends
    offered = Hold(
        kind=HoldKind.WAIT_LIST,
        state=HoldState.HELD,
        town_id=request.town_id,
        venue_id=request.venue_id,
        shift_id=shift.id,
        request_id=request.id,
        day=shift.day,
        starts=starts,
        setup=request.setup,
        session=request.session,
        teardown=request.teardown,
        kits=request.kits,
        created_at=now,
        created_by="wait list",
        expires_at=ends,
        services=[HoldService(service_id=each.service_id, minutes=each.minutes) for each in request.services],
    )
    session.add(offered)
    request.pinned_shift_id, request.pinned_starts = shift.id, starts
    request.touch(now)
    session.flush()
    audit.record(
        session,
        actor="wait list",
        now=now,
        verb="offered",
        noun="hold",
        noun_id=offered.id,
        after={"request_id": request.id, "shift_id": shift.id, "starts": starts, "expires_at": ends},
    )
    _tell(session, offered, request, now=now)
    return offered


def _tell(session: Session, offered: Hold, request: VisitRequest, *, now: datetime) -> None:
    until = offered.expires_at
    facts = {
        **facts_of_request(request),
        "day": offered.day.isoformat(),
        "starts": offered.starts,
        "closes": offered.closes,
        "until_day": calendar.local_day(until).isoformat(),
        "until_minute": calendar.local_minutes(until),
    }
    for to in people_for(session, "offer", request=request):
        reminders.queue_message(
            session,
            kind="offer",
            to=to,
            facts=facts,
            now=now,
            request=request,
            key=f"hold:{offered.id}:{to.key}:offer",
            useful_until=until,
        )


def _live_offer(session: Session, hold_id: int, town_id: int | None, now: datetime) -> Hold:
    offered = get_hold(session, hold_id, town_id)
    if offered.kind is not HoldKind.WAIT_LIST or not is_live(offered, now):
        raise HoldOver(field="hold")
    return offered
