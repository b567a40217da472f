"""Whether a message is still true and still useful at the moment it would be sent.

Asked inside the transaction that claims the message, with the visit's row held, so that no visit can move between
the question and the claim.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from schedules import crew_tours
from schedules.models import Message, MessageState, Visit
from schedules.reminders import REMINDED_STATES, REMINDERS, RULES, due_time, renew


def judge(session: Session, message: Message, visit: Visit | None, *, now: datetime) -> tuple[MessageState, str | None]:
    """What becomes of a message that is due: sending, stale or too late, and why in a stable word.

    What an older version would have said and is still true is queued anew for the present version.
    """
    if reason := _outdated(session, message, visit):
        return MessageState.STALE, reason
    if message.useful_until is not None and now >= message.useful_until:
        return MessageState.TOO_LATE, "useful_time_over"
    if visit is not None and message.kind == "day_before" and now >= due_time(session, "morning_of", visit.day):
        return MessageState.STALE, "covered_by_morning_of"
    return MessageState.SENDING, None


def renewed(session: Session, message: Message, visit: Visit, *, now: datetime) -> None:
    """Queue the message's successor, where an outdated message has one."""
    if message.state is MessageState.STALE and message.visit_version != visit.version:
        renew(session, message, visit, now=now)


def _outdated(session: Session, message: Message, visit: Visit | None) -> str | None:
    if message.kind == crew_tours.KIND:
        visits = crew_tours.visits_of_shift(session, message.facts["shift_id"])
        return None if crew_tours.versions(visits) == message.facts["versions"] else "tour_changed"
    if visit is None or not RULES[message.kind].promises:
        return None
    if message.visit_version != visit.version:
        return "visit_changed"
    if message.kind in REMINDERS and visit.state not in REMINDED_STATES:
        return "visit_over"
    return None
