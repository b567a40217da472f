"""The calendar that offers are made from: every promise, pin and hold of some days, and nothing that only waits.

The rules of who may be visited when, and by whom, are those of planning (`schedules.planning`): shifts that have not
begun, reserve shifts left free, notice, the rest of a venue, disruptions. Held slots stand like pins to a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from routes import problem as planner
from routes.offers import Calendar, Offer
from schedules.effects import Frame
from schedules.eligibility import Asked, Choice, choose
from schedules.held import live_holds
from schedules.leeway import keep_near_what_was_told
from schedules.lifecycle import MOVABLE_VISITS
from schedules.models import (
    Hold,
    HoldKind,
    Priority,
    RequestService,
    RequestState,
    RequestWindow,
    Service,
    Shift,
    Venue,
    VisitRequest,
)
from schedules.planning import TravelMaker, travel_by
from schedules.planning_inputs import Rows, read_rows
from schedules.prizes import weights
from schedules.problem_parts import places_of, shift_of, skill_sets, visit_of

UNFILED = 0
"""The id, inside a calendar, of a request that is not made yet."""


@dataclass(frozen=True)
class Openings:
    """A calendar with the visits asked for (by request id) and the rows it was made from."""

    calendar: Calendar
    asked: dict[int, planner.Visit]
    shifts: dict[str, Shift]
    choice: Choice
    rows: Rows
    travel_source: str

    def offers(self, request_id: int = UNFILED) -> list[Offer]:
        """The slots of one of the visits asked for, the best first."""
        visit = self.asked.get(request_id)
        return [] if visit is None else self.calendar.offers(visit)


def openings(
    session: Session,
    first: date,
    last: date,
    *,
    now: datetime,
    asked: Sequence[VisitRequest] = (),
    travel: TravelMaker | None = None,
    without: Iterable[int] = (),
) -> Openings:
    """What stands from `first` to `last`, and the requests `asked` to be placed beside it.

    `without` are the ids of holds that do not count, because their slot is being taken. Raises TravelUnavailable.
    """
    rows = read_rows(session, first, last, now=now, vans=None)
    holds = [hold for hold in live_holds(session, now=now, days=(first, last)) if hold.id not in set(without)]
    rows = replace(rows, requests=[*_standing(rows, asked), *asked])
    choice = choose(rows, reserve=True)
    bound = [_where_promised(one) for one in _without_rest_of_holds(choice.asked, holds, rows)]
    settled = keep_near_what_was_told(session, bound, rows.numbers["promise_tolerance"])
    ghosts = [*_held_slots(holds, choice.shifts), *_pinned_elsewhere(choice.asked)]
    everybody = [*settled, *_numbered(ghosts)]
    problem, source = _problem(rows, choice, everybody, travel)
    names = {request.id for request in asked}
    return Openings(
        calendar=Calendar(problem),
        asked={
            int(visit.id[1:]): visit for visit in problem.visits if visit.id[0] == "r" and int(visit.id[1:]) in names
        },
        shifts={shift.code: shift for shift in choice.shifts},
        choice=choice,
        rows=rows,
        travel_source=source,
    )


def unfiled_request(
    venue: Venue, services: Sequence[tuple[Service, int]], windows: Sequence[RequestWindow], *, now: datetime
) -> VisitRequest:
    """A request as it would be if it were made and accepted; it belongs to no session."""
    return VisitRequest(
        id=UNFILED,
        number="",
        town_id=venue.town_id,
        town=venue.town,
        venue_id=venue.id,
        venue=venue,
        state=RequestState.ACCEPTED,
        priority=Priority.NORMAL,
        setup=max(service.setup for service, _ in services),
        session=max(minutes for _, minutes in services),
        teardown=max(service.teardown for service, _ in services),
        kits=sum(service.kits for service, _ in services),
        brings=[],
        submitted_at=now,
        windows=list(windows),
        services=[RequestService(service_id=each.id, service=each, minutes=minutes) for each, minutes in services],
    )


def days_driven(session: Session, first: date, last: date) -> list[date]:
    """The days on which some van has a shift."""
    found = select(Shift.day).where(Shift.day.between(first, last), Shift.out_of_service.is_(None)).distinct()
    return sorted(session.scalars(found))


def _standing(rows: Rows, asked: Sequence[VisitRequest]) -> list[VisitRequest]:
    """The requests that have a promise or a pin; those asked about come by themselves."""
    promised = {visit.request_id for visit in rows.visits if visit.state in MOVABLE_VISITS}
    apart = {request.id for request in asked}
    return [
        request
        for request in rows.requests
        if request.id not in apart and (request.id in promised or request.pinned_shift_id is not None)
    ]


def _stands_by_pin(hold: Hold) -> bool:
    """Whether the hold's request is pinned to the slot, so that it stands there already."""
    request = hold.request
    return (
        hold.kind is HoldKind.WAIT_LIST
        and request is not None
        and (request.pinned_shift_id, request.pinned_starts) == (hold.shift_id, hold.starts)
    )


