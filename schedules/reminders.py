"""Which message goes to whom and when: the rules, and the rows they make in the outbox.

Everything here runs in the transaction of whoever calls: the message is written with the change that causes it, or
not at all. A message of a visit is unique by visit, version, person and kind; asking for it twice does nothing.
Sending is `schedules.outbox`'s business, wording `schedules.messages`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session

from schedules.calendar import instant, local_day
from schedules.facts import facts_of_request, facts_of_visit, same_slot
from schedules.leads import moment_before
from schedules.models import Message, MessageState, Shift, Visit, VisitRequest, VisitState
from schedules.recipients import PHONE, Person, people_for, person_key, person_of, way_to
from schedules.rulebook import DEFAULTS, Lead, Rule, rule_of, settings
from schedules.upsert import insert_new

__all__ = [
    "PROMISING",
    "REMINDED_STATES",
    "REMINDERS",
    "RULES",
    "WAITING",
    "Lead",
    "Rule",
    "due_time",
    "held_visits",
    "person_key",
    "queue_message",
    "queue_reminders",
    "queue_request_messages",
    "queue_visit_messages",
    "queue_visit_reminders",
    "renew",
]

WAITING = (MessageState.QUEUED, MessageState.FAILED)
REMINDED_STATES = (VisitState.PROMISED, VisitState.CONFIRMED)
ENDED_STATES = (VisitState.MISSED, VisitState.CANCELLED)

RULES = DEFAULTS
"""What kinds there are and what each is by nature; what coordinators may have changed is asked of `rule_of`."""
REMINDERS = ("day_before", "morning_of")
PROMISING = tuple(kind for kind, rule in DEFAULTS.items() if rule.promises)


def queue_message(
    session: Session,
    *,
    kind: str,
    to: Person,
    facts: dict[str, Any],
    now: datetime,
    visit: Visit | None = None,
    request: VisitRequest | None = None,
    key: str | None = None,
    due_at: datetime | None = None,
    useful_until: datetime | None = None,
) -> Message | None:
    """Put one message to one person into the outbox; None when it is there already.

    The key comes from the visit and its version, else from the request and its version, unless given. Raises
    ValueError for a kind without a rule.
    """
    rule = rule_of(session, kind)
    channel, recipient = way_to(to, rule.channels)
    session.flush()  # versions rise when rows are flushed, and they are part of the key
    request = visit.request if visit is not None else request
    values = {
        "key": key or _key(kind, to, visit, request),
        "kind": kind,
        "channel": channel,
        "recipient": recipient,
        "recipient_name": to.name,
        "locale": to.locale,
        "town_id": request.town_id if request is not None else None,
        "visit_id": visit.id if visit is not None else None,
        "visit_version": visit.version if visit is not None else None,
        "request_id": request.id if request is not None else None,
        "plan_id": visit.plan_id if visit is not None else None,
        "facts": facts,
        "state": MessageState.QUEUED,
        "due_at": due_at or now,
        "useful_until": useful_until,
        "created_at": now,
    }
    return insert_new(session, Message, values, unique="key")


def queue_request_messages(session: Session, request: VisitRequest, kind: str, *, now: datetime) -> list[Message]:
    """Tell the town something about its request (request_received, request_accepted, request_declined)."""
    facts = facts_of_request(request)
    people = people_for(session, kind, request=request)
    queued = [queue_message(session, kind=kind, to=to, facts=facts, now=now, request=request) for to in people]
    return [message for message in queued if message is not None]


def queue_visit_messages(
    session: Session,
    visit: Visit,
    kind: str,
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> list[Message]:
    """Tell the people of a visit what became of it, and renew its reminders.

    Call it after the visit's version was raised. `before` holds the former "day" and "starts" of a moved visit; left
    out, they are taken from the visit's newest change. Waiting messages of older versions become stale.
    """
    session.flush()
    rule = DEFAULTS[kind]
    if rule.promises or visit.state in ENDED_STATES:
        drop_older_versions(session, visit)
    facts = facts_of_visit(visit, before=before or _former_slot(session, visit, kind), reason=reason)
    useful_until = instant(visit.day, visit.starts) if rule.promises else None
    queued = [
        queue_message(session, kind=kind, to=to, facts=facts, now=now, visit=visit, useful_until=useful_until)
        for to in people_for(session, kind, request=visit.request, shift=visit.shift)
    ]
    queue_visit_reminders(session, visit, now=now)
    return [message for message in queued if message is not None]


def queue_reminders(session: Session, *, now: datetime) -> int:
    """Queue what is owed for the visits ahead and is not in the outbox yet; how many messages are new.

    Reminders are made with the promise, so this only mends: visits whose version rose without being told of, and
    times that the day table has moved since.
    """
    _move_waiting(session, now)
    reminded = exists().where(
        Message.visit_id == Visit.id, Message.visit_version == Visit.version, Message.kind.in_(REMINDERS)
    )
    wanted = select(Visit).where(Visit.state.in_(REMINDED_STATES), Visit.day >= local_day(now), ~reminded)
    visits = session.scalars(held_visits(wanted.order_by(Visit.id))).all()
    return sum(queue_visit_reminders(session, visit, now=now) for visit in visits)


def _move_waiting(session: Session, now: datetime) -> None:
    """Give reminders ahead the time that their rule and the day table of today ask for."""
    ahead = session.execute(
        select(Message.id, Message.kind, Message.due_at, Message.visit_id, Visit.day, Visit.starts)
        .join(Visit, Visit.id == Message.visit_id)
        .where(Message.kind.in_(REMINDERS), Message.state == MessageState.QUEUED, Message.due_at > now)
        .where(Message.visit_version == Visit.version)
    ).all()
    times = {(kind, day, starts) for _, kind, _, _, day, starts in ahead}
    due = {each: due_time(session, *each) for each in times}
    moved = {
        row.id: row.visit_id for row in ahead if now < due[row.kind, row.day, row.starts] != row.due_at
    }  # fmt: skip
    if not moved:
        return
    held = {
        visit.id: visit for visit in session.scalars(held_visits(select(Visit).where(Visit.id.in_(moved.values()))))
    }
    waiting = select(Message).where(
        Message.id.in_(moved), Message.visit_id.in_(held), Message.state == MessageState.QUEUED
    )
    for message in session.scalars(waiting.with_for_update(of=Message).execution_options(populate_existing=True)):
        visit = held[moved[message.id]]
        message.due_at = due_time(session, message.kind, visit.day, visit.starts)
    session.flush()


def held_visits(wanted: Select[Visit]) -> Select[Visit]:
    """Hold the wanted visits still until the transaction ends, passing over those that somebody is changing.

    Whoever writes messages of several visits does so under this, and so never waits for a change that waits for it.
    """
    return wanted.with_for_update(key_share=True, skip_locked=True, of=Visit).execution_options(populate_existing=True)


def queue_visit_reminders(session: Session, visit: Visit, *, now: datetime) -> int:
    """Put the reminders of a visit's present version into the outbox, ahead of their time; how many are new."""
    if visit.state not in REMINDED_STATES:
        return 0
    facts = facts_of_visit(visit)
    useful_until = instant(visit.day, visit.starts)
    latest = _latest(session, visit)
    number = 0
    for kind in REMINDERS:
        due_at = due_time(session, kind, visit.day, visit.starts)
        for to in people_for(session, kind, request=visit.request, shift=visit.shift):
            if not _owed(latest.get((to.key, kind)), facts, due_at=due_at, now=now):
                continue
            made = queue_message(
                session, kind=kind, to=to, facts=facts, now=now, visit=visit, due_at=due_at, useful_until=useful_until
            )
            number += made is not None
    drop_older_versions(session, visit, REMINDERS)
    return number


