"""A sender that was stopped for minutes and then goes on: what it says late must not undo what another does by then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schedules import outbox
from schedules.models import Message, MessageState
from schedules.outbox import ABANDONED_AFTER, Outcome, Sent
from schedules.recipients import Person
from schedules.reminders import queue_message


@pytest.fixture
def taken_over(session, now):
    """The letter of a sender that fell silent, the same letter as another took it over, and when that was."""
    queue_message(
        session, kind="request_received", to=Person("contact:1", "陆燕", "lu@example.org"), facts={}, key="one", now=now
    )
    (late,) = outbox.claim(session, now=now, owner="stopped")
    later = now + ABANDONED_AFTER + timedelta(seconds=1)
    assert outbox.requeue_abandoned(session, now=later, resend_is_safe={"email"}) == 1
    (again,) = outbox.claim(session, now=later, owner="living")
    assert again.key == late.key
    return late, again, later


def stored(session):
    session.expire_all()
    return session.query(Message).one()


@pytest.mark.parametrize(
    ("result", "handed_over"),
    [(Sent.KEPT, False), (Sent.UNREACHABLE, False), (Sent.UNREACHABLE, True), (Sent.TEMPORARY, True),
     (Sent.PERMANENT, True), (Sent.UNCLEAR, True)],
)  # fmt: skip
def test_what_a_late_sender_did_not_manage_leaves_the_other_ones_letter_alone(
    session, taken_over, result, handed_over, now
):
    late, again, later = taken_over
    outbox.record(session, [Outcome(late, result, error="late", handed_over=handed_over)], now=later)
    message = stored(session)
    assert (message.state, message.bundle, message.claimed_by) == (MessageState.SENDING, again.key, "living")
    outbox.record(session, [Outcome(again, Sent.ACCEPTED, provider_id="id")], now=later)
    assert stored(session).state is MessageState.SENT


def test_what_a_late_sender_got_accepted_is_sent(session, taken_over):
    late, again, later = taken_over
    outbox.record(session, [Outcome(late, Sent.ACCEPTED, provider_id="id")], now=later)
    assert stored(session).state is MessageState.SENT
    outbox.record(session, [Outcome(again, Sent.UNREACHABLE, error="gone")], now=later)
    assert stored(session).state is MessageState.SENT
