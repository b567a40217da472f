"""Explaining in the background what drafts leave out: which plan is next, and storing what the solver's child answers.

A draft is told apart from one that is explained by its rows: a request that it leaves out and has no explanation yet
still waits. So a runner that dies loses nothing, and the next goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from routes import Problem, read_problem
from routes import plan as proposals
from routes.changes import Means
from routes.explanations import Explainer
from schedules.drafts import request_id
from schedules.errors import NotFound
from schedules.means import means_of
from schedules.models import Explanation, Plan, PlanState, Unserved
from schedules.publishing import proposal_of

SECONDS = 60.0
"""The work, in seconds, that pricing all requests of a plan may take; what is left then is explained more coarsely."""


@dataclass(frozen=True)
class Waiting:
    """A draft with the visits that are still to be explained."""

    plan_id: int
    problem: Problem
    plan: proposals.Plan
    means: Means
    visits: tuple[str, ...]


def lease_of(plan_id: int) -> str:
    """The name of the lease under which one runner explains a plan."""
    return f"explain plan {plan_id}"


def waiting_plans(session: Session, today: date) -> list[int]:
    """The ids of the drafts with something to explain that could still be published, the newest first."""
    done = exists().where(Explanation.plan_id == Unserved.plan_id, Explanation.request_id == Unserved.request_id)
    open_rows = exists().where(Unserved.plan_id == Plan.id, ~done)
    found = select(Plan.id).where(Plan.state == PlanState.DRAFT, Plan.last_day >= today, open_rows)
    return list(session.scalars(found.order_by(Plan.id.desc())))


def read_waiting(session: Session, plan_id: int, *, now: datetime) -> Waiting | None:
    """What the child needs to explain the rest of a plan; None where nothing is left to do."""
    plan = session.get(Plan, plan_id)
    if plan is None or plan.state is not PlanState.DRAFT or plan.problem is None:
        return None
    explained = set(session.scalars(select(Explanation.request_id).where(Explanation.plan_id == plan_id)))
    problem, proposal = read_problem(plan.problem), proposal_of(session, plan)
    ids = [
        row.request_id
        for row in plan.unserved
        if row.request_id not in explained and f"r{row.request_id}" in problem.visit_by_id
    ]
    if not ids:
        return None
    means = means_of(session, plan, problem, ids, now=now)
    return Waiting(plan_id, problem, proposal, means, tuple(f"r{number}" for number in ids))


def store_explanation(
    session: Session, plan_id: int, visit: str, document: dict[str, Any] | None, *, now: datetime
) -> bool:
    """Keep one explanation, None where there is none to be had, so that it is not waited for.

    False where the plan is no draft any more, so that there is no point in going on.
    """
    state = session.scalar(select(Plan.state).where(Plan.id == plan_id))
    if state is not PlanState.DRAFT:
        return False
    asked = request_id(visit)
    row = session.scalar(select(Unserved).where(Unserved.plan_id == plan_id, Unserved.request_id == asked))
    if row is not None:
        found = [*document["remedies"], document["anyway"]] if document else []
        changes = sorted((each for each in found if each is not None), key=lambda each: -each["points"])
        session.add(
            Explanation(
                plan_id=plan_id,
                request_id=asked,
                reason=_reason(document, row),
                changes=[_change(each) for each in changes],
                made_at=now,
            )
        )
        session.flush()
    return True


def _reason(document: dict[str, Any] | None, row: Unserved) -> dict[str, Any]:
    """The reason as the draft has it, with the price as it was worked out; whoever is spoken of by request id."""
    if document is None:
        return {**row.detail, "class": row.reason, "nothing_helps": None}
    reason = {**row.detail, "class": row.reason, "nothing_helps": document["nothing_helps"]}
    if row.reason != "outranked":
        return reason
    points, least = document["points"], document["at_least"]
    return {
        **reason,
        "points": points,
        "at_least": least,
        "exact": points is not None and points == least,
        "shift": document["shift"],
        "displaces": _ids(document["displaces"]),
        "adds": _ids(document["anyway"]["adds"]) if document["anyway"] else [],
    }


def _change(remedy: dict[str, Any]) -> dict[str, Any]:
    change = remedy["change"]
    detail = dict(change["detail"])
    if "unpinned" in detail:
        detail["unpinned"] = request_id(detail["unpinned"])
    return {
        "kind": change["kind"],
        "shift": change["shift"],
        "detail": detail,
        "points": remedy["points"],
        "starts": remedy["starts"],
        "displaces": _ids(remedy["displaces"]),
        "adds": _ids(remedy["adds"]),
        "moves": _ids(remedy["moves"]),
    }


def _ids(visits: Iterable[str]) -> list[int]:
    return [request_id(visit) for visit in visits]


def explanations_of(session: Session, plan_id: int) -> dict[int, Explanation]:
    """What is explained of a plan so far, by request id."""
    found = select(Explanation).where(Explanation.plan_id == plan_id).order_by(Explanation.id)
    return {row.request_id: row for row in session.scalars(found)}


def why_here(session: Session, plan: Plan, asked: int) -> dict[str, Any]:
    """Why a served request is where it is, with what the next best places would cost.

    Raises:
        NotFound: the plan does not serve the request.
    """
    proposal = proposal_of(session, plan)
    if plan.problem is None or f"r{asked}" not in proposal.served:
        raise NotFound(noun="stop", id=asked)
    why = Explainer(read_problem(plan.problem), proposal).why_here(f"r{asked}")
    return {
        "request_id": asked,
        "shift_code": why.shift,
        "starts": why.starts,
        "pinned": why.pinned,
        "next_best": [
            {
                "shift_code": place.shift,
                "starts": place.starts,
                "points": place.points,
                "displaces": _ids(place.displaces),
            }
            for place in why.next_best
        ],
    }
