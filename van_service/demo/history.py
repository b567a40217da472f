"""Three months of the past, today included: filed, planned, published, driven and reported, each in its own time.

Every step is the use case of real life with a `now` of its own day; only the outbox is settled by hand, since no
message of those days shall still go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from routes.explain import explain
from routes.planner import PHASES, plan_visits
from schedules import days, planning, publishing, reports, requests, runs, visits
from schedules.calendar import instant, local_day
from schedules.drafts import store_draft
from schedules.models import Message, MessageState, Plan, Priority, Shift, Stop, Town, Visit
from schedules.requests import WishWindow
from van_service.demo.past_reports import report_of_visit
from van_service.demo.recipes import BY_CODE, at
from van_service.demo.requests import COORDINATOR, file_request, filing_time
from van_service.demo.wishes import Draft, Draughts

PAST_WEEKS = 13
WEEKS_A_PLAN = 4
WISHES_PER_PAST_SHIFT = 1.4
PUBLISHED_DAYS_BEFORE = 5
FILED_DAYS_BEFORE = (8, 24)
PLANNER = "demo"
PLANNING_SECONDS = 60.0
# Units of the planner's work for one past plan: counted, so that every load makes the same plan.
PLANNING_WORK = 100
# Days since the last visit of towns that have waited long, by code.
QUIET_TOWNS = {"310120104": 41, "310120109": 47, "310120503": 44}
RAIN = "暴雨橙色预警，户外活动取消"
BREAKDOWN = "车辆故障，当天无法出车"


@dataclass
class Past:
    """What the weeks of the past have in common."""

    session: Session
    draughts: Draughts
    towns: Mapping[str, Town]
    town_names: dict[int, str]
    now: datetime

    @property
    def today(self) -> date:
        return local_day(self.now)

    @property
    def rng(self) -> Random:
        return self.draughts.rng


def add_history(past: Past, shifts: Sequence[Shift], *, start: date, end: date, seed: int) -> None:
    """From `start` to `end`, a plan every four weeks and what has become of it by now."""
    for first, last in periods(start, end):
        number = sum(first <= shift.day <= last and shift.out_of_service is None for shift in shifts)
        file_wishes(past, first, last, round(WISHES_PER_PAST_SHIFT * number))
        published_at = instant(first - timedelta(days=PUBLISHED_DAYS_BEFORE), at(10))
        plan = make_plan(past.session, first, last, now=published_at, seed=seed)
        publishing.publish(past.session, plan.id, actor=COORDINATOR, now=published_at)
        drive(past, plan)
        requests.expire(past.session, now=min(past.now, instant(last, 24 * 60)))


def periods(start: date, end: date) -> list[tuple[date, date]]:
    """Four weeks at a time; the last period takes the rest up to `end`."""
    step = timedelta(weeks=WEEKS_A_PLAN)
    firsts = [start + number * step for number in range(PAST_WEEKS // WEEKS_A_PLAN)]
    lasts = [first - timedelta(days=1) for first in firsts[1:]] + [end]
    return list(zip(firsts, lasts, strict=True))


def days_before_quiet(past: Past, town_id: int, working: Sequence[date]) -> list[date]:
    """The days on which a town would have the van."""
    return [day for day in working if day <= quiet_from(past, town_id)]


def quiet_from(past: Past, town_id: int) -> date:
    """The last day for which a town asked."""
    quiet = {past.towns[code].id: number for code, number in QUIET_TOWNS.items()}
    return past.today - timedelta(days=quiet.get(town_id, 0))


def file_wishes(past: Past, first: date, last: date, number: int) -> None:
    """The wishes for one period, filed and accepted before its plan was made."""
    working = days.working_days(past.session, first, last)
    drafts = past.draughts.draw(working, number, partial(days_before_quiet, past))
    drafts += last_before_quiet(past, first, last)
    then = instant(first, at(8))
    filings = [(filing_time(past.rng, then, *FILED_DAYS_BEFORE), draft) for draft in drafts]
    for filed_at, draft in sorted(filings, key=lambda filing: filing[0]):
        decided_at = filed_at + timedelta(hours=past.rng.randrange(2, 48))
        file_request(past.session, draft, past.town_names, filed_at=filed_at, decided_at=decided_at)


def last_before_quiet(past: Past, first: date, last: date) -> list[Draft]:
    """For each town that fell silent in this period one urgent wish for the days before."""
    recipe = BY_CODE["seniors_talk"]
    drafts = []
    for code in QUIET_TOWNS:
        town_id = past.towns[code].id
        silent = quiet_from(past, town_id)
        near = days.working_days(past.session, max(first, silent - timedelta(days=6)), silent)
        venues = past.draughts.free_venues(recipe, first, town_id)
        if first <= silent <= last and near and venues:
            windows = [WishWindow(day, at(9), at(15)) for day in near]
            drafts.append(past.draughts.draft(recipe, past.rng.choice(venues), windows, priority=Priority.URGENT))
    return drafts


def make_plan(session: Session, first: date, last: date, *, now: datetime, seed: int) -> Plan:
    """A draft for these days, made as a runner would, but in this process and with counted work."""
    runs.queue_plan(session, first, last, seconds=PLANNING_SECONDS, seed=seed, actor=COORDINATOR, now=now)
    plan = runs.claim_run(session, owner=PLANNER, now=now, lease_seconds=PLANNING_SECONDS)
    assert plan is not None  # it was queued a moment ago, in the same transaction
    snapshot = planning.snapshot(session, first, last, now=now)
    curve: list[list[float | None]] = []
    solution = plan_visits(
        snapshot.problem,
        seconds=PLANNING_SECONDS,
        seed=seed,
        work=PLANNING_WORK,
        threads=1,
        progress=lambda step: curve.append([round(step.seconds, 2), step.value, step.bound]),
    )
    reasons = explain(snapshot.problem, solution)
    attempt = plan.attempts
    held = runs.beat(
        session,
        plan.id,
        owner=PLANNER,
        attempt=attempt,
        now=now,
        lease_seconds=PLANNING_SECONDS,
        phase=PHASES[-1],
        progress=curve,
    )
    assert held  # the lease was taken at this very moment
    return store_draft(session, plan.id, snapshot, solution, reasons, owner=PLANNER, attempt=attempt, now=now)


def drive(past: Past, plan: Plan) -> None:
    """What became of each promise up to now: nearly all kept and reported, a few missed or cancelled."""
    stops = {stop.request_id: stop for tour in plan.tours for stop in tour.stops}
    promised = select(Visit).where(Visit.plan_id == plan.id).order_by(Visit.day, Visit.starts, Visit.id)
    for visit in past.session.scalars(promised).all():
        confirmed_at = instant(visit.day - timedelta(days=3), at(10))
        if past.rng.random() < 0.75 and confirmed_at <= past.now:
            visits.confirm(past.session, visit.id, actor=past.town_names[visit.town_id], now=confirmed_at)
        luck = past.rng.random()
        if luck < 0.015 and visit.day < past.today:
            eve = instant(visit.day - timedelta(days=1), at(15))
            settle_messages(past.session, now=eve, visit=visit)
            visits.cancel(past.session, visit.id, RAIN, actor=COORDINATOR, now=eve)
        elif luck < 0.025 and visit.day < past.today:
            settle_messages(past.session, now=instant(visit.day, visit.starts), visit=visit)
            visits.miss(past.session, visit.id, BREAKDOWN, actor=COORDINATOR, now=instant(visit.day, visit.starts))
        else:
            keep(past, visit, stops[visit.request_id])


def keep(past: Past, visit: Visit, stop: Stop) -> None:
    """The crew drives, works and reports, a few minutes off the plan, as far as the day has gone by now."""
    session, rng = past.session, past.rng
    crew = visit.shift.crew[0].code
    late = max(0, round(rng.gauss(1, 4)))
    filed = min(stop.departs + late + rng.randrange(10, 120), at(23))
    report = report_of_visit(visit, rng)
    steps = (
        (visits.set_off, stop.arrives - stop.drive),
        (visits.arrive, stop.arrives + late),
        (visits.open_session, stop.starts + late),
        (visits.close_session, visit.closes + late),
        (visits.leave, stop.departs + late),
    )
    settle_messages(session, now=min(past.now, instant(visit.day, stop.arrives - stop.drive)), visit=visit)
    for step, minutes in steps:
        if instant(visit.day, minutes) <= past.now:
            step(session, visit.id, actor=crew, now=instant(visit.day, minutes))
    if instant(visit.day, filed) <= past.now:
        reports.file_report(session, visit.id, report, actor=crew, now=instant(visit.day, filed))


def settle_messages(session: Session, *, now: datetime, visit: Visit | None = None) -> None:
    """Count every message that was due by `now` as delivered in its time: none of them may reach anybody today.

    Those of one visit, where given, before something happens that would make them stale.
    """
    due = [Message.state == MessageState.QUEUED, Message.due_at <= now]
    session.execute(
        update(Message)
        .where(*due, *([] if visit is None else [Message.visit_id == visit.id]))
        .values(state=MessageState.SENT, sent_at=Message.due_at, attempts=1, provider_id="demo, never sent")
    )
