"""Towns, and how evenly the van has served them."""

from __future__ import annotations

from datetime import date

from flask_smorest import Blueprint
from sqlalchemy import select

from schedules import calendar, fairness
from schedules.models import Town
from van_service.accounts import Role
from van_service.auth import for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.places import CoverageQuerySchema, TownCoverageSchema, TownSchema

blueprint = Blueprint("Towns", __name__, url_prefix="/api/v1", description="Who asks for visits")


@blueprint.get("/towns")
@blueprint.response(200, TownSchema(many=True))
@for_roles(*Role)
def list_towns() -> list[Town]:
    """The district's towns, subdistricts and zones."""
    return list(db.session.scalars(select(Town).order_by(Town.code)))


@blueprint.get("/coverage")
@blueprint.arguments(CoverageQuerySchema, location="query")
@blueprint.response(200, TownCoverageSchema(many=True))
@for_roles(Role.COORDINATOR)
def show_coverage(query: dict[str, date]) -> list[fairness.TownCoverage]:
    """How each town fares: visits due, done and planned in the days asked for, and how long ago the last one was."""
    return fairness.coverage(db.session, query["first"], query["last"], today=calendar.local_day(utc_now()))
