"""Visits: followed by towns, driven by crews. What a crew says may come late and twice; it counts once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from schedules import calendar, visits
from schedules.models import Visit
from van_service.accounts import Role
from van_service.api.answers import committed, etag, refuse_if_changed
from van_service.auth import actor, current_crew_member_id, current_town_id, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.visits import EndSchema, MomentSchema, VisitQuerySchema, VisitSchema

blueprint = Blueprint("Visits", __name__, url_prefix="/api/v1/visits", description="What has been promised")

DAYS_SHOWN = 28


@blueprint.get("")
@blueprint.arguments(VisitQuerySchema, location="query")
@blueprint.response(200, VisitSchema(many=True))
@for_roles(*Role)
def list_visits(query: dict[str, Any]) -> list[Visit]:
    """The visits of a span of days, of the next four weeks where none is given; a town sees its own, a crew member
    those of its own shifts."""
    first = query["first"] or calendar.local_day(utc_now())
    return visits.list_visits(
        db.session,
        first,
        query["last"] or first + timedelta(days=DAYS_SHOWN),
        town_id=current_town_id() or query["town_id"],
        crew_member_id=current_crew_member_id(),
        van_id=query["van_id"],
    )


@blueprint.get("/<id:visit_id>")
@blueprint.response(200, VisitSchema)
@for_roles(*Role)
def show_visit(visit_id: int) -> tuple[Visit, dict[str, str]]:
    """One visit."""
    visit = _own_visit(visit_id)
    return visit, etag(visit)


@blueprint.post("/<id:visit_id>/confirm")
@blueprint.arguments(MomentSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def confirm(values: dict[str, datetime | None], visit_id: int) -> Response:
    """The town expects the van."""
    return _step(visits.confirm, visit_id, values)


@blueprint.post("/<id:visit_id>/set-off")
@blueprint.arguments(MomentSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def set_off(values: dict[str, datetime | None], visit_id: int) -> Response:
    """The van drives towards the venue."""
    return _step(visits.set_off, visit_id, values)


@blueprint.post("/<id:visit_id>/arrive")
@blueprint.arguments(MomentSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def arrive(values: dict[str, datetime | None], visit_id: int) -> Response:
    """The van stands at the venue."""
    return _step(visits.arrive, visit_id, values)


@blueprint.post("/<id:visit_id>/open")
@blueprint.arguments(MomentSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def open_session(values: dict[str, datetime | None], visit_id: int) -> Response:
    """The session begins."""
    return _step(visits.open_session, visit_id, values)


@blueprint.post("/<id:visit_id>/close")
@blueprint.arguments(MomentSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def close_session(values: dict[str, datetime | None], visit_id: int) -> Response:
    """The session ends; the report makes the visit done."""
    return _step(visits.close_session, visit_id, values)


@blueprint.post("/<id:visit_id>/leave")
@blueprint.arguments(MomentSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def leave(values: dict[str, datetime | None], visit_id: int) -> Response:
    """The van drives away."""
    return _step(visits.leave, visit_id, values)


@blueprint.post("/<id:visit_id>/miss")
@blueprint.arguments(EndSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def miss(values: dict[str, Any], visit_id: int) -> Response:
    """The visit did not take place."""
    refuse_if_changed(_own_visit(visit_id))
    visit = visits.miss(db.session, visit_id, values["reason"], actor=actor(), now=utc_now(), at=values["at"])
    return committed(VisitSchema(), visit)


@blueprint.post("/<id:visit_id>/cancel")
@blueprint.arguments(EndSchema)
@blueprint.response(200, VisitSchema)
@for_roles(Role.COORDINATOR)
def cancel(values: dict[str, Any], visit_id: int) -> Response:
    """Take the promise back and tell the town."""
    refuse_if_changed(_own_visit(visit_id))
    visit = visits.cancel(db.session, visit_id, values["reason"], actor=actor(), now=utc_now(), at=values["at"])
    return committed(VisitSchema(), visit)


class Step(Protocol):
    """A use case that records one thing about a visit."""

    def __call__(
        self, session: Session, visit_id: int, *, actor: str, now: datetime, at: datetime | None = None
    ) -> Visit: ...


def _step(step: Step, visit_id: int, values: dict[str, datetime | None]) -> Response:
    refuse_if_changed(_own_visit(visit_id))
    return committed(VisitSchema(), step(db.session, visit_id, actor=actor(), now=utc_now(), at=values["at"]))


def _own_visit(visit_id: int) -> Visit:
    """The visit, if the caller may see it: a town's own, or of a shift that the crew member rides."""
    return visits.get_visit(db.session, visit_id, town_id=current_town_id(), crew_member_id=current_crew_member_id())
