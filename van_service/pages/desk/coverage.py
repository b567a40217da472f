"""Coverage: what each town was due and had, how long it has waited, month by month."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from routes.fairness_price import Rule
from schedules import calendar, fairness, holds
from schedules.errors import ScheduleError
from schedules.evenness import PER_PEOPLE, recency
from schedules.fairness import LONGEST_WAIT_DAYS, TownCoverage
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Visit, VisitState
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk import evenness
from van_service.pages.desk.answers import done, refused

MONTHS_SHOWN = 6
MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
MOST_OVER_DUE = 4
"""A month's bar ends at so many times what was due."""

FAIRNESS_RULES: dict[Rule, Any] = {
    Rule.NONE: lazy_gettext("no floor"),
    Rule.ONE: lazy_gettext("one each"),
    Rule.IN_FORCE: lazy_gettext("rule in force"),
    Rule.FIRM: lazy_gettext("ten times firmer"),
}


@dataclass(frozen=True, slots=True)
class Month:
    """A town's month: visits that took place, visits still promised, visits due."""

    first: date
    done: int
    planned: int
    due: int


def show() -> str:
    """The account of every town for this month or quarter, those that lack most first."""
    today = calendar.local_day(utc_now())
    span = request.args.get("span", "month")
    span = span if span in MONTHS_OF else "month"
    first, last = bounds_of(span, today)
    lines = fairness.coverage(db.session, first, last, today=today)
    lines.sort(key=lambda line: (-line.missing, -_waited(line), line.town.code))
    return render_template(
        "desk/coverage.html",
        span=span,
        spans=MONTHS_OF,
        first=first,
        last=last,
        lines=lines,
        due=sum(line.due for line in lines),
        done=sum(line.done for line in lines),
        planned=sum(line.planned for line in lines),
        missing=sum(line.missing for line in lines),
        overdue=[line for line in lines if line.overdue],
        most=max((max(line.due, line.done + line.planned) for line in lines), default=1) or 1,
        cap=LONGEST_WAIT_DAYS,
        per_people=PER_PEOPLE,
        months=months_of(lines, today),
        account=evenness.account(db.session, first, last, today),
        recency=recency(line.days_since_last for line in lines),
        fairness_rules=FAIRNESS_RULES,
        most_over_due=MOST_OVER_DUE,
        today=today,
    )


def set_self_booking(town_id: int) -> Response:
    """Let a town book by itself, or no longer."""
    allowed = request.form.get("allowed") == "yes"
    try:
        town = holds.let_book(db.session, town_id, allowed=allowed, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.coverage"))
    name = formats.localized(town)
    if allowed:
        return done(gettext("%(town)s books by itself from now on.", town=name), url_for("desk.coverage"))
    return done(gettext("Requests of %(town)s are judged first from now on.", town=name), url_for("desk.coverage"))


def bounds_of(span: str, today: date) -> tuple[date, date]:
    """The first and last day of today's month, quarter or year."""
    months = MONTHS_OF[span]
    first = today.replace(month=(today.month - 1) // months * months + 1, day=1)
    return first, _first_of_next(first, months) - timedelta(days=1)


def months_of(lines: list[TownCoverage], today: date) -> dict[int, list[Month]]:
    """By town id the latest months, this one last."""
    starts = [_first_of_next(today.replace(day=1), -back) for back in reversed(range(MONTHS_SHOWN))]
    last = _first_of_next(starts[-1], 1) - timedelta(days=1)
    done, planned = (_by_month(states, starts[0], last) for states in ((VisitState.DONE,), LIVE_VISITS))
    return {
        line.town.id: [
            Month(
                first,
                done[line.town.id, first],
                planned[line.town.id, first],
                fairness.due_of(line.town, (_first_of_next(first, 1) - first).days),
            )
            for first in starts
        ]
        for line in lines
    }


def _by_month(states: tuple[VisitState, ...], first: date, last: date) -> Counter[tuple[int, date]]:
    rows = db.session.execute(
        select(Visit.town_id, Visit.day).where(Visit.state.in_(states), Visit.day.between(first, last))
    )
    return Counter((town_id, day.replace(day=1)) for town_id, day in rows)


def _first_of_next(first: date, months: int) -> date:
    """The first day of the month so many months after the one that begins on `first`."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _waited(line: TownCoverage) -> int:
    return line.days_since_last if line.days_since_last is not None else 9999
