"""Days, vans, crew and shifts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schedules import contacts
from schedules.models import DayKind, DaySource
from van_service.schemas.fields import Choice, Instant, RowId, Text


class DaySchema(Schema):
    """What a date is. Where `announced` is false no holiday table has been published and the kind is a guess."""

    date = fields.Date()
    kind = Choice(DayKind)
    works = fields.Boolean()
    source = Choice(DaySource)
    announced = fields.Boolean()
    name_zh = fields.String(allow_none=True)
    name_en = fields.String(allow_none=True)
    changed_at = Instant(allow_none=True)


class DayInSchema(Schema):
    """What a coordinator says a date is."""

    kind = Choice(DayKind, required=True)
    name_zh = Text(most=60, load_default=None, allow_none=True)
    name_en = Text(most=60, load_default=None, allow_none=True)


class DepotSchema(Schema):
    """Where vans start and end."""

    id = RowId()
    name_zh = fields.String()
    name_en = fields.String()
    latitude = fields.Float()
    longitude = fields.Float()


class VanSchema(Schema):
    """A roving service van."""

    id = RowId()
    code = fields.String()
    number = fields.Integer()
    name_zh = fields.String()
    name_en = fields.String()
    plate = fields.String()
    equipment = fields.List(fields.String())
    kits = fields.Integer()
    active = fields.Boolean()
    depot = fields.Nested(DepotSchema)


class CrewMemberSchema(Schema):
    """Somebody who rides on the van; the phone number is masked."""

    id = RowId()
    code = fields.String()
    name = fields.String()
    phone = fields.String()
    skills = fields.List(fields.String())
    active = fields.Boolean()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The phone number masked."""
        value = super().get_attribute(obj, attr, default)
        return contacts.masked_phone(value) if attr == "phone" else value


class RiderSchema(Schema):
    """A crew member on a shift."""

    id = RowId()
    name = fields.String()
    skills = fields.List(fields.String())


class ShiftSchema(Schema):
    """A van on a day with its crew and stock; minutes after midnight."""

    id = RowId()
    version = fields.Integer()
    code = fields.String()
    van_id = fields.Integer()
    day = fields.Date()
    starts = fields.Integer()
    ends = fields.Integer()
    lunch_opens = fields.Integer(allow_none=True)
    lunch_closes = fields.Integer(allow_none=True)
    lunch_minutes = fields.Integer(allow_none=True)
    max_visits = fields.Integer(allow_none=True)
    max_driving = fields.Integer(allow_none=True)
    kits = fields.Integer()
    reserve = fields.Boolean()
    out_of_service = fields.String(allow_none=True)
    crew = fields.List(fields.Nested(RiderSchema))
