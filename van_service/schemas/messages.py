"""Messages of the outbox, as coordinators follow them; addresses are masked."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schedules import contacts, wordings
from schedules.models import MessageState
from van_service.extensions import db
from van_service.languages import language
from van_service.schemas.fields import Choice, Instant, PageQuerySchema, QueryWhole, RowId


class MessageQuerySchema(PageQuerySchema):
    """Which messages, the newest first."""

    state = fields.List(Choice(MessageState), load_default=(), metadata={"description": "may be repeated"})
    visit_id = QueryWhole(1, load_default=None)


class UpcomingQuerySchema(Schema):
    """How far ahead."""

    days = QueryWhole(1, 60, load_default=7)


class MessageSchema(Schema):
    """A message to one person, and what became of it."""

    id = RowId()
    kind = fields.String()
    channel = fields.String()
    recipient = fields.String()
    recipient_name = fields.String()
    town_id = fields.Integer(allow_none=True)
    visit_id = fields.Integer(allow_none=True)
    visit_version = fields.Integer(allow_none=True)
    request_id = fields.Integer(allow_none=True)
    state = Choice(MessageState)
    due_at = Instant()
    useful_until = Instant(allow_none=True)
    attempts = fields.Integer()
    sent_at = Instant(allow_none=True)
    last_error = fields.String(allow_none=True)
    created_at = Instant()
    subject = fields.String()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The subject in the caller's language; the address and the name masked."""
        if attr == "subject":
            return wordings.text_of(db.session, obj, locale=language())[0]
        value = super().get_attribute(obj, attr, default)
        if attr == "recipient" and "@" in value:
            return contacts.masked_email(value)
        return contacts.masked_name(value) if attr == "recipient_name" else value


class MessagePageSchema(Schema):
    """One page of messages, the newest first."""

    items = fields.List(fields.Nested(MessageSchema))
    next = fields.Integer(allow_none=True, metadata={"description": "`after` of the next page"})
