"""Venues: found, looked at, added."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import venues
from schedules.models import Venue
from van_service.accounts import Role
from van_service.api.answers import committed, etag, page_of
from van_service.auth import actor, current_town_id, for_roles, town_meant
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.places import VenueInSchema, VenuePageSchema, VenueQuerySchema, VenueSchema

blueprint = Blueprint("Venues", __name__, url_prefix="/api/v1/venues", description="Where the van can stand")


@blueprint.get("")
@blueprint.arguments(VenueQuerySchema, location="query")
@blueprint.response(200, VenuePageSchema)
@for_roles(*Role)
def list_venues(query: dict[str, Any]) -> dict[str, Any]:
    """Venues by id; a town sees its own."""
    rows = venues.list_venues(
        db.session,
        town_id=current_town_id() or query["town_id"],
        text=query["text"],
        kind_code=query["kind_code"],
        after_id=query["after"],
        limit=query["limit"] + 1,
    )
    return page_of(rows, query["limit"])


@blueprint.get("/<id:venue_id>")
@blueprint.response(200, VenueSchema)
@for_roles(*Role)
def show_venue(venue_id: int) -> tuple[Venue, dict[str, str]]:
    """One venue."""
    venue = venues.get_venue(db.session, venue_id, current_town_id())
    return venue, etag(venue)


@blueprint.post("")
@blueprint.arguments(VenueInSchema)
@blueprint.response(201, VenueSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def add_venue(values: dict[str, Any]) -> Response:
    """Add a venue with its WGS-84 point."""
    town_id = town_meant(values.pop("town_id"))
    venue = venues.add_venue(db.session, town_id, **values, actor=actor(), now=utc_now())
    return committed(VenueSchema(), venue, 201, location=f"/api/v1/venues/{venue.id}")
