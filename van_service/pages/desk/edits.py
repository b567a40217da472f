"""Changing a draft by hand: one visit at a time, every change checked at once, the broken rule named, undo."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from schedules import edits, publishing, redo
from schedules.edits import BrokenRules, Edit
from schedules.errors import ScheduleError
from schedules.models import EditKind, Plan, PlanState, Shift, Unserved, VisitRequest
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats, wish_form
from van_service.pages.desk.answers import complain, done, refused
from van_service.pages.desk.plans import get_plan, tours_of

_l = lazy_gettext

KINDS: dict[EditKind, Any] = {
    EditKind.MOVE: _l("put elsewhere"),
    EditKind.INSERT: _l("put in"),
    EditKind.SWAP: _l("swapped"),
    EditKind.DROP: _l("taken out"),
    EditKind.PIN: _l("pinned"),
    EditKind.UNPIN: _l("unpinned"),
}


def show(plan_id: int) -> str | Response:
    """The draft's visits, and the forms of the one chosen by `?visit=`."""
    plan = get_plan(plan_id)
    if plan.state is not PlanState.DRAFT:
        return redirect(url_for("desk.plan", plan_id=plan.id))
    return _page(plan, request.args.get("visit", type=int))


def change(plan_id: int) -> Response | tuple[str, int]:
    """Make one edit; the page of the new draft follows, or this one with what stands in the way."""
    address = url_for("desk.edit", plan_id=plan_id)
    typed = request.form.get("starts", "").strip()
    starts = wish_form.read_clock(typed) if typed else None
    kind = request.form.get("kind", "")
    if starts == wish_form.UNREADABLE:
        return complain(gettext("“%(text)s” is no time. Write it as 09:30.", text=typed), address)
    if kind not in [each.value for each in EditKind]:
        return redirect(address, 303)
    wish = Edit(
        kind=EditKind(kind),
        request_id=request.form.get("request_id", 0, type=int),
        shift_id=request.form.get("shift_id", type=int),
        starts=starts,
        other_request_id=request.form.get("other_request_id", type=int),
        reason=request.form.get("reason", "").strip() or None,
    )
    try:
        made = edits.edit(db.session, plan_id, wish, actor=actor(), now=utc_now())
    except BrokenRules as error:
        db.session.rollback()
        return _page(get_plan(plan_id), wish.request_id, wish, error), 409
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("It is done in a new draft, plan %(plan)s.", plan=made.id), _onwards(made, wish.request_id))


def undo(plan_id: int) -> Response:
    """Go back to the draft before the last edit."""
    try:
        earlier = edits.undo(db.session, plan_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.edit", plan_id=plan_id))
    said = gettext("The last change is undone: this is plan %(plan)s again.", plan=earlier.id)
    return done(said, _onwards(earlier))


def do_again(plan_id: int) -> Response:
    """Make the edit once more that was undone last."""
    try:
        made = redo.redo(db.session, plan_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.plan", plan_id=plan_id))
    return done(gettext("It is done again in a new draft, plan %(plan)s.", plan=made.id), _onwards(made))


def _onwards(plan: Plan, request_id: int | None = None) -> str:
    """The same page of another draft: the board's week where the form names one, else the page of edits."""
    week = request.form.get("week", "")
    if not week:
        return url_for("desk.edit", plan_id=plan.id)
    anchor = None if request_id is None else f"stop-{request_id}"
    return url_for("desk.plan", plan_id=plan.id, week=week, _anchor=anchor)


def _page(plan: Plan, chosen: int | None, wish: Edit | None = None, broken: BrokenRules | None = None) -> str:
    tours = tours_of(plan)
    stops = {stop.request_id: stop for tour in tours for stop in tour.stops}
    left_out = _left_out(plan)
    detail = {} if broken is None else broken.detail
    return render_template(
        "desk/edit.html",
        plan=plan,
        tours=tours,
        left_out=left_out,
        stop=stops.get(chosen or 0),
        out=next((row for row in left_out if row.request_id == chosen), None),
        others=[stop for request_id, stop in stops.items() if request_id != chosen],
        shifts=_shifts(plan),
        pinned={int(visit["id"][1:]) for visit in (plan.problem or {}).get("visits", ()) if visit.get("pin")},
        done_by_hand=edits.edits_of(db.session, plan),
        kinds=KINDS,
        changes=publishing.difference(db.session, plan, now=utc_now()),
        newer=edits.edited_into(db.session, plan),
        wish=wish,
        broken=[_in_words(rule) for rule in detail.get("rules", ())],
        negotiable=detail.get("negotiable", False),
        spot=_spot(detail.get("spot")),
    )


def _left_out(plan: Plan) -> list[Unserved]:
    found = (
        select(Unserved)
        .where(Unserved.plan_id == plan.id)
        .options(
            joinedload(Unserved.request).joinedload(VisitRequest.town),
            joinedload(Unserved.request).joinedload(VisitRequest.venue),
        )
    )
    return list(db.session.scalars(found))


def _shifts(plan: Plan) -> list[Shift]:
    """The shifts that the draft's problem knows, by day and van."""
    codes = {shift["id"] for shift in (plan.problem or {}).get("shifts", ())}
    days = {date.fromisoformat(code.rpartition("@")[2]) for code in codes}
    found = select(Shift).where(Shift.day.in_(days)).options(joinedload(Shift.van)).order_by(Shift.day, Shift.van_id)
    return [shift for shift in db.session.scalars(found) if shift.code in codes]


def _in_words(rule: dict[str, Any]) -> str:
    """The rule, and its numbers where they are minutes of the day."""
    times = [
        f"{name} {formats.clock(value)}"
        for name, value in ((_MINUTES[key], rule[key]) for key in _MINUTES if isinstance(rule.get(key), int))
    ]
    sentence = words.rule_in_words(rule["rule"])
    return f"{sentence} ({', '.join(times)})" if times else sentence


_MINUTES: dict[str, Any] = {
    "leaves": _l("leaves"),
    "starts": _l("starts"),
    "ends": _l("ends"),
    "returns": _l("back"),
}


def _spot(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """The cheapest lawful place nearby, with its shift's row."""
    if found is None:
        return None
    van, _, day = found["shift"].rpartition("@")
    shift = db.session.scalar(
        select(Shift)
        .where(Shift.day == date.fromisoformat(day), Shift.van.has(code=van))
        .options(joinedload(Shift.van))
    )
    return None if shift is None else {**found, "row": shift}
