"""Calendar feeds: whoever may see visits may have them in a calendar. The address is told once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from schedules import feeds
from schedules.errors import Forbidden
from schedules.models import CalendarFeed, FeedKind
from van_service import idempotency
from van_service.accounts import Role
from van_service.api.answers import committed_nothing
from van_service.auth import actor, caller, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.feed_addresses import address_of
from van_service.languages import language
from van_service.schemas.feeds import FeedInSchema, FeedSchema, NewFeedSchema

blueprint = Blueprint(
    "Calendar feeds", __name__, url_prefix="/api/v1/calendar-feeds", description="Visits in people's own calendars"
)


@blueprint.get("")
@blueprint.response(200, FeedSchema(many=True))
@for_roles(*Role)
def list_feeds() -> list[CalendarFeed]:
    """The calendars, the newest first: a town's own, a crew member's own, a coordinator's all; revoked ones too."""
    return feeds.list_feeds(db.session, **_own(), with_revoked=True)


@blueprint.post("")
@blueprint.arguments(FeedInSchema)
@blueprint.response(201, NewFeedSchema)
@for_roles(*Role)
def make_feed(values: dict[str, Any]) -> Response:
    """Make a calendar; its address is told this once."""
    kind, own = values["kind"], _own()
    owner_id = values.get(feeds.COLUMNS.get(kind, ""))
    if own and (kind is not own["kind"] or owner_id not in (None, own["owner_id"])):
        raise Forbidden(field="kind")
    feed, token = feeds.make_feed(
        db.session,
        kind,
        values["label"],
        locale=values["locale"] or language(),
        actor=actor(),
        now=utc_now(),
        owner_id=own.get("owner_id", owner_id),
    )
    return _told(feed, token)


@blueprint.delete("/<id:feed_id>")
@blueprint.response(204)
@for_roles(*Role)
def revoke_feed(feed_id: int) -> Response:
    """End a calendar's address for good."""
    feeds.revoke_feed(db.session, feed_id, actor=actor(), now=utc_now(), **_own())
    return committed_nothing()


def _own() -> dict[str, Any]:
    """What narrows a look-up to the caller's own feeds; a coordinator's are all."""
    account = caller()
    if account.role is Role.TOWN:
        return {"kind": FeedKind.TOWN, "owner_id": account.town_id}
    if account.role is Role.CREW:
        return {"kind": FeedKind.CREW, "owner_id": account.crew_member_id}
    return {}


def _told(feed: CalendarFeed, token: str) -> Response:
    """The answer with the address, kept for a repeated call without it: a token is stored nowhere."""
    schema, location = NewFeedSchema(), f"/api/v1/calendar-feeds/{feed.id}"
    shown = {name: getattr(feed, name) for name in FeedSchema().fields}
    kept, told = (
        jsonify(schema.dump(SimpleNamespace(**shown, address=address))) for address in (None, address_of(token))
    )
    for response in (kept, told):
        response.status_code = 201
        response.headers["Location"] = location
    idempotency.keep(kept)
    db.session.commit()
    return told
