"""Edits of drafts by hand: each makes a new draft, checked at once; a broken rule is answered with 409 and its name."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import edits, redo, verdicts
from schedules.errors import NotFound
from schedules.models import Plan, PlanEdit
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.edits import EditInSchema, EditSchema, LaneSchema, VerdictQuerySchema
from van_service.schemas.plans import PlanSchema

blueprint = Blueprint("Edits", __name__, url_prefix="/api/v1/plans", description="Drafts changed by hand")


@blueprint.get("/<id:plan_id>/edits")
@blueprint.response(200, EditSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_edits(plan_id: int) -> list[PlanEdit]:
    """Everything that was changed by hand on the way to this plan, in that order."""
    plan = db.session.get(Plan, plan_id)
    if plan is None:
        raise NotFound(noun="plan", id=plan_id)
    return edits.edits_of(db.session, plan)


@blueprint.post("/<id:plan_id>/edits")
@blueprint.arguments(EditInSchema)
@blueprint.response(201, PlanSchema)
@for_roles(Role.COORDINATOR)
def edit_plan(values: dict[str, Any], plan_id: int) -> Response:
    """Change one thing. The answer is the new draft; a refusal names the rules and a lawful place nearby."""
    plan = edits.edit(db.session, plan_id, edits.Edit(**values), actor=actor(), now=utc_now())
    return committed(PlanSchema(), plan, 201, location=f"/api/v1/plans/{plan.id}")


@blueprint.get("/<id:plan_id>/verdicts")
@blueprint.arguments(VerdictQuerySchema, location="query")
@blueprint.response(200, LaneSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_verdicts(query: dict[str, Any], plan_id: int) -> list[verdicts.Lane]:
    """What a visit's going to each shift of some days would break, cost and change; nothing is changed."""
    sheet = verdicts.read_sheet(db.session, plan_id)
    return list(
        verdicts.lanes(db.session, sheet, query["request_id"], query["first"], query["last"], starts=query["starts"])
    )


@blueprint.post("/<id:plan_id>/undo")
@blueprint.response(200, PlanSchema)
@for_roles(Role.COORDINATOR)
def undo_edit(plan_id: int) -> Response:
    """Put this draft aside and go back to the one before its last edit, which is the answer."""
    return committed(PlanSchema(), edits.undo(db.session, plan_id, actor=actor(), now=utc_now()))


@blueprint.post("/<id:plan_id>/redo")
@blueprint.response(201, PlanSchema)
@for_roles(Role.COORDINATOR)
def redo_edit(plan_id: int) -> Response:
    """Make the edit of this draft again that was undone last; the answer is the new draft."""
    plan = redo.redo(db.session, plan_id, actor=actor(), now=utc_now())
    return committed(PlanSchema(), plan, 201, location=f"/api/v1/plans/{plan.id}")
