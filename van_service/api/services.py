"""The catalogue of services."""

from __future__ import annotations

from flask_smorest import Blueprint

from schedules import requests
from schedules.models import Service
from van_service.accounts import Role
from van_service.auth import for_roles
from van_service.extensions import db
from van_service.schemas.places import ServiceSchema

blueprint = Blueprint("Services", __name__, url_prefix="/api/v1/services", description="What the van can do")


@blueprint.get("")
@blueprint.response(200, ServiceSchema(many=True))
@for_roles(*Role)
def list_services() -> list[Service]:
    """The services that can be asked for, with the minutes, skills and kits that each needs."""
    return requests.catalogue(db.session)
