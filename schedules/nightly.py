"""The plan proposed overnight, so that a coordinator finds it in the morning. It is a draft like any other.

Asked for once a night, by whichever process comes first after the hour, also when none was running at that minute; not
where nobody waits for a visit, a plan is being made anyway, or a new plan could only say what the latest one says.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import leases, publishing, runs
from schedules.calendar import instant, local_day
from schedules.errors import Refused
from schedules.models import Day, Plan, PlanState, Shift, Stop, Tour, Unserved, VisitRequest
from schedules.planning_inputs import read_requests

log = logging.getLogger(__name__)

ACTOR = "scheduler"
MARK = "night:plan"
NIGHT = timedelta(hours=4)
"""Where no process ran for so long after the hour, the night is over and nothing is proposed."""

DAYS = 28
UNDER_WAY = (PlanState.QUEUED, PlanState.SOLVING)
PROPOSED = (PlanState.DRAFT, PlanState.DISCARDED, PlanState.PUBLISHED)


def propose(session: Session, *, now: datetime, at: time, seconds: float, owner: str) -> Plan | None:
    """Ask for tonight's plan of the coming four weeks, if it is night, one is needed and nobody has asked tonight.

    `at` is the local time from which on it is night. Asking and noting that it was done are one transaction.
    """
    night = night_of(now, at)
    if night is None or _is_under_way(session):
        return None
    if not leases.claim_moment(session, MARK, owner, instant(night, 0)):  # not the hour: somebody may change that
        return None
    first = local_day(now) + timedelta(days=1)
    last = _last_announced(session, first, first + timedelta(days=DAYS - 1))
    waiting = read_requests(session, accepted_within=(first, last))
    if not waiting or not _is_news(session, waiting, first, last):
        return None
    try:
        return runs.queue_plan(session, first, last, seconds=seconds, actor=ACTOR, now=now)
    except Refused as refusal:
        log.info("No plan is proposed tonight: %s", type(refusal).__name__)
        return None


def put_aside_older(session: Session, *, now: datetime) -> int:
    """Discard the proposals of earlier nights that nobody has worked on, once a newer one is there; how many."""
    drafts = select(Plan.id).where(Plan.state == PlanState.DRAFT, Plan.created_by == ACTOR, Plan.repair_id.is_(None))
    worked_on = select(Plan.edited_from_id).where(Plan.edited_from_id.is_not(None))
    older = session.scalars(drafts.order_by(Plan.id.desc()).offset(1)).all()
    untouched = [plan_id for plan_id in older if plan_id not in set(session.scalars(worked_on))] if older else []
    for plan_id in untouched:
        publishing.discard(session, plan_id, actor=ACTOR, now=now)
    return len(untouched)


def night_of(now: datetime, at: time) -> date | None:
    """The local day on which the night began that this moment belongs to, or None in the daytime.

    Where the clock skips the hour the night begins as much later, and where the hour comes twice, at the first.
    """
    for day in (local_day(now), local_day(now) - timedelta(days=1)):
        begins = instant(day, at.hour * 60 + at.minute)
        if begins <= now < begins + NIGHT:
            return day
    return None


def _is_under_way(session: Session) -> bool:
    return session.scalar(select(Plan.id).where(Plan.state.in_(UNDER_WAY)).limit(1)) is not None


def _last_announced(session: Session, first: date, last: date) -> date:
    """The last day up to which the day table reaches and its days are announced."""
    unsure = session.scalar(select(func.min(Day.date)).where(Day.date.between(first, last), Day.announced.is_(False)))
    known = session.scalar(select(func.max(Day.date)).where(Day.date.between(first, last)))
    if unsure is not None:
        return unsure - timedelta(days=1)
    return first if known is None else known


def _is_news(session: Session, waiting: list[VisitRequest], first: date, last: date) -> bool:
    """Whether a plan made now could say something that the latest one does not."""
    latest = session.scalar(
        select(Plan)
        .where(Plan.state.in_(PROPOSED), Plan.addition.is_(False), Plan.repair_id.is_(None))
        .order_by(Plan.id.desc())
        .limit(1)
    )
    if latest is None or publishing.staleness(session, latest) or publishing.newcomers(session, latest):
        return True
    if any(f"request:{asked.id}" not in latest.inputs for asked in waiting):
        return True
    return _has_passed(session, latest, first) or _has_come_into_reach(session, latest, waiting, last)


def _has_passed(session: Session, latest: Plan, first: date) -> bool:
    """Whether the plan places somebody on a day that is over or has begun."""
    found = select(Stop.id).join(Stop.tour).join(Tour.shift).where(Stop.plan_id == latest.id, Shift.day < first)
    return session.scalar(found.limit(1)) is not None


def _has_come_into_reach(session: Session, latest: Plan, waiting: list[VisitRequest], last: date) -> bool:
    """Whether somebody whom the plan leaves out could be visited on a day beyond its last."""
    left_out = set(session.scalars(select(Unserved.request_id).where(Unserved.plan_id == latest.id)))
    return any(
        latest.last_day < window.day <= last for asked in waiting if asked.id in left_out for window in asked.windows
    )
