"""Calendar feeds: secret addresses of calendars."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import Schema, fields

from schedules.feeds import LONGEST_LABEL
from schedules.models import FeedKind
from van_service.schemas.fields import Choice, Instant, RowId, Text
from van_service.schemas.places import TownNameSchema


class Language(StrEnum):
    """What a calendar is written in."""

    CHINESE = "zh_CN"
    ENGLISH = "en"


class FeedInSchema(Schema):
    """A calendar to make: of a town, a crew member, a van, or of what is open to everybody."""

    kind = Choice(FeedKind, required=True)
    town_id = RowId(load_default=None)
    crew_member_id = RowId(load_default=None)
    van_id = RowId(load_default=None)
    label = Text(least=1, most=LONGEST_LABEL, required=True, metadata={"description": "who reads it, and where"})
    locale = Choice(Language, load_default=None, metadata={"description": "the caller's where none is given"})


class FeedSchema(Schema):
    """A calendar feed as it is listed, without its address."""

    id = RowId()
    kind = Choice(FeedKind)
    town = fields.Nested(TownNameSchema, allow_none=True)
    crew_member_id = fields.Integer(allow_none=True)
    van_id = fields.Integer(allow_none=True)
    label = fields.String()
    locale = fields.String()
    created_at = Instant()
    created_by = fields.String()
    revoked_at = Instant(allow_none=True)
    revoked_by = fields.String(allow_none=True)
    last_read_at = Instant(allow_none=True)


class NewFeedSchema(FeedSchema):
    """A calendar feed just made; its address is told this once, and null where the call is repeated."""

    address = fields.String(allow_none=True)
