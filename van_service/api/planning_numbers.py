"""The numbers that planning goes by: points, days and minutes, as they are in force."""

from __future__ import annotations

from flask import Response, jsonify
from flask_smorest import Blueprint

from schedules import prizes
from van_service.accounts import Role
from van_service.auth import for_roles
from van_service.extensions import db

blueprint = Blueprint("Settings", __name__, url_prefix="/api/v1/settings", description="The numbers of planning")


@blueprint.get("")
@blueprint.response(200, {"type": "object", "additionalProperties": {"type": "integer"}})
@for_roles(Role.COORDINATOR)
def show_numbers() -> Response:
    """Each number by its name: the points of a visit, of waiting, of a broken promise and so on."""
    return jsonify(prizes.planning_numbers(db.session))
