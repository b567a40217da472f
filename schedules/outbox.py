"""The outbox as others know it: what senders do with it, what people see of it and what they may do to a message.

Messages are written by `schedules.reminders`, taken by `schedules.claiming`, settled by `schedules.recording`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from schedules import audit
from schedules.call_list import mark_called, problems
from schedules.claiming import claim
from schedules.errors import MoveNotAllowed
from schedules.lifecycle import move_message
from schedules.message_rows import hold_message
from schedules.models import Message, MessageState, Visit
from schedules.recording import ABANDONED_AFTER, MOST_ATTEMPTS, record, requeue_abandoned
from schedules.reminders import PROMISING, WAITING
from schedules.transmissions import Item, Letter, Outcome, Sent

__all__ = [
    "ABANDONED_AFTER",
    "MOST_ATTEMPTS",
    "Item",
    "Letter",
    "Outcome",
    "Sent",
    "call_off",
    "claim",
    "list_messages",
    "mark_called",
    "problems",
    "record",
    "requeue_abandoned",
    "send_again",
    "upcoming",
]

SENT_AGAIN = (MessageState.DEAD, MessageState.UNKNOWN)


def send_again(session: Session, message_id: int, *, actor: str, now: datetime) -> Message:
    """Queue a dead or unknown message once more, by a person's wish, in a letter of its own.

    Raises:
        NotFound: there is no such message.
        MoveNotAllowed: the message is neither dead nor unknown.
    """
    message = hold_message(session, message_id)
    former = message.state
    if former not in SENT_AGAIN:  # what is being sent may go back into the queue too, but not by a person's wish
        raise MoveNotAllowed(noun="message", from_=former.value, to=MessageState.QUEUED.value)
    move_message(message, MessageState.QUEUED)
    message.due_at, message.attempts, message.last_error = now, 0, None
    message.bundle, message.called_at, message.called_by = message.key, None, None
    _note(session, message, "send_again", former, actor=actor, now=now)
    return message


def call_off(session: Session, message_id: int, *, actor: str, now: datetime) -> Message:
    """Make sure that a waiting message is never sent; others of its letter go without it.

    Raises:
        NotFound: there is no such message.
        MoveNotAllowed: the message is not waiting to be sent.
    """
    message = hold_message(session, message_id)
    former = message.state
    move_message(message, MessageState.CANCELLED)
    _note(session, message, "call_off", former, actor=actor, now=now)
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


def _note(session: Session, message: Message, verb: str, former: MessageState, *, actor: str, now: datetime) -> None:
    audit.record(
        session,
        actor=actor,
        now=now,
        verb=verb,
        noun="message",
        noun_id=message.id,
        before={"state": former},
        after={"state": message.state},
    )
    session.flush()
