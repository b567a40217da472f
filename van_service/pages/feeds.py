"""Calendars on people's own pages: a town's visits and a crew member's tours in the calendar of a phone or of Outlook.

An address is shown once, on the page that answers its making; afterwards only its name is known here.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import feeds
from schedules.errors import Refused
from schedules.models import CalendarFeed, FeedKind
from van_service import auth, words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.feed_addresses import address_of, webcal_of
from van_service.languages import language

town_blueprint = Blueprint("town_calendar", __name__, url_prefix="/town/calendar")
crew_blueprint = Blueprint("crew_calendar", __name__, url_prefix="/crew/calendar")


@dataclass(frozen=True, slots=True)
class Made:
    """A feed just made, with its address in both spellings."""

    feed: CalendarFeed
    address: str
    webcal: str


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose calendars a page is about, and where it lies."""

    kind: FeedKind
    owner_id: int
    template: str
    endpoint: str


@town_blueprint.get("")
def show_town() -> str:
    """The town's calendars, and how to get one."""
    return _page(_town())


@town_blueprint.post("")
def make_town() -> tuple[str, int] | str:
    """Make a calendar of the town's visits and show its address this once."""
    return _make(_town())


@town_blueprint.post("/<int:feed_id>/revoke")
def revoke_town(feed_id: int) -> Response:
    """End one of the town's addresses."""
    return _revoke(_town(), feed_id)


@crew_blueprint.get("")
def show_crew() -> str:
    """The crew member's calendars, and how to get one."""
    return _page(_crew())


@crew_blueprint.post("")
def make_crew() -> tuple[str, int] | str:
    """Make a calendar of the crew member's tours and show its address this once."""
    return _make(_crew())


@crew_blueprint.post("/<int:feed_id>/revoke")
def revoke_crew(feed_id: int) -> Response:
    """End one of the crew member's addresses."""
    return _revoke(_crew(), feed_id)


def made(feed: CalendarFeed, token: str) -> Made:
    """What the page shows of a feed just made."""
    address = address_of(token)
    return Made(feed, address, webcal_of(address))


def _town() -> Whose:
    return Whose(FeedKind.TOWN, auth.caller().town_id or abort(403), "feeds/town.html", "town_calendar.show_town")


def _crew() -> Whose:
    return Whose(
        FeedKind.CREW, auth.caller().crew_member_id or abort(403), "feeds/crew.html", "crew_calendar.show_crew"
    )


def _make(whose: Whose) -> tuple[str, int] | str:
    label = request.form.get("label", "")
    try:
        feed, token = feeds.make_feed(
            db.session,
            whose.kind,
            label,
            locale=language(),
            actor=auth.actor(),
            now=utc_now(),
            owner_id=whose.owner_id,
        )
    except Refused as refused:
        db.session.rollback()
        return _page(whose, label=label, errors={"label": words.error_in_words(refused)}), 422
    db.session.commit()
    return _page(whose, just_made=made(feed, token))


def _revoke(whose: Whose, feed_id: int) -> Response:
    feeds.revoke_feed(db.session, feed_id, actor=auth.actor(), now=utc_now(), kind=whose.kind, owner_id=whose.owner_id)
    db.session.commit()
    flash(gettext("The address has ended. Calendars that still ask for it get nothing more."), "ok")
    return redirect(url_for(whose.endpoint), 303)


def _page(whose: Whose, *, just_made: Made | None = None, label: str = "", errors: dict[str, str] | None = None) -> str:
    return render_template(
        whose.template,
        found=feeds.list_feeds(db.session, kind=whose.kind, owner_id=whose.owner_id),
        just_made=just_made,
        label=label,
        errors=errors or {},
        longest=feeds.LONGEST_LABEL,
    )
