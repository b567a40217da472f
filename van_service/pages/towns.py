"""The town office's pages: its requests and where they stand, a new one, the visits to come and what came of them.

Every look-up names the town of whoever is signed in, so that another town's rows do not exist here.
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import audit, calendar, own_changes, reports, requests, venues, visits, wait_list
from schedules.errors import ChangedMeanwhile, Conflict, Refused
from schedules.fairness import LONGEST_WAIT_DAYS
from schedules.held import live_holds
from schedules.lifecycle import LIVE_VISITS
from schedules.models import (
    HoldKind,
    RequestState,
    Town,
    Venue,
    VisitRequest,
    VisitState,
)
from van_service import auth, words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import day_picker, formats, slot_picker, town_view, town_words, wish_form
from van_service.pages.wish_form import WishForm
from van_service.reasons import why_left_out

blueprint = Blueprint("town", __name__, url_prefix="/town")

OPEN_STATES = (RequestState.SUBMITTED, RequestState.ACCEPTED, RequestState.PLANNED)
CHANGEABLE = (RequestState.SUBMITTED, RequestState.ACCEPTED)
MOST_SHOWN = 200
ENDED_SHOWN = 6

Slots = list[list[slot_picker.Column]]


@blueprint.get("")
def home() -> str:
    """What is under way, what comes next, and how the town stands."""
    town, now = _town(), utc_now()
    today = calendar.local_day(now)
    mine = requests.list_requests(db.session, town_id=town.id, limit=MOST_SHOWN)
    all_visits = visits.visits_of_town(db.session, town.id)
    visit_of = {visit.request_id: visit for visit in sorted(all_visits, key=lambda visit: visit.id)}
    report_of = town_view.reports_of(db.session, [visit.id for visit in all_visits])
    left_out = own_changes.left_out_of(db.session, mine)
    coming = [visit for visit in all_visits if visit.state in LIVE_VISITS and visit.day >= today]
    shown_above = {visit.request_id for visit in coming}
    ended = [each for each in mine if each.state not in OPEN_STATES]
    return render_template(
        "towns/home.html",
        town=town,
        today=today,
        coming=coming,
        open_requests=[each for each in mine if each.state in OPEN_STATES and each.id not in shown_above],
        ended_requests=ended if "all" in request.args else ended[:ENDED_SHOWN],
        number_ended=len(ended),
        visit_of=visit_of,
        offered=live_holds(db.session, now=now, town_id=town.id, kind=HoldKind.WAIT_LIST),
        left_out=left_out,
        next_steps={
            each.id: town_words.next_step(
                each,
                visit_of.get(each.id),
                left_out.get(each.id),
                report_of.get(visit_of[each.id].id) if each.id in visit_of else None,
                today=today,
            )
            for each in mine
        },
        standing=town_view.standing_of(db.session, town, today),
        cap=LONGEST_WAIT_DAYS,
    )


@blueprint.get("/requests/new")
def ask() -> str:
    """The form for a new request; `?like=17` fills it from an earlier one."""
    town = _town()
    form = wish_form.blank_form(town)
    if like := request.args.get("like", type=int):
        form = wish_form.form_of_request(_own_request(like), since=date.max)
    return _form_page(town, form, {})


@blueprint.post("/requests/new")
def ask_now() -> Response | tuple[str, int] | str:
    """File the request, or show the form again with what is wrong beside each field."""
    town = _town()
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


@blueprint.get("/requests/<int:request_id>")
def show(request_id: int) -> str:
    """One request: where it stands, what comes next, the visit and its results."""
    return _request_page(_own_request(request_id))


@blueprint.post("/requests/<int:request_id>/crew-phone")
def reveal_crew_phone(request_id: int) -> Response | str:
    """Show the number of the crew from the day before on; that it was shown is logged."""
    asked = _own_request(request_id)
    visit = town_view.live_visit(db.session, asked)
    if visit is None or not town_view.crew_may_be_called(visit, calendar.local_day(utc_now())):
        return redirect(url_for("town.show", request_id=request_id), 303)
    member = visit.shift.crew[0]
    audit.record(db.session, actor=auth.actor(), now=utc_now(), verb="revealed", noun="crew_member", noun_id=member.id)
    db.session.commit()
    return _request_page(asked, phone=member.phone)


@blueprint.post("/requests/<int:request_id>/confirm")
def confirm(request_id: int) -> Response:
    """The town says that it expects the van."""
    asked = _own_request(request_id)
    visit = town_view.live_visit(db.session, asked)
    if visit is not None:
        visits.confirm(db.session, visit.id, actor=auth.actor(), now=utc_now())
        db.session.commit()
        flash(gettext("Confirmed. The crew knows that somebody expects it."), "ok")
    return redirect(url_for("town.show", request_id=request_id), 303)


@blueprint.get("/requests/<int:request_id>/amend")
def amend(request_id: int) -> Response | str:
    """The form with what was asked for; once a visit is promised there is none."""
    asked = _own_request(request_id)
    if asked.state not in CHANGEABLE:
        return redirect(url_for("town.show", request_id=request_id))
    today = calendar.local_day(utc_now())
    return _form_page(_town(), wish_form.form_of_request(asked, since=today), {}, amended=asked)


@blueprint.post("/requests/<int:request_id>/amend")
def amend_now(request_id: int) -> Response | tuple[str, int] | str:
    """Store the change; what was accepted is decided again."""
    town, asked = _town(), _own_request(request_id)
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


@blueprint.get("/requests/<int:request_id>/withdraw")
def withdraw(request_id: int) -> Response | str:
    """What taking the request back means, and the button that does it."""
    asked = _own_request(request_id)
    if asked.state not in OPEN_STATES:
        return redirect(url_for("town.show", request_id=request_id))
    return render_template(
        "towns/withdraw.html", asked=asked, visit=town_view.live_visit(db.session, asked), trouble="", reason=""
    )


@blueprint.post("/requests/<int:request_id>/withdraw")
def withdraw_now(request_id: int) -> Response | tuple[str, int]:
    """Take the request back; a promised visit is called off and its people told."""
    town, reason = _town(), request.form.get("reason", "").strip()
    try:
        requests.withdraw(
            db.session, request_id, actor=auth.actor(), now=utc_now(), reason=reason or None, town_id=town.id
        )
    except Refused as refused:
        db.session.rollback()
        asked = _own_request(request_id)
        trouble = wish_form.sentences(refused, WishForm()).get("reason", "")
        page = render_template(
            "towns/withdraw.html",
            asked=asked,
            visit=town_view.live_visit(db.session, asked),
            trouble=trouble,
            reason=reason,
        )
        return page, 422
    db.session.commit()
    flash(gettext("The request is withdrawn."), "ok")
    return redirect(url_for("town.show", request_id=request_id), 303)


@blueprint.get("/results")
def results() -> str:
    """What came of the town's visits in a year."""
    town, today = _town(), calendar.local_day(utc_now())
    year = request.args.get("year", today.year, type=int)
    year = min(max(year, 2000), today.year)
    first, last = date(year, 1, 1), date(year, 12, 31)
    held = [
        visit for visit in visits.visits_of_town(db.session, town.id, first, last) if visit.state is VisitState.DONE
    ]
    by_visit = town_view.reports_of(db.session, [visit.id for visit in held])
    return render_template(
        "towns/results.html",
        town=town,
        year=year,
        this_year=today.year,
        held=list(reversed(held)),
        reports=by_visit,
        totals=reports.totals(db.session, first, last, town.id),
    )


