"""Messages: what will be said to whom, what went wrong, and who must be called instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import outbox
from schedules.models import Message
from van_service.accounts import Role
from van_service.api.answers import committed, page_of
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.messages import MessagePageSchema, MessageQuerySchema, MessageSchema, UpcomingQuerySchema

blueprint = Blueprint("Messages", __name__, url_prefix="/api/v1/messages", description="Who is told what")


@blueprint.get("")
@blueprint.arguments(MessageQuerySchema, location="query")
@blueprint.response(200, MessagePageSchema)
@for_roles(Role.COORDINATOR)
def list_messages(query: dict[str, Any]) -> dict[str, Any]:
    """All messages, the newest first."""
    rows = outbox.list_messages(
        db.session,
        states=query["state"] or None,
        visit_id=query["visit_id"],
        after_id=query["after"],
        limit=query["limit"] + 1,
    )
    return page_of(rows, query["limit"])


@blueprint.get("/upcoming")
@blueprint.arguments(UpcomingQuerySchema, location="query")
@blueprint.response(200, MessageSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_upcoming(query: dict[str, int]) -> Sequence[Message]:
    """What will be sent in the coming days, in order of time."""
    return outbox.upcoming(db.session, utc_now(), query["days"])


@blueprint.get("/problems")
@blueprint.response(200, MessageSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_problems() -> Sequence[Message]:
    """The call list: what did not arrive or may not have."""
    return outbox.problems(db.session)


@blueprint.post("/<id:message_id>/send-again")
@blueprint.response(200, MessageSchema)
@for_roles(Role.COORDINATOR)
def send_again(message_id: int) -> Response:
    """Queue a message once more that could not be sent, or may not have been."""
    return committed(MessageSchema(), outbox.send_again(db.session, message_id, actor=actor(), now=utc_now()))
