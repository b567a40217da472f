"""What the changes that would serve a request may draw on: free people, shifts to come, the request with less in it.

Read from the rows for one plan's problem; `routes.remedies` tries it. No decision, and nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from routes.changes import Joiner, Means, Version
from routes.problem import Problem, Visit, Window
from routes.problem import Shift as PlannedShift
from schedules import calendar
from schedules.effects import Effects, closes_venue, covers
from schedules.lifecycle import LIVE_VISITS
from schedules.models import (
    CrewMember,
    Plan,
    Priority,
    RequestService,
    Shift,
    Stop,
    Tour,
    Van,
    VisitRequest,
    VisitState,
)
from schedules.models import Visit as PromisedVisit
from schedules.planning_inputs import has_begun, read_disruptions, read_requests
from schedules.prizes import planning_numbers
from schedules.problem_parts import Places, SkillSet, shift_of

LATER_DAYS = 28
"""So many days after a plan's last one are looked at for a day to wait for."""
MOST_OVERTIME = 60
MOST_WIDER = 240
MOST_KITS = 48


@dataclass(frozen=True)
class _Ground:
    """What is read once for all requests of a plan."""

    session: Session
    plan: Plan
    problem: Problem
    effects: Effects
    now: datetime

    @property
    def sets(self) -> list[SkillSet]:
        """The sets of skills that the problem counts together."""
        names = {name for visit in self.problem.visits for name in visit.crew if "+" in name}
        return [tuple(name.split("+")) for name in sorted(names)]


def means_of(session: Session, plan: Plan, problem: Problem, request_ids: Collection[int], *, now: datetime) -> Means:
    """The means for these requests of a plan, whose problem is given."""
    last = plan.last_day + timedelta(days=LATER_DAYS)
    ground = _Ground(session, plan, problem, Effects(read_disruptions(session, plan.first_day, last)), now)
    everybody = read_requests(session, ids=[*request_ids, *_pinned(problem)])
    asked = [request for request in everybody if request.id in request_ids]
    shifts = _shifts(session, plan.first_day, plan.last_day)
    return Means(
        wider=MOST_WIDER,
        overtime=MOST_OVERTIME,
        kits=MOST_KITS,
        closed={f"r{request.id}": _closed_days(ground, request) for request in asked},
        hours={f"r{request.id}": _hours(request) for request in asked},
        later=tuple(_later_shifts(ground, last, request_ids)),
        reserve=tuple(_planned(ground, (each for each in shifts if each.code in plan.summary.get("kept_free", ())))),
        versions={f"r{request.id}": tuple(_versions(ground, request)) for request in asked},
        joiners=_joiners(ground, shifts),
        fixed=frozenset(f"r{request.id}" for request in everybody if request.pinned_shift_id is None),
        rigid=frozenset(
            shift.code
            for shift in shifts
            if ground.effects.hours(shift) != (shift.starts, shift.ends) or ground.effects.late(shift)
        ),
        waiting=planning_numbers(session)["waiting_day"],
        alone_from={name: day for request in asked for name, day in _alone_from(ground, request)},
    )


def _pinned(problem: Problem) -> list[int]:
    return [int(visit.id[1:]) for visit in problem.visits if visit.pin is not None]


def _hours(request: VisitRequest) -> tuple[int, int]:
    return min(window.opens for window in request.windows), max(window.closes for window in request.windows)


def _alone_from(ground: _Ground, request: VisitRequest) -> Iterator[tuple[str, date]]:
    """The day from which the venue has rested since the plan's own visits there, where nothing else excludes it."""
    others = {other for group in ground.problem.exclusive if f"r{request.id}" in group for other in group}
    if others and request.alternative_group is None:
        served = ground.session.scalars(
            select(Shift.day)
            .join(Tour, Tour.shift_id == Shift.id)
            .join(Stop, Stop.tour_id == Tour.id)
            .where(Stop.plan_id == ground.plan.id, Stop.request_id.in_([int(name[1:]) for name in others]))
        ).all()
        if served:
            yield f"r{request.id}", max(served) + timedelta(days=planning_numbers(ground.session)["venue_rest_days"])


def _closed_days(ground: _Ground, request: VisitRequest) -> frozenset[date]:
    """The days too soon for it, those near another visit to its venue, and those on which the venue is closed."""
    numbers, today = planning_numbers(ground.session), calendar.local_day(ground.now)
    last = ground.plan.last_day + timedelta(days=LATER_DAYS)
    days = [today + timedelta(days=number) for number in range((last - today).days + 1)]
    closing = [each for each in ground.effects.disruptions if closes_venue(each, request)]
    closed = {day for day in days if any(covers(each, day) for each in closing)}
    if request.priority is Priority.URGENT or request.id in ground.effects.urgent:
        return frozenset(closed)
    rest = timedelta(days=numbers["venue_rest_days"])
    visited = ground.session.scalars(
        select(PromisedVisit.day).where(
            PromisedVisit.venue_id == request.venue_id,
            PromisedVisit.request_id != request.id,
            PromisedVisit.state.in_((*LIVE_VISITS, VisitState.DONE)),
        )
    ).all()
    soonest = today + timedelta(days=numbers["notice_days"])
    near = {day for day in days if day < soonest or any(abs(day - other) < rest for other in visited)}
    return frozenset(closed | near)


