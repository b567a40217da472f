"""Drafts drawn by hand for tests: one stop per tour, with the problem's own travel times, so no planner is needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from routes import plan as proposals
from routes.instances import write_problem
from routes.problem import Problem
from routes.score import score
from schedules import planning
from schedules.models import Plan, PlanState, Shift, Stop, Tour, VisitRequest

FIRST, LAST = date(2026, 6, 8), date(2026, 6, 19)

Placed = tuple[VisitRequest, Shift, int]


def draft(session: Session, placed: Iterable[Placed], *, now: datetime, **options: Any) -> Plan:
    """A stored draft that serves each request with a tour of its own, the session beginning at the minute given."""
    made_from = planning.snapshot(session, FIRST, LAST, now=now, options=options)
    problem = made_from.problem
    plan = Plan(
        state=PlanState.DRAFT,
        first_day=FIRST,
        last_day=LAST,
        options=options,
        seconds_allowed=1,
        created_at=now,
        created_by="zhou",
        inputs=made_from.inputs,
        problem=write_problem(problem),
    )
    session.add(plan)
    session.flush()
    for request, shift, starts in placed:
        plan.tours.append(_tour(plan, problem, request, shift, starts))
    session.flush()
    plan.value = score(problem, _as_proposal(problem, plan))
    session.commit()
    return plan


def _tour(plan: Plan, problem: Problem, request: VisitRequest, shift: Shift, starts: int) -> Tour:
    visit, rides = problem.visit_by_id[f"r{request.id}"], problem.shift_by_id[shift.code]
    there = problem.travel[rides.start_place][visit.place]
    back = problem.travel[visit.place][rides.end_place]
    arrives, departs = starts - visit.setup, starts + visit.session + visit.teardown
    leaves, returns = arrives - there, departs + back
    lunch = 660 if leaves >= 720 else max(returns, 660)
    stop = Stop(plan_id=plan.id, request_id=request.id, position=0, drive=there,
                arrives=arrives, starts=starts, departs=departs)  # fmt: skip
    return Tour(shift_id=shift.id, leaves=leaves, returns=returns, lunch=lunch,
                driving=there + back, stops=[stop])  # fmt: skip


def _as_proposal(problem: Problem, plan: Plan) -> proposals.Plan:
    tours = tuple(
        proposals.Tour(
            tour.shift.code,
            tour.leaves,
            tour.returns,
            tour.lunch,
            tuple(proposals.Stop(f"r{s.request_id}", s.arrives, s.starts, s.departs) for s in tour.stops),
        )
        for tour in plan.tours
    )
    return proposals.Plan(problem.name, tours, 0)
