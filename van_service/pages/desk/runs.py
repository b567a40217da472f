"""Planning runs: asking for a plan, watching bound and value close in, keeping the best so far."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from schedules import calendar, days, runs
from schedules.errors import BeyondCalendar, Refused, ScheduleError
from schedules.models import Day, Plan, PlanState, Van
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.gap_plot import gap_plot
from van_service.pages.desk.plans import get_plan

USUAL_DAYS = 28
UNDER_WAY = (PlanState.QUEUED, PlanState.SOLVING)
USUAL_SECONDS = (5, 10, 30, 60, 120)

# What the planner is doing, by its own names.
PHASES: dict[str, Any] = {
    "reading": lazy_gettext("Reading the data"),
    "starting": lazy_gettext("Starting the planner"),
    "insertion": lazy_gettext("Placing visits one by one"),
    "recreate": lazy_gettext("Trying other plans, piece by piece"),
    "sweep": lazy_gettext("Planning a few days at a time"),
    "columns": lazy_gettext("Looking for better tours"),
    "choice": lazy_gettext("Choosing the best tours"),
    "proof": lazy_gettext("Proving that nothing better exists"),
    "improvement": lazy_gettext("Improving what is left"),
}

FAILURES: dict[str, Any] = {
    runs.STOPPED: lazy_gettext("Called off before it began."),
    runs.GIVEN_UP: lazy_gettext("The planner's process ended several times; look at its log and try again."),
    "travel_unavailable": lazy_gettext("Travel times could not be had; the road service does not answer."),
    "contradictory_pins": lazy_gettext("What is pinned contradicts itself. Unpin one of the requests named here."),
    "unlawful": lazy_gettext("The independent checker refused the planner's result; nothing was stored."),
    "internal_error": lazy_gettext("Something went wrong in the planner; its log says what. Nothing was stored."),
}


def history() -> str:
    """The form that asks for a plan, and the latest runs with what became of them."""
    return _form(_usual_order())


def plan_now() -> Response | tuple[str, int]:
    """Queue a run and lead to the page that shows its progress, or say beside the field what is wrong."""
    order: dict[str, Any] = {name: request.form.get(name, "").strip() for name in ("first_day", "last_day", "seconds")}
    order["vans"] = request.form.getlist("van")
    order["reserve"] = "use_reserve" not in request.form
    try:
        plan = runs.queue_plan(
            db.session,
            _day(order["first_day"], "first_day"),
            _day(order["last_day"], "last_day"),
            seconds=_seconds(order["seconds"]),
            options={"vans": order["vans"] or None, "reserve": order["reserve"]},
            actor=actor(),
            now=utc_now(),
        )
    except Refused as error:
        db.session.rollback()
        field = (error.field or "").removeprefix("options.")
        return _form(order, {field: _sentence(error)}), 422
    db.session.commit()
    return redirect(url_for("desk.run", plan_id=plan.id), 303)


def show(plan_id: int) -> str | Response:
    """The progress of one run; a run that has made its plan leads there."""
    plan = get_plan(plan_id)
    if plan.state not in (*UNDER_WAY, PlanState.FAILED):
        return redirect(url_for("desk.plan", plan_id=plan.id))
    return render_template("desk/run.html", **_progress(plan))


def progress(plan_id: int) -> Response:
    """The part of the run's page that changes, asked for every second; sends the browser on when the plan is there."""
    plan = get_plan(plan_id)
    answer = make_response(render_template("desk/_progress.html", **_progress(plan)))
    if plan.state not in (*UNDER_WAY, PlanState.FAILED):
        answer.headers["HX-Redirect"] = url_for("desk.plan", plan_id=plan.id)
    return answer


def keep_this_one(plan_id: int) -> Response:
    """End the run early and keep the best plan so far; a run that waits is called off."""
    address = url_for("desk.run", plan_id=plan_id)
    try:
        plan = runs.request_stop(db.session, plan_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    if plan.state is PlanState.FAILED:
        return done(gettext("The run is called off."), address)
    return done(gettext("The planner ends and keeps its best plan so far."), address)


def failure_in_words(plan: Plan) -> str:
    """Why a run made no plan."""
    return str(FAILURES.get(plan.failure or "", FAILURES["internal_error"]))


def _form(order: dict[str, Any], errors: dict[str, str] | None = None) -> str:
    plans = runs.history(db.session, limit=30)
    return render_template(
        "desk/runs.html",
        order=order,
        errors=errors or {},
        vans=list(db.session.scalars(select(Van).where(Van.active).order_by(Van.number))),
        usual_seconds=sorted({*USUAL_SECONDS, round(current_app.extensions["settings"].plan_seconds)}),
        plans=plans,
        under_way=[plan for plan in plans if plan.state in UNDER_WAY],
        failure_in_words=failure_in_words,
        today=calendar.local_day(utc_now()),
    )


def _usual_order() -> dict[str, Any]:
    """Four weeks from the next working day, all vans; shorter where the days beyond are not announced."""
    today = calendar.local_day(utc_now())
    try:
        first = days.add_working_days(db.session, today, 1)
    except BeyondCalendar:
        first = today + timedelta(days=1)
    last = _last_announced(first, first + timedelta(days=USUAL_DAYS - 1))
    seconds = round(current_app.extensions["settings"].plan_seconds)
    return {
        "first_day": request.args.get("first", first.isoformat()),
        "last_day": request.args.get("last", last.isoformat()),
        "seconds": str(seconds),
        "vans": [],
        "reserve": True,
    }


def _last_announced(first: date, last: date) -> date:
    unsure = select(Day.date).where(Day.date.between(first, last), Day.announced.is_(False)).order_by(Day.date).limit(1)
    guess = db.session.scalar(unsure)
    return last if guess is None or guess == first else guess - timedelta(days=1)


def _progress(plan: Plan) -> dict[str, Any]:
    started = plan.started_at or plan.created_at
    elapsed = max(0.0, ((plan.finished_at or utc_now()) - started).total_seconds()) if plan.started_at else 0.0
    solving = float(plan.progress[-1][0]) if plan.progress else 0.0
    return {
        "plan": plan,
        "under_way": plan.state in UNDER_WAY,
        "phase": PHASES.get(plan.phase or ""),
        "elapsed": elapsed,
        "share": min(100, round(100 * elapsed / plan.seconds_allowed)) if plan.seconds_allowed else 0,
        "plot": gap_plot(plan.progress, until=max(solving, elapsed if plan.state is PlanState.SOLVING else 0.0)),
        "failure": failure_in_words(plan) if plan.state is PlanState.FAILED else "",
        "pins": _pins_named(plan),
    }


def _pins_named(plan: Plan) -> list[int]:
    """The ids of the requests whose pins contradict each other, where that is why a run failed."""
    failed = plan.summary.get("failure") or {}
    names = failed.get("visits", ()) if isinstance(failed, dict) else ()
    return [int(name[1:]) for name in names if isinstance(name, str) and name[1:].isdecimal()]


def _sentence(error: Refused) -> str:
    if error.code == "calendar_missing":
        years = formats.listed([str(year) for year in error.detail.get("years", ())])
        return gettext(
            "The holidays of %(years)s are not announced yet, so its days are not planned. Choose an earlier last day.",
            years=years,
        )
    return words.error_in_words(error)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(field=field) from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(field="seconds") from None
