"""The outbox at work: taking due messages, recording what became of them, and what people should look at.

Sending happens in three steps so that no database session is open while a mail server thinks: `claim` marks rows
as being sent and gives plain letters, the caller sends them, `record` writes the outcomes. A process that dies in
between leaves rows marked; `requeue_abandoned` finds them.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import Session, joinedload

from schedules import audit, crew_tours
from schedules.errors import NotFound
from schedules.freshness import judge, renewed
from schedules.lifecycle import LIVE_VISITS, move_message
from schedules.models import Message, MessageState, Visit
from schedules.recipients import PHONE
from schedules.reminders import PROMISING, WAITING, held_visits
from schedules.transmissions import Item, Letter, Outcome, Sent

MOST_ATTEMPTS = 8
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
UNREACHABLE_DELAY = timedelta(seconds=30)
ABANDONED_AFTER = timedelta(minutes=3)


def claim(session: Session, *, now: datetime, owner: str, limit: int = 50) -> list[Letter]:
    """Take due messages for sending; stale and late ones are put aside here, in the same transaction.

    Whoever writes messages of a visit holds its row first, here as elsewhere; visits and messages that another
    transaction holds are passed over. So claiming never waits for anybody, and nothing can lock up.
    """
    while True:
        due = session.scalars(_due(now).limit(limit)).all()
        if not due:
            return []
        _begin_to_write(session)
        free, ready = _hold_visits(session, due)
        taken = _hold(session, Message.id.in_(ready), WAITING)
        letters, outdated, passed_over = [], [], len(taken) < len(due)
        for message in taken:
            message.claimed_by, message.claimed_at = owner, now
            visit = free[message.visit_id] if message.visit_id is not None else None
            state, reason = judge(session, message, visit, now=now)
            message.last_error = reason or message.last_error
            move_message(message, state)
            if state is MessageState.SENDING:
                letters.append(_letter(message, now))
            elif visit is not None:
                outdated.append((message, visit))
        session.flush()
        for message, visit in outdated:
            renewed(session, message, visit, now=now)
        if letters or passed_over:
            return letters


def record(session: Session, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """Write down what became of letters. A message that somebody else took meanwhile is left alone."""
    by_id = {message_id: outcome for outcome in outcomes for message_id in outcome.letter.message_ids}
    # What happened must be written down, so this waits for whoever has the row; it holds nothing they could want.
    _begin_to_write(session)
    for message in _hold(session, Message.id.in_(by_id), (MessageState.SENDING,), wait=True):
        outcome = by_id[message.id]
        message.last_error = outcome.error
        if outcome.result is Sent.KEPT:
            move_message(message, MessageState.QUEUED)
        elif outcome.result is Sent.ACCEPTED:
            message.attempts += 1
            message.sent_at = now
            message.provider_id = outcome.provider_id
            move_message(message, MessageState.SENT)
        elif outcome.result is Sent.UNREACHABLE:
            # Nobody looked at the letter: that the server was away must not use up its attempts.
            message.due_at = now + UNREACHABLE_DELAY * _jitter(message)
            move_message(message, MessageState.FAILED)
        elif outcome.result is Sent.UNCLEAR:
            message.attempts += 1
            move_message(message, MessageState.UNKNOWN)
        else:
            _count_failure(message, permanent=outcome.result is Sent.PERMANENT, now=now)
    session.flush()


def requeue_abandoned(
    session: Session, *, now: datetime, resend_is_safe: Collection[str], after: timedelta = ABANDONED_AFTER
) -> int:
    """Deal with messages whose sender died between sending and recording; how many there were.

    On channels named in `resend_is_safe` they are sent again under the same id. On others nobody can tell whether
    they arrived: they become unknown, for a person to look at.
    """
    lost = and_(Message.state == MessageState.SENDING, Message.claimed_at < now - after)
    if session.scalars(select(Message.id).where(lost).limit(1)).one_or_none() is None:
        return 0
    _begin_to_write(session)
    abandoned = _hold(session, lost, (MessageState.SENDING,))
    for message in abandoned:
        safe = message.channel in resend_is_safe
        message.last_error = "sender_died"
        move_message(message, MessageState.QUEUED if safe else MessageState.UNKNOWN)
    session.flush()
    return len(abandoned)


def send_again(session: Session, message_id: int, *, actor: str, now: datetime) -> Message:
    """Queue a dead or unknown message once more, by a person's wish.

    Raises:
        NotFound: there is no such message.
        MoveNotAllowed: the message is neither dead nor unknown.
    """
    _begin_to_write(session)
    held = _hold(session, Message.id == message_id, tuple(MessageState), wait=True)
    if not held:
        raise NotFound(noun="message", id=message_id)
    message = held[0]
    former = message.state
    move_message(message, MessageState.QUEUED)
    message.due_at, message.attempts, message.last_error = now, 0, None
    audit.record(
        session,
        actor=actor,
        now=now,
        verb="send_again",
        noun="message",
        noun_id=message.id,
        before={"state": former},
        after={"state": message.state},
    )
    session.flush()
    return message


def list_messages(
    session: Session,
    *,
    states: Collection[MessageState] | None = None,
    visit_id: int | None = None,
    after_id: int | None = None,
    limit: int = 50,
) -> Sequence[Message]:
    """Messages, the newest first; `after_id` is the last id of the page before."""
    found = select(Message).order_by(Message.id.desc()).limit(limit)
    if states is not None:
        found = found.where(Message.state.in_(states))
    if visit_id is not None:
        found = found.where(Message.visit_id == visit_id)
    if after_id is not None:
        found = found.where(Message.id < after_id)
    return session.scalars(found).all()


def upcoming(session: Session, now: datetime, days: int = 7) -> Sequence[Message]:
    """What will be sent in the coming days, in order of time; what is already known to be stale is left out."""
    current = or_(Message.visit_id.is_(None), Message.kind.not_in(PROMISING), Message.visit_version == Visit.version)
    return session.scalars(
        select(Message)
        .outerjoin(Visit, Visit.id == Message.visit_id)
        .where(Message.state.in_(WAITING), Message.due_at < now + timedelta(days=days), current)
        .options(joinedload(Message.visit))
        .order_by(Message.due_at, Message.id)
    ).all()


def problems(session: Session, *, since: datetime | None = None, limit: int = 200) -> Sequence[Message]:
    """The call list, newest first: messages that did not arrive or may not have, and people without an address."""
    undelivered = Message.state.in_((MessageState.DEAD, MessageState.UNKNOWN, MessageState.TOO_LATE))
    to_phone = and_(
        Message.recipient == PHONE,
        Message.kind.in_(PROMISING),
        Message.state == MessageState.SENT,
        Message.visit_version == Visit.version,
        Visit.state.in_(LIVE_VISITS),
    )
    statement = (
        select(Message)
        .outerjoin(Visit, Visit.id == Message.visit_id)
        .where(or_(undelivered, to_phone))
        .options(joinedload(Message.visit))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(limit)
    )
    return session.scalars(statement if since is None else statement.where(Message.due_at >= since)).all()


def _due(now: datetime) -> Select[Message]:
    return select(Message).where(Message.state.in_(WAITING), Message.due_at <= now).order_by(Message.due_at, Message.id)


def _begin_to_write(session: Session) -> None:
    """On SQLite, wait for the turn to write before reading what the writing depends on; PostgreSQL locks rows."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(update(Message).where(Message.id == -1).values(state=Message.state))


