"""Making an edit again that was undone: the same wish, judged anew on the draft that stands."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import edits
from schedules.edits import Edit
from schedules.errors import MoveNotAllowed, NotFound
from schedules.finding import find
from schedules.models import Plan, PlanEdit, PlanState, Shift


def undone(session: Session, plan: Plan) -> PlanEdit | None:
    """The edit of this draft that was undone last; None where there is none, or another was made since."""
    if plan.state is not PlanState.DRAFT or edits.edited_into(session, plan) is not None:
        return None
    return session.scalar(
        select(PlanEdit)
        .join(Plan, Plan.id == PlanEdit.plan_id)
        .where(Plan.edited_from_id == plan.id, Plan.state == PlanState.DISCARDED)
        .order_by(PlanEdit.id.desc())
        .limit(1)
    )


def redo(session: Session, plan_id: int, *, actor: str, now: datetime) -> Plan:
    """Make the edit again that was undone last; the new draft.

    Raises:
        NotFound: there is no such plan. MoveNotAllowed: nothing was undone.
        Whatever `edits.edit` raises, should the rows have moved on meanwhile.
    """
    plan = find(session, Plan, plan_id)
    if plan is None:
        raise NotFound(noun="plan", id=plan_id)
    edit = undone(session, plan)
    if edit is None:
        raise MoveNotAllowed(noun="plan", from_=plan.state.value, to="done again")
    return edits.edit(session, plan_id, _wish(session, edit), actor=actor, now=now)


def _wish(session: Session, edit: PlanEdit) -> Edit:
    """What was wished for, by what came of it."""
    place = edit.after.get(str(edit.request_id)) or {}
    shift = _shift(session, place["shift"]) if "shift" in place else None
    return Edit(
        kind=edit.kind,
        request_id=edit.request_id,
        shift_id=shift.id if shift is not None else None,
        starts=place.get("starts"),
        other_request_id=edit.other_request_id,
        reason=edit.reason,
    )


def _shift(session: Session, code: str) -> Shift | None:
    van, _, day = code.rpartition("@")
    return session.scalar(select(Shift).where(Shift.day == date.fromisoformat(day), Shift.van.has(code=van)))
