"""All calendar addresses that are in use, whose they are and when they were last read; making and ending them."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from schedules import feeds
from schedules.errors import BadChoice, Refused, ScheduleError
from schedules.models import CrewMember, FeedKind, Town, Van
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.languages import language
from van_service.pages.desk.answers import done, refused
from van_service.pages.feeds import Made, made

_l = lazy_gettext

KINDS: dict[FeedKind, Any] = {
    FeedKind.PUBLIC: _l("Open to everybody"),
    FeedKind.VAN: _l("Vans"),
    FeedKind.TOWN: _l("Towns"),
    FeedKind.CREW: _l("Crew"),
}


def show() -> str:
    """The addresses in use by kind, and the form for a new one."""
    return _page()


def make() -> tuple[str, int] | str:
    """Make a calendar and show its address this once."""
    label, whose = request.form.get("label", ""), request.form.get("whose", "")
    try:
        kind, owner_id = _meant(whose)
        feed, token = feeds.make_feed(
            db.session, kind, label, locale=language(), actor=actor(), now=utc_now(), owner_id=owner_id
        )
    except Refused as error:
        db.session.rollback()
        field = "label" if error.field == "label" else "whose"
        return _page(label=label, whose=whose, errors={field: words.error_in_words(error)}), 422
    db.session.commit()
    return _page(just_made=made(feed, token))


def revoke(feed_id: int) -> Response:
    """End an address."""
    try:
        feeds.revoke_feed(db.session, feed_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.feeds"))
    return done(
        gettext("The address has ended. Calendars that still ask for it get nothing more."), url_for("desk.feeds")
    )


def _meant(whose: str) -> tuple[FeedKind, int | None]:
    """Kind and owner of an entry such as `town:3` or `public`. Raises BadChoice where it is no entry."""
    kind, _, number = whose.partition(":")
    if kind not in [each.value for each in FeedKind]:
        raise BadChoice(field="whose", given=kind)
    return FeedKind(kind), int(number) if number.isascii() and number.isdigit() else None


def _page(
    *, just_made: Made | None = None, label: str = "", whose: str = "", errors: dict[str, str] | None = None
) -> str:
    found = feeds.list_feeds(db.session)
    return render_template(
        "desk/feeds.html",
        by_kind=[(name, [feed for feed in found if feed.kind is kind]) for kind, name in KINDS.items()],
        number=len(found),
        vans=list(db.session.scalars(select(Van).where(Van.active).order_by(Van.number))),
        towns=list(db.session.scalars(select(Town).order_by(Town.code))),
        crew=list(db.session.scalars(select(CrewMember).where(CrewMember.active).order_by(CrewMember.code))),
        just_made=just_made,
        label=label,
        chosen=whose,
        errors=errors or {},
        longest=feeds.LONGEST_LABEL,
    )
