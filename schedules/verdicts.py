"""What would happen if a visit of a draft went elsewhere, for every lane of the board at once. Changes nothing.

A draft never changes, so what was read of one may be kept and asked again and again while somebody drags.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from routes import Problem, read_problem
from routes import plan as proposals
from routes.verdicts import Verdict
from routes.verdicts import verdicts as judge
from schedules import publishing
from schedules.errors import BadChoice
from schedules.models import Shift, VisitRequest
from schedules.recipients import people_for


@dataclass(frozen=True)
class Sheet:
    """A draft as the planner reads it."""

    plan_id: int
    problem: Problem
    plan: proposals.Plan


@dataclass(frozen=True, slots=True)
class Lane:
    """A shift with the verdict on it; `people` is how many of the towns would have to be told."""

    shift: Shift
    verdict: Verdict
    people: int


def read_sheet(session: Session, plan_id: int) -> Sheet:
    """The draft. Raises NotFound, and MoveNotAllowed where the plan is no draft."""
    plan = publishing.get_draft(session, plan_id)
    return Sheet(plan.id, read_problem(plan.problem), publishing.proposal_of(session, plan))


def refuse_other_than_draft(session: Session, plan_id: int) -> None:
    """Raises NotFound, and MoveNotAllowed where the plan is no draft (any more)."""
    publishing.get_draft(session, plan_id)


def lanes(
    session: Session, sheet: Sheet, request_id: int, first: date, last: date, *, starts: int | None = None
) -> Iterator[Lane]:
    """The verdict on every shift from `first` to `last` that the draft knows, at `starts` or the best minute.

    Raises:
        BadChoice: the draft does not know the request, or the minute is none of a day.
    """
    visit = f"r{request_id}"
    if visit not in sheet.problem.visit_by_id:
        raise BadChoice(field="request_id", given=request_id)
    if starts is not None and not 0 <= starts < 24 * 60:
        raise BadChoice(field="starts", given=starts)
    shifts = _shifts(session, sheet, first, last)
    told: dict[str, int] = {}
    for verdict in judge(sheet.problem, sheet.plan, visit, list(shifts), starts):
        yield Lane(shifts[verdict.shift], verdict, sum(_people(session, name, told) for name in verdict.told))


def _shifts(session: Session, sheet: Sheet, first: date, last: date) -> dict[str, Shift]:
    found: Sequence[Shift] = session.scalars(
        select(Shift)
        .where(Shift.day.between(first, last))
        .options(joinedload(Shift.van))
        .order_by(Shift.day, Shift.van_id)
    ).all()
    return {shift.code: shift for shift in found if shift.code in sheet.problem.shift_by_id}


def _people(session: Session, visit: str, told: dict[str, int]) -> int:
    """How many people of its town hear of a change to the visit."""
    if visit not in told:
        request = session.get_one(VisitRequest, int(visit[1:]))
        told[visit] = len(people_for(session, "moved", request=request))
    return told[visit]
