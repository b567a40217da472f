"""The call list and what people do to single messages: telling by telephone, calling off, sending again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from schedules import outbox, recipients
from schedules.calendar import instant
from schedules.errors import MoveNotAllowed, NotFound
from schedules.models import AuditRow, MessageState
from schedules.outbox import Sent
from schedules.reminders import queue_reminders, queue_visit_messages
from tests.schedules.promised import HALF_PAST_NINE, WEDNESDAY, promised_visit, states
from tests.schedules.queued import answer, claim, claim_one, send, tell

LATER = timedelta(minutes=5)


def deeds(session):
    return [(row.actor, row.verb, row.noun_id) for row in session.query(AuditRow)]


@pytest.fixture
def dead(session, now):
    """A message that was refused for good."""
    message = tell(session, now=now)
    answer(session, claim_one(session, now), Sent.PERMANENT, now, error="550")
    return message


def test_who_has_been_called_leaves_the_list_and_that_is_written_down(session, now, dead):
    assert outbox.problems(session) == [dead]
    outbox.mark_called(session, dead.id, actor="xia", now=now)
    assert outbox.problems(session) == []
    assert (dead.called_by, dead.called_at, dead.state) == ("xia", now, MessageState.DEAD)
    assert deeds(session) == [("xia", "mark_called", str(dead.id))]


def test_two_who_call_the_same_person_leave_one_mark(session, now, dead):
    outbox.mark_called(session, dead.id, actor="xia", now=now)
    outbox.mark_called(session, dead.id, actor="lin", now=now + LATER)
    assert (dead.called_by, len(deeds(session))) == ("xia", 1)


def test_people_without_an_address_are_ticked_off_too(session, now):
    visit = promised_visit(session, now=now, contact_email=None)
    queue_visit_messages(session, visit, "published", now=now)
    send(session, now)
    (entry,) = outbox.problems(session)
    outbox.mark_called(session, entry.id, actor="xia", now=now)
    assert outbox.problems(session) == []


@pytest.mark.parametrize("result", [None, Sent.ACCEPTED, Sent.TEMPORARY])
def test_what_is_not_on_the_call_list_cannot_be_ticked_off(session, now, result):
    message = tell(session, now=now)
    if result is not None:
        answer(session, claim_one(session, now), result, now)
    with pytest.raises(MoveNotAllowed):
        outbox.mark_called(session, message.id, actor="xia", now=now)
    with pytest.raises(NotFound):
        outbox.mark_called(session, 999, actor="xia", now=now)
    assert message.called_at is None


def test_who_got_a_text_message_need_not_be_called(session, now):
    recipients.use_channels(["email", "sms", "log"])
    try:
        visit = promised_visit(session, now=now, contact_email=None)
        queue_visit_messages(session, visit, "published", now=now)
        letters = claim(session, now)
    finally:
        recipients.use_channels(["email", "log"])
    assert sorted(letter.channel for letter in letters) == ["email", "sms"]
    for letter in letters:
        answer(session, letter, Sent.ACCEPTED, now)
    assert outbox.problems(session) == []


def test_a_message_sent_again_in_vain_is_on_the_list_again(session, now, dead):
    outbox.mark_called(session, dead.id, actor="xia", now=now)
    outbox.send_again(session, dead.id, actor="xia", now=now)
    answer(session, claim_one(session, now), Sent.PERMANENT, now)
    assert outbox.problems(session) == [dead]


@pytest.mark.parametrize("tried", [False, True])
def test_a_waiting_message_called_off_is_never_sent(session, now, tried):
    message = tell(session, now=now)
    if tried:
        answer(session, claim_one(session, now), Sent.TEMPORARY, now)
    outbox.call_off(session, message.id, actor="xia", now=now)
    assert claim(session, now + LATER) == []
    assert (states(session), deeds(session)) == (["cancelled"], [("xia", "call_off", str(message.id))])
    assert outbox.problems(session) == []


@pytest.mark.parametrize("result", [None, Sent.ACCEPTED, Sent.PERMANENT, Sent.UNCLEAR])
def test_what_no_longer_waits_cannot_be_called_off(session, now, result):
    message = tell(session, now=now)
    letter = claim_one(session, now)
    if result is not None:
        answer(session, letter, result, now)
    with pytest.raises(MoveNotAllowed):
        outbox.call_off(session, message.id, actor="xia", now=now)
    with pytest.raises(NotFound):
        outbox.call_off(session, 999, actor="xia", now=now)
    assert deeds(session) == []


def test_a_reminder_called_off_is_not_made_again(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    for message in outbox.upcoming(session, now):
        outbox.call_off(session, message.id, actor="xia", now=now)
    assert queue_reminders(session, now=now) == 0
    assert claim(session, instant(WEDNESDAY, 420)) == []


def test_calling_off_and_claiming_at_once_end_in_one_of_both(session_factory, now):
    with session_factory.begin() as session:
        ids = [tell(session, f"lu{number}", now=now).id for number in range(8)]

    def call_off(message_id):
        with session_factory.begin() as session:
            try:
                return outbox.call_off(session, message_id, actor="xia", now=now).id
            except MoveNotAllowed:
                return None

    def take(owner):
        with session_factory.begin() as session:
            return [letter.message_ids[0] for letter in claim(session, now, owner, limit=2)]

    with ThreadPoolExecutor(4) as pool:
        off = [pool.submit(call_off, each) for each in ids[::2]]
        taken = [each for future in [pool.submit(take, owner) for owner in "abcd"] for each in future.result()]
    taken += [each for owner in "efgh" for each in take(owner)]
    called_off = {future.result() for future in off} - {None}
    assert sorted([*taken, *called_off]) == ids


def test_a_reminder_of_an_outage_is_on_the_list_until_somebody_rings(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    claim(session, instant(WEDNESDAY, HALF_PAST_NINE))
    entries = outbox.problems(session)
    assert {entry.state for entry in entries} == {MessageState.TOO_LATE}
    for entry in entries:
        outbox.mark_called(session, entry.id, actor="xia", now=now)
    assert outbox.problems(session) == []