def drop_older_versions(session: Session, visit: Visit, kinds: Iterable[str] = PROMISING) -> None:
    """Make what waits to be sent about older versions of a visit stale."""
    session.execute(
        update(Message)
        .where(
            Message.visit_id == visit.id,
            Message.visit_version < visit.version,
            Message.kind.in_(kinds),
            Message.state.in_(WAITING),
        )
        .values(state=MessageState.STALE, last_error="visit_changed")
    )


def renew(session: Session, message: Message, visit: Visit, *, now: datetime) -> None:
    """Queue for a visit's present version what a message of an older one would have said, while it is still true.

    A visit gets a new version when its town confirms it; the town must not lose the news or the reminder by that.
    """
    session.flush()
    if message.kind in REMINDERS:
        queue_visit_reminders(session, visit, now=now)
    elif visit.state in REMINDED_STATES and same_slot(message.facts, facts_of_visit(visit)):
        queue_message(
            session,
            kind=message.kind,
            to=_addressee(session, message),
            facts=message.facts,
            now=now,
            visit=visit,
            key=message.key.replace(f":v{message.visit_version}:", f":v{visit.version}:", 1),
            due_at=message.due_at,
            useful_until=message.useful_until,
        )


def due_time(session: Session, kind: str, day: date, starts: int = 0) -> datetime:
    """When a message about something that begins on `day` at the minute `starts` is due, by the lead of its rule.

    Raises ValueError for a kind that is sent at once.
    """
    lead = rule_of(session, kind).lead
    if lead is None:
        raise ValueError(f"Messages of the kind {kind!r} are due at once.")
    return moment_before(session, lead, day, starts, settings(session).hours)


def _owed(latest: Message | None, facts: Mapping[str, Any], *, due_at: datetime, now: datetime) -> bool:
    """Whether a reminder is still owed, judged by the latest one of the same visit, person and kind.

    Somebody told of a slot only after its reminder was due has just been told, and needs none. A reminder that was
    queued in time but not sent stays owed when the visit gets a new version with the same slot.
    """
    if latest is None or not same_slot(latest.facts, facts):
        return due_at > now
    return latest.state in (*WAITING, MessageState.STALE)


def _latest(session: Session, visit: Visit) -> dict[tuple[str, str], Message]:
    """A visit's latest reminder of each person and kind."""
    rows = session.scalars(
        select(Message)
        .where(Message.visit_id == visit.id, Message.kind.in_(REMINDERS))
        .order_by(Message.visit_version)
        .execution_options(populate_existing=True)
    )
    return {(person_key(message), message.kind): message for message in rows}


def _key(kind: str, to: Person, visit: Visit | None, request: VisitRequest | None) -> str:
    if visit is not None:
        return f"visit:{visit.uid}:v{visit.version}:{to.key}:{kind}"
    if request is not None:
        return f"request:{request.id}:v{request.version}:{to.key}:{kind}"
    raise ValueError("A message needs a visit, a request or a key.")


def _addressee(session: Session, message: Message) -> Person:
    """The person of a message as known at present, else as the message has it; the language stays the message's."""
    email = None if message.recipient == PHONE else message.recipient
    key = person_key(message)
    person = person_of(session, key) or Person(key, message.recipient_name, email)
    return replace(person, locale=message.locale)


def _former_slot(session: Session, visit: Visit, kind: str) -> dict[str, Any] | None:
    """Where and when a moved visit was before, by its newest change, which holds only what changed."""
    if kind != "moved" or not visit.changes:
        return None
    changed = visit.changes[-1].before
    shift = session.get(Shift, changed["shift_id"]) if "shift_id" in changed else visit.shift
    return {
        "day": changed.get("day", visit.day),
        "starts": changed.get("starts", visit.starts),
        "van": shift.van.number if shift is not None else None,
    }
