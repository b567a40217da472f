"""The form with which a town asks for a visit, holds a time for it, or changes what it asked for."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import calendar, requests, venues
from schedules.errors import ChangedMeanwhile, Conflict, Refused
from schedules.models import RequestState, Town, Venue, VisitRequest
from van_service import auth, words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import day_picker, formats, slot_picker, town_view, wish_form
from van_service.pages.town_requests import CHANGEABLE
from van_service.pages.wish_form import WishForm

VENUES_OFFERED = 200

Slots = list[list[slot_picker.Column]]


def ask() -> str:
    """The form for a new request; `?like=17` fills it from an earlier one."""
    town = town_view.town_of_caller()
    form = wish_form.blank_form(town)
    if like := request.args.get("like", type=int):
        form = wish_form.form_of_request(town_view.own_request(like), since=date.max)
    return _form_page(town, form, {})


def ask_now() -> Response | tuple[str, int] | str:
    """File the request, or show the form again with what is wrong beside each field."""
    town = town_view.town_of_caller()
    form = wish_form.form_as_sent(request.form)
    if request.form.get("step") == "times":
        return _form_page(town, form, {})
    venue, trouble = _venue_meant(form, town)
    try:
        if "hold" in request.form or request.form.get("step") in ("offers", "release"):
            slot_picker.press(db.session, town, form, venue, request.form, actor=auth.actor(), now=utc_now())
            db.session.commit()
            return _form_page(town, form, {}, offers=_free_slots(town, form, venue))
        filed = slot_picker.ask_for(db.session, town, form, venue, actor=auth.actor(), now=utc_now())
    except Refused as refused:
        return _refused(town, form, refused, trouble)
    except Conflict as conflict:
        return _overtaken(town, form, venue, conflict)
    db.session.commit()
    if filed.state is RequestState.PLANNED:
        flash(gettext("Request %(number)s is filed and the visit promised.", number=filed.number), "ok")
    else:
        flash(gettext("Request %(number)s is filed. The coordinator answers by message.", number=filed.number), "ok")
    return redirect(url_for("town.show", request_id=filed.id), 303)


def amend(request_id: int) -> Response | str:
    """The form with what was asked for; once a visit is promised there is none."""
    asked = town_view.own_request(request_id)
    if asked.state not in CHANGEABLE:
        return redirect(url_for("town.show", request_id=request_id))
    today = calendar.local_day(utc_now())
    return _form_page(town_view.town_of_caller(), wish_form.form_of_request(asked, since=today), {}, amended=asked)


def amend_now(request_id: int) -> Response | tuple[str, int] | str:
    """Store the change; what was accepted is decided again."""
    town, asked = town_view.town_of_caller(), town_view.own_request(request_id)
    form = wish_form.form_as_sent(request.form)
    if request.form.get("step") == "times":
        return _form_page(town, form, {}, amended=asked)
    venue, trouble = _venue_meant(form, town)
    version = int(form.version) if form.version.isdigit() else None
    try:
        requests.amend(
            db.session,
            request_id,
            form.wish(venue),
            actor=auth.actor(),
            now=utc_now(),
            version=version,
            town_id=town.id,
        )
    except Refused as refused:
        return _refused(town, form, refused, trouble, amended_id=request_id)
    except ChangedMeanwhile:
        db.session.rollback()
        flash(
            gettext("The request was changed meanwhile. This is how it stands now; nothing of yours was stored."),
            "warn",
        )
        return redirect(url_for("town.amend", request_id=request_id), 303)
    db.session.commit()
    flash(gettext("The change is stored."), "ok")
    return redirect(url_for("town.show", request_id=request_id), 303)


def _venues(town: Town) -> list[Venue]:
    return venues.list_venues(db.session, town_id=town.id, limit=VENUES_OFFERED)


def _venue_meant(form: WishForm, town: Town) -> tuple[Venue | None, str]:
    """The venue of the form, whose whole name then stands there, or why none is meant."""
    venue, trouble = wish_form.find_venue(form.venue, _venues(town))
    if venue is not None:
        form.venue = formats.localized(venue)
    return venue, trouble


def _form_page(
    town: Town,
    form: WishForm,
    errors: dict[str, str],
    *,
    amended: VisitRequest | None = None,
    offers: Slots | None = None,
) -> str:
    own, now = _venues(town), utc_now()
    kept = slot_picker.held_slot(db.session, form, town, now=now)
    weeks = day_picker.weeks(db.session, now=utc_now())
    today = calendar.local_day(utc_now())
    last_days = {venue.id: venues.last_visit_day(db.session, venue.id) for venue in own}
    return render_template(
        "towns/ask.html",
        town=town,
        form=form,
        errors=errors,
        amended=amended,
        venues=own,
        chosen=wish_form.find_venue(form.venue, own)[0] if form.venue else None,
        last_days=last_days,
        services=requests.catalogue(db.session),
        minutes_to_choose=wish_form.minutes_to_choose,
        weeks=weeks,
        usual_times=day_picker.USUAL_TIMES,
        roomy=day_picker.ROOMY,
        some=day_picker.SOME,
        today=today,
        offers=offers,
        slot_tone=slot_picker.tone,
        held=kept,
        seconds_left=max(0, int((kept.expires_at - now).total_seconds())) if kept is not None else 0,
    )


def _overtaken(town: Town, form: WishForm, venue: Venue | None, conflict: Conflict) -> tuple[str, int]:
    """The form with the reason why the slot cannot be had, and what is free instead. Nothing was changed."""
    db.session.rollback()
    town = db.session.get_one(Town, town.id)
    flash(words.error_in_words(conflict), "warn")
    return _form_page(town, form, {}, offers=_free_slots(town, form, venue)), 409


def _free_slots(town: Town, form: WishForm, venue: Venue | None) -> Slots:
    return slot_picker.weeks(db.session, town, form, venue, now=utc_now())


def _refused(
    town: Town, form: WishForm, refused: Refused, trouble: str, *, amended_id: int | None = None
) -> tuple[str, int]:
    """The form as it was sent, with a sentence beside each field that was refused. Nothing was changed."""
    db.session.rollback()
    errors = wish_form.sentences(refused, form)
    if trouble:
        errors["venue"] = trouble
    amended = town_view.own_request(amended_id) if amended_id is not None else None
    return _form_page(db.session.get_one(Town, town.id), form, errors, amended=amended), 422
