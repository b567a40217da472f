"""Plans: asked for, watched, stopped, compared, published. Planning itself happens in the runner's process."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify
from flask_smorest import Blueprint

from routes import write_plan
from schedules import publishing, runs
from schedules.differences import ChangeKind
from schedules.errors import NotFound
from schedules.models import Plan, Tour, Unserved
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.plans import (
    DifferenceSchema,
    PlanInSchema,
    PlanQuerySchema,
    PlanSchema,
    TourSchema,
    UnservedSchema,
)

blueprint = Blueprint("Plans", __name__, url_prefix="/api/v1/plans", description="Proposals for the coming weeks")


@blueprint.post("")
@blueprint.arguments(PlanInSchema)
@blueprint.response(202, PlanSchema)
@for_roles(Role.COORDINATOR)
def queue_plan(values: dict[str, Any]) -> Response:
    """Ask for a plan. The answer names the resource that shows the progress."""
    seconds = values["seconds"] or current_app.extensions["settings"].plan_seconds
    plan = runs.queue_plan(
        db.session,
        values["first_day"],
        values["last_day"],
        seconds=seconds,
        seed=values["seed"],
        options=values["options"],
        actor=actor(),
        now=utc_now(),
    )
    return committed(PlanSchema(), plan, 202, location=f"/api/v1/plans/{plan.id}")


@blueprint.get("")
@blueprint.arguments(PlanQuerySchema, location="query")
@blueprint.response(200, PlanSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_plans(query: dict[str, int]) -> list[Plan]:
    """The latest plans, the newest first."""
    return runs.history(db.session, limit=query["limit"])


@blueprint.get("/<id:plan_id>")
@blueprint.response(200, PlanSchema)
@for_roles(Role.COORDINATOR)
def show_plan(plan_id: int) -> Plan:
    """One plan: while it is made, its phase, value, bound and gap."""
    return _plan(plan_id)


@blueprint.post("/<id:plan_id>/stop")
@blueprint.response(200, PlanSchema)
@for_roles(Role.COORDINATOR)
def stop_plan(plan_id: int) -> Response:
    """End the run early; the best plan so far is kept."""
    return committed(PlanSchema(), runs.request_stop(db.session, plan_id, actor=actor(), now=utc_now()))


@blueprint.get("/<id:plan_id>/tours")
@blueprint.response(200, TourSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_tours(plan_id: int) -> list[Tour]:
    """Who drives where and when."""
    return sorted(_plan(plan_id).tours, key=lambda tour: (tour.shift.day, tour.shift.van_id))


@blueprint.get("/<id:plan_id>/unserved")
@blueprint.response(200, UnservedSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_unserved(plan_id: int) -> list[Unserved]:
    """What the plan leaves out, and why."""
    return _plan(plan_id).unserved


@blueprint.get("/<id:plan_id>/problem")
@blueprint.response(200, {"type": "object"}, description="A document of the format roving-van-problem/1")
@for_roles(Role.COORDINATOR)
def show_problem(plan_id: int) -> Response:
    """The problem that the plan solves, as the planner's own document."""
    problem = _plan(plan_id).problem
    if problem is None:
        raise NotFound(noun="problem", id=plan_id)
    return jsonify(problem)


@blueprint.get("/<id:plan_id>/document")
@blueprint.response(200, {"type": "object"}, description="A document of the format roving-van-plan/1")
@for_roles(Role.COORDINATOR)
def show_document(plan_id: int) -> Response:
    """The plan as the planner's own document, for any checker."""
    plan = _plan(plan_id)
    if plan.problem is None:
        raise NotFound(noun="document", id=plan_id)
    return jsonify(write_plan(publishing.proposal_of(db.session, plan)))


@blueprint.get("/<id:plan_id>/difference")
@blueprint.response(200, DifferenceSchema)
@for_roles(Role.COORDINATOR)
def show_difference(plan_id: int) -> dict[str, Any]:
    """What publishing the plan would change, whom it would tell, and what makes it stale."""
    plan = _plan(plan_id)
    found = publishing.difference(db.session, plan, now=utc_now())
    return {
        "counts": {kind.value: len(found.of(kind)) for kind in ChangeKind},
        "changes": found.changes,
        "people_to_tell": len(found.people),
        "stale": publishing.staleness(db.session, plan),
    }


@blueprint.post("/<id:plan_id>/publish")
@blueprint.response(200, PlanSchema)
@for_roles(Role.COORDINATOR)
def publish_plan(plan_id: int) -> Response:
    """Make the plan's stops promises, and write the messages that say so; a stale or unlawful plan is refused."""
    return committed(PlanSchema(), publishing.publish(db.session, plan_id, actor=actor(), now=utc_now()))


@blueprint.post("/<id:plan_id>/discard")
@blueprint.response(200, PlanSchema)
@for_roles(Role.COORDINATOR)
def discard_plan(plan_id: int) -> Response:
    """Put a plan aside."""
    return committed(PlanSchema(), publishing.discard(db.session, plan_id, actor=actor(), now=utc_now()))


def _plan(plan_id: int) -> Plan:
    plan = db.session.get(Plan, plan_id)
    if plan is None:
        raise NotFound(noun="plan", id=plan_id)
    return plan
