"""Requests: filed, changed and withdrawn by towns; accepted, declined, ranked and pinned by coordinators."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import requests
from schedules.errors import Forbidden
from schedules.models import Priority, VisitRequest
from van_service import privacy
from van_service.accounts import Role
from van_service.api.answers import committed, etag, page_of, refuse_if_changed, version_to_change
from van_service.auth import actor, current_town_id, for_roles, town_meant
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.places import ContactSchema
from van_service.schemas.requests import (
    MaybeReasonSchema,
    PinSchema,
    PrioritySchema,
    ReasonSchema,
    RequestAmendSchema,
    RequestInSchema,
    RequestPageSchema,
    RequestQuerySchema,
    RequestSchema,
)

blueprint = Blueprint("Requests", __name__, url_prefix="/api/v1/requests", description="What towns ask for")


@blueprint.post("")
@blueprint.arguments(RequestInSchema)
@blueprint.response(201, RequestSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def file_request(values: dict[str, Any]) -> Response:
    """Ask for a visit of the van."""
    town_id = town_meant(values.pop("town_id"))
    if current_town_id() is not None and values["priority"] is not Priority.NORMAL:
        raise Forbidden(field="priority")
    request = requests.submit(db.session, town_id, requests.Wish(**values), actor=actor(), now=utc_now())
    return committed(RequestSchema(), request, 201, location=f"/api/v1/requests/{request.id}")


@blueprint.get("")
@blueprint.arguments(RequestQuerySchema, location="query")
@blueprint.response(200, RequestPageSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def list_requests(query: dict[str, Any]) -> dict[str, Any]:
    """The requests one may see, the newest first: a town its own."""
    rows = requests.list_requests(
        db.session,
        town_id=current_town_id() or query["town_id"],
        states=query["state"] or None,
        after_id=query["after"],
        limit=query["limit"] + 1,
    )
    return page_of(rows, query["limit"])


@blueprint.get("/<id:request_id>")
@blueprint.response(200, RequestSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def show_request(request_id: int) -> tuple[VisitRequest, dict[str, str]]:
    """One request, with the ETag that changing it needs."""
    request = requests.get_request(db.session, request_id, current_town_id())
    return request, etag(request)


@blueprint.put("/<id:request_id>")
@blueprint.arguments(RequestAmendSchema)
@blueprint.response(200, RequestSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def amend_request(wish: requests.Wish, request_id: int) -> Response:
    """Change a request that no visit has been promised for."""
    request = requests.amend(
        db.session,
        request_id,
        wish,
        actor=actor(),
        now=utc_now(),
        version=version_to_change(),
        town_id=current_town_id(),
    )
    return committed(RequestSchema(), request)


@blueprint.post("/<id:request_id>/withdraw")
@blueprint.arguments(MaybeReasonSchema)
@blueprint.response(200, RequestSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def withdraw_request(values: dict[str, Any], request_id: int) -> Response:
    """Take a request back; a visit promised for it is cancelled and everybody told."""
    request = requests.withdraw(
        db.session,
        request_id,
        reason=values["reason"],
        actor=actor(),
        now=utc_now(),
        town_id=current_town_id(),
        version=version_to_change(needed=False),
    )
    return committed(RequestSchema(), request)


@blueprint.post("/<id:request_id>/accept")
@blueprint.response(200, RequestSchema)
@for_roles(Role.COORDINATOR)
def accept_request(request_id: int) -> Response:
    """Take a request into the planning and tell its town."""
    refuse_if_changed(requests.get_request(db.session, request_id))
    return committed(RequestSchema(), requests.accept(db.session, request_id, actor=actor(), now=utc_now()))


@blueprint.post("/<id:request_id>/decline")
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, RequestSchema)
@for_roles(Role.COORDINATOR)
def decline_request(values: dict[str, str], request_id: int) -> Response:
    """Refuse a request for a reason that its town is told."""
    refuse_if_changed(requests.get_request(db.session, request_id))
    request = requests.decline(db.session, request_id, reason=values["reason"], actor=actor(), now=utc_now())
    return committed(RequestSchema(), request)


@blueprint.put("/<id:request_id>/priority")
@blueprint.arguments(PrioritySchema)
@blueprint.response(200, RequestSchema)
@for_roles(Role.COORDINATOR)
def set_priority(values: dict[str, Priority], request_id: int) -> Response:
    """Say how much a request matters."""
    refuse_if_changed(requests.get_request(db.session, request_id))
    request = requests.set_priority(db.session, request_id, values["priority"], actor=actor(), now=utc_now())
    return committed(RequestSchema(), request)


@blueprint.post("/<id:request_id>/pin")
@blueprint.arguments(PinSchema)
@blueprint.response(200, RequestSchema)
@for_roles(Role.COORDINATOR)
def pin_request(values: dict[str, Any], request_id: int) -> Response:
    """Fix a request to a shift, and perhaps to a minute of its day."""
    refuse_if_changed(requests.get_request(db.session, request_id))
    request = requests.pin(db.session, request_id, values["shift_id"], values["starts"], actor=actor(), now=utc_now())
    return committed(RequestSchema(), request)


@blueprint.post("/<id:request_id>/unpin")
@blueprint.response(200, RequestSchema)
@for_roles(Role.COORDINATOR)
def unpin_request(request_id: int) -> Response:
    """Let the planner decide again where a request goes."""
    refuse_if_changed(requests.get_request(db.session, request_id))
    return committed(RequestSchema(), requests.unpin(db.session, request_id, actor=actor(), now=utc_now()))


@blueprint.post("/<id:request_id>/contact")
@blueprint.response(200, ContactSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def reveal_contact(request_id: int) -> Response:
    """The contact in clear; that somebody looked is written down."""
    request = requests.get_request(db.session, request_id, current_town_id())
    return committed(ContactSchema(), privacy.reveal(db.session, request, actor=actor(), now=utc_now()))
