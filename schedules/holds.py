"""Slots: what the vans can offer a town before it asks, holding one for a while, and asking for it.

Who holds or books queues up with whoever publishes, so that of two callers for the same capacity the second is judged
by what the first has done. A held slot is asked for in one of two ways: where the coordinator lets the town book by
itself (`Town.self_booking`) the request is accepted and its visit promised at once, by an addition to the plan
(`schedules.additions`); elsewhere it becomes a request that prefers the slot and waits to be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from routes.offers import Grade
from schedules import audit, calendar, requests
from schedules.additions import add_visit
from schedules.errors import HoldOver, NotFound, OtherThanHeld, SlotGone, TooManyHolds
from schedules.finding import find
from schedules.held import end, is_live, live_holds
from schedules.lifecycle import move_request
from schedules.models import (
    Hold,
    HoldKind,
    HoldService,
    HoldState,
    RequestState,
    RequestWindow,
    Shift,
    Town,
    VisitRequest,
)
from schedules.openings import UNFILED, days_driven, openings, unfiled_request
from schedules.planning import TravelMaker
from schedules.prizes import planning_numbers
from schedules.publishing import queue_up
from schedules.wishes import Asked, Wish, WishService, WishWindow, earliest_day, read_services

DAYS_AHEAD = 28
"""So many days ahead are searched for slots."""

WHOLE_DAY = (0, 24 * 60)


@dataclass(frozen=True, slots=True)
class Need:
    """What a slot is wanted for: a venue of the town, services, and what the host provides."""

    venue_id: int
    services: Sequence[WishService]
    brings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that a van can keep: the session may begin from `first` to `last` and best at `starts`.

    `driving` are minutes, `points` what the plan in force loses by it, `grade` how a town should read it.
    """

    shift: Shift
    day: date
    starts: int
    closes: int
    first: int
    last: int
    driving: int
    points: int
    shifted: int
    grade: Grade


def slots(
    session: Session,
    town_id: int,
    need: Need,
    windows: Sequence[WishWindow] = (),
    *,
    now: datetime,
    travel: TravelMaker | None = None,
    instead_of: Hold | None = None,
) -> list[Slot]:
    """The slots for a need, the best first; without windows at any time of the weeks ahead.

    `instead_of` is a hold that would be given back.
    Raises Refused where the need is not acceptable, TravelUnavailable.
    """
    asked = read_services(session, town_id, need.venue_id, need.services, need.brings)
    first = earliest_day(session, now)
    last = calendar.local_day(now) + timedelta(days=DAYS_AHEAD)
    wanted = windows or [WishWindow(day, *WHOLE_DAY) for day in days_driven(session, first, last)]
    frames = [
        RequestWindow(day=each.day, opens=each.opens, closes=each.closes, preferred=each.preferred)
        for each in wanted
        if first <= each.day <= last
    ]
    if not frames:
        return []
    days = [frame.day for frame in frames]
    unfiled = _unfiled(asked, frames, need, now)
    without = [] if instead_of is None else [instead_of.id]
    found = openings(session, min(days), max(days), now=now, asked=[unfiled], travel=travel, without=without)
    return [
        Slot(
            shift=found.shifts[offer.shift],
            day=found.shifts[offer.shift].day,
            starts=offer.starts,
            closes=offer.starts + unfiled.session,
            first=offer.first,
            last=offer.last,
            driving=offer.driving,
            points=offer.points,
            shifted=offer.shifted,
            grade=offer.grade,
        )
        for offer in found.offers()
    ]


def hold(
    session: Session,
    town_id: int,
    need: Need,
    shift_id: int,
    starts: int,
    *,
    actor: str,
    now: datetime,
    travel: TravelMaker | None = None,
) -> Hold:
    """Keep a slot for a town for a while. The caller must roll back when this raises.

    Raises:
        SlotGone: the van cannot keep it (any more).
        TooManyHolds: the town holds as many as it may.
        Refused: the need is not acceptable.
    """
    queue_up(session)
    asked = read_services(session, town_id, need.venue_id, need.services, need.brings)
    shift = find(session, Shift, shift_id)
    if shift is None or shift.day < earliest_day(session, now):
        raise SlotGone(field="shift_id")
    numbers = planning_numbers(session)
    mine = live_holds(session, now=now, town_id=town_id, kind=HoldKind.BOOKING)
    if len(mine) >= numbers["holds_per_town"]:
        raise TooManyHolds(most=numbers["holds_per_town"])
    frame = RequestWindow(day=shift.day, opens=starts, closes=starts + asked.session, preferred=False)
    day = openings(session, shift.day, shift.day, now=now, asked=[_unfiled(asked, [frame], need, now)], travel=travel)
    visit = day.asked.get(UNFILED)
    if visit is None or day.calendar.tour_with(visit, shift.code, starts) is None:
        raise SlotGone(field="starts")
    kept = Hold(
        kind=HoldKind.BOOKING,
        state=HoldState.HELD,
        town_id=town_id,
        venue_id=asked.venue.id,
        shift_id=shift.id,
        day=shift.day,
        starts=starts,
        setup=asked.setup,
        session=asked.session,
        teardown=asked.teardown,
        kits=asked.kits,
        created_at=now,
        created_by=actor,
        expires_at=now + timedelta(minutes=numbers["hold_minutes"]),
        services=[HoldService(service_id=each.service.id, minutes=each.minutes) for each in asked.services],
    )
    session.add(kept)
    session.flush()
    about = {"shift_id": shift.id, "starts": starts, "venue_id": asked.venue.id, "expires_at": kept.expires_at}
    audit.record(session, actor=actor, now=now, verb="held", noun="hold", noun_id=kept.id, after=about)
    return kept


