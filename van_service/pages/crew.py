"""The crew's pages, made for a phone: the tour of a day, one button per step, and the report.

Every look-up names the crew member, so that only visits of shifts that he or she rides exist here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from schedules import audit, calendar, reports, visits
from schedules.errors import Conflict, Refused
from schedules.models import CrewMember, Shift, Skill, Visit, VisitState
from van_service import auth, privacy, words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import crew_day, formats, report_form
from van_service.pages.report_form import ReportForm

blueprint = Blueprint("crew", __name__, url_prefix="/crew")

STEPS: dict[str, Callable[..., Visit]] = {
    "set-off": visits.set_off,
    "arrive": visits.arrive,
    "open": visits.open_session,
    "close": visits.close_session,
    "leave": visits.leave,
}
MISSABLE = (VisitState.PROMISED, VisitState.CONFIRMED, VisitState.ON_THE_WAY)


@blueprint.get("")
def show_day() -> str:
    """The tour of today or of `?day=2026-06-16`; `?visit=17` shows that stop large instead of the next one."""
    now = utc_now()
    today = calendar.local_day(now)
    day = _day_asked_for(today)
    shift = _shift_on(day)
    tour = visits.tour_of(db.session, shift.id) if shift is not None else None
    view = crew_day.day_of(tour, request.args.get("visit", type=int)) if tour is not None else None
    chosen = view.chosen if view is not None else None
    return render_template(
        "crew/day.html",
        day=day,
        today=today,
        now_minutes=calendar.local_minutes(now),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        shift=shift,
        view=view,
        skill_words=_skill_words,
        **(_about(chosen, view, today) if chosen is not None and view is not None else {}),
    )


def _about(visit: Visit, view: crew_day.CrewDay, today: date) -> dict[str, object]:
    """What the large card says of a visit: steps, the next one and when it is planned, the contact."""
    steps = crew_day.steps_of(visit, reported=visit.state is VisitState.DONE)
    reached = max((index for index, step in enumerate(steps) if step.happened), default=-1)
    next_step = next((step for step in steps[reached + 1 :]), None)
    live = visit.day == today and visit.state not in crew_day.OVER
    return {
        "steps": steps,
        "reached": reached,
        "next_step": next_step if live else None,
        "planned": crew_day.planned_minute(view.tour, visit, next_step.code) if live and next_step else None,
        "contact": _contact(visit, today),
        "site": crew_day.site_of(visit),
        "missable": live and visit.state in MISSABLE,
        "can_leave": live and visit.closed_at is not None and visit.left_at is None,
    }


@blueprint.post("/visits/<int:visit_id>/<step>")
def take_step(visit_id: int, step: str) -> Response:
    """Set off, arrive, open, close or leave: the time is now. Said twice it is heard once."""
    if step not in STEPS:
        abort(404)
    visit, now = _own_visit(visit_id), utc_now()
    if visit.day != calendar.local_day(now):
        flash(gettext("This stop is not today's. Nothing was recorded."), "warn")
        return _back_to(visit)
    try:
        STEPS[step](db.session, visit.id, actor=auth.actor(), now=now)
    except Conflict as refused:
        db.session.rollback()
        flash(words.error_in_words(refused), "bad")
        return _back_to(_own_visit(visit_id))
    db.session.commit()
    return _back_to(visit)


@blueprint.get("/visits/<int:visit_id>/report")
def report(visit_id: int) -> Response | str:
    """The report form, with what was reported before."""
    visit = _own_visit(visit_id)
    if visit.state not in (VisitState.OPEN, VisitState.DONE):
        flash(gettext("A report can be written once the session is open."), "warn")
        return _back_to(visit)
    filed = reports.report_of(db.session, visit.id)
    form = report_form.form_of_report(filed) if filed is not None else report_form.blank_form(visit)
    return _report_page(visit, form, {})


@blueprint.post("/visits/<int:visit_id>/report")
def file_report(visit_id: int) -> Response | tuple[str, int] | str:
    """File the report, or show it again with what is wrong; `step=add` adds an empty line for a sample."""
    visit = _own_visit(visit_id)
    form = report_form.form_as_sent(request.form)
    if request.form.get("step") == "add":
        form.samples.append(report_form.SampleRow(referred_to=report_form.office_of(visit)))
        return _report_page(visit, form, {})
    try:
        reports.file_report(
            db.session,
            visit.id,
            form.report(),
            actor=auth.actor(),
            now=utc_now(),
            crew_member_id=_member_id(),
        )
    except Refused as refused:
        db.session.rollback()
        return _report_page(_own_visit(visit_id), form, report_form.sentences(refused)), 422
    except Conflict as refused:
        db.session.rollback()
        flash(words.error_in_words(refused), "bad")
        return _back_to(_own_visit(visit_id))
    db.session.commit()
    flash(gettext("The report is filed. The town can read the results."), "ok")
    return redirect(url_for("crew.show_day", day=visit.day.isoformat()), 303)


@blueprint.get("/visits/<int:visit_id>/missed")
def missed(visit_id: int) -> Response | str:
    """Why a visit does not take place."""
    visit = _own_visit(visit_id)
    if visit.state not in MISSABLE:
        return _back_to(visit)
    return render_template("crew/missed.html", visit=visit, reason="", trouble="")


@blueprint.post("/visits/<int:visit_id>/missed")
def miss(visit_id: int) -> Response | tuple[str, int]:
    """Record that the visit did not take place; its request waits for another one."""
    visit, reason = _own_visit(visit_id), request.form.get("reason", "").strip()[:500]
    try:
        visits.miss(db.session, visit.id, reason, actor=auth.actor(), now=utc_now())
    except Refused:
        db.session.rollback()
        trouble = gettext("Say in a few words why.")
        return render_template("crew/missed.html", visit=_own_visit(visit_id), reason=reason, trouble=trouble), 422
    except Conflict as refused:
        db.session.rollback()
        flash(words.error_in_words(refused), "bad")
        return _back_to(_own_visit(visit_id))
    db.session.commit()
    flash(gettext("Recorded. The coordinator plans another visit."), "ok")
    return redirect(url_for("crew.show_day", day=visit.day.isoformat()), 303)


def _member_id() -> int:
    """The crew member who is signed in."""
    member_id = auth.caller().crew_member_id
    if member_id is None:
        abort(403)
    return member_id


def _own_visit(visit_id: int) -> Visit:
    return visits.get_visit(db.session, visit_id, crew_member_id=_member_id())


def _shift_on(day: date) -> Shift | None:
    """The shift that the crew member rides on a day."""
    riding = select(Shift).where(Shift.day == day, Shift.crew.any(CrewMember.id == _member_id())).order_by(Shift.id)
    shift: Shift | None = db.session.scalar(riding)
    return shift


def _skill_words(skills: list[str]) -> str:
    return formats.listed([words.word(Skill(skill)) for skill in skills])


def _day_asked_for(today: date) -> date:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return today


def _back_to(visit: Visit) -> Response:
    return redirect(url_for("crew.show_day", day=visit.day.isoformat()), 303)


def _contact(visit: Visit, today: date) -> privacy.Contact:
    """The contact on site: clear on the day itself, and that this member saw it that day is written down once."""
    contact = privacy.contact_of_visit(auth.caller(), visit, today=today)
    if contact.masked:
        return contact
    seen = any(
        row.verb == "revealed" and row.actor == auth.actor() and calendar.local_day(row.at) == today
        for row in audit.rows_about(db.session, "request", visit.request_id)
    )
    if not seen:
        contact = privacy.reveal(db.session, visit.request, actor=auth.actor(), now=utc_now())
        db.session.commit()
    return contact


def _report_page(visit: Visit, form: ReportForm, errors: dict[str, str]) -> str:
    return render_template(
        "crew/report.html",
        visit=visit,
        form=form,
        errors=errors,
        blank_row=report_form.SampleRow(referred_to=report_form.office_of(visit)),
        filed=visit.state is VisitState.DONE,
    )
