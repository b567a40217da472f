"""Vans, crew and shifts."""

from __future__ import annotations

from datetime import date, timedelta

from flask_smorest import Blueprint
from sqlalchemy import select

from schedules import calendar
from schedules.models import CrewMember, Shift, Van
from van_service.accounts import Role
from van_service.auth import for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.fields import SpanQuerySchema
from van_service.schemas.fleet import CrewMemberSchema, ShiftSchema, VanSchema

blueprint = Blueprint("Fleet", __name__, url_prefix="/api/v1", description="What drives, and who rides")

DAYS_SHOWN = 56


@blueprint.get("/vans")
@blueprint.response(200, VanSchema(many=True))
@for_roles(Role.COORDINATOR, Role.CREW)
def list_vans() -> list[Van]:
    """The vans with their depots."""
    return list(db.session.scalars(select(Van).order_by(Van.number)))


@blueprint.get("/crew")
@blueprint.response(200, CrewMemberSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_crew() -> list[CrewMember]:
    """The crew members with their skills."""
    return list(db.session.scalars(select(CrewMember).order_by(CrewMember.code)))


@blueprint.get("/shifts")
@blueprint.arguments(SpanQuerySchema, location="query")
@blueprint.response(200, ShiftSchema(many=True))
@for_roles(Role.COORDINATOR, Role.CREW)
def list_shifts(span: dict[str, date | None]) -> list[Shift]:
    """The roster of a span of days; of the next eight weeks where none is given."""
    first = span["first"] or calendar.local_day(utc_now())
    last = span["last"] or first + timedelta(days=DAYS_SHOWN)
    found = select(Shift).where(Shift.day.between(first, last)).order_by(Shift.day, Shift.van_id).limit(800)
    return list(db.session.scalars(found))
