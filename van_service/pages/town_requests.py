"""One request of a town: where it stands, its visit and results; confirming the visit, calling, withdrawing."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import audit, calendar, own_changes, reports, requests, visits, wait_list
from schedules.errors import Refused
from schedules.lifecycle import LIVE_VISITS
from schedules.models import RequestState, VisitRequest, VisitState
from van_service import auth
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import town_view, town_words, wish_form
from van_service.pages.wish_form import WishForm
from van_service.reasons import why_left_out

OPEN_STATES = (RequestState.SUBMITTED, RequestState.ACCEPTED, RequestState.PLANNED)
CHANGEABLE = (RequestState.SUBMITTED, RequestState.ACCEPTED)


def show(request_id: int) -> str:
    """One request: where it stands, what comes next, the visit and its results."""
    return _request_page(town_view.own_request(request_id))


def reveal_crew_phone(request_id: int) -> Response | str:
    """Show the number of the crew from the day before on; that it was shown is logged."""
    asked = town_view.own_request(request_id)
    visit = town_view.live_visit(db.session, asked)
    if visit is None or not town_view.crew_may_be_called(visit, calendar.local_day(utc_now())):
        return redirect(url_for("town.show", request_id=request_id), 303)
    member = visit.shift.crew[0]
    audit.record(db.session, actor=auth.actor(), now=utc_now(), verb="revealed", noun="crew_member", noun_id=member.id)
    db.session.commit()
    return _request_page(asked, phone=member.phone)


def confirm(request_id: int) -> Response:
    """The town says that it expects the van."""
    asked = town_view.own_request(request_id)
    visit = town_view.live_visit(db.session, asked)
    if visit is not None:
        visits.confirm(db.session, visit.id, actor=auth.actor(), now=utc_now())
        db.session.commit()
        flash(gettext("Confirmed. The crew knows that somebody expects it."), "ok")
    return redirect(url_for("town.show", request_id=request_id), 303)


def withdraw(request_id: int) -> Response | str:
    """What taking the request back means, and the button that does it."""
    asked = town_view.own_request(request_id)
    if asked.state not in OPEN_STATES:
        return redirect(url_for("town.show", request_id=request_id))
    return _withdraw_page(asked)


def withdraw_now(request_id: int) -> Response | tuple[str, int]:
    """Take the request back; a promised visit is called off and its people told."""
    town, reason = town_view.town_of_caller(), request.form.get("reason", "").strip()
    try:
        requests.withdraw(
            db.session, request_id, actor=auth.actor(), now=utc_now(), reason=reason or None, town_id=town.id
        )
    except Refused as refused:
        db.session.rollback()
        trouble = wish_form.sentences(refused, WishForm()).get("reason", "")
        return _withdraw_page(town_view.own_request(request_id), trouble, reason), 422
    db.session.commit()
    flash(gettext("The request is withdrawn."), "ok")
    return redirect(url_for("town.show", request_id=request_id), 303)


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
