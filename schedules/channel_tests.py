"""Testing a channel: a message to whoever asks for it, by that very channel, through the outbox like any other.

So what is tested is what is used. The person's key begins with `tester`, and so nobody looks for another way to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import audit
from schedules.calendar import local_day, local_minutes
from schedules.errors import BadEmail, BadPhone, TooManyTests
from schedules.message_rows import begin_to_write
from schedules.models import AuditRow, Message, MessageState
from schedules.recipients import GROUP, PHONE, TESTER, Person
from schedules.rulebook import GROUP_CHANNELS

KIND = "channel_test"
VERB = "test_channel"
MOST_AN_HOUR = 5
USEFUL = timedelta(hours=1)
"""A test that could not leave by then says enough by that."""


def send_test(session: Session, channel: str, to: Person, *, actor: str, now: datetime) -> Message:
    """Queue a test of a channel to a coordinator, or to the channel's group.

    The caller holds a row of the actor's, so that tests asked for at the same moment are counted one by one.

    Raises:
        TooManyTests: the actor has asked for as many as may be in an hour.
        BadEmail, BadPhone: the coordinator cannot be reached by this channel.
    """
    begin_to_write(session)
    since = now - timedelta(hours=1)
    asked = select(func.count()).where(AuditRow.verb == VERB, AuditRow.actor == actor, AuditRow.at > since)
    if session.scalars(asked).one() >= MOST_AN_HOUR:
        raise TooManyTests(most=MOST_AN_HOUR)
    code = uuid4().hex[:8]
    message = Message(
        key=f"{KIND}:{channel}:{code}:{TESTER}:{to.key.partition(':')[2]}:{KIND}",
        kind=KIND,
        channel=channel,
        recipient=_recipient(channel, to),
        recipient_name=to.name,
        locale=to.locale,
        facts={"code": code[:4].upper(), "day": local_day(now).isoformat(), "minutes": local_minutes(now)},
        state=MessageState.QUEUED,
        due_at=now,
        useful_until=now + USEFUL,
        created_at=now,
    )
    session.add(message)
    session.flush()
    audit.record(session, actor=actor, now=now, verb=VERB, noun="channel", noun_id=channel, after={"code": code})
    return message


def _recipient(channel: str, to: Person) -> str:
    """What the row keeps: an address, or a word; a number is looked up when the test leaves."""
    if channel in GROUP_CHANNELS:
        return GROUP
    if channel == "sms":
        if not to.phone_known:
            raise BadPhone(field="phone")
        return PHONE
    if not to.email:
        raise BadEmail(field="email")
    return to.email
