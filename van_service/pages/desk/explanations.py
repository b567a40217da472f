"""Taking a change that would serve a request which a draft leaves out, and asking why a stop is where it is."""

from __future__ import annotations

from flask import abort, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import applying, explaining
from schedules.errors import NotFound, ScheduleError
from schedules.models import VisitRequest
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.plans import get_plan


def apply_change(plan_id: int, request_id: int) -> Response:
    """Make the change; the next plan serves the request."""
    address = url_for("desk.plan", plan_id=plan_id, _anchor=f"request-{request_id}")
    number = request.form.get("number", -1, type=int)
    try:
        asked = applying.apply_change(db.session, plan_id, request_id, number, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    said = gettext("Applied to %(number)s. Plan again, and the next plan serves it.", number=asked.number)
    return done(said, address)


def why_here(plan_id: int, request_id: int) -> str:
    """What the next best places of a served request would cost."""
    plan = get_plan(plan_id)
    try:
        why = explaining.why_here(db.session, plan, request_id)
    except NotFound:
        abort(404)
    displaced = {number for place in why["next_best"] for number in place["displaces"]}
    named = {number: db.session.get_one(VisitRequest, number) for number in displaced}
    return render_template(
        "desk/why_here.html", plan=plan, asked=db.session.get_one(VisitRequest, request_id), why=why, named=named
    )
