"""A town's request: what is sent to file or change one, and what is told of one."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from schedules.models import Priority, RequestState
from schedules.wishes import HOST_BRINGS, MOST_SERVICES, MOST_WINDOWS, Wish, WishService, WishWindow
from van_service import privacy
from van_service.auth import caller
from van_service.schemas.fields import (
    CalendarDate,
    Choice,
    DayMinute,
    Instant,
    PageQuerySchema,
    QueryWhole,
    RowId,
    Sized,
    Text,
    Whole,
    YesNo,
)
from van_service.schemas.places import ContactSchema, TownNameSchema, VenueSchema


class WindowSchema(Schema):
    """A day and the minutes after its midnight between which the session may lie."""

    day = CalendarDate(required=True)
    opens = DayMinute(required=True)
    closes = DayMinute(required=True)
    preferred = YesNo(load_default=False)

    @post_load
    def _wish(self, values: dict[str, Any], **_: Any) -> WishWindow:
        return WishWindow(**values)


class RequestServiceInSchema(Schema):
    """A service by its code; without minutes as many as usual."""

    code = Text(least=1, most=60, required=True)
    minutes = Whole(0, 100_000, load_default=None, allow_none=True)

    @post_load
    def _wish(self, values: dict[str, Any], **_: Any) -> WishService:
        return WishService(**values)


class WishSchema(Schema):
    """All that a town says when it asks for a visit."""

    venue_id = Whole(1, required=True)
    services = fields.List(
        fields.Nested(RequestServiceInSchema), required=True, validate=Sized(min=1, max=MOST_SERVICES)
    )
    windows = fields.List(fields.Nested(WindowSchema), required=True, validate=Sized(min=1, max=MOST_WINDOWS))
    people = Whole(1, 100_000, required=True)
    contact_name = Text(least=1, most=60, required=True)
    contact_phone = Text(least=1, most=30, required=True)
    contact_email = Text(most=254, load_default=None, allow_none=True)
    note = Text(most=1000, load_default=None, allow_none=True)
    alternative_group = Text(most=60, load_default=None, allow_none=True)
    brings = fields.List(
        Text(most=20, metadata={"enum": sorted(HOST_BRINGS)}),
        load_default=(),
        validate=Sized(min=0, max=len(HOST_BRINGS)),
        metadata={"description": "what the host provides at a venue without it"},
    )


class RequestAmendSchema(WishSchema):
    """The request as it shall be from now on; its priority stays."""

    @post_load
    def _wish(self, values: dict[str, Any], **_: Any) -> Wish:
        return Wish(**values)


class RequestInSchema(WishSchema):
    """A request to file. Towns file for themselves with normal priority."""

    town_id = RowId(load_default=None, metadata={"description": "only for coordinators; a town files its own"})
    priority = Choice(Priority, load_default=Priority.NORMAL, metadata={"description": "only coordinators raise it"})


class RequestServiceSchema(Schema):
    """A service asked for."""

    code = fields.String(attribute="service.code")
    name_zh = fields.String(attribute="service.name_zh")
    name_en = fields.String(attribute="service.name_en")
    minutes = fields.Integer()


class RequestSchema(Schema):
    """A request and where it stands."""

    id = RowId()
    version = fields.Integer()
    number = fields.String()
    state = Choice(RequestState)
    priority = Choice(Priority)
    town = fields.Nested(TownNameSchema)
    venue = fields.Nested(VenueSchema)
    services = fields.List(fields.Nested(RequestServiceSchema))
    windows = fields.List(fields.Nested(WindowSchema))
    people = fields.Integer()
    setup = fields.Integer()
    session = fields.Integer()
    teardown = fields.Integer()
    kits = fields.Integer()
    brings = fields.List(fields.String())
    alternative_group = fields.String(allow_none=True)
    contact = fields.Nested(ContactSchema)
    note = fields.String(allow_none=True)
    submitted_at = Instant()
    decided_at = Instant(allow_none=True)
    decline_reason = fields.String(allow_none=True)
    pinned_shift_id = fields.Integer(allow_none=True)
    pinned_starts = fields.Integer(allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The contact as this caller may see it."""
        if attr == "contact":
            return privacy.contact_of_request(caller(), obj)
        return super().get_attribute(obj, attr, default)


class RequestPageSchema(Schema):
    """One page of requests, the newest first."""

    items = fields.List(fields.Nested(RequestSchema))
    next = fields.Integer(allow_none=True, metadata={"description": "`after` of the next page"})


class RequestQuerySchema(PageQuerySchema):
    """Which requests."""

    state = fields.List(Choice(RequestState), load_default=(), metadata={"description": "may be repeated"})
    town_id = QueryWhole(1, load_default=None)


class ReasonSchema(Schema):
    """A reason that others are told."""

    reason = Text(least=1, most=500, required=True)


class MaybeReasonSchema(Schema):
    """A reason, if there is one to give."""

    reason = Text(most=500, load_default=None, allow_none=True)


class PinSchema(Schema):
    """The shift, and perhaps the minute of its day, that a request is fixed to."""

    shift_id = RowId(required=True)
    starts = DayMinute(load_default=None, allow_none=True)


class PrioritySchema(Schema):
    """How much a request matters."""

    priority = Choice(Priority, required=True)