# Shifts ---------------------------------------------------------------------------------------------------------------


def _shifts(session: Session, first: date, last: date) -> list[Shift]:
    found = select(Shift).join(Shift.van).where(Shift.day.between(first, last), Shift.out_of_service.is_(None))
    return list(session.scalars(found.where(Van.active).order_by(Shift.day, Shift.van_id)))


def _later_shifts(ground: _Ground, last: date, request_ids: Collection[int]) -> Iterator[PlannedShift]:
    """The shifts after the plan's days on which nothing stands yet and no other request is pinned."""
    vans = ground.plan.options.get("vans")
    taken = exists().where(PromisedVisit.shift_id == Shift.id, PromisedVisit.state.in_(LIVE_VISITS))
    pinned = exists().where(VisitRequest.pinned_shift_id == Shift.id, VisitRequest.id.not_in(request_ids))
    found = ground.session.scalars(
        select(Shift)
        .join(Shift.van)
        .where(Shift.day > ground.plan.last_day, Shift.day <= last, Van.active, ~taken, ~pinned)
        .where(Shift.out_of_service.is_(None), Shift.reserve.is_(False))
        .order_by(Shift.day, Shift.van_id)
    )
    yield from _planned(ground, (shift for shift in found if vans is None or shift.van.code in vans))


def _planned(ground: _Ground, shifts: Iterable[Shift]) -> Iterator[PlannedShift]:
    """These shifts as nouns of the planner, at the places of the problem; those that cannot drive are left out."""
    names = {place.id: index for index, place in enumerate(ground.problem.places)}
    for shift in shifts:
        place = names.get(f"depot-{shift.van.depot_id}")
        if place is not None and ground.effects.hours(shift) is not None and not has_begun(shift, ground.now):
            places = Places(ground.problem.places, {shift.van.depot_id: place}, {}, {})
            yield shift_of(shift, places, ground.sets, None, ground.effects)


def _joiners(ground: _Ground, shifts: Sequence[Shift]) -> dict[str, tuple[Joiner, ...]]:
    """For each shift the people with a skill who ride on no van that day."""
    people = [
        member
        for member in ground.session.scalars(select(CrewMember).order_by(CrewMember.code))
        if member.active and member.skills
    ]
    busy: dict[date, set[int]] = {}
    for shift in shifts:
        busy.setdefault(shift.day, set()).update(member.id for member in shift.crew)
    return {shift.code: tuple(_free(ground, shift, people, busy[shift.day])) for shift in shifts}


def _free(ground: _Ground, shift: Shift, people: Sequence[CrewMember], busy: Collection[int]) -> Iterator[Joiner]:
    ill = {each.crew_member_id for each in ground.effects.disruptions if covers(each, shift.day)}
    for member in people:
        if member.id not in busy and member.id not in ill:
            yield Joiner(member.code, tuple(sorted(member.skills)))


# The request with less in it ------------------------------------------------------------------------------------------


def _versions(ground: _Ground, request: VisitRequest) -> Iterator[Version]:
    """The request without one of its services, and without its pin where that shift takes no part."""
    visit = ground.problem.visit_by_id.get(f"r{request.id}")
    if visit is None:
        return
    if request.pinned_shift_id is not None and visit.pin is None:
        freed = replace(visit, windows=tuple(_windows(ground, request)))
        yield Version("unpin", {"unpinned": visit.id}, freed)
    for gone in request.services if len(request.services) > 1 else ():
        kept = [each for each in request.services if each is not gone]
        lighter = _with_services(ground, visit, kept)
        detail: dict[str, int | str] = {
            "without": gone.service.code,
            "minutes": visit.on_site - lighter.on_site,
            "session": lighter.session,
        }
        yield Version("fewer_services", detail, lighter)


def _windows(ground: _Ground, request: VisitRequest) -> Iterator[Window]:
    for window in request.windows:
        if ground.plan.first_day <= window.day <= ground.plan.last_day:
            yield Window(window.day, window.opens, window.closes)


def _with_services(ground: _Ground, visit: Visit, kept: Sequence[RequestService]) -> Visit:
    needs: dict[str, int] = {}
    for each in kept:
        for need in each.service.skills:
            needs[str(need.skill)] = needs.get(str(need.skill), 0) + need.number
    together = {
        "+".join(skills): sum(needs[skill] for skill in skills) for skills in ground.sets if needs.keys() >= set(skills)
    }
    return replace(
        visit,
        setup=max(each.service.setup for each in kept),
        session=max(each.minutes for each in kept),
        teardown=max(each.service.teardown for each in kept),
        kits=sum(each.service.kits for each in kept),
        crew={**needs, **together},
        equipment=frozenset(item for each in kept for item in each.service.equipment),
    )
