"""Repairs: up to three ways out of what happened, made by the planning runner, one of them chosen."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import repairs
from schedules.models import Repair
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.disruptions import ChoiceSchema, RepairInSchema, RepairSchema
from van_service.schemas.plans import PlanSchema

blueprint = Blueprint("Repairs", __name__, url_prefix="/api/v1/repairs", description="Ways out of what happened")


@blueprint.post("")
@blueprint.arguments(RepairInSchema)
@blueprint.response(202, RepairSchema)
@for_roles(Role.COORDINATOR)
def start_repair(values: dict[str, Any]) -> Response:
    """Look for ways out of everything that is open. The answer names the resource that shows the proposals."""
    repair = repairs.start(
        db.session, seconds=values["seconds"], seed=values["seed"], actor=actor(), now=utc_now()
    )  # fmt: skip
    return committed(RepairSchema(), repair, 202, location=f"/api/v1/repairs/{repair.id}")


@blueprint.get("/<id:repair_id>")
@blueprint.response(200, RepairSchema)
@for_roles(Role.COORDINATOR)
def show_repair(repair_id: int) -> Repair:
    """The proposals with value, bound and gap, and what each would change."""
    return repairs.get_repair(db.session, repair_id)


@blueprint.post("/<id:repair_id>/choose")
@blueprint.arguments(ChoiceSchema)
@blueprint.response(200, PlanSchema)
@for_roles(Role.COORDINATOR)
def choose_proposal(values: dict[str, int], repair_id: int) -> Response:
    """Take one proposal as the draft to publish; the others are put aside."""
    plan = repairs.choose(db.session, repair_id, values["plan_id"], actor=actor(), now=utc_now())
    return committed(PlanSchema(), plan)
