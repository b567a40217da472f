"""The rows that a plan is made from, read in a handful of queries, and what the planner read of each as one number.

A fingerprint covers what matters to planning and nothing else: a corrected phone number makes no plan stale, a shorter
window does. Visits are known by their version instead, because their changes are logged one by one. Knows no points
and no planner; `schedules.planning` makes the problem.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from schedules import calendar
from schedules.effects import Effects, in_force
from schedules.lifecycle import LIVE_VISITS, MOVABLE_VISITS
from schedules.models import (
    Day,
    Disruption,
    Hotspot,
    RequestService,
    RequestState,
    RequestWindow,
    Service,
    Shift,
    Town,
    Van,
    Venue,
    Visit,
    VisitRequest,
    VisitState,
)
from schedules.prizes import NOT_OF_PLANS, planning_numbers
from schedules.under_way import Rest, rests_of

_FARTHEST_REST_DAYS = 120


@dataclass(frozen=True)
class Rows:
    """What was read for the days from `first` to `last`, seen from `today`.

    `shifts` are those that have not begun, open or not; `requests` those accepted or promised in these days; `visits`
    all that took place or stand, with a margin around the days. `settled` are the requests outside `requests` that a
    visit has been promised to or served, by town and alternative group. `effects` are the disruptions of these days;
    `rests` is what is left of the shifts that have begun, where a repair asks for them, and `assumed` are the visits
    there that go on as planned although no crew has said so.
    """

    first: date
    last: date
    today: date
    numbers: Mapping[str, int]
    working_days: Sequence[date]
    shifts: Sequence[Shift]
    requests: Sequence[VisitRequest]
    visits: Sequence[Visit]
    towns: Sequence[Town]
    hotspots: Mapping[int, int]
    settled: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    effects: Effects = field(default_factory=Effects)
    rests: Mapping[int, Rest] = field(default_factory=dict)
    assumed: frozenset[int] = frozenset()

    @property
    def start(self) -> date:
        """The first day that is not past."""
        return max(self.first, self.today)


def read_rows(
    session: Session,
    first: date,
    last: date,
    *,
    now: datetime,
    vans: Collection[str] | None,
    begun: bool = False,
) -> Rows:
    """Read everything at once; `vans` are the codes of the vans that may drive, None for all.

    With `begun` the shifts that have begun today take part with what is left of them.
    """
    today = calendar.local_day(now)
    start = max(first, today)
    numbers = planning_numbers(session)
    margin = timedelta(days=min(numbers["venue_rest_days"], _FARTHEST_REST_DAYS))
    towns = list(session.scalars(select(Town).order_by(Town.code)))
    visits = _read_visits(session, start - margin, last + margin)
    promised = [
        visit.request_id for visit in visits if visit.state in MOVABLE_VISITS and start <= visit.day <= last
    ]  # fmt: skip
    requests = read_requests(session, accepted_within=(start, last), ids=promised)
    effects = Effects(read_disruptions(session, first, last))
    shifts = [shift for shift in _read_shifts(session, start, last) if vans is None or shift.van.code in vans]
    under_way = [shift for shift in shifts if begun and has_begun(shift, now)]
    late = {shift.id: effects.late(shift) for shift in shifts}
    assumed = _assumed(visits, effects, now) if begun else frozenset()
    return Rows(
        first=first,
        last=last,
        today=today,
        numbers=numbers,
        working_days=_read_working_days(session, today, last),
        shifts=[shift for shift in shifts if begun or not has_begun(shift, now)],
        requests=requests,
        visits=visits,
        towns=towns,
        hotspots=_read_hotspots(session, start, last),
        settled=_read_settled(session, requests),
        effects=effects,
        rests=rests_of(session, under_way, late, assumed, now=now),
        assumed=assumed,
    )


def has_begun(shift: Shift, now: datetime) -> bool:
    """Whether the crew is already on its way, so that nobody replans the shift any more."""
    return calendar.instant(shift.day, shift.starts) <= now


def read_requests(
    session: Session, *, accepted_within: tuple[date, date] | None = None, ids: Collection[int] = ()
) -> list[VisitRequest]:
    """The accepted requests with a window in these days, and those of the given ids, with all that planning reads."""
    wanted: ColumnElement[bool] = VisitRequest.id.in_(ids)
    if accepted_within is not None:
        in_time = exists().where(
            RequestWindow.request_id == VisitRequest.id, RequestWindow.day.between(*accepted_within)
        )
        wanted = or_(wanted, (VisitRequest.state == RequestState.ACCEPTED) & in_time)
    found = (
        select(VisitRequest)
        .where(wanted)
        .options(
            joinedload(VisitRequest.venue),
            joinedload(VisitRequest.town),
            selectinload(VisitRequest.windows),
            selectinload(VisitRequest.services).joinedload(RequestService.service).selectinload(Service.skills),
        )
        .order_by(VisitRequest.id)
    )
    return list(session.scalars(found))


def read_disruptions(session: Session, first: date, last: date) -> list[Disruption]:
    """The disruptions of these days that planning must heed."""
    found = select(Disruption).where(Disruption.first_day <= last, Disruption.last_day >= first)
    return [each for each in session.scalars(found.order_by(Disruption.id)) if in_force(each)]


def _read_shifts(session: Session, first: date, last: date) -> list[Shift]:
    found = (
        select(Shift)
        .where(Shift.day.between(first, last))
        .options(joinedload(Shift.van).joinedload(Van.depot), selectinload(Shift.crew))
        .order_by(Shift.day, Shift.van_id)
    )
    return list(session.scalars(found))


def _read_visits(session: Session, first: date, last: date) -> list[Visit]:
    found = (
        select(Visit)
        .where(Visit.day.between(first, last), Visit.state.in_((*LIVE_VISITS, VisitState.DONE)))
        .order_by(Visit.id)
    )
    return list(session.scalars(found))


def _assumed(visits: Iterable[Visit], effects: Effects, now: datetime) -> frozenset[int]:
    """The visits at which a van must have arrived by now and that nothing hits: not every phone has network."""
    today, clock = calendar.local_day(now), calendar.local_minutes(now)
    return frozenset(
        visit.id
        for visit in visits
        if visit.state in MOVABLE_VISITS and visit.day == today and visit.arrives <= clock and not effects.hit(visit)
    )


def _read_working_days(session: Session, first: date, last: date) -> list[date]:
    """With a month beyond the last day, so that a freeze can be counted in working days."""
    rows = session.scalars(select(Day).where(Day.date.between(first, last + timedelta(days=31))).order_by(Day.date))
    return [row.date for row in rows if row.works]


def _read_hotspots(session: Session, first: date, last: date) -> dict[int, int]:
    """The points of the hotspots that fall into these days, by town id."""
    points: dict[int, int] = {}
    for spot in session.scalars(select(Hotspot).where(Hotspot.first_day <= last, Hotspot.last_day >= first)):
        points[spot.town_id] = points.get(spot.town_id, 0) + spot.points
    return points


def _read_settled(session: Session, requests: Iterable[VisitRequest]) -> frozenset[tuple[int, str]]:
    """The alternative groups, by town, of which another request has a visit already."""
    asked = list(requests)
    names = {request.alternative_group for request in asked if request.alternative_group is not None}
    if not names:
        return frozenset()
    rows = session.execute(
        select(VisitRequest.town_id, VisitRequest.alternative_group).where(
            VisitRequest.alternative_group.in_(names),
            VisitRequest.state.in_((RequestState.PLANNED, RequestState.DONE)),
            VisitRequest.id.not_in([request.id for request in asked]),
        )
    )
    return frozenset((town, group) for town, group in rows if group is not None)


# Fingerprints ---------------------------------------------------------------------------------------------------------


def inputs_of(shifts: Iterable[Shift], requests: Iterable[VisitRequest], visits: Iterable[Visit]) -> dict[str, int]:
    """Every row that a plan of these nouns depends on ("request:17"), with its fingerprint or version.

    `visits` are all that stand on the shifts or belong to the requests.
    """
    shifts, requests, visits = list(shifts), list(requests), list(visits)
    standing: dict[int, list[tuple[int, int]]] = {}
    for visit in visits:
        if visit.state in LIVE_VISITS:
            standing.setdefault(visit.shift_id, []).append((visit.id, visit.starts))
    asked = {request.id for request in requests}
    venues = {request.venue_id: request.venue for request in requests}
    services = {each.service_id: each.service for request in requests for each in request.services}
    return {
        **{f"shift:{shift.id}": _of_shift(shift, standing.get(shift.id, [])) for shift in shifts},
        **{f"request:{request.id}": _of_request(request) for request in requests},
        **{f"visit:{visit.id}": visit.version for visit in visits if visit.request_id in asked},
        **{f"venue:{venue.id}": _of_venue(venue) for venue in venues.values()},
        **{f"service:{service.id}": _of_service(service) for service in services.values()},
    }


def days_of(shifts: Iterable[Shift], working_days: Collection[date]) -> dict[str, int]:
    """Whether people work on the shifts' days."""
    return {f"day:{day.isoformat()}": int(day in working_days) for day in {shift.day for shift in shifts}}


