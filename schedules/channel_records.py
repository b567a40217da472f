"""How the channels have done of late, read from the rows of their messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from schedules.channel_tests import KIND
from schedules.models import Message, MessageState

Figure = TypeVar("Figure")

DAYS = 30
NOT_ARRIVED = (MessageState.FAILED, MessageState.DEAD, MessageState.UNKNOWN)
WAITING = (MessageState.QUEUED, MessageState.FAILED)


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """Of the last 30 days: the last message that left, the last that did not, how many are overdue, the last test."""

    last_sent_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_error: str | None = None
    overdue: int = 0
    test: Message | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last message that was tried did not arrive."""
        if self.last_failed_at is None:
            return False
        return self.last_sent_at is None or self.last_failed_at >= self.last_sent_at


def records(session: Session, *, now: datetime) -> dict[str, ChannelRecord]:
    """What each channel that had anything to do has done."""
    since = now - timedelta(days=DAYS)
    sent = _per_channel(session, func.max(Message.sent_at), Message.state == MessageState.SENT, Message.due_at >= since)
    overdue = _per_channel(session, func.count(), Message.state.in_(WAITING), Message.due_at <= now)
    failed = _last_failures(session, since)
    tests = _last_tests(session)
    return {
        name: ChannelRecord(
            last_sent_at=sent.get(name),
            last_failed_at=failed[name].claimed_at if name in failed else None,
            last_error=failed[name].last_error if name in failed else None,
            overdue=overdue.get(name, 0),
            test=tests.get(name),
        )
        for name in {*sent, *overdue, *failed, *tests}
    }


def _per_channel(
    session: Session, figure: ColumnElement[Figure], *conditions: ColumnElement[bool]
) -> dict[str, Figure]:
    found = session.execute(select(Message.channel, figure).where(*conditions).group_by(Message.channel))
    return {name: value for name, value in found}  # noqa: C416 - a row is no pair to mypy


def _last_failures(session: Session, since: datetime) -> Mapping[str, Message]:
    not_arrived = and_(Message.state.in_(NOT_ARRIVED), Message.due_at >= since)
    last = (
        select(Message.channel, func.max(Message.claimed_at).label("at"))
        .where(not_arrived)
        .group_by(Message.channel)
        .subquery()
    )
    same = and_(Message.channel == last.c.channel, Message.claimed_at == last.c.at)
    return {row.channel: row for row in session.scalars(select(Message).join(last, same).where(not_arrived))}


def _last_tests(session: Session) -> Mapping[str, Message]:
    newest = select(func.max(Message.id)).where(Message.kind == KIND).group_by(Message.channel)
    return {row.channel: row for row in session.scalars(select(Message).where(Message.id.in_(newest)))}
