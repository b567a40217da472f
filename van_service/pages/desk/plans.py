"""One plan on the desk: its figures, a week of it as a timetable, a day of it on the map, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import abort, current_app, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from schedules import applying, calendar, edits, explaining, fairness, publishing, redo
from schedules.days import add_working_days
from schedules.differences import Difference, requests_considered
from schedules.errors import BeyondCalendar
from schedules.models import (
    Day,
    Plan,
    PlanState,
    RequestState,
    Service,
    Shift,
    Stop,
    Tour,
    Town,
    Unserved,
    Van,
    Venue,
    VisitRequest,
)
from schedules.prizes import planning_numbers
from schedules.requests import list_requests
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk import board
from van_service.pages.desk.arguments import day_given
from van_service.pages.desk.board import BoardDay, Marks
from van_service.pages.desk.district_map import map_data
from van_service.pages.desk.gap_plot import gap_plot
from van_service.pages.desk.worth import worth_of

SHOWN = (PlanState.DRAFT, PlanState.PUBLISHED, PlanState.SUPERSEDED, PlanState.DISCARDED)
MOST_IN_ASIDE = 6
FIRST_REASONS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """A plan's numbers: minutes on the road and in service, and the share of driving in the crews' hours."""

    asked: int
    served: int
    driving: int
    away: int

    @property
    def road_share(self) -> float:
        return self.driving / self.away if self.away else 0.0


def show(plan_id: int) -> str:
    """The plan; `?week=` names a Monday, `?day=` the day of the map, `?view=table` shows the week as a table."""
    plan = get_plan(plan_id)
    if plan.state not in SHOWN:
        abort(404)
    tours, now = tours_of(plan), utc_now()
    weeks = board.weeks_between(plan.first_day, plan.last_day)
    chosen_day = day_given("day")
    monday = _week(weeks, chosen_day or day_given("week") or calendar.local_day(now))
    changes = publishing.difference(db.session, plan, now=now) if plan.state is PlanState.DRAFT else Difference()
    days = _board_days(plan, tours, monday, changes)
    map_day = chosen_day if chosen_day in [day.date for day in days] else _first_driven(days)
    hours = board.hours_of(days)
    return render_template(
        "desk/plan.html",
        plan=plan,
        figures=figures_of(plan, tours),
        summary=plan.summary,
        changes=changes,
        days=days,
        hours=hours,
        weeks=weeks,
        monday=monday,
        table=request.args.get("view") == "table",
        services=_services_of(plan),
        left_out=_sorted_by_weight(plan),
        explained=explaining.explanations_of(db.session, plan.id),
        plan_until=applying.last_day_needed(db.session, plan),
        first_reasons=FIRST_REASONS,
        map_day=map_day,
        map_tours=[tour for tour in tours if tour.shift.day == map_day],
        map_data=map_data([tour for tour in tours if tour.shift.day == map_day], plan.unserved, _towns()),
        tile_url=current_app.extensions["settings"].tile_url,
        tile_attribution=current_app.extensions["settings"].tile_attribution,
        named=_named(plan),
        plot=gap_plot(plan.progress, until=plan.seconds or 0.0),
        live=plan.state is PlanState.DRAFT and edits.edited_into(db.session, plan) is None,
        undone=redo.undone(db.session, plan) is not None,
        stale=publishing.staleness(db.session, plan) if plan.state is PlanState.DRAFT else [],
        overdue=overdue_towns(),
        cap=fairness.LONGEST_WAIT_DAYS,
        today=calendar.local_day(now),
        **_inbox(),
    )


def get_plan(plan_id: int) -> Plan:
    """The plan, or the page that says that there is none."""
    plan = db.session.get(Plan, plan_id)
    if plan is None:
        abort(404)
    return plan


def tours_of(plan: Plan) -> list[Tour]:
    """The plan's tours by day and van, with all that the desk reads of them."""
    asked = selectinload(Tour.stops).joinedload(Stop.request)
    found = (
        select(Tour)
        .where(Tour.plan_id == plan.id)
        .options(
            joinedload(Tour.shift).joinedload(Shift.van).joinedload(Van.depot),
            asked.joinedload(VisitRequest.town),
            asked.joinedload(VisitRequest.venue).joinedload(Venue.kind),
        )
    )
    return sorted(db.session.scalars(found), key=lambda tour: (tour.shift.day, tour.shift.van.number))


