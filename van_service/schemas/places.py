"""Towns, venues and the catalogue of services."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schedules.models import TownKind
from van_service import privacy
from van_service.auth import caller
from van_service.schemas.fields import (
    CalendarDate,
    Choice,
    Degrees,
    PageQuerySchema,
    QueryWhole,
    RowId,
    SpanQuerySchema,
    Text,
    Whole,
    YesNo,
)


class TownSchema(Schema):
    """A unit that asks for visits. `planning_weight` is no census result."""

    id = RowId()
    code = fields.String()
    kind = Choice(TownKind)
    name_zh = fields.String()
    name_en = fields.String()
    latitude = fields.Float()
    longitude = fields.Float()
    planning_weight = fields.Integer()
    self_booking = fields.Boolean()
    contact = fields.Nested("ContactSchema", allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The contact as this caller may see it."""
        if attr == "contact":
            return privacy.contact_of_town(caller(), obj)
        return super().get_attribute(obj, attr, default)


class TownNameSchema(Schema):
    """A town by name."""

    id = RowId()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()


class ContactSchema(Schema):
    """Somebody to call; masked where the caller need not call."""

    name = fields.String()
    phone = fields.String()
    email = fields.String(allow_none=True)
    masked = fields.Boolean()


class VenueQuerySchema(PageQuerySchema):
    """Which venues."""

    town_id = QueryWhole(1, load_default=None)
    kind_code = Text(most=40, load_default=None)
    text = Text(most=100, load_default=None)


class VenueSchema(Schema):
    """A place where the van can stand, with its WGS-84 point."""

    id = RowId()
    version = fields.Integer()
    town = fields.Nested(TownNameSchema)
    kind_code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    address_zh = fields.String(allow_none=True)
    address_en = fields.String(allow_none=True)
    latitude = fields.Float()
    longitude = fields.Float()
    capacity = fields.Integer()
    liaison_station = fields.Boolean()
    indoor_room = fields.Boolean()
    power = fields.Boolean()
    parking = fields.Boolean()
    invented = fields.Boolean()
    active = fields.Boolean()


class VenuePageSchema(Schema):
    """One page of venues."""

    items = fields.List(fields.Nested(VenueSchema))
    next = fields.Integer(allow_none=True, metadata={"description": "`after` of the next page"})


class VenueInSchema(Schema):
    """A venue to add."""

    town_id = RowId(load_default=None, metadata={"description": "only for coordinators; a town adds its own"})
    kind_code = Text(least=1, most=40, required=True)
    name_zh = Text(least=1, most=120, required=True)
    name_en = Text(most=120, load_default=None)
    address_zh = Text(most=120, load_default=None)
    address_en = Text(most=120, load_default=None)
    latitude = Degrees(90, required=True)
    longitude = Degrees(180, required=True)
    capacity = Whole(1, 100_000, required=True)
    liaison_station = YesNo(load_default=False)
    indoor_room = YesNo(load_default=False)
    power = YesNo(load_default=False)
    parking = YesNo(load_default=False)


class ServiceSkillSchema(Schema):
    """So many of the crew with one skill."""

    skill = fields.String()
    number = fields.Integer()


class ServiceSchema(Schema):
    """What the van can do at a venue, and what that takes."""

    id = RowId()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    minutes = fields.Integer()
    minutes_least = fields.Integer()
    minutes_most = fields.Integer()
    setup = fields.Integer()
    teardown = fields.Integer()
    kits = fields.Integer()
    equipment = fields.List(fields.String())
    skills = fields.List(fields.Nested(ServiceSkillSchema))
    needs_power = fields.Boolean()
    needs_parking = fields.Boolean()
    needs_indoor = fields.Boolean()


class CoverageQuerySchema(SpanQuerySchema):
    """Coverage over which days."""

    first = CalendarDate(required=True)
    last = CalendarDate(required=True)


class TownCoverageSchema(Schema):
    """How a town fares: visits due, done and planned in the days asked for, and how long ago the last one was."""

    town = fields.Nested(TownNameSchema)
    due = fields.Integer()
    done = fields.Integer()
    planned = fields.Integer()
    days_since_last = fields.Integer(allow_none=True)
    weight = fields.Float()