def _town() -> Town:
    """The town of whoever is signed in."""
    town_id = auth.current_town_id()
    assert town_id is not None  # the guard lets only accounts of a town come here
    town: Town = db.session.get_one(Town, town_id)
    return town


def _own_request(request_id: int) -> VisitRequest:
    return requests.get_request(db.session, request_id, _town().id)


def _venues(town: Town) -> list[Venue]:
    return venues.list_venues(db.session, town_id=town.id, limit=MOST_SHOWN)


def _venue_meant(form: WishForm, town: Town) -> tuple[Venue | None, str]:
    """The venue of the form, whose whole name then stands there, or why none is meant."""
    venue, trouble = wish_form.find_venue(form.venue, _venues(town))
    if venue is not None:
        form.venue = formats.localized(venue)
    return venue, trouble


def _request_page(asked: VisitRequest, *, phone: str = "") -> str:
    today = calendar.local_day(utc_now())
    visit = visits.visit_of_request(db.session, asked.id)
    left_out = own_changes.left_out_of(db.session, [asked]).get(asked.id)
    offered = wait_list.offer_to(db.session, asked, now=utc_now())
    made = town_view.change_made(db.session, left_out) if left_out is not None else None
    own = town_view.own_change(db.session, asked, now=utc_now()) if left_out is not None and offered is None else None
    report = None
    if visit is not None and visit.state is VisitState.DONE:
        report = reports.report_of(db.session, visit.id)
    live = visit is not None and visit.state in LIVE_VISITS
    return render_template(
        "towns/request.html",
        asked=asked,
        visit=visit,
        live=live,
        offered=offered,
        report=report,
        steps=town_words.steps_of(asked, visit, left_out),
        next_step=town_words.next_step(asked, visit, left_out, None, today=today),
        why=why_left_out(left_out) if left_out is not None else None,
        made=made,
        own=own,
        remedy=town_view.remedy_of(db.session, left_out) if left_out is not None and own is None else None,
        changeable=asked.state in CHANGEABLE,
        open=asked.state in OPEN_STATES,
        callable=live and visit is not None and town_view.crew_may_be_called(visit, today),
        phone=phone,
        today=today,
    )


def _withdraw_page(asked: VisitRequest, trouble: str = "", reason: str = "") -> str:
    visit = town_view.live_visit(db.session, asked)
    return render_template("towns/withdraw.html", asked=asked, visit=visit, trouble=trouble, reason=reason)


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
    amended = _own_request(amended_id) if amended_id is not None else None
    return _form_page(db.session.get_one(Town, town.id), form, errors, amended=amended), 422
