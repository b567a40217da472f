"""Towns, and how evenly the van has served them."""

from __future__ import annotations

from flask_smorest import Blueprint
from sqlalchemy import select

from schedules.models import Town
from van_service.accounts import Role
from van_service.auth import for_roles
from van_service.extensions import db
from van_service.schemas.places import TownSchema

blueprint = Blueprint("Towns", __name__, url_prefix="/api/v1/towns", description="Who asks for visits")


@blueprint.get("")
@blueprint.response(200, TownSchema(many=True))
@for_roles(*Role)
def list_towns() -> list[Town]:
    """The district's towns, subdistricts and zones."""
    return list(db.session.scalars(select(Town).order_by(Town.code)))
