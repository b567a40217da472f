"""Which message goes to whom and when: the rules, and the rows they make in the outbox.

Everything here runs in the transaction of whoever calls: the message is written with the change that causes it, or
not at all. A message of a visit is unique by visit, version, person and kind; asking for it twice does nothing.
Sending is `schedules.outbox`'s business, wording `schedules.messages`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session

from schedules.calendar import instant, local_day
from schedules.facts import facts_of_request, facts_of_visit, same_slot
from schedules.models import Day, DayKind, Message, MessageState, Shift, Visit, VisitRequest, VisitState
from schedules.recipients import PHONE, Audience, Person, people_of
from schedules.upsert import insert_new

WAITING = (MessageState.QUEUED, MessageState.FAILED)
REMINDED_STATES = (VisitState.PROMISED, VisitState.CONFIRMED)
DAYS_SEARCHED_FOR_WORK = 14


@dataclass(frozen=True, slots=True)
class Lead:
    """A moment before a visit: `days` before its day the wall clock shows `minutes` after midnight.

    Offices read no mail on days off, so a town's day before is the working day before; a crew's is the evening before.
    """

    days: int
    minutes: int
    working: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of message: whom it is for, when it is due (at once without a lead), and what makes it worthless.

    A message that `promises` a slot is void once the visit has a newer version, and too late once the session starts.
    """

    audiences: tuple[Audience, ...]
    lead: Lead | None = None
    promises: bool = False


TOWN = (Audience.CONTACT, Audience.LIAISON)

RULES: dict[str, Rule] = {
    "request_received": Rule(TOWN),
    "request_accepted": Rule(TOWN),
    "request_declined": Rule(TOWN),
    "offer": Rule(TOWN),
    "published": Rule(TOWN, promises=True),
    "moved": Rule(TOWN, promises=True),
    "cancelled": Rule(TOWN, promises=True),
    "day_before": Rule(TOWN, Lead(days=1, minutes=16 * 60, working=True), promises=True),
    "morning_of": Rule(TOWN, Lead(days=0, minutes=7 * 60), promises=True),
    "results_ready": Rule(TOWN),
    "crew_tour": Rule((Audience.CREW,), Lead(days=1, minutes=18 * 60)),
}
REMINDERS = ("day_before", "morning_of")
PROMISING = tuple(kind for kind, rule in RULES.items() if rule.promises)


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

    The key comes from the visit and its version, else from the request and its version, unless given.
    """
    if kind not in RULES:
        raise ValueError(f"There is no rule for messages of the kind {kind!r}.")
    session.flush()  # versions rise when rows are flushed, and they are part of the key
    request = visit.request if visit is not None else request
    values = {
        "key": key or _key(kind, to, visit, request),
        "kind": kind,
        "channel": to.channel,
        "recipient": to.address,
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
    people = people_of(RULES[kind].audiences, request=request)
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
    rule = RULES[kind]
    if rule.promises:
        drop_older_versions(session, visit)
    facts = facts_of_visit(visit, before=before or _former_slot(session, visit, kind), reason=reason)
    useful_until = instant(visit.day, visit.starts) if rule.promises else None
    queued = [
        queue_message(session, kind=kind, to=to, facts=facts, now=now, visit=visit, useful_until=useful_until)
        for to in people_of(rule.audiences, request=visit.request, shift=visit.shift)
    ]
    queue_visit_reminders(session, visit, now=now)
    return [message for message in queued if message is not None]


def queue_reminders(session: Session, *, now: datetime) -> int:
    """Queue what is owed for the visits ahead and is not in the outbox yet; how many messages are new.

    Reminders are made with the promise, so this only mends: visits whose version rose without being told of.
    """
    reminded = exists().where(
        Message.visit_id == Visit.id, Message.visit_version == Visit.version, Message.kind.in_(REMINDERS)
    )
    wanted = select(Visit).where(Visit.state.in_(REMINDED_STATES), Visit.day >= local_day(now), ~reminded)
    visits = session.scalars(held_visits(wanted.order_by(Visit.id))).all()
    return sum(queue_visit_reminders(session, visit, now=now) for visit in visits)


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
        due_at = due_time(session, kind, visit.day)
        for to in people_of(RULES[kind].audiences, request=visit.request, shift=visit.shift):
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
        .values(state=MessageState.STALE)
    )


def renew(session: Session, message: Message, visit: Visit, *, now: datetime) -> None:
    """Queue for a visit's present version what a message of an older one would have said, while it is still true.

    A visit gets a new version when its town confirms it; the town must not lose the news or the reminder by that.
    """
    session.flush()
    if message.kind in REMINDERS:
        queue_visit_reminders(session, visit, now=now)
    elif visit.state in REMINDED_STATES and same_slot(message.facts, facts_of_visit(visit)):
        person = Person(person_key(message), message.recipient_name, _email(message), message.locale)
        queue_message(
            session,
            kind=message.kind,
            to=person,
            facts=message.facts,
            now=now,
            visit=visit,
            due_at=message.due_at,
            useful_until=message.useful_until,
        )


def due_time(session: Session, kind: str, day: date) -> datetime:
    """When a message about something on `day` is due, by the lead of its rule."""
    lead = RULES[kind].lead
    if lead is None:
        raise ValueError(f"Messages of the kind {kind!r} are due at once.")
    before = _working_days_before(session, day, lead.days) if lead.working else day - timedelta(days=lead.days)
    return instant(before, lead.minutes)


def _working_days_before(session: Session, day: date, number: int) -> date:
    """The working day `number` working days before `day`; a calendar day where the day table does not reach."""
    working = session.scalars(
        select(Day.date)
        .where(
            Day.date < day,
            Day.date >= day - timedelta(days=DAYS_SEARCHED_FOR_WORK),
            Day.kind.in_((DayKind.WORKING, DayKind.MAKE_UP)),
        )
        .order_by(Day.date.desc())
        .limit(number)
    ).all()
    return working[-1] if len(working) == number else day - timedelta(days=number)


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


def person_key(message: Message) -> str:
    """The person in a message's key, which ends in the person and the kind (":contact:17:published")."""
    return ":".join(message.key.split(":")[-3:-1])


def _email(message: Message) -> str | None:
    return None if message.recipient == PHONE else message.recipient


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
