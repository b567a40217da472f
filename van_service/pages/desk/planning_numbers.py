"""The numbers of planning with the hotspots in force, and the form that changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from schedules import calendar
from schedules.errors import ChangedMeanwhile, Invalid, Refused
from schedules.models import Hotspot
from schedules.planning_numbers import LIMITS, Numbers, change_numbers, drafts_overtaken, numbers_in_force
from schedules.prizes import DEFAULTS
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db

_l = lazy_gettext

GAINS: dict[str, Any] = {
    "visit": _l("a visit"),
    "raised": _l("raised priority"),
    "urgent": _l("urgent priority"),
    "waiting_day": _l("each day since the request"),
    "recency_day": _l("each day since the town's last visit"),
    "preferred": _l("a preferred time"),
}
COSTS: dict[str, Any] = {
    "town_shortfall": _l("a visit that a town is due and does not get"),
    "driving_minute": _l("a minute of driving"),
    "promise_drop": _l("a promise dropped"),
    "promise_other_day": _l("a promise on another day"),
    "promise_other_van": _l("a promise by another van"),
    "promise_retime": _l("a promise at another time"),
}
LIMITING: dict[str, Any] = {
    "recency_cap_days": _l("days of waiting that count at most"),
    "promise_tolerance": _l("minutes that a time may move unpunished"),
    "freeze_days": _l("working days in which promises stand still"),
    "venue_rest_days": _l("days between two visits to one venue"),
    "notice_days": _l("days that a new visit is planned ahead"),
    "request_lead_days": _l("days that a request must come ahead"),
}
HELD: dict[str, Any] = {
    "hold_minutes": _l("minutes for which a town holds a time"),
    "holds_per_town": _l("times that a town holds at once"),
    "offer_hours": _l("hours of working days that an offer stands"),
}


def show() -> str:
    """What a visit is worth and what breaking things costs, what limits planning, how long times are held."""
    return _page(numbers_in_force(db.session))


def change() -> Response | tuple[str, int]:
    """Put the numbers of the form in force, or show the form again with what is wrong beside each."""
    address, version = url_for("desk.points"), request.form.get("version", -1, type=int)
    typed = {name: request.form.get(name, "").strip() for name in LIMITS}
    try:
        stand = change_numbers(
            db.session,
            {name: int(text) if _is_whole(text) else -1 for name, text in typed.items()},
            version=version,
            actor=actor(),
            now=utc_now(),
        )
    except Refused as refused:
        db.session.rollback()
        return _page(numbers_in_force(db.session), typed, _sentences(refused)), 422
    except ChangedMeanwhile:
        db.session.rollback()
        flash(
            gettext("Somebody changed the numbers meanwhile. This is how they stand; nothing of yours was stored."),
            "warn",
        )
        return redirect(address, 303)
    overtaken = drafts_overtaken(db.session, now=utc_now())
    db.session.commit()
    flash(_saved(stand.version != version, overtaken), "ok")
    return redirect(address, 303)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _saved(changed: bool, overtaken: int) -> str:
    if not changed:
        return str(gettext("These are the numbers in force already."))
    if not overtaken:
        return str(gettext("The numbers are in force."))
    return ngettext(
        "The numbers are in force. %(num)s draft was made by others and cannot be published; plan again.",
        "The numbers are in force. %(num)s drafts were made by others and cannot be published; plan again.",
        overtaken,
    )


def _sentences(refused: Refused) -> dict[str, str]:
    problems = refused.problems if isinstance(refused, Invalid) else [refused]
    return {str(problem.field): words.error_in_words(problem) for problem in problems}


def _page(stand: Numbers, typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> str:
    return render_template(
        "desk/masters_points.html",
        stand=stand,
        shown=typed or stand.values,
        errors=errors or {},
        groups=(
            ("gains", gettext("A visit is worth"), gettext("points"), GAINS),
            ("costs", gettext("What costs points"), gettext("points"), COSTS),
            ("limits", gettext("Limits of planning"), "", LIMITING),
            ("held-times", gettext("Times that towns hold"), "", HELD),
        ),
        limits=LIMITS,
        defaults=DEFAULTS,
        hotspots=list(
            db.session.scalars(select(Hotspot).options(joinedload(Hotspot.town)).order_by(Hotspot.last_day.desc()))
        ),
        today=calendar.local_day(utc_now()),
    )
