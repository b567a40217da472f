"""The address behind which a calendar feed is read: the token in it is the guard, and nobody signs in.

Clients ask every hour or so, so an unchanged feed is answered by 304. An address that was revoked answers 410 for ever;
the token itself is in no log (see `van_service.logs`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, request
from flask_babel import force_locale, gettext
from sqlalchemy.exc import OperationalError

from schedules import feeds
from schedules.errors import NotFound
from schedules.feed_events import FeedEvent, events_of
from schedules.models import CalendarFeed
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.feed_document import document_of
from van_service.languages import LANGUAGES

log = logging.getLogger(__name__)

blueprint = Blueprint("calendar_feed", __name__, url_prefix="/calendar")


@blueprint.get("/<token>.ics")
def read(token: str) -> Response:
    """The feed as an iCalendar document; `?lang=en` gives it in another language than it was made in."""
    try:
        feed = feeds.feed_of_token(db.session, token)
    except NotFound:
        return _sentence(gettext("There is no calendar at this address."), HTTPStatus.NOT_FOUND)
    locale = request.args.get("lang", feed.locale)
    locale = locale if locale in LANGUAGES else feed.locale
    if not feed.live:
        with force_locale(locale):
            return _sentence(gettext("This calendar has ended. Remove it from your list."), HTTPStatus.GONE)
    now = utc_now()
    events = events_of(db.session, feed, now)
    answer = _answer(document_of(feed, events, locale), events)
    _note_reading(feed, now)
    return answer


def _answer(document: bytes, events: Sequence[FeedEvent]) -> Response:
    tag = hashlib.sha256(document).hexdigest()[:32]
    # By the tag alone: a venue that is renamed or a day that falls out of sight changes no event's date.
    if request.if_none_match.contains_weak(tag):
        answer = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        answer = Response(document, content_type="text/calendar; charset=utf-8")
        answer.headers["Content-Disposition"] = 'inline; filename="service-van.ics"'
    answer.set_etag(tag)
    if events:
        answer.last_modified = max(event.changed_at for event in events)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _sentence(text: str, status: HTTPStatus) -> Response:
    """Plain words: whoever reads them is a program, or looks into its log."""
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")


def _note_reading(feed: CalendarFeed, now: datetime) -> None:
    """A database that is busy writing must not keep a calendar from being read."""
    feed_id = feed.id
    try:
        feeds.note_reading(db.session, feed, now=now)
        db.session.commit()
    except OperationalError:
        db.session.rollback()
        log.warning("That calendar feed %s was read could not be written down", feed_id)
