"""What people prefer of messages: everybody's own, and a coordinator's view of any."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import preferences
from schedules.errors import Forbidden
from van_service import staff
from van_service.accounts import Role
from van_service.api.answers import committed, etag, version_to_change
from van_service.auth import actor, caller, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.message_rules import MessagePreferenceInSchema, MessagePreferenceSchema, PersonQuerySchema

blueprint = Blueprint(
    "Message preferences", __name__, url_prefix="/api/v1/message-preferences", description="What people want to hear"
)


@blueprint.get("")
@blueprint.arguments(PersonQuerySchema, location="query")
@blueprint.response(200, MessagePreferenceSchema)
@for_roles(*Role)
def show_preference(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What somebody prefers; oneself unless a coordinator names another."""
    preference = preferences.preference_of(db.session, _key_meant(query["person"]))
    return _shown(preference), etag(preference)


@blueprint.put("")
@blueprint.arguments(PersonQuerySchema, location="query")
@blueprint.arguments(MessagePreferenceInSchema)
@blueprint.response(200, MessagePreferenceSchema)
@for_roles(*Role)
def change_preference(query: dict[str, Any], values: dict[str, Any]) -> Response:
    """Say what somebody prefers; what waits for that person follows at once."""
    key = _key_meant(query["person"])
    preference = preferences.change_preference(
        db.session, key, **values, version=version_to_change(), actor=actor(), now=utc_now()
    )
    answer = committed(MessagePreferenceSchema(), _shown(preference))
    answer.headers.update(etag(preference))
    return answer


def _key_meant(named: str | None) -> str:
    """The person whose preferences the caller may read and change. Raises Forbidden for another's."""
    account = caller()
    own = staff.key_of(account)
    if named in (None, own):
        return own
    if account.role is not Role.COORDINATOR:
        raise Forbidden(field="person")
    return named


def _shown(preference: preferences.Preference) -> dict[str, Any]:
    return {
        "person": preference.person,
        "locale": preference.locale,
        "channel": preference.channel,
        "muted": preference.muted,
        "version": preference.version,
        "kinds": preferences.kinds_for(db.session, preference.person),
        "ways": preferences.ways_for(db.session, preference.person),
    }