def book(
    session: Session,
    hold_id: int,
    wish: Wish,
    *,
    actor: str,
    now: datetime,
    town_id: int | None = None,
    travel: TravelMaker | None = None,
) -> VisitRequest:
    """Ask for the slot that is held; the request is "planned" where the town books by itself. See the module.

    Raises:
        HoldOver: it is no longer held.
        OtherThanHeld: the wish is for another venue or other services.
        SlotGone: the van has broken down, or the like, since.
        Refused: something in the wish is not acceptable.
    """
    queue_up(session)
    kept = get_hold(session, hold_id, town_id)
    if kept.kind is not HoldKind.BOOKING or not is_live(kept, now):
        raise HoldOver(field="hold")
    asked = read_services(session, kept.town_id, wish.venue_id, wish.services, wish.brings)
    _refuse_other_need(kept, asked)
    slot = WishWindow(kept.day, kept.starts, kept.closes, preferred=True)
    at_once = kept.town.self_booking
    span = slot.day, slot.opens, slot.closes
    others = [each for each in wish.windows if (each.day, each.opens, each.closes) != span and not at_once]
    wish = replace(wish, windows=(slot, *others))
    request = requests.submit(
        session, kept.town_id, wish, actor=actor, now=now, own_town_id=town_id, answered=not at_once
    )
    kept.request_id = request.id
    end(session, kept, HoldState.TAKEN, actor=actor, now=now)
    if at_once:
        move_request(request, RequestState.ACCEPTED, now=now)
        request.decided_at = now
        session.flush()
        add_visit(session, request, kept.shift, kept.starts, actor=actor, now=now, travel=travel)
    return request


def release(session: Session, hold_id: int, *, actor: str, now: datetime, town_id: int | None = None) -> Hold:
    """Give a held slot back before its time is over; one that is over already stays as it is."""
    queue_up(session)
    kept = get_hold(session, hold_id, town_id)
    if not is_live(kept, now):
        return kept
    return end(session, kept, HoldState.RELEASED, actor=actor, now=now)


def get_hold(session: Session, hold_id: int, town_id: int | None = None) -> Hold:
    """The hold. Raises NotFound, also where it is another town's than `town_id`."""
    kept = find(session, Hold, hold_id)
    if kept is None or town_id not in (None, kept.town_id):
        raise NotFound(noun="hold", id=hold_id)
    return kept


def let_book(session: Session, town_id: int, *, allowed: bool, actor: str, now: datetime) -> Town:
    """Say whether a town books by itself."""
    town = find(session, Town, town_id)
    if town is None:
        raise NotFound(noun="town", id=town_id)
    if town.self_booking is not allowed:
        town.self_booking = allowed
        session.flush()
        after = {"self_booking": allowed}
        audit.record(session, actor=actor, now=now, verb="set", noun="town", noun_id=town.id, after=after)
    return town


def _unfiled(asked: Asked, frames: Sequence[RequestWindow], need: Need, now: datetime) -> VisitRequest:
    request = unfiled_request(asked.venue, [(each.service, each.minutes) for each in asked.services], frames, now=now)
    request.brings = sorted(set(need.brings))
    return request


def _refuse_other_need(kept: Hold, asked: Asked) -> None:
    if asked.venue.id != kept.venue_id:
        raise OtherThanHeld(field="venue_id", held=kept.venue_id)
    held = sorted((each.service_id, each.minutes) for each in kept.services)
    if sorted((each.service.id, each.minutes) for each in asked.services) != held:
        raise OtherThanHeld(field="services", held=[each.service.code for each in kept.services])
