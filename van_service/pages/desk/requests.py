"""The inbox: what towns ask for, what each request is worth and why, and the coordinator's word on it."""

from __future__ import annotations

from datetime import date

from flask import render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from schedules import audit, calendar, explaining, requests, venues, visits
from schedules.errors import BadChoice, ScheduleError
from schedules.fairness import LONGEST_WAIT_DAYS
from schedules.models import AuditRow, Plan, PlanState, Priority, RequestState, Shift, Town, Unserved, VisitRequest
from schedules.planning_inputs import has_begun
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import wish_form
from van_service.pages.desk.answers import complain, done, refused
from van_service.pages.desk.worth import worth_of

MOST_SHOWN = 300
FILTERS: dict[str, tuple[RequestState, ...]] = {
    "submitted": (RequestState.SUBMITTED,),
    "accepted": (RequestState.ACCEPTED,),
    "planned": (RequestState.PLANNED,),
    "ended": (RequestState.DONE, RequestState.DECLINED, RequestState.WITHDRAWN, RequestState.EXPIRED),
}
PINNABLE = (RequestState.ACCEPTED, RequestState.PLANNED)
DECLINABLE = (RequestState.SUBMITTED, RequestState.ACCEPTED)


def inbox() -> str:
    """The requests of one state, the most valuable first; `?state=` and `?town=` narrow the list."""
    state = request.args.get("state", "submitted")
    state = state if state in FILTERS else "submitted"
    town_id = request.args.get("town", type=int)
    found = requests.list_requests(db.session, town_id=town_id, states=FILTERS[state], limit=MOST_SHOWN)
    today = calendar.local_day(utc_now())
    worth = worth_of(db.session, found, today=today)
    if state != "ended":
        found.sort(key=lambda asked: (-worth[asked.id].total, asked.id))
    return render_template(
        "desk/requests.html",
        found=found,
        worth=worth,
        state=state,
        filters=tuple(FILTERS),
        town_id=town_id,
        towns=list(db.session.scalars(select(Town).order_by(Town.code))),
        cap=LONGEST_WAIT_DAYS,
        most_shown=MOST_SHOWN,
        priorities=tuple(Priority),
        left_out=_left_out(found),
        today=today,
    )


def show(request_id: int) -> str:
    """One request with everything known of it, and every decision that is open."""
    return _page(requests.get_request(db.session, request_id))


def accept(request_id: int) -> Response:
    """Take one request into the planning."""
    try:
        asked = requests.accept(db.session, request_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, _address(request_id))
    return done(gettext("Request %(number)s is accepted; the town is told.", number=asked.number), _address(request_id))


def accept_many() -> Response:
    """Take the ticked requests into the planning: all of them or, where one cannot be, none."""
    ids = [int(value) for value in request.form.getlist("id") if value.isdecimal()]
    if not ids:
        return complain(gettext("Tick at least one request."), url_for("desk.requests"))
    try:
        for request_id in ids:
            requests.accept(db.session, request_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.requests"))
    said = ngettext("%(num)s request is accepted.", "%(num)s requests are accepted.", len(ids))
    return done(said, url_for("desk.requests"))


def decline(request_id: int) -> Response:
    """Refuse one request; the town reads the reason."""
    reason = request.form.get("reason", "")
    try:
        asked = requests.decline(db.session, request_id, reason=reason, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, _address(request_id))
    said = gettext("Request %(number)s is declined; the town reads the reason.", number=asked.number)
    return done(said, _address(request_id))


def set_priority(request_id: int) -> Response:
    """Say how much a request matters."""
    try:
        chosen = request.form.get("priority", "")
        if chosen not in [each.value for each in Priority]:
            raise BadChoice(field="priority")
        asked = requests.set_priority(db.session, request_id, Priority(chosen), actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, _address(request_id))
    said = gettext("The priority of %(number)s is changed.", number=asked.number)
    return done(said, _address(request_id))


def pin(request_id: int) -> Response:
    """Fix a request to a shift and, where a time is given, to that minute."""
    typed = request.form.get("starts", "").strip()
    starts = wish_form.read_clock(typed) if typed else None
    if starts == wish_form.UNREADABLE:
        sentence = gettext("“%(text)s” is no time. Write it as 09:30.", text=typed)
        return complain(sentence, _address(request_id))
    shift_id = request.form.get("shift_id", 0, type=int)
    try:
        asked = requests.pin(db.session, request_id, shift_id, starts, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, _address(request_id))
    said = gettext("Request %(number)s is pinned; the next plan keeps it there.", number=asked.number)
    return done(said, _address(request_id))


def unpin(request_id: int) -> Response:
    """Let the planner decide again."""
    try:
        asked = requests.unpin(db.session, request_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, _address(request_id))
    return done(gettext("Request %(number)s is no longer pinned.", number=asked.number), _address(request_id))


def reveal_contact(request_id: int) -> str:
    """Show the contact's number; that it was shown is logged."""
    asked = requests.get_request(db.session, request_id)
    audit.record(db.session, actor=actor(), now=utc_now(), verb="revealed", noun="request_contact", noun_id=asked.id)
    db.session.commit()
    return _page(asked, phone=asked.contact_phone)


def _page(asked: VisitRequest, *, phone: str = "") -> str:
    today = calendar.local_day(utc_now())
    days = [window.day for window in asked.windows if window.day >= today]
    left_out = _left_out([asked]).get(asked.id)
    return render_template(
        "desk/request.html",
        asked=asked,
        worth=worth_of(db.session, [asked], today=today)[asked.id],
        cap=LONGEST_WAIT_DAYS,
        visit=visits.visit_of_request(db.session, asked.id),
        left_out=left_out,
        explained=explaining.explanations_of(db.session, left_out.plan_id).get(asked.id) if left_out else None,
        last_there=venues.last_visit_day(db.session, asked.venue_id),
        shifts=_shifts_on(days) if asked.state in PINNABLE else [],
        pinned=db.session.get(Shift, asked.pinned_shift_id) if asked.pinned_shift_id else None,
        pinnable=asked.state in PINNABLE,
        declinable=asked.state in DECLINABLE,
        priorities=tuple(Priority),
        history=_history(asked),
        phone=phone,
        today=today,
    )


def _shifts_on(days: list[date]) -> list[Shift]:
    found = select(Shift).where(Shift.day.in_(days), Shift.out_of_service.is_(None)).options(joinedload(Shift.van))
    shifts = db.session.scalars(found.order_by(Shift.day, Shift.van_id))
    return [shift for shift in shifts if not has_begun(shift, utc_now())]


def _history(asked: VisitRequest) -> list[AuditRow]:
    rows = select(AuditRow).where(AuditRow.noun == "request", AuditRow.noun_id == str(asked.id))
    return list(db.session.scalars(rows.order_by(AuditRow.id.desc()).limit(20)))


def _left_out(found: list[VisitRequest]) -> dict[int, Unserved]:
    """For each accepted request that the newest draft or published plan leaves out, why."""
    judged = Plan.state.in_((PlanState.DRAFT, PlanState.PUBLISHED)), Plan.addition.is_(False)
    newest = select(func.max(Plan.id)).where(*judged).scalar_subquery()
    waiting = [asked.id for asked in found if asked.state is RequestState.ACCEPTED]
    rows = db.session.scalars(select(Unserved).where(Unserved.plan_id == newest, Unserved.request_id.in_(waiting)))
    return {row.request_id: row for row in rows}


def _address(request_id: int) -> str:
    return url_for("desk.request", request_id=request_id)
