"""The first page of a coordinator: what waits for a word, what is in force, what comes next, what went wrong."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template
from sqlalchemy import func, select

from schedules import calendar, outbox, repairs, runs, visits
from schedules.fairness import LONGEST_WAIT_DAYS
from schedules.held import live_holds
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Day, PlanState, RequestState, VisitRequest, VisitState
from schedules.requests import list_requests
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.plans import overdue_towns
from van_service.pages.desk.runs import UNDER_WAY
from van_service.pages.desk.ticks import scheduler_trouble
from van_service.pages.desk.worth import worth_of

DAYS_AHEAD = 7
MOST_WAITING = 6
MOST_DRAFTS = 2
DAYS_OF_PROBLEMS = 7


def home() -> str:
    """Today's state."""
    now = utc_now()
    today = calendar.local_day(now)
    waiting = list_requests(db.session, states=(RequestState.SUBMITTED,), limit=200)
    worth = worth_of(db.session, waiting, today=today)
    waiting.sort(key=lambda asked: (-worth[asked.id].total, asked.id))
    coming = visits.list_visits(db.session, today, today + timedelta(days=DAYS_AHEAD))
    plans = runs.history(db.session, limit=40)
    silent, undone = scheduler_trouble(now)
    return render_template(
        "desk/home.html",
        today=today,
        silent=silent,
        undone=undone,
        row=db.session.get(Day, today),
        waiting=waiting[:MOST_WAITING],
        waiting_number=len(waiting),
        worth=worth,
        cap=LONGEST_WAIT_DAYS,
        accepted_number=_number_of(RequestState.ACCEPTED),
        coming=[visit for visit in coming if visit.state in (*LIVE_VISITS, VisitState.DONE) and visit.day > today],
        now_visits=[visit for visit in coming if visit.day == today],
        unconfirmed=sum(visit.state is VisitState.PROMISED for visit in coming),
        in_force=[plan for plan in plans if plan.state is PlanState.PUBLISHED and plan.last_day >= today],
        drafts=[
            plan
            for plan in repairs.latest_drafts(db.session, plans)
            if plan.state is PlanState.DRAFT and plan.last_day >= today
        ][:MOST_DRAFTS],
        disruptions=repairs.open_disruptions(db.session),
        under_way=[plan for plan in plans if plan.state in UNDER_WAY],
        problems=outbox.problems(db.session, since=now - timedelta(days=DAYS_OF_PROBLEMS)),
        overdue=overdue_towns(),
        held=live_holds(db.session, now=now),
    )


def counts_of_tabs() -> dict[str, dict[str, int]]:
    """The numbers beside the tabs: requests to judge."""
    return {"tab_counts": {"desk.requests": _number_of(RequestState.SUBMITTED)}}


def _number_of(state: RequestState) -> int:
    return db.session.scalar(select(func.count()).select_from(VisitRequest).where(VisitRequest.state == state)) or 0
