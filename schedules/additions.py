"""Additions: one more visit on one shift, published at once as a small plan of its own.

A published plan is never edited. An addition is made, judged and published like every plan, in the one transaction of
publishing, but of one shift only; it stands beside the plan in force and supersedes none. Its problem holds the shift
with what stands on it and the new visit. Sessions that stand move by the tolerance at most, and their towns are told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from routes import Plan as Proposal
from routes import Problem, check, score, write_problem
from routes import Tour as ProposedTour
from routes.offers import tour_at
from schedules import publishing
from schedules.drafts import tour_row
from schedules.errors import SlotGone
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Plan, PlanState, Shift, Visit, VisitRequest
from schedules.openings import Openings, openings
from schedules.planning import TravelMaker
from schedules.planning_inputs import days_of, inputs_of
from schedules.visits import visit_of_request


def add_visit(
    session: Session,
    request: VisitRequest,
    shift: Shift,
    starts: int,
    *,
    actor: str,
    now: datetime,
    travel: TravelMaker | None = None,
) -> Visit:
    """Promise an accepted request this minute of a shift. The caller holds the publishers' queue and rolls back.

    Raises:
        SlotGone: the visit does not fit beside everything that stands or is held.
        StalePlan, UnlawfulPlan, ChangedMeanwhile: as publishing does.
    """
    day = openings(session, shift.day, shift.day, now=now, asked=[request], travel=travel)
    problem, tour = _alone(day, request, shift, starts)
    proposal = Proposal(problem.name, (tour,), value=0)
    proposal = replace(proposal, value=score(problem, proposal))
    if check(problem, proposal):
        raise SlotGone(field="starts")
    plan = Plan(
        state=PlanState.DRAFT,
        first_day=shift.day,
        last_day=shift.day,
        options={"vans": [shift.van.code]},
        seconds_allowed=0.0,
        addition=True,
        created_at=now,
        created_by=actor,
        finished_at=now,
        inputs=_inputs(day, problem, shift),
        problem=write_problem(problem),
        travel_source=day.travel_source,
        value=proposal.value,
        seconds=0.0,
    )
    session.add(plan)
    session.flush()
    plan.tours = [tour_row(plan, problem, tour, shift.id)]
    session.flush()
    publishing.publish(session, plan.id, actor=actor, now=now)
    visit = visit_of_request(session, request.id)
    assert visit is not None  # publishing has just made it
    return visit


def _alone(day: Openings, request: VisitRequest, shift: Shift, starts: int) -> tuple[Problem, ProposedTour]:
    """The shift by itself with its tour of promised visits, in which the minutes of what else is kept stay free."""
    visit = day.asked.get(request.id)
    whole = None if visit is None else day.calendar.tour_with(visit, shift.code, starts)
    if visit is None or whole is None:
        raise SlotGone(field="starts")
    promised = {f"r{asked.request.id}" for asked in day.choice.asked if asked.visit is not None}
    minutes = {stop.visit: stop.starts for stop in whole.stops if stop.visit in promised | {visit.id}}
    everything = day.calendar.problem
    problem = replace(
        everything,
        name=f"{everything.name} {shift.van.code}",
        shifts=(everything.shift_by_id[shift.code],),
        visits=tuple(each for each in everything.visits if each.id in minutes),
        exclusive=(),
    )
    tour = tour_at(problem, shift.code, [(problem.visit_by_id[name], starts) for name, starts in minutes.items()])
    if tour is None:
        raise SlotGone(field="starts")
    return problem, tour


def _inputs(day: Openings, problem: Problem, shift: Shift) -> dict[str, int]:
    served = {int(visit.id[1:]) for visit in problem.visits}
    requests = [each.request for each in day.choice.asked if each.request.id in served]
    live = [each for each in day.rows.visits if each.state in LIVE_VISITS]
    rows = day.rows
    return {**inputs_of([shift], requests, live), **days_of([shift], rows.working_days), **rows.effects.inputs}
