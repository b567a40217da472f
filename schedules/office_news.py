"""What coordinators are told because time has passed, and whether it is still so when it would be sent.

Four kinds: a visit that its town has not confirmed, a draft whose data have moved on, a van whose test kits run low in
the week to come, and a year without an official day table. Each is said once (once a week of a missing table), and no
more once it is cured. A scheduler's tick calls `queue_office_news`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from schedules import days, publishing
from schedules.calendar import instant, local_day
from schedules.facts import facts_of_visit
from schedules.finding import find
from schedules.lifecycle import LIVE_VISITS, revive_message
from schedules.models import (
    Message,
    MessageState,
    Plan,
    PlanState,
    Shift,
    Van,
    Visit,
    VisitChange,
    VisitRequest,
    VisitState,
)
from schedules.recipients import people_for
from schedules.reminders import due_time, held_visits, queue_message
from schedules.rulebook import rule_of

UNCONFIRMED, PLAN_STALE, KITS_LOW, DAYS_MISSING = "unconfirmed", "plan_stale", "kits_low", "days_missing"
KINDS = (UNCONFIRMED, PLAN_STALE, KITS_LOW, DAYS_MISSING)

TIME_TO_ANSWER = timedelta(hours=4)
"""A town that has just been told of a visit is not yet late in confirming it."""
DAYS_LOOKED_AHEAD = 35
MOST_DRAFTS = 3
"""So many drafts are looked at in a tick: to compare one with the present data takes a while."""
KITS_SHARE = 0.8
"""Planned kits above this share of what is loaded leave no reserve (a fifth, for repeated and spoilt tests)."""
ANNOUNCED_FROM = (11, 1)
"""Month and day from which next year's table should be known; it is announced in early November."""
CURED = "cured"


def queue_office_news(session: Session, *, now: datetime) -> int:
    """Queue what coordinators should know by now and have not been told; how many messages are new."""
    wanted = {kind: rule_of(session, kind).enabled for kind in KINDS}
    number = _queue_unconfirmed(session, now) if wanted[UNCONFIRMED] else 0
    for kind, found in ((PLAN_STALE, _stale_plans), (KITS_LOW, _vans_low), (DAYS_MISSING, _missing_tables)):
        if wanted[kind]:
            number += sum(_queue(session, kind, news, now) for news in found(session, now))
    return number


def why_outdated(session: Session, message: Message, visit: Visit | None, *, now: datetime) -> str | None:
    """Why a waiting message of these kinds need not be sent any more, in a stable word; None while it is true."""
    facts = message.facts
    if message.kind == UNCONFIRMED:
        if visit is None or visit.state is not VisitState.PROMISED:
            return CURED
        return None if message.visit_version == visit.version else "visit_changed"
    if message.kind == PLAN_STALE:
        plan = find(session, Plan, facts["plan"])
        return None if plan is not None and plan.state is PlanState.DRAFT else CURED
    if message.kind == KITS_LOW:
        first, last = date.fromisoformat(facts["first_day"]), date.fromisoformat(facts["last_day"])
        low = [each for each in kits_of_vans(session, first, last) if each.van.id == facts["van_id"] and each.is_low]
        return None if low else CURED
    return None if days_missing(session, facts["year"], local_day(now)) else CURED


@dataclass(frozen=True, slots=True)
class _News:
    """One thing to tell: `about` makes its key, and it is worth nothing after `until`."""

    about: str
    facts: Mapping[str, Any]
    until: datetime | None = None


def _queue(session: Session, kind: str, news: _News, now: datetime) -> int:
    """Tell each coordinator once; what was cured before anybody read of it and has come back is queued again."""
    number = 0
    for to in people_for(session, kind):
        key = f"{news.about}:{to.key}:{kind}"
        facts = dict(news.facts)
        made = queue_message(session, kind=kind, to=to, facts=facts, now=now, key=key, useful_until=news.until)
        number += made is not None
        if made is None:
            number += _come_back(session, key, facts, now)
    return number


def _come_back(session: Session, key: str, facts: dict[str, Any], now: datetime) -> int:
    """Queue again a message that had become stale because its cause was gone; 1 where there was one."""
    message = session.scalar(
        select(Message)
        .where(Message.key == key, Message.state == MessageState.STALE, Message.last_error == CURED)
        .with_for_update(skip_locked=True)
    )
    if message is None:
        return 0
    revive_message(message)
    message.facts, message.due_at = facts, now
    session.flush()
    return 1


# Visits that nobody has confirmed -------------------------------------------------------------------------------------


