"""Slots that the vans can keep, and slots that are held for a town."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from routes.offers import Grade
from schedules.held import is_live
from schedules.models import HoldKind, HoldState
from schedules.wishes import HOST_BRINGS, MOST_SERVICES, MOST_WINDOWS
from van_service.clock import utc_now
from van_service.schemas.fields import CalendarDate, Choice, DayMinute, Instant, RowId, Sized, Text, Whole, YesNo
from van_service.schemas.places import TownNameSchema, VenueSchema
from van_service.schemas.requests import RequestServiceInSchema, RequestServiceSchema, WindowSchema


class NeedSchema(Schema):
    """What a slot is wanted for."""

    town_id = RowId(load_default=None, metadata={"description": "only for coordinators; a town asks for its own"})
    venue_id = Whole(1, required=True)
    services = fields.List(
        fields.Nested(RequestServiceInSchema), required=True, validate=Sized(min=1, max=MOST_SERVICES)
    )
    brings = fields.List(
        Text(most=20, metadata={"enum": sorted(HOST_BRINGS)}),
        load_default=(),
        validate=Sized(min=0, max=len(HOST_BRINGS)),
        metadata={"description": "what the host provides at a venue without it"},
    )


class OfferQuerySchema(NeedSchema):
    """What slots are asked for; without windows all of the weeks ahead."""

    windows = fields.List(fields.Nested(WindowSchema), load_default=(), validate=Sized(min=0, max=MOST_WINDOWS))


class OfferSchema(Schema):
    """A slot: the session may begin from `first` to `last` and best at `starts`, minutes of the day.

    `driving` are the minutes that the van drives more, `points` what the plan loses by it, `shifted` the minutes by
    which another visit would move within its tolerance.
    """

    shift_id = fields.Integer(attribute="shift.id")
    van = fields.Integer(attribute="shift.van.number")
    day = fields.Date()
    starts = fields.Integer()
    closes = fields.Integer()
    first = fields.Integer()
    last = fields.Integer()
    grade = Choice(Grade)
    driving = fields.Integer()
    points = fields.Integer()
    shifted = fields.Integer()


class OfferListSchema(Schema):
    """Slots, the best first."""

    items = fields.List(fields.Nested(OfferSchema))


class HoldInSchema(NeedSchema):
    """A slot to hold, as it was offered or at another minute of its span."""

    shift_id = RowId(required=True)
    starts = DayMinute(required=True)


class HoldSchema(Schema):
    """A slot that is held for a town; it counts while it is `live`."""

    id = RowId()
    kind = Choice(HoldKind)
    state = Choice(HoldState)
    live = fields.Boolean()
    town = fields.Nested(TownNameSchema)
    venue = fields.Nested(VenueSchema)
    services = fields.List(fields.Nested(RequestServiceSchema))
    shift_id = fields.Integer()
    van = fields.Integer(attribute="shift.van.number")
    day = CalendarDate()
    starts = fields.Integer()
    closes = fields.Integer()
    request_id = fields.Integer(allow_none=True)
    created_at = Instant()
    expires_at = Instant()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Whether it counts, by the clock."""
        return is_live(obj, utc_now()) if attr == "live" else super().get_attribute(obj, attr, default)


class HoldListSchema(Schema):
    """Holds that count now, the oldest first."""

    items = fields.List(fields.Nested(HoldSchema))


class HoldQuerySchema(Schema):
    """Which holds."""

    kind = Choice(HoldKind, load_default=None)


class BookingSchema(Schema):
    """What a town says when it asks for the slot it holds; venue and services are those it is held for."""

    people = Whole(1, 100_000, required=True)
    contact_name = Text(least=1, most=60, required=True)
    contact_phone = Text(least=1, most=30, required=True)
    contact_email = Text(most=254, load_default=None, allow_none=True)
    note = Text(most=1000, load_default=None, allow_none=True)
    brings = fields.List(
        Text(most=20, metadata={"enum": sorted(HOST_BRINGS)}),
        load_default=(),
        validate=Sized(min=0, max=len(HOST_BRINGS)),
    )
    windows = fields.List(
        fields.Nested(WindowSchema),
        load_default=(),
        validate=Sized(min=0, max=MOST_WINDOWS - 1),
        metadata={"description": "other times that suit too, where the request still has to be judged"},
    )


class SelfBookingSchema(Schema):
    """Whether a town books by itself."""

    allowed = YesNo(required=True)
