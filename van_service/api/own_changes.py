"""A town's own changes: what would serve a request that was left out and is the town's to change, and making it."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import own_changes, requests
from schedules.errors import NotFound
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, current_town_id, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.remedies import Remedy, remedies_of
from van_service.schemas.explanations import ApplySchema, MadeChangeSchema, OwnChangeSchema
from van_service.travel import travel_of_app

blueprint = Blueprint(
    "Own changes", __name__, url_prefix="/api/v1/requests", description="What a town can change so that it is served"
)


@blueprint.get("/<id:request_id>/own-change")
@blueprint.response(200, OwnChangeSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def show_own_change(request_id: int) -> Remedy:
    """The cheapest change of the town's own that would serve its request now; 404 where there is none."""
    request = requests.get_request(db.session, request_id, current_town_id())
    found = own_changes.own_change(db.session, request, now=utc_now(), travel=travel_of_app())
    if found is None:
        raise NotFound(noun="own change", id=request_id)
    return remedies_of(found.explanation)[found.number]


@blueprint.post("/<id:request_id>/own-change")
@blueprint.arguments(ApplySchema)
@blueprint.response(200, MadeChangeSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def make_own_change(values: dict[str, int], request_id: int) -> Response:
    """Make one of the town's own changes; a time that is free then is offered at once."""
    offer = own_changes.apply_own_change(
        db.session,
        request_id,
        values["number"],
        actor=actor(),
        now=utc_now(),
        town_id=current_town_id(),
        travel=travel_of_app(),
    )
    made: dict[str, Any] = {"request": requests.get_request(db.session, request_id), "offer": offer}
    return committed(MadeChangeSchema(), made)
