"""Whether a message is still true, wanted and useful at the moment it would be sent, and how long it may wait.

Asked inside the transaction that claims the message, with the visit's row held, so that no visit can move between
the question and the claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import crew_tours, office_news, rosters
from schedules.calendar import instant
from schedules.models import Message, MessageState, Visit
from schedules.reminders import REMINDED_STATES, REMINDERS, RULES, renew
from schedules.rulebook import rules

TIME_TO_ACT = timedelta(hours=2)
"""What people need between reading that a van comes and its coming."""

VISIT_CHANGED = "visit_changed"
COVERING = (MessageState.QUEUED, MessageState.FAILED, MessageState.SENDING, MessageState.SENT)


def judge(
    session: Session, message: Message, visit: Visit | None, *, covered: Mapping[int, datetime], now: datetime
) -> tuple[MessageState, str | None]:
    """What becomes of a message that is due: sending, stale or too late, and why in a stable word.

    What an older version would have said and is still true is queued anew for the present version.
    """
    rule = rules(session).get(message.kind)
    if rule is None or not rule.enabled:
        return MessageState.STALE, "rule_off"
    if reason := _outdated(session, message, visit, now):
        return MessageState.STALE, reason
    if message.useful_until is not None and now >= message.useful_until:
        return MessageState.TOO_LATE, "useful_time_over"
    if message.id in covered and now >= covered[message.id]:
        return MessageState.STALE, "covered_by_morning_of"
    return MessageState.SENDING, None


def renewed(session: Session, message: Message, visit: Visit, *, now: datetime) -> None:
    """Queue the message's successor, where an outdated message has one."""
    if message.state is MessageState.STALE and message.last_error == VISIT_CHANGED:
        renew(session, message, visit, now=now)


def may_wait_until(session: Session, message: Message, moment: datetime) -> bool:
    """Whether a message that leaves only at that moment still comes in time to act on it."""
    ends = [message.useful_until] if message.useful_until is not None else []
    if message.kind == crew_tours.KIND and message.facts["stops"]:
        day = date.fromisoformat(message.facts["day"])
        ends.append(instant(day, message.facts["stops"][0]["arrives"]))
    if ends and moment > min(ends) - TIME_TO_ACT:
        return False
    covered = covered_from(session, [message])
    return message.id not in covered or moment < covered[message.id]


def covered_from(session: Session, messages: Iterable[Message]) -> dict[int, datetime]:
    """From when on another message says the same as each of these: the reminder of the morning to the same reader.

    By the ids of these messages; what nothing else says is left out.
    """
    mornings = {
        f"{message.key.removesuffix(message.kind)}morning_of": message.id
        for message in messages
        if message.kind == "day_before"
    }
    found = select(Message.key, Message.due_at).where(Message.key.in_(mornings), Message.state.in_(COVERING))
    return {mornings[key]: due_at for key, due_at in session.execute(found)} if mornings else {}


def _outdated(session: Session, message: Message, visit: Visit | None, now: datetime) -> str | None:
    if message.kind == crew_tours.KIND:
        return crew_tours.why_outdated(session, message)
    if message.kind == rosters.KIND:
        return rosters.why_outdated(session, message)
    if message.kind in office_news.KINDS:
        return office_news.why_outdated(session, message, visit, now=now)
    if visit is None or not RULES[message.kind].promises:
        return None
    if message.visit_version != visit.version:
        return VISIT_CHANGED
    if message.kind in REMINDERS and visit.state not in REMINDED_STATES:
        return "visit_over"
    return None