def inputs_of_numbers(numbers: Mapping[str, int]) -> dict[str, int]:
    """The numbers that plans are made by, as one fact: whoever sets them back makes an old draft good again."""
    return {"settings:1": _fingerprint(*sorted((name, numbers[name]) for name in numbers.keys() - NOT_OF_PLANS))}


def read_inputs(session: Session, keys: Iterable[str], *, newly_within: tuple[date, date]) -> dict[str, int]:
    """The same rows as they are now; what is gone is missing.

    Requests accepted and disruptions entered for these days since are added.
    """
    ids: dict[str, set[str]] = {}
    for key in keys:
        noun, _, name = key.partition(":")
        ids.setdefault(noun, set()).add(name)
    numbers = {noun: {int(name) for name in names} for noun, names in ids.items() if noun != "day"}
    known = numbers.get("request", set())
    requests = read_requests(session, accepted_within=newly_within, ids=known)
    newcomers = [request for request in requests if request.id not in known]
    requests = [request for request in requests if request.id in known]
    wanted = select(Shift).where(Shift.id.in_(numbers.get("shift", set())))
    shifts = list(
        session.scalars(wanted.options(joinedload(Shift.van).joinedload(Van.depot), selectinload(Shift.crew)))
    )
    visits = session.scalars(
        select(Visit).where(
            or_(
                Visit.shift_id.in_([shift.id for shift in shifts]),
                Visit.id.in_(numbers.get("visit", set())),
                Visit.request_id.in_(known),
            ),
            Visit.state.in_(LIVE_VISITS),
        )
    )
    days = {date.fromisoformat(name) for name in ids.get("day", set())}
    working = [row.date for row in session.scalars(select(Day).where(Day.date.in_(days))) if row.works]
    return {
        **inputs_of(shifts, requests, visits),
        **{f"day:{day.isoformat()}": int(day in working) for day in days},
        **(inputs_of_numbers(planning_numbers(session)) if "settings" in ids else {}),
        **{f"request:{request.id}": _of_request(request) for request in newcomers},
        **Effects(read_disruptions(session, *newly_within)).inputs,
    }


