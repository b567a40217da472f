"""Looking back at the outbox: what became of messages, found by state, kind, town, visit and day, page by page.

Only reads. What waits to be sent and who must be phoned is `schedules.outbox`'s business.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from schedules.calendar import instant
from schedules.models import Message, MessageState
from schedules.reminders import WAITING

TRIED = tuple(state for state in MessageState if state is not MessageState.QUEUED)
"""Every state but that of messages nobody has tried to send."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; None asks nothing. The days are those on which messages were due, both included."""

    kind: str | None = None
    town_id: int | None = None
    visit_id: int | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the last message's due time and id."""

    due_at: datetime
    id: int


def find_messages(
    session: Session,
    search: Search,
    *,
    states: Collection[MessageState] = TRIED,
    after: Mark | None = None,
    limit: int = 50,
) -> Sequence[Message]:
    """The messages found, the latest due first; `after` is where the page before ended."""
    found = select(Message).where(Message.state.in_(states), *_conditions(search))
    if after is not None:
        earlier = and_(Message.due_at == after.due_at, Message.id < after.id)
        found = found.where(or_(Message.due_at < after.due_at, earlier))
    return session.scalars(
        found.options(joinedload(Message.visit)).order_by(Message.due_at.desc(), Message.id.desc()).limit(limit)
    ).all()


def count_by_state(session: Session, search: Search) -> dict[MessageState, int]:
    """How many messages the search finds in each state that has any."""
    counted = select(Message.state, func.count()).where(*_conditions(search)).group_by(Message.state)
    return dict(session.execute(counted).all())


def others_in_letter(session: Session, message: Message) -> Sequence[Message]:
    """The other messages of the letter in which this one left, or was tried."""
    if message.bundle is None:
        return []
    same = select(Message).where(Message.bundle == message.bundle, Message.id != message.id)
    return session.scalars(same.options(joinedload(Message.visit)).order_by(Message.id)).all()


def called_since(session: Session, since: datetime, *, limit: int = 100) -> Sequence[Message]:
    """The messages whose people were told by telephone, the latest call first."""
    told = select(Message).where(Message.called_at >= since).options(joinedload(Message.visit))
    return session.scalars(told.order_by(Message.called_at.desc(), Message.id.desc()).limit(limit)).all()


def count_waiting(session: Session) -> dict[str, int]:
    """How many messages of each kind wait to be sent."""
    counted = select(Message.kind, func.count()).where(Message.state.in_(WAITING)).group_by(Message.kind)
    return dict(session.execute(counted).all())


def waiting_of_kind(session: Session, kind: str) -> dict[int, datetime]:
    """When each waiting message of a kind is due, by its id."""
    waiting = select(Message.id, Message.due_at).where(Message.kind == kind, Message.state.in_(WAITING))
    return dict(session.execute(waiting).all())


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if search.kind is not None:
        conditions.append(Message.kind == search.kind)
    if search.town_id is not None:
        conditions.append(Message.town_id == search.town_id)
    if search.visit_id is not None:
        conditions.append(Message.visit_id == search.visit_id)
    if search.first_day is not None:
        conditions.append(Message.due_at >= instant(search.first_day, 0))
    if search.last_day is not None:
        conditions.append(Message.due_at < instant(search.last_day + timedelta(days=1), 0))
    return conditions
