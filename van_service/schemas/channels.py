"""Channels as coordinators see them: where each leads is masked."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schedules.channels import CHANNELS
from van_service.delivery_words import error_in_words
from van_service.schemas.fields import Instant, Text
from van_service.schemas.messages import MessageSchema

CONDITIONS = ("off", "unused", "working", "failing")


class ChannelSchema(Schema):
    """One way to send, and how it has done in the last 30 days."""

    name = fields.String(validate=validate.OneOf(CHANNELS))
    is_set_up = fields.Boolean()
    target = fields.String(allow_none=True, metadata={"description": "where it leads, without its key"})
    condition = fields.String(validate=validate.OneOf(CONDITIONS))
    last_sent_at = Instant(allow_none=True, attribute="record.last_sent_at")
    last_failed_at = Instant(allow_none=True, attribute="record.last_failed_at")
    last_error = fields.Function(
        lambda state: error_in_words(state.record.last_error) or None,
        metadata={"type": ["string", "null"], "description": "in the caller's language"},
    )
    overdue = fields.Integer(attribute="record.overdue", metadata={"description": "messages due and not yet sent"})
    last_test = fields.Nested(MessageSchema, attribute="record.test", allow_none=True)


class ChannelTestSchema(Schema):
    """What a test may need."""

    phone = Text(most=30, load_default="", metadata={"description": "for `sms`: your number; it is kept"})
    email = Text(most=254, load_default="", metadata={"description": "for `email`: your address; it is kept"})