def figures_of(plan: Plan, tours: list[Tour]) -> Figures:
    """The plan's numbers, counted from its rows where its summary lacks them."""
    served = sum(len(tour.stops) for tour in tours)
    return Figures(
        asked=plan.summary.get("asked", len(requests_considered(plan)) or served),
        served=served,
        driving=sum(tour.driving for tour in tours),
        away=sum(tour.returns - tour.leaves for tour in tours),
    )


def overdue_towns() -> list[fairness.TownCoverage]:
    """The towns that have waited longer than any should, as of today."""
    today = calendar.local_day(utc_now())
    return [line for line in fairness.coverage(db.session, today, today, today=today) if line.overdue]


def _board_days(plan: Plan, tours: list[Tour], monday: date, changes: Difference) -> list[BoardDay]:
    sunday = monday + timedelta(days=6)
    within = (max(monday, plan.first_day), min(sunday, plan.last_day))
    shifts = db.session.scalars(select(Shift).where(Shift.day.between(*within)).options(joinedload(Shift.van)))
    rows = db.session.scalars(select(Day).where(Day.date.between(monday, sunday)))
    pinned = [visit["id"] for visit in (plan.problem or {}).get("visits", ()) if visit.get("pin")]
    marks = Marks(
        changes={change.request.id: change for change in (*changes.changes, *changes.kept)},
        pinned=frozenset(int(name[1:]) for name in pinned),
        kept_free=frozenset(plan.summary.get("kept_free", ())),
        frozen_until=_frozen_until() if plan.state is PlanState.DRAFT else None,
    )
    days = board.days_of_week(monday, list(shifts), tours, {row.date: row for row in rows}, marks)
    return [day for day in days if plan.first_day <= day.date <= plan.last_day]


def _frozen_until() -> date | None:
    """The last day on which promises stand still."""
    number = planning_numbers(db.session)["freeze_days"]
    try:
        return add_working_days(db.session, calendar.local_day(utc_now()), number) if number else None
    except BeyondCalendar:
        return None


def _week(weeks: list[date], day: date) -> date:
    """The week of the day if the plan has it, else the plan's first or last."""
    monday = day - timedelta(days=day.weekday())
    return min(max(monday, weeks[0]), weeks[-1])


def _first_driven(days: list[BoardDay]) -> date | None:
    driven = [day.date for day in days if any(lane.tour for lane in day.lanes)]
    return driven[0] if driven else None


def _towns() -> list[Town]:
    return list(db.session.scalars(select(Town).order_by(Town.code)))


def _services_of(plan: Plan) -> list[Service]:
    """The services that the plan's stops and left-out requests ask for, for the legend."""
    requests = [stop.request for tour in plan.tours for stop in tour.stops] + [row.request for row in plan.unserved]
    found = {each.service.id: each.service for asked in requests for each in asked.services}
    return sorted(found.values(), key=lambda service: service.position)


def _sorted_by_weight(plan: Plan) -> list[Unserved]:
    """What is impossible first, then by points: what hurts most stands on top."""
    points = plan.summary.get("prizes", {})
    return sorted(
        plan.unserved,
        key=lambda row: (row.reason != "impossible", -points.get(str(row.request_id), {}).get("total", 0), row.id),
    )


def _named(plan: Plan) -> dict[int, VisitRequest]:
    """The requests that reasons speak of, by id."""
    ids = {other for row in plan.unserved for other in _others(row.detail)}
    ids |= {other for row in explaining.explanations_of(db.session, plan.id).values() for other in _others(row.reason)}
    found = (
        select(VisitRequest)
        .where(VisitRequest.id.in_(ids))
        .options(joinedload(VisitRequest.town), joinedload(VisitRequest.venue))
    )
    return {asked.id: asked for asked in db.session.scalars(found)}


def _others(reason: dict[str, Any]) -> list[int]:
    return [*reason.get("displaces", ()), *reason.get("rivals", ())]


def _inbox() -> dict[str, object]:
    """The requests that wait for a word, the most valuable first."""
    waiting = list_requests(db.session, states=(RequestState.SUBMITTED,), limit=200)
    worth = worth_of(db.session, waiting, today=calendar.local_day(utc_now()))
    waiting.sort(key=lambda asked: (-worth[asked.id].total, asked.id))
    return {"waiting": waiting[:MOST_IN_ASIDE], "waiting_number": len(waiting), "worth": worth}
