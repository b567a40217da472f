"""When a letter may leave: quiet hours, and one digest per person instead of five letters in an hour.

Urgent messages never wait, and nothing waits so long that it would come too late to act on. What merely stands on the
call list (the log) disturbs nobody and does not wait either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from schedules.calendar import instant, local_day, local_minutes
from schedules.freshness import may_wait_until
from schedules.models import Message, MessageState
from schedules.recipients import LOG, PHONE, person_key
from schedules.rulebook import Numbers, rule_of, rules, settings

WAITS_FOR_DIGEST = "waits_for_digest"
WAITS_FOR_MORNING = "waits_for_morning"
WAITS = (WAITS_FOR_DIGEST, WAITS_FOR_MORNING)
"""What a queued message's `last_error` says while it waits by these rules."""

BEFORE_QUIET = timedelta(minutes=5)

Reader = tuple[str, str]
"""Who would be disturbed: a channel, and an address on it or the person behind a number that is not stored."""


def is_urgent(session: Session, message: Message) -> bool:
    """Whether this message waits for nothing and stands in a letter of its own."""
    return rule_of(session, message.kind).urgent


def reader_of(message: Message) -> Reader:
    """Who reads a message, by its row."""
    if message.recipient == PHONE:
        return message.channel, person_key(message)
    return message.channel, message.recipient.casefold()


def last_letters(session: Session, messages: Iterable[Message], *, now: datetime) -> dict[Reader, datetime]:
    """When these readers were last sent something that was not urgent, of those who were within the digest's time."""
    minutes = settings(session).digest_minutes
    recipients = {message.recipient for message in messages if message.channel != LOG}
    if not minutes or not recipients:
        return {}
    since = now - timedelta(minutes=minutes)
    leisurely = [kind for kind, rule in rules(session).items() if not rule.urgent]
    # A letter that is being sent counts as sent when it was claimed: it may be there already.
    left = or_(
        and_(Message.state == MessageState.SENT, Message.sent_at > since),
        and_(Message.state == MessageState.SENDING, Message.claimed_at > since),
    )
    found = session.scalars(select(Message).where(Message.recipient.in_(recipients), left, Message.kind.in_(leisurely)))
    last: dict[Reader, datetime] = {}
    for message in found:
        at = message.sent_at if message.state is MessageState.SENT else message.claimed_at
        if at is not None:
            last[reader_of(message)] = max(at, last.get(reader_of(message), at))
    return last


def leaves_at(
    session: Session, messages: Sequence[Message], last: Mapping[Reader, datetime], *, now: datetime
) -> tuple[datetime, str | None]:
    """When these messages, which make one letter, may leave, and what they wait for in a stable word, if they do."""
    if messages[0].channel == LOG or any(is_urgent(session, message) for message in messages):
        return now, None
    numbers = settings(session)
    morning = _end_of_quiet(now, numbers)
    digest = _digest_due(messages, last, numbers, now=now)
    moment, reason = (morning, WAITS_FOR_MORNING) if morning is not None else (digest, WAITS_FOR_DIGEST)
    if moment is None or moment <= now or not all(may_wait_until(session, each, moment) for each in messages):
        return now, None
    return moment, reason


def _digest_due(
    messages: Sequence[Message], last: Mapping[Reader, datetime], numbers: Numbers, *, now: datetime
) -> datetime | None:
    """When the digest for the reader of these is due; before the evening's quiet rather than after it.

    Nobody waits for a second digest, what was sent before and is tried again waits for none, and neither does the
    reminder of the morning, whose hour the rule sets.
    """
    sent = last.get(reader_of(messages[0]))
    if sent is None or any(_has_waited_enough(message, now) for message in messages):
        return None
    due = sent + timedelta(minutes=numbers.digest_minutes)
    return due if _end_of_quiet(due, numbers) is None else _beginning_of_quiet(due, numbers) - BEFORE_QUIET


def _has_waited_enough(message: Message, now: datetime) -> bool:
    waited = message.last_error == WAITS_FOR_DIGEST and message.due_at <= now
    return waited or message.bundle is not None or message.kind == "morning_of"


def _end_of_quiet(moment: datetime, numbers: Numbers) -> datetime | None:
    """When the quiet hours around a moment end; None where it is not quiet then."""
    begins, ends = numbers.quiet_from, numbers.quiet_until
    day, minutes = local_day(moment), local_minutes(moment)
    if begins < ends:
        return instant(day, ends) if begins <= minutes < ends else None
    if begins > ends and minutes >= begins:
        return instant(day + timedelta(days=1), ends)
    return instant(day, ends) if begins > ends and minutes < ends else None


def _beginning_of_quiet(moment: datetime, numbers: Numbers) -> datetime:
    """When the quiet hours around a moment began."""
    day = local_day(moment)
    if numbers.quiet_from > numbers.quiet_until and local_minutes(moment) < numbers.quiet_until:
        day -= timedelta(days=1)
    return instant(day, numbers.quiet_from)
