"""Visits: which ones stand on which day, and one visit with everything that happened to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from flask import render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from schedules import calendar, outbox, reports, visits
from schedules.errors import ScheduleError
from schedules.lifecycle import VISIT_MOVES
from schedules.models import Town, VisitState
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.arguments import day_given

DAYS_SHOWN = 14


def calendar_of_visits() -> str:
    """Two weeks of visits by day; `?from=` names the first day, `?town=` narrows the list."""
    today = calendar.local_day(utc_now())
    first = day_given("from") or today
    last = first + timedelta(days=DAYS_SHOWN - 1)
    town_id = request.args.get("town", type=int)
    found = visits.list_visits(db.session, first, last, town_id=town_id)
    return render_template(
        "desk/visits.html",
        first=first,
        last=last,
        earlier=first - timedelta(days=DAYS_SHOWN),
        later=first + timedelta(days=DAYS_SHOWN),
        days=[(day, list(rows)) for day, rows in groupby(found, key=lambda visit: visit.day)],
        number=len(found),
        town_id=town_id,
        towns=list(db.session.scalars(select(Town).order_by(Town.code))),
        today=today,
    )


def show(visit_id: int) -> str:
    """One visit: the promise, what happened, who was told, what came of it."""
    visit = visits.get_visit(db.session, visit_id)
    return render_template(
        "desk/visit.html",
        visit=visit,
        report=reports.report_of(db.session, visit.id),
        told=outbox.list_messages(db.session, visit_id=visit.id, limit=60),
        may_cancel=VisitState.CANCELLED in VISIT_MOVES[visit.state],
        may_miss=VisitState.MISSED in VISIT_MOVES[visit.state],
        today=calendar.local_day(utc_now()),
    )


def cancel(visit_id: int) -> Response:
    """Take the promise back; the town is told, the request waits for another visit."""
    address = url_for("desk.visit", visit_id=visit_id)
    try:
        visits.cancel(db.session, visit_id, request.form.get("reason", ""), actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("The visit is cancelled. The town is told; its request waits for another visit."), address)


def miss(visit_id: int) -> Response:
    """Say that the visit did not take place."""
    address = url_for("desk.visit", visit_id=visit_id)
    try:
        visits.miss(db.session, visit_id, request.form.get("reason", ""), actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("The visit is marked as missed. Its request waits for another visit."), address)