def _where_promised(one: Asked) -> Asked:
    """What is promised stands where it is promised until a plan moves it, wherever a coordinator has pinned it."""
    if one.visit is None or one.pinned_to is None or one.pinned_to.id == one.visit.shift_id:
        return one
    return replace(one, pinned_to=None, pinned_starts=None)


def _pinned_elsewhere(asked: Sequence[Asked]) -> Iterator[Asked]:
    """The places that pins keep for visits that are still promised elsewhere."""
    for one in asked:
        if one.visit is not None and one.pinned_to is not None and one.pinned_to.id != one.visit.shift_id:
            services = [(each.service, each.minutes) for each in one.request.services]
            ghost = unfiled_request(one.request.venue, services, [], now=one.request.submitted_at)
            yield replace(one, request=ghost, visit=None)


def _held_slots(holds: Sequence[Hold], shifts: Sequence[Shift]) -> Iterator[Asked]:
    """The holds as if they were requests pinned to their slots, but for those of shifts that do not drive any more."""
    drives = {shift.id: shift for shift in shifts}
    for hold in holds:
        if hold.shift_id in drives and not _stands_by_pin(hold):
            yield _held_slot(hold, drives[hold.shift_id])


def _numbered(ghosts: Iterable[Asked]) -> Iterator[Asked]:
    """Ids below zero, which are no request's."""
    for number, ghost in enumerate(ghosts, start=1):
        ghost.request.id = -number
        yield ghost


def _held_slot(hold: Hold, shift: Shift) -> Asked:
    services = [(each.service, each.minutes) for each in hold.services]
    request = unfiled_request(hold.venue, services, [], now=hold.created_at)
    frame = Frame(hold.day, hold.starts, hold.closes, preferred=False)
    return Asked(request, [frame], pinned_to=shift, pinned_starts=hold.starts)


def _without_rest_of_holds(asked: Sequence[Asked], holds: Sequence[Hold], rows: Rows) -> list[Asked]:
    """A venue that a slot is held for rests before and after like one that is promised a visit."""
    rest = timedelta(days=rows.numbers["venue_rest_days"])
    held = [(hold.venue_id, hold.day, hold.request_id) for hold in holds]

    def near(one: Asked, day: date) -> bool:
        return any(
            venue == one.request.venue_id and request != one.request.id and abs(other - day) < rest
            for venue, other, request in held
        )

    return [
        one
        if one.bound_to is not None or one.request.priority is Priority.URGENT
        else replace(one, windows=[window for window in one.windows if not near(one, window.day)])
        for one in asked
    ]


def _problem(
    rows: Rows, choice: Choice, everybody: Sequence[Asked], travel: TravelMaker | None
) -> tuple[planner.Problem, str]:
    requests = [one.request for one in everybody]
    places = places_of(choice.shifts, requests, rows.towns)
    sets = skill_sets(requests, choice.shifts, rows.effects)
    codes = {shift.id: shift.code for shift in choice.shifts}
    times = (travel or travel_by())(places.road_classes).times(places.places)
    visits = tuple(
        visit_of(one, codes, places, sets, prize=0, preferred=rows.numbers["preferred"]) for one in everybody
    )
    problem = planner.Problem(
        name=f"{rows.first.isoformat()}..{rows.last.isoformat()}",
        places=places.places,
        travel=times.minutes,
        shifts=tuple(
            shift_of(shift, places, sets, choice.most_visits.get(shift.id), rows.effects) for shift in choice.shifts
        ),
        visits=visits,
        exclusive=tuple(tuple(f"r{member}" for member in group) for group in choice.exclusive),
        towns=tuple(planner.Town(town.code) for town in rows.towns),
        weights=weights(rows.numbers),
    )
    return problem, times.source
