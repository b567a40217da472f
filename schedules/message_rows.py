"""Holding rows of the outbox: how senders, publishers and people write to it at once without locking each other up.

Whoever writes messages of a visit holds the visit first. Rows that another transaction holds are passed over, or
waited for by whoever holds nothing that the other could want.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from schedules.errors import NotFound
from schedules.models import Message, MessageState


def begin_to_write(session: Session) -> None:
    """On SQLite, wait for the turn to write before reading what the writing depends on; PostgreSQL locks rows."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(update(Message).where(Message.id == -1).values(state=Message.state))


def hold_messages(
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


def hold_message(session: Session, message_id: int) -> Message:
    """One row by its id, ours until the transaction ends. Raises NotFound."""
    begin_to_write(session)
    held = hold_messages(session, Message.id == message_id, tuple(MessageState), wait=True)
    if not held:
        raise NotFound(noun="message", id=message_id)
    return held[0]
