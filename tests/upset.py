"""A week that can be upset: two vans, promised visits on Tuesday and Wednesday, a request that waits, and a solver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from routes.explain import explain
from routes.planner import plan_visits
from schedules import changes, publishing, runs
from schedules.drafts import store_draft
from schedules.models import CrewMember, Disruption, DisruptionKind, Plan, Shift, Van, Visit, VisitRequest
from schedules.planning import snapshot
from schedules.visits import visit_of_request
from tests.drafts import draft
from tests.factories import (
    make_crew_member,
    make_days,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_van,
    make_venue,
)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 6, day) for day in (8, 9, 10, 11))


@dataclass
class Week:
    """Van 1 serves `first` on Tuesday at 9:00 and `outdoors` at 13:30 on Wednesday, van 2 `second` on Tuesday at 9:00.

    Every visit may be held on Tuesday, Wednesday or Thursday from 8:00 to 15:00; `waiting` is accepted and unplanned.
    Van 1 rides with a driver and a tester, who both test; each visit needs one tester.
    """

    van: Van
    other_van: Van
    shifts: dict[date, Shift]
    other_shifts: dict[date, Shift]
    driver: CrewMember
    tester: CrewMember
    first: VisitRequest
    second: VisitRequest
    outdoors: VisitRequest
    waiting: VisitRequest


def make_week(session: Session, *, now: datetime) -> Week:
    """The week with its promises published."""
    make_days(session, date(2026, 6, 1))
    van, other_van = make_van(session), make_van(session)
    driver, tester = make_crew_member(session), make_crew_member(session, ("tester",))
    other_crew = [make_crew_member(session), make_crew_member(session, ("tester",))]
    week = (TUESDAY, WEDNESDAY, THURSDAY)
    shifts = {day: make_shift(session, day, van, [driver, tester]) for day in week}
    other_shifts = {day: make_shift(session, day, other_van, other_crew) for day in week}
    service = make_service(session, skills={"tester": 1}, minutes=60, kits=12)
    windows = [(day, 480, 900) for day in week]
    first, second, outdoors, waiting = (
        make_request(
            session,
            windows,
            now=now,
            venue=make_venue(
                session,
                make_town(session, contact_email=f"{name}-office@example.org"),
                indoor_room=name != "outdoors",
                latitude=latitude,
            ),
            service=service,
            contact_email=f"{name}@example.org",
        )
        for name, latitude in (("first", 30.95), ("second", 30.93), ("outdoors", 30.90), ("waiting", 30.91))
    )
    placed = [(first, shifts[TUESDAY], 540), (second, other_shifts[TUESDAY], 540), (outdoors, shifts[WEDNESDAY], 810)]
    plan = draft(session, placed, now=now)
    publishing.publish(session, plan.id, actor="zhou", now=now)
    session.commit()
    return Week(van, other_van, shifts, other_shifts, driver, tester, first, second, outdoors, waiting)


def visit_to(session: Session, request: VisitRequest) -> Visit:
    """The request's visit."""
    visit = visit_of_request(session, request.id)
    assert visit is not None
    return visit


def entry_of(session: Session, week: Week, kind: DisruptionKind) -> changes.Entry:
    """An entry of each kind that hits the week (on Tuesday 9 June; a crew that is late, on that very day)."""
    entries = {
        DisruptionKind.VAN_OUT: {"van_id": week.van.id, "first_day": TUESDAY},
        DisruptionKind.CREW_ILL: {"crew_member_id": week.driver.id, "first_day": TUESDAY},
        DisruptionKind.TOWN_CANCELS: {"visit_id": visit_to(session, week.first).id},
        DisruptionKind.VENUE_CLOSED: {"venue_id": week.first.venue_id, "first_day": TUESDAY},
        DisruptionKind.HEAT: {"first_day": WEDNESDAY, "opens": 660, "closes": 840},
        DisruptionKind.STORM: {"first_day": WEDNESDAY},
        DisruptionKind.CREW_LATE: {"shift_id": week.shifts[TUESDAY].id, "minutes": 90},
        DisruptionKind.URGENT_VISIT: {"request_id": week.waiting.id},
    }
    return changes.Entry(kind=kind, reason="说明原因", **entries[kind])


def enter(session: Session, week: Week, kind: DisruptionKind, *, now: datetime) -> Disruption:
    """Enter it."""
    disruption = changes.enter(session, entry_of(session, week, kind), actor="zhou", now=now)
    session.commit()
    return disruption


def make_plans(session: Session, *, now: datetime) -> list[Plan]:
    """Do in this process what the runner does with every run that waits."""
    made = []
    while (plan := runs.claim_run(session, owner="test", now=now, lease_seconds=60)) is not None:
        claim = runs.claim_of(plan)
        taken = snapshot(session, claim.first_day, claim.last_day, now=now, options=claim.options)
        solution = plan_visits(taken.problem, seconds=claim.seconds, seed=claim.seed, threads=1)
        reasons = explain(taken.problem, solution)
        made.append(
            store_draft(session, claim.plan_id, taken, solution, reasons, owner="test", attempt=claim.attempt, now=now)
        )
        session.commit()
    return made
