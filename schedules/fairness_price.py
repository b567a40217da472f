"""Working out in the background what fairness costs: which plan is next, keeping the answer, and reading it.

Only the newest plan of each state is worth the work: the draft that may be published and the plan in force.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from routes import Problem, read_problem
from schedules.models import FairnessPrice, Plan, PlanState
from schedules.upsert import insert_new

SECONDS = 10.0
"""How long the planning of one rule may take."""

WORTH_PRICING = (PlanState.DRAFT, PlanState.PUBLISHED)


def lease_of(plan_id: int) -> str:
    """The name of the lease under which one runner prices fairness in a plan."""
    return f"price fairness of plan {plan_id}"


def waiting_plans(session: Session, today: date) -> list[int]:
    """The ids of the plans whose price of fairness is still to be worked out, the newest first."""
    newest = (
        select(func.max(Plan.id))
        .where(Plan.state.in_(WORTH_PRICING), Plan.last_day >= today, ~Plan.addition, Plan.problem.is_not(None))
        .group_by(Plan.state)
    )
    priced = exists().where(FairnessPrice.plan_id == Plan.id)
    return list(session.scalars(select(Plan.id).where(Plan.id.in_(newest), ~priced).order_by(Plan.id.desc())))


def problem_of(session: Session, plan_id: int) -> Problem | None:
    """What is to be planned anew under each rule; None where it was priced meanwhile."""
    plan = session.get(Plan, plan_id)
    if plan is None or plan.problem is None or session.get(FairnessPrice, plan_id) is not None:
        return None
    return read_problem(plan.problem)


def store(session: Session, plan_id: int, steps: list[dict[str, Any]], *, now: datetime) -> None:
    """Keep the steps, none where they cannot be had, so that they are not waited for."""
    insert_new(session, FairnessPrice, {"plan_id": plan_id, "steps": steps, "made_at": now}, unique="plan_id")


def newest(session: Session) -> tuple[Plan, list[dict[str, Any]]] | None:
    """The newest plan that fairness was priced in, and the steps."""
    row = session.execute(
        select(Plan, FairnessPrice)
        .join(FairnessPrice, FairnessPrice.plan_id == Plan.id)
        .where(Plan.state.in_(WORTH_PRICING))
        .order_by(Plan.id.desc())
    ).first()
    return (row[0], row[1].steps) if row is not None and row[1].steps else None
