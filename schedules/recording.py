"""Writing down what became of letters, for all messages of a letter alike, and finding those whose sender died."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from schedules.lifecycle import move_message
from schedules.message_rows import begin_to_write, hold_messages
from schedules.models import Message, MessageState
from schedules.transmissions import Outcome, Sent

MOST_ATTEMPTS = 8
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
UNREACHABLE_DELAY = timedelta(seconds=30)
ABANDONED_AFTER = timedelta(minutes=3)


def record(session: Session, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """Write down what became of letters.

    A message that somebody else took meanwhile is left alone by a sender that was silent for long and comes back with
    anything but a yes: the letter may just be arriving from the other's hand, under the same id.
    """
    by_id = {message_id: outcome for outcome in outcomes for message_id in outcome.letter.message_ids}
    # What happened must be written down, so this waits for whoever has the row; it holds nothing they could want.
    begin_to_write(session)
    for message in hold_messages(session, Message.id.in_(by_id), (MessageState.SENDING,), wait=True):
        outcome = by_id[message.id]
        ours = message.claimed_at == outcome.letter.written_at
        if message.bundle == outcome.letter.key and (ours or outcome.result is Sent.ACCEPTED):
            _settle(message, outcome, now=now)
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
    begin_to_write(session)
    abandoned = hold_messages(session, lost, (MessageState.SENDING,))
    for message in abandoned:
        safe = message.channel in resend_is_safe
        message.last_error = "sender_died"
        move_message(message, MessageState.QUEUED if safe else MessageState.UNKNOWN)
    session.flush()
    return len(abandoned)


def _settle(message: Message, outcome: Outcome, *, now: datetime) -> None:
    message.last_error = outcome.error
    if outcome.letter.first and not outcome.handed_over:
        # Nobody has seen this letter: its messages are free to leave in another one, with others due by then.
        message.bundle = message.claimed_by = message.claimed_at = None
    if outcome.result is Sent.KEPT:
        move_message(message, MessageState.QUEUED)
    elif outcome.result is Sent.ACCEPTED:
        message.attempts += 1
        message.sent_at = now
        message.provider_id = outcome.provider_id
        move_message(message, MessageState.SENT)
    elif outcome.result is Sent.UNREACHABLE:
        # Nobody looked at the letter: that the server was away must not use up its attempts.
        message.due_at = now + UNREACHABLE_DELAY * _jitter(outcome.letter.key, message.attempts)
        move_message(message, MessageState.FAILED)
    elif outcome.result is Sent.UNCLEAR:
        message.attempts += 1
        move_message(message, MessageState.UNKNOWN)
    else:
        _count_failure(message, outcome, now=now)


def _count_failure(message: Message, outcome: Outcome, *, now: datetime) -> None:
    message.attempts += 1
    if outcome.result is Sent.PERMANENT or message.attempts >= MOST_ATTEMPTS:
        move_message(message, MessageState.DEAD)
        return
    delay = min(FIRST_DELAY * 2 ** (message.attempts - 1), LONGEST_DELAY)
    message.due_at = now + delay * _jitter(outcome.letter.key, message.attempts)
    move_message(message, MessageState.FAILED)


def _jitter(key: str, attempts: int) -> float:
    """Between 0.75 and 1.25, so that letters refused together do not come back together; repeatable for tests."""
    return 0.75 + zlib.crc32(f"{key}:{attempts}".encode()) / 2**33