def _queue_unconfirmed(session: Session, now: datetime) -> int:
    """Unlike the other news this belongs to a visit, whose row is held while its message is written."""
    today = local_day(now)
    changed = select(func.max(VisitChange.at)).where(VisitChange.visit_id == Visit.id).scalar_subquery()
    told = exists().where(
        Message.visit_id == Visit.id, Message.visit_version == Visit.version, Message.kind == UNCONFIRMED
    )
    wanted = select(Visit).where(
        Visit.state == VisitState.PROMISED,
        Visit.day.between(today, today + timedelta(days=DAYS_LOOKED_AHEAD)),
        func.coalesce(changed, now - TIME_TO_ANSWER) <= now - TIME_TO_ANSWER,
        ~told,
    )
    number = 0
    for visit in session.scalars(held_visits(wanted.order_by(Visit.id))).all():
        starts = instant(visit.day, visit.starts)
        if not due_time(session, UNCONFIRMED, visit.day, visit.starts) <= now < starts:
            continue
        for to in people_for(session, UNCONFIRMED, request=visit.request, shift=visit.shift):
            facts = facts_of_visit(visit)
            made = queue_message(
                session, kind=UNCONFIRMED, to=to, facts=facts, now=now, visit=visit, useful_until=starts
            )
            number += made is not None
    return number


# Drafts whose data have moved on --------------------------------------------------------------------------------------


def _stale_plans(session: Session, now: datetime) -> Iterator[_News]:
    """The newest draft of each span of days ahead, unless it was spoken of before."""
    drafts = session.scalars(_drafts(now)).all()
    told = session.scalars(select(Message.key).where(Message.kind == PLAN_STALE)).all() if drafts else ()
    told_of = {int(key.split(":")[1]) for key in told}
    for plan in [plan for plan in drafts if plan.id not in told_of][:MOST_DRAFTS]:
        changes = publishing.staleness(session, plan)
        if changes:
            facts = {
                "plan": plan.id,
                "first_day": plan.first_day.isoformat(),
                "last_day": plan.last_day.isoformat(),
                "changes": len(changes),
            }
            yield _News(f"plan:{plan.id}", facts, until=instant(plan.last_day, 1440))


def _drafts(now: datetime) -> Select[Plan]:
    newer = aliased(Plan)
    overtaken = exists().where(
        newer.id > Plan.id,
        newer.first_day == Plan.first_day,
        newer.last_day == Plan.last_day,
        newer.state.in_((PlanState.DRAFT, PlanState.PUBLISHED, PlanState.QUEUED, PlanState.SOLVING)),
    )
    return (
        select(Plan)
        .where(Plan.state == PlanState.DRAFT, Plan.last_day >= local_day(now), Plan.repair_id.is_(None))
        .where(~Plan.addition, ~overtaken)
        .order_by(Plan.id.desc())
    )


# Test kits ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VanKits:
    """What a van's visits of some days are planned to use of the test kits loaded for its shifts."""

    van: Van
    planned: int
    stock: int

    @property
    def is_low(self) -> bool:
        """Whether no reserve is left."""
        return self.planned > KITS_SHARE * self.stock


def kits_of_vans(session: Session, first: date, last: date) -> list[VanKits]:
    """The account of every van with visits that need kits, from `first` to `last`; its stock is that of all shifts."""
    stock = dict(
        session.execute(
            select(Shift.van_id, func.sum(Shift.kits))
            .where(Shift.day.between(first, last), Shift.out_of_service.is_(None))
            .group_by(Shift.van_id)
        ).all()
    )
    planned = session.execute(
        select(Shift.van_id, func.sum(VisitRequest.kits))
        .join(Visit, Visit.shift_id == Shift.id)
        .join(VisitRequest, VisitRequest.id == Visit.request_id)
        .where(Shift.day.between(first, last), Visit.state.in_(LIVE_VISITS))
        .group_by(Shift.van_id)
        .order_by(Shift.van_id)
    ).all()
    vans = {van.id: van for van in session.scalars(select(Van))}
    return [VanKits(vans[id_], int(number), int(stock.get(id_, 0))) for id_, number in planned if number]


def _vans_low(session: Session, now: datetime) -> Iterator[_News]:
    """The vans that are low in the coming working week, from the lead of the rule until the week begins."""
    today = local_day(now)
    monday = today + timedelta(days=7 - today.weekday())
    working = days.working_days(session, monday, monday + timedelta(days=6))
    if not working or now < due_time(session, KITS_LOW, working[0]):
        return
    for each in kits_of_vans(session, working[0], working[-1]):
        if each.is_low:
            facts = {
                "van": each.van.number,
                "van_id": each.van.id,
                "first_day": working[0].isoformat(),
                "last_day": working[-1].isoformat(),
                "planned": each.planned,
                "stock": each.stock,
            }
            yield _News(f"kits:{each.van.id}:{monday.isoformat()}", facts, until=instant(working[-1], 1440))


# The day table --------------------------------------------------------------------------------------------------------


def days_missing(session: Session, year: int, today: date) -> int:
    """The days of a year, from today on, that no official table speaks of."""
    first, last = max(today, date(year, 1, 1)), date(year, 12, 31)
    known = len(days.announced_days(session, first, last)) if first <= last else 0
    return max(0, (last - first).days + 1 - known)


def _missing_tables(session: Session, now: datetime) -> Iterator[_News]:
    today = local_day(now)
    year = today.year + 1 if (today.month, today.day) >= ANNOUNCED_FROM else today.year
    missing = days_missing(session, year, today)
    if missing:
        week = today.isocalendar()
        yield _News(f"days:{year}:{week.year}w{week.week:02d}", {"year": year, "days": missing})
