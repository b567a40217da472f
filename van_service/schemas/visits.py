"""Visits: the promise, what happened, and what the crew records."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schedules import calendar
from schedules.models import VisitState
from van_service import privacy
from van_service.auth import caller
from van_service.clock import utc_now
from van_service.schemas.fields import Choice, Instant, QueryWhole, RowId, SpanQuerySchema, Text
from van_service.schemas.places import ContactSchema, TownNameSchema, VenueSchema


class VisitQuerySchema(SpanQuerySchema):
    """Which visits: of a span of days, of one van, of one town."""

    van_id = QueryWhole(1, load_default=None)
    town_id = QueryWhole(1, load_default=None)


class VisitSchema(Schema):
    """A visit promised to a town. `arrives` to `departs` are the planned minutes of the day, `..._at` what happened."""

    id = RowId()
    uid = fields.String()
    version = fields.Integer()
    state = Choice(VisitState)
    request_id = fields.Integer()
    request_number = fields.String(attribute="request.number")
    town = fields.Nested(TownNameSchema)
    venue = fields.Nested(VenueSchema)
    shift_id = fields.Integer()
    van_id = fields.Integer(attribute="shift.van_id")
    day = fields.Date()
    arrives = fields.Integer()
    starts = fields.Integer()
    closes = fields.Integer()
    departs = fields.Integer()
    starts_at = Instant()
    closes_at = Instant()
    set_off_at = Instant(allow_none=True)
    arrived_at = Instant(allow_none=True)
    opened_at = Instant(allow_none=True)
    closed_at = Instant(allow_none=True)
    left_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)
    ended_by = fields.String(allow_none=True)
    contact = fields.Nested(ContactSchema)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The promised moments as instants, and the contact as this caller may see it."""
        if attr == "starts_at":
            return calendar.instant(obj.day, obj.starts)
        if attr == "closes_at":
            return calendar.instant(obj.day, obj.closes)
        if attr == "contact":
            return privacy.contact_of_visit(caller(), obj, today=calendar.local_day(utc_now()))
        return super().get_attribute(obj, attr, default)


class MomentSchema(Schema):
    """When it happened, if not just now: a phone without network tells it later."""

    at = Instant(load_default=None, allow_none=True)


class EndSchema(MomentSchema):
    """Why a visit does not take place."""

    reason = Text(least=1, most=500, required=True)