def _of_shift(shift: Shift, standing: list[tuple[int, int]]) -> int:
    van = shift.van
    return _fingerprint(
        shift.day, shift.starts, shift.ends,
        shift.lunch_opens, shift.lunch_closes, shift.lunch_minutes,
        shift.max_visits, shift.max_driving, shift.kits, shift.reserve, shift.out_of_service is None,
        van.code, van.active, sorted(van.equipment), van.depot.latitude, van.depot.longitude,
        sorted((member.id, sorted(member.skills)) for member in shift.crew),
        sorted(standing),
    )  # fmt: skip


def _of_request(request: VisitRequest) -> int:
    return _fingerprint(
        request.state.value, request.priority.value, request.venue_id, request.town_id,
        request.setup, request.session, request.teardown, request.kits,
        request.alternative_group, request.pinned_shift_id, request.pinned_starts,
        sorted((window.day, window.opens, window.closes, window.preferred) for window in request.windows),
        sorted((each.service_id, each.minutes) for each in request.services),
    )  # fmt: skip


def _of_venue(venue: Venue) -> int:
    return _fingerprint(venue.latitude, venue.longitude, venue.active)


def _of_service(service: Service) -> int:
    return _fingerprint(
        sorted(service.equipment), sorted((str(need.skill), need.number) for need in service.skills)
    )  # fmt: skip


def _fingerprint(*facts: object) -> int:
    return zlib.crc32(repr(facts).encode())
