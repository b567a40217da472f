"""The call list: what did not arrive or may not have, and people whom only the telephone reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from schedules import audit, channel_tests
from schedules.errors import MoveNotAllowed
from schedules.lifecycle import LIVE_VISITS
from schedules.message_rows import hold_message
from schedules.models import Message, MessageState, Visit
from schedules.recipients import LOG
from schedules.reminders import PROMISING

UNDELIVERED = (MessageState.DEAD, MessageState.UNKNOWN, MessageState.TOO_LATE)


def problems(session: Session, *, since: datetime | None = None, limit: int = 200) -> Sequence[Message]:
    """The call list, newest first; who has been called is on it no longer."""
    statement = (
        select(Message)
        .outerjoin(Visit, Visit.id == Message.visit_id)
        .where(_to_call())
        .options(joinedload(Message.visit))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(limit)
    )
    return session.scalars(statement if since is None else statement.where(Message.due_at >= since)).all()


def mark_called(session: Session, message_id: int, *, actor: str, now: datetime) -> Message:
    """Tick an entry of the call list off: the person was told by telephone. Twice is as good as once.

    Raises:
        NotFound: there is no such message.
        MoveNotAllowed: the message is not on the call list.
    """
    message = hold_message(session, message_id)
    if message.called_at is not None:
        return message
    on_the_list = (
        select(Message.id).outerjoin(Visit, Visit.id == Message.visit_id).where(Message.id == message_id, _to_call())
    )
    if session.scalar(on_the_list) is None:
        raise MoveNotAllowed(noun="message", from_=message.state.value, to="called")
    message.called_at, message.called_by = now, actor
    audit.record(
        session, actor=actor, now=now, verb="mark_called", noun="message", noun_id=message.id, after={"called_at": now}
    )
    session.flush()
    return message


def take_back_call(session: Session, message_id: int, *, actor: str, now: datetime) -> Message:
    """Put a ticked-off entry back on the call list: it was ticked off by mistake.

    Raises:
        NotFound: there is no such message.
        MoveNotAllowed: it was not ticked off.
    """
    message = hold_message(session, message_id)
    if message.called_at is None:
        raise MoveNotAllowed(noun="message", from_=message.state.value, to="to call")
    before = {"called_at": message.called_at, "called_by": message.called_by}
    message.called_at = message.called_by = None
    audit.record(
        session, actor=actor, now=now, verb="take_back_call", noun="message", noun_id=message.id, before=before
    )
    session.flush()
    return message


def _to_call() -> ColumnElement[bool]:
    """Conditions on a message and its visit: not told in any way yet. The log stands for people to be phoned."""
    to_phone = and_(
        Message.channel == LOG,
        Message.kind.in_(PROMISING),
        Message.state == MessageState.SENT,
        Message.visit_version == Visit.version,
        Visit.state.in_(LIVE_VISITS),
    )
    undelivered = and_(Message.state.in_(UNDELIVERED), Message.kind != channel_tests.KIND)
    return and_(Message.called_at.is_(None), or_(undelivered, to_phone))
