"""Channels: what is set up, how it does, and a test of it to whoever asks."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from van_service import channel_states
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import caller, for_roles
from van_service.channel_states import ChannelState
from van_service.clock import utc_now
from van_service.schemas.channels import ChannelSchema, ChannelTestSchema
from van_service.schemas.messages import MessageSchema

blueprint = Blueprint("Channels", __name__, url_prefix="/api/v1/channels", description="The ways messages leave")


@blueprint.get("")
@blueprint.response(200, ChannelSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_channels() -> list[ChannelState]:
    """Every channel there can be, set up or not, and how it has done in the last 30 days."""
    return channel_states.channel_states(utc_now())


@blueprint.post("/<name>/test")
@blueprint.arguments(ChannelTestSchema)
@blueprint.response(202, MessageSchema)
@for_roles(Role.COORDINATOR)
def send_test(values: dict[str, Any], name: str) -> Response:
    """Send yourself a test, or the channel's group; through the outbox, five times an hour at most."""
    address = values.get(channel_states.OWN_ADDRESS.get(name, ""), "")
    message = channel_states.ask_for_test(name, caller(), address=address, now=utc_now())
    return committed(MessageSchema(), message, 202, location=f"/api/v1/messages?after={message.id + 1}")
