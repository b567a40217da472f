"""What the tests of messages share: a promised visit, a change to it, and a look into the outbox."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.models import Message, Shift, Visit, VisitState
from tests.factories import make_request, make_shift, make_visit

# The `now` of conftest.py is Monday 08:00. The visit is on Wednesday at 09:30.
MONDAY = date(2026, 6, 1)
TUESDAY = date(2026, 6, 2)
WEDNESDAY = date(2026, 6, 3)
HALF_PAST_NINE = 570


def promised_visit(
    session: Session, *, now: datetime, day: date = WEDNESDAY, shift: Shift | None = None, **request: Any
) -> Visit:
    """A visit at 09:30 of a town whose contact and liaison officer both read e-mail, unless told otherwise."""
    wish = make_request(session, [(day, 480, 900)], now=now, **request)
    return make_visit(session, wish, shift or make_shift(session, day), HALF_PAST_NINE)


def change(session: Session, visit: Visit, **values: Any) -> Visit:
    """Give the visit a new version, as every change does."""
    for name, value in values.items():
        setattr(visit, name, value)
    visit.version += 1
    session.flush()
    return visit


def cancel(session: Session, visit: Visit) -> Visit:
    return change(session, visit, state=VisitState.CANCELLED, reason="下暴雨")


def messages(session: Session, *kinds: str) -> list[Message]:
    """The messages of these kinds, or all, in the order in which they were queued."""
    statement = select(Message).order_by(Message.id).execution_options(populate_existing=True)
    return list(session.scalars(statement.where(Message.kind.in_(kinds)) if kinds else statement))


def states(session: Session, *kinds: str) -> list[str]:
    return [message.state.value for message in messages(session, *kinds)]
