"""The rules of messages: whom each kind is for, when it is due, on or off; and the hours that hold for all."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import rules
from schedules.errors import NotFound
from schedules.rules import Numbers, Rule
from van_service.accounts import Role
from van_service.api.answers import committed, etag, version_to_change
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.message_rules import MessageRuleInSchema, MessageRuleSchema, MessageSettingsSchema

blueprint = Blueprint("Message rules", __name__, url_prefix="/api/v1", description="Who is told what, and when")


@blueprint.get("/message-rules")
@blueprint.response(200, MessageRuleSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_rules() -> list[Rule]:
    """The rule in force of every kind of message."""
    return list(rules.rules(db.session).values())


@blueprint.get("/message-rules/<string:kind>")
@blueprint.response(200, MessageRuleSchema)
@for_roles(Role.COORDINATOR)
def show_rule(kind: str) -> tuple[Rule, dict[str, str]]:
    """The rule in force of one kind."""
    rule = rules.rules(db.session).get(kind)
    if rule is None:
        raise NotFound(noun="message_rule", id=kind)
    return rule, etag(rule)


@blueprint.put("/message-rules/<string:kind>")
@blueprint.arguments(MessageRuleInSchema)
@blueprint.response(200, MessageRuleSchema)
@for_roles(Role.COORDINATOR)
def change_rule(values: dict[str, Any], kind: str) -> Response:
    """Put a rule in place of the one in force; what waits to be sent follows it at once."""
    rule = rules.change_rule(db.session, kind, **values, version=version_to_change(), actor=actor(), now=utc_now())
    return committed(MessageRuleSchema(), rule)


@blueprint.get("/message-settings")
@blueprint.response(200, MessageSettingsSchema)
@for_roles(Role.COORDINATOR)
def show_settings() -> tuple[Numbers, dict[str, str]]:
    """Quiet hours, working hours, and for how long a digest gathers."""
    numbers = rules.settings(db.session)
    return numbers, etag(numbers)


@blueprint.put("/message-settings")
@blueprint.arguments(MessageSettingsSchema)
@blueprint.response(200, MessageSettingsSchema)
@for_roles(Role.COORDINATOR)
def change_settings(values: dict[str, int]) -> Response:
    """Put all hours in place of those in force."""
    numbers = rules.change_settings(db.session, **values, version=version_to_change(), actor=actor(), now=utc_now())
    return committed(MessageSettingsSchema(), numbers)
