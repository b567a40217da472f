"""Disruptions: what upset the coming days, entered and revoked by coordinators."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import changes, repairs
from schedules.models import Disruption
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.disruptions import DisruptionInSchema, DisruptionQuerySchema, DisruptionSchema

blueprint = Blueprint(
    "Disruptions", __name__, url_prefix="/api/v1/disruptions", description="What upset the coming days"
)


@blueprint.get("")
@blueprint.arguments(DisruptionQuerySchema, location="query")
@blueprint.response(200, DisruptionSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_disruptions(query: dict[str, Any]) -> list[Disruption]:
    """The latest disruptions, the newest first."""
    return changes.list_disruptions(db.session, state=query["state"], limit=query["limit"])


@blueprint.post("")
@blueprint.arguments(DisruptionInSchema)
@blueprint.response(201, DisruptionSchema)
@for_roles(Role.COORDINATOR)
def enter_disruption(values: dict[str, Any]) -> Response:
    """Say what happened. No promise changes before a plan that answers it is published."""
    row = changes.enter(db.session, changes.Entry(**values), actor=actor(), now=utc_now())
    return committed(DisruptionSchema(), row, 201, location=f"/api/v1/disruptions/{row.id}")


@blueprint.get("/<id:disruption_id>")
@blueprint.response(200, DisruptionSchema)
@for_roles(Role.COORDINATOR)
def show_disruption(disruption_id: int) -> Disruption:
    """One disruption with the visits that it hits."""
    return changes.get_disruption(db.session, disruption_id)


@blueprint.post("/<id:disruption_id>/revoke")
@blueprint.response(200, DisruptionSchema)
@for_roles(Role.COORDINATOR)
def revoke_disruption(disruption_id: int) -> Response:
    """Take an entry back and put the proposals made for it aside; refused once a plan that answers it is published."""
    return committed(DisruptionSchema(), repairs.undo(db.session, disruption_id, actor=actor(), now=utc_now()))
