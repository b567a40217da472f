"""The day table: which days people work, and who says so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import select

from schedules import calendar, days
from schedules.models import Day
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.fields import SpanQuerySchema
from van_service.schemas.fleet import DayInSchema, DaySchema

blueprint = Blueprint("Days", __name__, url_prefix="/api/v1/days", description="The calendar of working days")

DAYS_SHOWN = 56


@blueprint.get("")
@blueprint.arguments(SpanQuerySchema, location="query")
@blueprint.response(200, DaySchema(many=True))
@for_roles(*Role)
def list_days(span: dict[str, date | None]) -> list[Day]:
    """The days of a span; of the next eight weeks where none is given."""
    first = span["first"] or calendar.local_day(utc_now())
    last = span["last"] or first + timedelta(days=DAYS_SHOWN)
    return list(db.session.scalars(select(Day).where(Day.date.between(first, last)).order_by(Day.date).limit(800)))


@blueprint.put("/<date:day>")
@blueprint.arguments(DayInSchema)
@blueprint.response(200, DaySchema)
@for_roles(Role.COORDINATOR)
def set_day(values: dict[str, Any], day: date) -> Response:
    """Say what a day is; this stands whatever is announced later."""
    row = days.set_day(
        db.session, day, values["kind"], values["name_zh"], values["name_en"], actor=actor(), now=utc_now()
    )
    return committed(DaySchema(), row)
