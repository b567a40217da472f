"""People at work, as fast as they can: they publish, move, drop, confirm, cancel and call off, set off and resend.

Each act is one or two transactions of the product's own use cases, as a page or the API would make them; refusals are
part of the work, and so is being killed in the middle.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from routes import Plan as Proposal
from routes import check, score, write_problem
from routes.offers import tour_at
from routes.problem import Place, Problem, Promise, Window
from routes.problem import Shift as PlannedShift
from routes.problem import Visit as PlannedVisit
from schedules import calendar, decisions, outbox, publishing, requests, visits
from schedules.drafts import tour_row
from schedules.errors import ScheduleError
from schedules.lifecycle import LIVE_VISITS, MOVABLE_VISITS
from schedules.models import (
    Message,
    MessageState,
    Plan,
    PlanState,
    RequestState,
    Shift,
    Visit,
    VisitRequest,
)
from schedules.planning_inputs import has_begun, inputs_of, read_requests
from tests.chaos.clock import DrivenClock
from tests.chaos.world import FIRST_START, MONDAY, SESSION, STEP, STOPS_A_DAY, VanOf, World

DRIVE = 5
PAUSE = float(os.environ.get("CHAOS_PAUSE", "0.1"))
NEW_AT_ONCE = 20
FIRST_VANS = 8


@dataclass
class Desk:
    """Somebody with a way into the database, who draws lots for what to do next."""

    sessions: sessionmaker[Session]
    clock: Callable[[], datetime]
    world: World
    chance: random.Random
    name: str


def warm_up() -> None:
    """Load what drawing a plan needs, so that those who are forked from this process need not."""
    shift = PlannedShift("v@d", "v", MONDAY, 450, 1080, 0, 0)
    visit = PlannedVisit("r1", 1, SESSION, (Window(MONDAY, 480, 1000),))
    places = (Place("p0", 30.92, 121.46), Place("p1", 30.92, 121.46))
    tour_at(Problem("warm-up", places, ((0, DRIVE), (DRIVE, 0)), (shift,), (visit,)), "v@d", [(visit, 500)])


def work(sessions: sessionmaker[Session], clock: DrivenClock, world: World, *, number: int) -> None:
    """Act until killed."""
    chance = random.Random(f"{number} {time.monotonic()}")
    desk = Desk(sessions, clock, world, chance, f"desk{number}")
    while True:
        (act,) = chance.choices(list(ACTS), list(ACTS.values()))
        began = time.monotonic()
        try:
            act(desk)
        except (ScheduleError, SQLAlchemyError) as trouble:
            print(f"{desk.name}: {act.__name__}: {type(trouble).__name__} {str(trouble)[:100]!r}", flush=True)
        # People think longer than they write; else two of them would keep SQLite's only writer's place for themselves.
        time.sleep(chance.uniform(0, 2 * PAUSE) + 2 * (time.monotonic() - began))


def open_business(sessions: sessionmaker[Session], world: World, *, now: datetime, seed: int) -> None:
    """A first plan of some vans, before anything goes wrong, so that there is something to go wrong with."""
    desk = Desk(sessions, lambda: now, world, random.Random(seed), "opening")
    for van in world.vans[:FIRST_VANS]:
        publish(desk, van)


# Publishing, moving, dropping -----------------------------------------------------------------------------------------


def publish(desk: Desk, van: VanOf | None = None) -> None:
    """Draw a plan of one van for a day or two and publish it in a second transaction."""
    van = van or desk.chance.choice(desk.world.vans)
    now = desk.clock()
    with desk.sessions.begin() as session:
        plan_id = _draft(session, desk, van, now)
    if plan_id is not None:
        with desk.sessions.begin() as session:
            publishing.publish(session, plan_id, actor=desk.name, now=desk.clock())


def _draft(session: Session, desk: Desk, van: VanOf, now: datetime) -> int | None:
    """A lawful draft that keeps most of what stands, moves and drops some, and adds a few; None where nothing fits."""
    ids = list(van.shifts.values())
    shifts = [each for each in session.scalars(select(Shift).where(Shift.id.in_(ids))) if not has_begun(each, now)]
    if not shifts:
        return None
    shifts = sorted(desk.chance.sample(shifts, k=min(len(shifts), desk.chance.choice((1, 2, 2)))), key=lambda s: s.day)
    standing = list(session.scalars(_standing(shifts)))
    if any(visit.state not in MOVABLE_VISITS for visit in standing):
        return None
    waiting = _waiting(session, van, desk.chance)
    places, dropped = _rearrange(desk.chance, shifts, standing, waiting)
    if not places:
        return None
    asked = read_requests(session, ids=[*{request for request, _, _ in places}, *dropped])
    if any(request.state not in (RequestState.ACCEPTED, RequestState.PLANNED) for request in asked):
        return None
    return _store(session, shifts, asked, standing, places, actor=desk.name, now=now)


def _standing(shifts: Sequence[Shift]):
    return select(Visit).where(Visit.shift_id.in_([shift.id for shift in shifts]), Visit.state.in_(LIVE_VISITS))


def _waiting(session: Session, van: VanOf, chance: random.Random) -> list[int]:
    accepted = select(VisitRequest.id).where(
        VisitRequest.id.in_(van.requests), VisitRequest.state == RequestState.ACCEPTED
    )
    found = list(session.scalars(accepted))
    return chance.sample(found, k=min(len(found), NEW_AT_ONCE))


def _rearrange(
    chance: random.Random, shifts: Sequence[Shift], standing: Sequence[Visit], waiting: Sequence[int]
) -> tuple[list[tuple[int, Shift, int]], list[int]]:
    """Who is served where and when, as (request, shift, minute); and the requests whose visits are dropped.

    Of what stands one in twenty is dropped and one in five moved. Minutes lie on a grid that leaves time to drive.
    """
    by_id = {shift.id: shift for shift in shifts}
    free = {(shift.id, place) for shift in shifts for place in range(STOPS_A_DAY)}
    placed: list[tuple[int, Shift, int]] = []
    dropped, moved = [], []
    for visit in standing:
        lot = chance.random()
        if lot < 0.05:
            dropped.append(visit.request_id)
        elif lot < 0.25:
            moved.append(visit.request_id)
        else:
            placed.append((visit.request_id, by_id[visit.shift_id], visit.starts))
            free.discard((visit.shift_id, (visit.starts - FIRST_START) // STEP))
    for request in [*moved, *waiting]:
        if not free:
            if request in moved:
                dropped.append(request)
            continue
        shift_id, place = chance.choice(sorted(free))
        free.remove((shift_id, place))
        placed.append((request, by_id[shift_id], FIRST_START + STEP * place + chance.choice((0, 0, 5, 10))))
    return placed, dropped


def _store(
    session: Session,
    shifts: Sequence[Shift],
    asked: Sequence[VisitRequest],
    standing: Sequence[Visit],
    places: Sequence[tuple[int, Shift, int]],
    *,
    actor: str,
    now: datetime,
) -> int:
    problem = _problem(shifts, asked, standing)
    tours = []
    for shift in shifts:
        stops = sorted((starts, request) for request, of_shift, starts in places if of_shift.id == shift.id)
        if stops:
            tour = tour_at(problem, shift.code, [(problem.visit_by_id[f"r{who}"], starts) for starts, who in stops])
            if tour is None:
                raise AssertionError(f"A tour of the grid cannot be driven: {stops}")
            tours.append((shift.id, tour))
    proposal = Proposal(problem.name, tuple(tour for _, tour in tours), value=0)
    proposal = replace(proposal, value=score(problem, proposal))
    if broken := check(problem, proposal):
        raise AssertionError(f"A draft of the grid is unlawful: {broken}")
    plan = Plan(
        state=PlanState.DRAFT, first_day=shifts[0].day, last_day=shifts[-1].day, options={}, seconds_allowed=0.0,
        created_at=now, created_by=actor, finished_at=now, inputs=inputs_of(shifts, asked, standing),
        problem=write_problem(problem), value=proposal.value, seconds=0.0,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    plan.tours = [tour_row(plan, problem, tour, shift_id) for shift_id, tour in tours]
    session.flush()
    return plan.id


def _problem(shifts: Sequence[Shift], asked: Sequence[VisitRequest], standing: Sequence[Visit]) -> Problem:
    """Everything lies `DRIVE` minutes from everything else."""
    codes = {shift.id: shift.code for shift in shifts}
    promises = {visit.request_id: Promise(codes[visit.shift_id], visit.starts) for visit in standing}
    number = len(asked) + 1
    return Problem(
        name=" ".join(codes.values()),
        places=tuple(Place(f"p{place}", 30.92, 121.46) for place in range(number)),
        travel=tuple(tuple(DRIVE * (here != there) for there in range(number)) for here in range(number)),
        shifts=tuple(
            PlannedShift(
                shift.code, shift.van.code, shift.day, shift.starts, shift.ends, 0, 0,
                crew=dict(shift.skills), max_visits=shift.max_visits,
            )
            for shift in shifts
        ),
        visits=tuple(
            PlannedVisit(
                f"r{request.id}", place, request.session,
                tuple(Window(each.day, each.opens, each.closes) for each in request.windows),
                crew={"tester": 1}, prize=100, promise=promises.get(request.id),
            )
            for place, request in enumerate(asked, start=1)
        ),
    )  # fmt: skip


# One visit, one request, one message ----------------------------------------------------------------------------------


def _some_visit(session: Session, desk: Desk) -> Visit | None:
    """A promise that no van has set off for."""
    van = desk.chance.choice(desk.world.vans)
    found = select(Visit).where(Visit.shift_id.in_(list(van.shifts.values())), Visit.state.in_(MOVABLE_VISITS))
    standing = list(session.scalars(found.order_by(Visit.id)))
    return desk.chance.choice(standing) if standing else None


def confirm(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        if visit := _some_visit(session, desk):
            visits.confirm(session, visit.id, actor="town", now=desk.clock())


def cancel(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        if visit := _some_visit(session, desk):
            visits.cancel(session, visit.id, "下暴雨", actor=desk.name, now=desk.clock())


def call_off(desk: Desk) -> None:
    """The town takes its request back, visit and all."""
    with desk.sessions.begin() as session:
        if visit := _some_visit(session, desk):
            requests.withdraw(session, visit.request_id, actor="town", now=desk.clock(), town_id=visit.town_id)


def set_off(desk: Desk) -> None:
    """The crew sets off for a visit that begins within the hour."""
    with desk.sessions.begin() as session:
        visit, now = _some_visit(session, desk), desk.clock()
        if visit and -3600 < (calendar.instant(visit.day, visit.starts) - now).total_seconds() < 3600:
            visits.set_off(session, visit.id, actor="crew", now=now)


def accept(desk: Desk) -> None:
    van = desk.chance.choice(desk.world.vans)
    with desk.sessions.begin() as session:
        submitted = select(VisitRequest.id).where(
            VisitRequest.id.in_(van.requests), VisitRequest.state == RequestState.SUBMITTED
        )
        if found := list(session.scalars(submitted.limit(5))):
            decisions.accept(session, desk.chance.choice(found), actor=desk.name, now=desk.clock())


def send_again(desk: Desk) -> None:
    """Somebody at the desk sends a message again that did not arrive or may not have."""
    with desk.sessions.begin() as session:
        lost = select(Message.id).where(Message.state.in_((MessageState.DEAD, MessageState.UNKNOWN))).limit(20)
        if found := list(session.scalars(lost)):
            outbox.send_again(session, desk.chance.choice(found), actor=desk.name, now=desk.clock())


ACTS: dict[Callable[[Desk], object], float] = {
    publish: 12,
    confirm: 8,
    accept: 5,
    cancel: 0.7,
    call_off: 0.4,
    set_off: 4,
    send_again: 0.5,
}
"""What happens at a desk, and how often beside the rest."""
