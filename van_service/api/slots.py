"""Slots: what the vans can keep, holding one, asking for it; and what the wait list offers."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import holds, wait_list
from schedules.held import live_holds
from schedules.holds import Need
from schedules.models import Hold
from schedules.requests import Wish, WishService
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, current_town_id, for_roles, town_meant
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.places import TownSchema
from van_service.schemas.requests import RequestSchema
from van_service.schemas.slots import (
    BookingSchema,
    HoldInSchema,
    HoldListSchema,
    HoldQuerySchema,
    HoldSchema,
    OfferListSchema,
    OfferQuerySchema,
    SelfBookingSchema,
)
from van_service.travel import travel_of_app

blueprint = Blueprint("Slots", __name__, url_prefix="/api/v1", description="Times that the vans can keep")


@blueprint.post("/offers")
@blueprint.arguments(OfferQuerySchema)
@blueprint.response(200, OfferListSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def list_offers(values: dict[str, Any]) -> dict[str, Any]:
    """The slots that the vans can really keep for a visit not asked for yet, the best first; nothing is changed."""
    town_id = town_meant(values.pop("town_id"))
    windows = values.pop("windows")
    found = holds.slots(db.session, town_id, Need(**values), windows, now=utc_now(), travel=travel_of_app())
    return {"items": found}


@blueprint.post("/holds")
@blueprint.arguments(HoldInSchema)
@blueprint.response(201, HoldSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def hold_slot(values: dict[str, Any]) -> Response:
    """Keep a slot for some minutes, so that nobody else can have it."""
    town_id = town_meant(values.pop("town_id"))
    shift_id, starts = values.pop("shift_id"), values.pop("starts")
    kept = holds.hold(
        db.session, town_id, Need(**values), shift_id, starts, actor=actor(), now=utc_now(), travel=travel_of_app()
    )
    return committed(HoldSchema(), kept, 201, location=f"/api/v1/holds/{kept.id}")


@blueprint.get("/holds")
@blueprint.arguments(HoldQuerySchema, location="query")
@blueprint.response(200, HoldListSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def list_holds(query: dict[str, Any]) -> dict[str, Any]:
    """The slots held now, offers of the wait list among them: a town's own, or all."""
    return {"items": live_holds(db.session, now=utc_now(), town_id=current_town_id(), kind=query["kind"])}


@blueprint.get("/holds/<id:hold_id>")
@blueprint.response(200, HoldSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def show_hold(hold_id: int) -> Hold:
    """One hold, also one that is over."""
    return holds.get_hold(db.session, hold_id, current_town_id())


@blueprint.post("/holds/<id:hold_id>/book")
@blueprint.arguments(BookingSchema)
@blueprint.response(201, RequestSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def book_hold(values: dict[str, Any], hold_id: int) -> Response:
    """Ask for the slot that is held: promised at once where the town books by itself, else it is judged first."""
    kept = holds.get_hold(db.session, hold_id, current_town_id())
    services = tuple(WishService(each.service.code, each.minutes) for each in kept.services)
    wish = Wish(venue_id=kept.venue_id, services=services, **values)
    request = holds.book(
        db.session,
        hold_id,
        wish,
        actor=actor(),
        now=utc_now(),
        town_id=current_town_id(),
        travel=travel_of_app(),
    )
    return committed(RequestSchema(), request, 201, location=f"/api/v1/requests/{request.id}")


@blueprint.post("/holds/<id:hold_id>/release")
@blueprint.response(200, HoldSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def release_hold(hold_id: int) -> Response:
    """Give a held slot back before its time is over."""
    kept = holds.release(db.session, hold_id, actor=actor(), now=utc_now(), town_id=current_town_id())
    return committed(HoldSchema(), kept)


@blueprint.post("/holds/<id:hold_id>/accept")
@blueprint.response(200, RequestSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def accept_offer(hold_id: int) -> Response:
    """Take what the wait list offers; the visit is promised at once."""
    request = wait_list.take(
        db.session, hold_id, actor=actor(), now=utc_now(), town_id=current_town_id(), travel=travel_of_app()
    )
    return committed(RequestSchema(), request)


@blueprint.post("/holds/<id:hold_id>/pass")
@blueprint.response(200, HoldSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def pass_offer(hold_id: int) -> Response:
    """Let pass what the wait list offers; the request goes on waiting and the slot goes to the next."""
    passed = wait_list.let_pass(db.session, hold_id, actor=actor(), now=utc_now(), town_id=current_town_id())
    return committed(HoldSchema(), passed)


@blueprint.post("/towns/<id:town_id>/self-booking")
@blueprint.arguments(SelfBookingSchema)
@blueprint.response(200, TownSchema)
@for_roles(Role.COORDINATOR)
def set_self_booking(values: dict[str, bool], town_id: int) -> Response:
    """Say whether a town's held slots become promised visits without being judged."""
    town = holds.let_book(db.session, town_id, allowed=values["allowed"], actor=actor(), now=utc_now())
    return committed(TownSchema(), town)
