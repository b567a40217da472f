"""Bringing what waits to be sent into line with rules and preferences that have changed since it was queued.

Runs in the transaction of the change. Times move, what nobody is to be told any more becomes stale with the reason,
what is wanted again is queued again in the same row: a message is never there twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from schedules import crew_tours, rosters
from schedules.calendar import local_day
from schedules.finding import find
from schedules.lifecycle import move_message, revive_message
from schedules.models import Message, MessageState, Shift, Visit, VisitRequest
from schedules.publishing import queue_up
from schedules.recipients import AUDIENCES, Person, people_for, person_key
from schedules.reminders import REMINDED_STATES, REMINDERS, WAITING, due_time, queue_visit_reminders
from schedules.rulebook import forget, rule_of, wishes_of

RULE_OFF, RULE_CHANGED, MUTED = "rule_off", "rule_changed", "muted"
CALLED_OFF_BY_RULE = (RULE_OFF, RULE_CHANGED, MUTED)
NEWS_STAYS_NEW = timedelta(days=1)
"""News that a rule had stopped is sent after all where the rule is taken back within this time."""


def realign(session: Session, kinds: Collection[str], *, now: datetime) -> None:
    """Bring the waiting messages of these kinds into line with what is in force now, and add those newly owed."""
    if not kinds:
        return
    queue_up(session)  # publishers hold visits in an order of their own
    forget(session)
    visits = _hold_visits_ahead(session, now)
    people: dict[tuple[object, ...], dict[str, Person]] = {}
    for message in _hold_messages(session, kinds, now):
        about = person_key(message) if message.kind == rosters.KIND else None
        origin = (message.kind, message.visit_id, message.request_id, message.facts.get("shift_id"), about)
        if origin not in people:
            people[origin] = {person.key: person for person in _people_behind(session, message)}
        _realign(session, message, people[origin], now=now)
    session.flush()
    if set(kinds) & set(REMINDERS):
        for visit in visits:
            queue_visit_reminders(session, visit, now=now)
    if crew_tours.KIND in kinds:
        crew_tours.queue_crew_tours(session, now=now)


def _realign(session: Session, message: Message, people: dict[str, Person], *, now: datetime) -> None:
    """One message: stopped, started again, or moved to another time."""
    key = person_key(message)
    due_at = _due_time(session, message)
    if message.state in WAITING:
        if key not in people:
            message.last_error = _why_not(session, message.kind, key)
            move_message(message, MessageState.STALE)
        elif message.state is MessageState.QUEUED and due_at is not None:
            message.due_at = due_at
    elif key in people and _is_true(message) and (due_at is None or due_at > now):
        message.due_at = due_at or message.due_at
        revive_message(message)


def _hold_visits_ahead(session: Session, now: datetime) -> Sequence[Visit]:
    """The visits ahead, held still; unlike a tick this waits for whoever is changing one, so that none is left out.

    Publishers wait for us meanwhile, others hold one visit and wait for nothing of ours.
    """
    return session.scalars(
        select(Visit)
        .where(Visit.state.in_(REMINDED_STATES), Visit.day >= local_day(now))
        .order_by(Visit.id)
        .with_for_update(key_share=True, of=Visit)
        .execution_options(populate_existing=True)
    ).all()


def _hold_messages(session: Session, kinds: Collection[str], now: datetime) -> Sequence[Message]:
    """What waits, and what a rule has stopped that may still be wanted."""
    stopped = and_(
        Message.state == MessageState.STALE,
        Message.last_error.in_(CALLED_OFF_BY_RULE),
        or_(Message.due_at > now, Message.created_at > now - NEWS_STAYS_NEW),
        or_(Message.useful_until.is_(None), Message.useful_until > now),
    )
    return session.scalars(
        select(Message)
        .where(Message.kind.in_(kinds), or_(Message.state.in_(WAITING), stopped))
        .order_by(Message.due_at, Message.id)
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    ).all()


def _people_behind(session: Session, message: Message) -> Iterable[Person]:
    if message.kind == rosters.KIND:
        return people_for(session, message.kind, member=rosters.member_of(session, message))
    visit = message.visit
    shift = find(session, Shift, message.facts["shift_id"]) if "shift_id" in message.facts else None
    request = find(session, VisitRequest, message.request_id or 0)
    return people_for(session, message.kind, request=request, shift=visit.shift if visit is not None else shift)


def _due_time(session: Session, message: Message) -> datetime | None:
    """When a message ahead of its time is due; None of news, which is due when it is made."""
    visit = message.visit
    if message.kind in REMINDERS and visit is not None:
        return due_time(session, message.kind, visit.day, visit.starts)
    if message.kind == crew_tours.KIND:
        shift = find(session, Shift, message.facts["shift_id"])
        return crew_tours.due_time_of(session, shift) if shift is not None else None
    return None


def _is_true(message: Message) -> bool:
    """Whether a stopped message speaks of its visit as it is; other doubts are settled when it is sent."""
    visit = message.visit
    return visit is None or message.visit_version == visit.version


def _why_not(session: Session, kind: str, key: str) -> str:
    rule = rule_of(session, kind)
    if not rule.enabled:
        return RULE_OFF
    own = wishes_of(session, key)
    told = AUDIENCES.get(key.partition(":")[0]) in rule.audiences
    return MUTED if told and own is not None and kind in own.muted else RULE_CHANGED
