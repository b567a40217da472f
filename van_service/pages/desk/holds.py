"""Times that towns hold now, as the desk's first page lists them, and ending one before its time is over.

Towns hold times themselves on their own pages; what a hold is and when it counts is `schedules.held`'s to say.
"""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import holds
from schedules.errors import ScheduleError
from schedules.models import Hold, HoldKind, HoldState
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk.answers import complain, done, refused


def end(hold_id: int) -> Response:
    """Free the slot for others; whoever was offered it by the wait list goes on waiting."""
    address = url_for("desk.home", _anchor="held")
    holds.get_hold(db.session, hold_id)  # one that never was is no page
    try:
        ended = holds.release(db.session, hold_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    if ended.state is not HoldState.RELEASED:
        return complain(gettext("That hold was over already; nothing was changed."), address)
    return done(_what_was_done(ended), address)


def _what_was_done(ended: Hold) -> str:
    when = gettext("%(day)s, %(time)s", day=formats.day(ended.day), time=formats.span(ended.starts, ended.closes))
    told = {"when": when, "town": formats.localized(ended.town)}
    if ended.kind is HoldKind.BOOKING:
        return str(gettext("%(when)s is no longer held for %(town)s.", **told))
    sentence = gettext(
        "%(when)s is no longer held for %(town)s. It may have read the offer: call it. The request goes on waiting.",
        **told,
    )
    return str(sentence)