def _hold(
    session: Session, wanted: ColumnElement[bool], states: Collection[MessageState], *, wait: bool = False
) -> Sequence[Message]:
    """The wanted rows that are still in these states, ours until the transaction ends; those of others only by waiting.

    They are locked by reading and then written once: a row written twice in one transaction makes PostgreSQL look up
    the visit it points at again, and wait for whoever is changing that.
    """
    return session.scalars(
        select(Message)
        .where(wanted, Message.state.in_(states))
        .order_by(Message.due_at, Message.id)
        .with_for_update(skip_locked=not wait)
        .execution_options(populate_existing=True)
    ).all()


def _hold_visits(session: Session, due: Sequence[Message]) -> tuple[dict[int, Visit], list[int]]:
    """The visits of these messages that nobody is changing, held still, and the ids of the messages they allow."""
    shifts = {message.id: message.facts["shift_id"] for message in due if message.kind == crew_tours.KIND}
    concerned = or_(
        Visit.id.in_({message.visit_id for message in due if message.visit_id is not None}),
        Visit.shift_id.in_(set(shifts.values())),
    )
    free = {visit.id: visit for visit in session.scalars(held_visits(select(Visit).where(concerned)))}
    busy = {
        shift for id_, shift in session.execute(select(Visit.id, Visit.shift_id).where(concerned)) if id_ not in free
    }
    ready = [
        message.id
        for message in due
        if (message.visit_id is None or message.visit_id in free) and shifts.get(message.id) not in busy
    ]
    return free, ready


def _letter(message: Message, now: datetime) -> Letter:
    return Letter(
        key=message.bundle or message.key,
        channel=message.channel,
        recipient=message.recipient,
        recipient_name=message.recipient_name,
        locale=message.locale,
        items=(Item(message.id, message.kind, message.facts),),
        written_at=now,
        first=message.bundle is None,
    )


def _count_failure(message: Message, *, permanent: bool, now: datetime) -> None:
    message.attempts += 1
    if permanent or message.attempts >= MOST_ATTEMPTS:
        move_message(message, MessageState.DEAD)
        return
    message.due_at = now + min(FIRST_DELAY * 2 ** (message.attempts - 1), LONGEST_DELAY) * _jitter(message)
    move_message(message, MessageState.FAILED)


def _jitter(message: Message) -> float:
    """Between 0.75 and 1.25, so that letters refused together do not come back together; repeatable for tests."""
    return 0.75 + zlib.crc32(f"{message.key}:{message.attempts}".encode()) / 2**33
