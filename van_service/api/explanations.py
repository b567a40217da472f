"""Explanations: why a plan leaves requests out, which changes would serve them, and taking one."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import applying, explaining
from schedules.errors import NotFound
from schedules.models import Explanation, Plan
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.explanations import ApplySchema, ExplanationSchema, ExplanationsSchema, WhyHereSchema

blueprint = Blueprint(
    "Explanations", __name__, url_prefix="/api/v1/plans", description="Why a plan leaves requests out, and what helps"
)


@blueprint.get("/<id:plan_id>/explanations")
@blueprint.response(200, ExplanationsSchema)
@for_roles(Role.COORDINATOR)
def list_explanations(plan_id: int) -> dict[str, Any]:
    """What is explained so far, how many requests still wait for it, and what has made it stale."""
    plan = _plan(plan_id)
    found = explaining.explanations_of(db.session, plan_id)
    return {
        "explanations": list(found.values()),
        "waiting": sum(row.request_id not in found for row in plan.unserved),
        "stale": applying.stale_since(db.session, plan),
    }


@blueprint.get("/<id:plan_id>/explanations/<id:request_id>")
@blueprint.response(200, ExplanationSchema)
@for_roles(Role.COORDINATOR)
def show_explanation(plan_id: int, request_id: int) -> Explanation:
    """Why the plan leaves out one request, and the checked changes that would serve it, the cheapest first."""
    return applying.get_explanation(db.session, plan_id, request_id)


@blueprint.post("/<id:plan_id>/explanations/<id:request_id>/apply")
@blueprint.arguments(ApplySchema)
@blueprint.response(200, ExplanationSchema)
@for_roles(Role.COORDINATOR)
def apply_change(values: dict[str, int], plan_id: int, request_id: int) -> Response:
    """Make one of the changes: the request is altered and kept on the shift named, so that the next plan serves it."""
    applying.apply_change(db.session, plan_id, request_id, values["number"], actor=actor(), now=utc_now())
    return committed(ExplanationSchema(), applying.get_explanation(db.session, plan_id, request_id))


@blueprint.get("/<id:plan_id>/stops/<id:request_id>/why")
@blueprint.response(200, WhyHereSchema)
@for_roles(Role.COORDINATOR)
def why_here(plan_id: int, request_id: int) -> dict[str, Any]:
    """Why a served request is where it is: what the two next best places would cost."""
    return explaining.why_here(db.session, _plan(plan_id), request_id)


def _plan(plan_id: int) -> Plan:
    plan = db.session.get(Plan, plan_id)
    if plan is None:
        raise NotFound(noun="plan", id=plan_id)
    return plan
