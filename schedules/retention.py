"""What is forgotten, and when: rows that nobody needs any more, and the addresses in messages long past.

The only place that deletes audit rows. Nothing open is touched. Every rule works off a small batch in the caller's
transaction, so that nobody waits for it; days count as the local calendar does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from schedules import nightly
from schedules.calendar import instant, local_day
from schedules.contacts import masked_name
from schedules.lifecycle import LIVE_VISITS
from schedules.models import (
    AuditRow,
    CalendarFeed,
    Explanation,
    FairnessPrice,
    Hold,
    HoldService,
    HoldState,
    Lease,
    Message,
    MessageState,
    Plan,
    PlanState,
    Visit,
)

BATCH = 500
AUDIT_DAYS = 400
HOLD_DAYS = 400
FEED_DAYS = 400
PROPOSAL_DAYS = 60
MESSAGE_DAYS = 180
SHORTEST_MESSAGE_DAYS = 14
"""Younger messages are still read: to see what somebody has been told, and who is to be called."""

FORGOTTEN = ""
"""What stands in place of an address that was forgotten."""

ENDED_MESSAGES = (
    MessageState.SENT,
    MessageState.STALE,
    MessageState.TOO_LATE,
    MessageState.DEAD,
    MessageState.UNKNOWN,
    MessageState.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is forgotten: `forget(session, now, limit)` works off at most `limit` rows and says how many there were."""

    name: str
    forget: Callable[[Session, datetime, int], int]


def days_before(now: datetime, days: int) -> datetime:
    """The local midnight so many calendar days before this moment's day."""
    return instant(local_day(now) - timedelta(days=days), 0)


def delete_some(session: Session, key: InstrumentedAttribute[Any], wanted: ColumnElement[bool], limit: int) -> int:
    """Delete at most so many of the wanted rows, those of the smallest key first; how many there were."""
    table = key.class_
    some = select(key).where(wanted).order_by(key).limit(limit).scalar_subquery()
    done = session.execute(delete(table).where(key.in_(some)).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return int(done.rowcount)


def rules(message_days: int = MESSAGE_DAYS) -> tuple[Rule, ...]:
    """What this floor forgets; addresses in messages that ended so many days ago.

    Raises ValueError where the messages would still be needed.
    """
    if message_days < SHORTEST_MESSAGE_DAYS:
        raise ValueError(f"Messages are needed for {SHORTEST_MESSAGE_DAYS} days at least.")
    return (
        Rule("audit rows", _forget_audit_rows),
        Rule("holds", _forget_holds),
        Rule("calendar feeds", _forget_feeds),
        Rule("proposals", _forget_proposals),
        Rule("leases", _forget_leases),
        Rule("addresses", lambda session, now, limit: _forget_addresses(session, now, limit, message_days)),
    )


def _forget_audit_rows(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, AuditRow.id, AuditRow.at < days_before(now, AUDIT_DAYS), limit)


def _forget_holds(session: Session, now: datetime, limit: int) -> int:
    """Holds that ended long ago, with what they were for."""
    over = (Hold.state != HoldState.HELD) & (Hold.ended_at < days_before(now, HOLD_DAYS))
    ids = session.scalars(select(Hold.id).where(over).order_by(Hold.id).limit(limit)).all()
    session.execute(delete(HoldService).where(HoldService.hold_id.in_(ids)))
    return delete_some(session, Hold.id, Hold.id.in_(ids) & over, limit)


def _forget_feeds(session: Session, now: datetime, limit: int) -> int:
    """Calendars whose address was revoked long ago; it answers as little without its row."""
    return delete_some(session, CalendarFeed.id, CalendarFeed.revoked_at < days_before(now, FEED_DAYS), limit)


def _forget_proposals(session: Session, now: datetime, limit: int) -> int:
    """Plans proposed overnight that came to nothing: they are large, and nobody looks at them any more."""
    worked_on = aliased(Plan)
    old = select(Plan).where(
        Plan.created_by == nightly.ACTOR,
        Plan.state.in_((PlanState.DISCARDED, PlanState.FAILED)),
        Plan.created_at < days_before(now, PROPOSAL_DAYS),
        ~exists().where(worked_on.edited_from_id == Plan.id),
    )
    plans = session.scalars(old.order_by(Plan.id).limit(limit)).all()
    for worked_out in (Explanation, FairnessPrice):
        session.execute(delete(worked_out).where(worked_out.plan_id.in_([plan.id for plan in plans])))
    for plan in plans:
        session.delete(plan)
    session.flush()
    return len(plans)


def _forget_leases(session: Session, now: datetime, limit: int) -> int:
    """Leases of things done once, left behind by processes that were killed."""
    return delete_some(session, Lease.name, Lease.until < days_before(now, 1), limit)


def _forget_addresses(session: Session, now: datetime, limit: int, days: int) -> int:
    """Whom old messages went to, where their visit is over; the texts name no people and stay, as do the keys."""
    live = select(Visit.id).where(Visit.state.in_(LIVE_VISITS))
    old = (
        Message.state.in_(ENDED_MESSAGES)
        & (Message.due_at < days_before(now, days))
        & (Message.recipient != FORGOTTEN)
        & or_(Message.visit_id.is_(None), Message.visit_id.not_in(live))
    )
    found = session.execute(
        select(Message.id, Message.recipient_name).where(old).order_by(Message.id).limit(limit)
    ).all()
    for message_id, name in found:
        session.execute(
            update(Message)
            .where(Message.id == message_id, old)
            .values(recipient=FORGOTTEN, recipient_name=masked_name(name), last_error=None)
            .execution_options(synchronize_session=False)
        )
    return len(found)


RULES = rules()
