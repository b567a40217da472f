"""The numbers that planning goes by: points, days and minutes, as they are in force, and changing them."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from schedules import planning_numbers
from schedules.planning_numbers import Numbers
from van_service.accounts import Role
from van_service.api.answers import committed, etag, version_to_change
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.planning_numbers import PlanningNumbersSchema

blueprint = Blueprint("Settings", __name__, url_prefix="/api/v1/settings", description="The numbers of planning")


@blueprint.get("")
@blueprint.response(200, PlanningNumbersSchema)
@for_roles(Role.COORDINATOR)
def show_numbers() -> tuple[Numbers, dict[str, str]]:
    """Each number by its name: the points of a visit, of waiting, of a broken promise and so on."""
    numbers = planning_numbers.numbers_in_force(db.session)
    return numbers, etag(numbers)


@blueprint.put("")
@blueprint.arguments(PlanningNumbersSchema)
@blueprint.response(200, PlanningNumbersSchema)
@for_roles(Role.COORDINATOR)
def change_numbers(values: dict[str, int]) -> Response:
    """Put all numbers in place of those in force. Drafts made by other numbers can then no longer be published."""
    numbers = planning_numbers.change_numbers(
        db.session, values, version=version_to_change(), actor=actor(), now=utc_now()
    )
    return committed(PlanningNumbersSchema(), numbers)
