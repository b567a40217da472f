"""Letters of several messages: what shares one, and that an id never carries what it did not carry at first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schedules import outbox, recipients
from schedules.bundles import MOST_IN_ONE_LETTER
from schedules.calendar import instant
from schedules.lifecycle import move_message
from schedules.models import Message, MessageState, Visit
from schedules.outbox import ABANDONED_AFTER, Sent
from schedules.recipients import PHONE, contact_of
from schedules.reminders import queue_message, queue_reminders
from tests.factories import make_request
from tests.schedules.promised import TUESDAY, WEDNESDAY, change, messages, promised_visit, states
from tests.schedules.queued import FACTS, SLOT, answer, claim, claim_one, send, tell

FOUR_O_CLOCK = instant(TUESDAY, 960)
LATER = timedelta(minutes=5)


def test_what_is_due_to_one_reader_leaves_in_one_letter(session, now):
    first, second = tell(session, now=now), tell(session, now=now, kind="request_accepted")
    letter = claim_one(session, now)
    assert [item.kind for item in letter.items] == ["request_received", "request_accepted"]
    assert letter.message_ids == (first.id, second.id)
    assert {first.bundle, second.bundle} == {letter.key}


def test_a_single_messages_letter_has_the_messages_own_key(session, now):
    message = tell(session, now=now)
    assert claim_one(session, now).key == message.key == message.bundle


@pytest.mark.parametrize(
    "other",
    [{"name": "wu"}, {"locale": "en"}, {"kind": "moved"}],
    ids=["somebody else", "another language", "an urgent one"],
)
def test_what_does_not_belong_together_leaves_apart(session, now, other):
    tell(session, now=now)
    tell(session, now=now, **other)
    assert [len(letter.items) for letter in claim(session, now)] == [1, 1]


def test_people_of_one_address_share_a_letter_however_it_is_written(session, now):
    tell(session, "lu", now=now, email="Office@example.org")
    tell(session, "wu", now=now, email="office@example.org")
    letter = claim_one(session, now)
    assert (len(letter.items), letter.recipient_name) == (2, "lu")


def test_whom_only_the_telephone_reaches_stands_on_the_call_list_message_by_message(session, now):
    tell(session, now=now, email=None)
    tell(session, now=now, email=None)
    assert [(letter.channel, len(letter.items)) for letter in claim(session, now)] == [("log", 1), ("log", 1)]


def test_the_limit_cuts_no_letter_in_two(session, now):
    for name in ("lu", "wu", "lu", "wu", "lu"):
        tell(session, name, now=now)
    letters = claim(session, now, limit=1)
    assert [(letter.recipient_name, len(letter.items)) for letter in letters] == [("lu", 3)]
    assert [len(letter.items) for letter in claim(session, now, limit=1)] == [2]


def test_a_very_long_digest_is_cut(session, now):
    for _ in range(MOST_IN_ONE_LETTER + 1):
        tell(session, now=now)
    assert [len(letter.items) for letter in claim(session, now)] == [MOST_IN_ONE_LETTER, 1]


def test_an_outcome_counts_for_every_message_of_the_letter(session, now):
    messages = [tell(session, now=now) for _ in range(3)]
    answer(session, claim_one(session, now), Sent.TEMPORARY, now, error="451 full")
    assert {(each.state, each.attempts, each.last_error) for each in messages} == {(MessageState.FAILED, 1, "451 full")}
    assert len({each.due_at for each in messages}) == 1
    answer(session, claim_one(session, now + LATER), Sent.ACCEPTED, now + LATER, provider_id="id")
    assert {(each.state, each.provider_id, each.sent_at) for each in messages} == {
        (MessageState.SENT, "id", now + LATER)
    }


def test_nothing_joins_a_letter_after_its_first_attempt(session, now):
    tell(session, now=now), tell(session, now=now)
    first = claim_one(session, now)
    answer(session, first, Sent.TEMPORARY, now)
    newcomer = tell(session, now=now)
    again = {letter.key: letter for letter in claim(session, now + LATER)}
    assert again[first.key].items == first.items
    assert again[newcomer.key].message_ids == (newcomer.id,)
    assert (first.first, again[first.key].first, again[newcomer.key].first) == (True, False, True)


def test_what_became_stale_drops_out_and_the_rest_keeps_the_id(session, now):
    visit = promised_visit(session, now=now, contact_email="town@example.org")
    queue_reminders(session, now=now)
    news = tell(session, "town", now=now)
    news.due_at = FOUR_O_CLOCK
    session.flush()
    (first,) = (letter for letter in claim(session, FOUR_O_CLOCK) if news.id in letter.message_ids)
    assert [item.kind for item in first.items] == ["day_before", "request_received"]
    answer(session, first, Sent.TEMPORARY, FOUR_O_CLOCK)
    change(session, visit, starts=840, closes=960)
    again = [letter for letter in claim(session, FOUR_O_CLOCK + LATER) if letter.key == first.key]
    assert [letter.message_ids for letter in again] == [(news.id,)]


def test_a_letter_of_which_somebody_holds_a_part_waits_whole(session_factory, now):
    """On PostgreSQL: under its id a reader's program would never show a second part. SQLite has one writer."""
    with session_factory.begin() as session:
        visit_id = promised_visit(session, now=now).id
        queue_reminders(session, now=now)
        tell(session, "town", now=now).due_at = FOUR_O_CLOCK
    with session_factory.begin() as session:
        letters = claim(session, FOUR_O_CLOCK)
        for letter in letters:
            answer(session, letter, Sent.TEMPORARY, FOUR_O_CLOCK)
    sizes = sorted(len(letter.items) for letter in letters)
    assert sizes == [1, 2]
    with session_factory() as other:
        if other.get_bind().dialect.name != "postgresql":
            return
        other.get(Visit, visit_id, with_for_update=True)
        with session_factory.begin() as session:
            assert claim(session, FOUR_O_CLOCK + LATER) == []
    with session_factory.begin() as session:
        assert sorted(len(letter.items) for letter in claim(session, FOUR_O_CLOCK + LATER)) == sizes


def test_what_somebody_holds_does_not_hold_up_what_stands_behind_it(session_factory, now):
    with session_factory.begin() as session:
        visit_id = promised_visit(session, now=now).id
        queue_reminders(session, now=now)
        for message in messages(session, "day_before"):
            message.due_at = now
        behind = tell(session, "wu", now=now).id
    with session_factory() as other:
        if other.get_bind().dialect.name != "postgresql":
            return
        other.get(Visit, visit_id, with_for_update=True)
        with session_factory.begin() as session:
            assert [letter.message_ids for letter in claim(session, now, limit=1)] == [(behind,)]


def test_letters_that_nobody_can_have_seen_are_merged_when_the_server_is_back(session, now):
    tell(session, now=now)
    first = claim_one(session, now)
    answer(session, first, Sent.UNREACHABLE, now, handed_over=False)
    tell(session, now=now + LATER)
    assert [len(letter.items) for letter in claim(session, now + LATER)] == [2]


def test_a_letter_that_somebody_may_have_seen_stays_as_it_was(session, now):
    tell(session, now=now)
    first = claim_one(session, now)
    answer(session, first, Sent.UNREACHABLE, now)
    tell(session, now=now + LATER)
    letters = claim(session, now + LATER)
    assert sorted(len(letter.items) for letter in letters) == [1, 1]
    assert first.key in {letter.key for letter in letters}


def test_what_was_tried_before_is_not_set_free_by_an_attempt_that_was_not_made(session, now):
    tell(session, now=now), tell(session, now=now)
    first = claim_one(session, now)
    later = now + ABANDONED_AFTER + timedelta(seconds=1)
    outbox.requeue_abandoned(session, now=later, resend_is_safe={"email"})  # it may have left
    answer(session, claim_one(session, later), Sent.UNREACHABLE, later, handed_over=False)
    tell(session, now=later)
    assert first.key in {letter.key for letter in claim(session, later + LATER)}


def test_a_message_tried_before_letters_could_carry_several_keeps_its_id(session, now):
    old, new = tell(session, now=now), tell(session, now=now)
    old.state, old.attempts, old.claimed_at, old.claimed_by = MessageState.FAILED, 1, now - LATER, "a"
    session.flush()
    assert sorted(letter.key for letter in claim(session, now)) == sorted([old.key, new.key])


def test_what_dropped_out_of_a_letter_that_has_arrived_since_stands_for_itself(session, now):
    kept, dropped = tell(session, now=now), tell(session, now=now)
    first = claim_one(session, now)
    answer(session, first, Sent.TEMPORARY, now)
    move_message(dropped, MessageState.STALE)
    answer(session, claim_one(session, now + LATER), Sent.ACCEPTED, now + LATER)
    dropped.state, dropped.due_at = MessageState.QUEUED, now + timedelta(hours=2)  # a rule was switched on again
    session.flush()
    again = claim_one(session, now + timedelta(hours=2))
    assert (again.key, again.message_ids) == (dropped.key, (dropped.id,))
    assert kept.state is MessageState.SENT


def test_a_member_sent_again_leaves_alone_under_its_own_key(session, now):
    first, second = tell(session, now=now), tell(session, now=now)
    letter = claim_one(session, now)
    answer(session, letter, Sent.PERMANENT, now, error="550")
    outbox.send_again(session, second.id, actor="xia", now=now + LATER)
    again = claim_one(session, now + LATER)
    assert (again.key, again.message_ids, again.first) == (second.key, (second.id,), False)
    assert first.state is MessageState.DEAD


def test_a_member_called_off_is_left_out_and_the_rest_keeps_the_id(session, now):
    first, second = tell(session, now=now), tell(session, now=now)
    letter = claim_one(session, now)
    answer(session, letter, Sent.TEMPORARY, now)
    outbox.call_off(session, first.id, actor="xia", now=now)
    again = claim_one(session, now + LATER)
    assert (again.key, again.message_ids) == (letter.key, (second.id,))


def queue_to_contact(session, request, number, now):
    """A message to the contact of a request, which is somebody who can be found."""
    key = f"some:{number}:contact:{request.id}:request_received"
    facts = FACTS | SLOT | {"number": str(number)}
    return queue_message(session, kind="request_received", to=contact_of(request), facts=facts, key=key, now=now)


def test_a_changed_address_counts_for_what_is_queued(session, now):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    message = queue_to_contact(session, request, 1, now)
    request.contact_email = "new@example.org"
    session.flush()
    assert claim_one(session, now).recipient == message.recipient == "new@example.org"


def test_a_letter_of_one_reader_keeps_its_id_when_the_reader_moves(session, now):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    queue_to_contact(session, request, 1, now), queue_to_contact(session, request, 2, now)
    first = claim_one(session, now)
    answer(session, first, Sent.TEMPORARY, now)
    request.contact_email = "new@example.org"
    session.flush()
    again = claim_one(session, now + LATER)
    assert (again.key, again.recipient, again.items) == (first.key, "new@example.org", first.items)


def test_who_alone_moves_away_from_a_shared_address_gets_a_letter_of_its_own(session, now):
    requests = [make_request(session, [(WEDNESDAY, 480, 900)], now=now) for _ in range(2)]
    stays, moves = (queue_to_contact(session, each, number, now) for number, each in enumerate(requests))
    first = claim_one(session, now)
    answer(session, first, Sent.TEMPORARY, now)
    requests[1].contact_email = "new@example.org"
    session.flush()
    letters = {letter.recipient: (letter.key, letter.message_ids) for letter in claim(session, now + LATER)}
    assert letters == {"town@example.org": (first.key, (stays.id,)), "new@example.org": (moves.key, (moves.id,))}


@pytest.fixture
def text_messages():
    recipients.use_channels(["email", "sms", "log"])
    yield
    recipients.use_channels(["email", "log"])


def test_a_telephone_number_is_in_the_letter_and_never_in_the_row(session, now, text_messages):
    requests = [make_request(session, [(WEDNESDAY, 480, 900)], now=now, contact_email=None) for _ in range(2)]
    messages = [queue_to_contact(session, requests[number % 2], number, now) for number in range(3)]
    letters = claim(session, now)
    assert [(letter.channel, letter.recipient[-11:], len(letter.items)) for letter in letters] == [
        ("sms", "13800005678", 2),
        ("sms", "13800005678", 1),
    ]
    session.commit()
    assert {session.get_one(Message, each.id).recipient for each in messages} == {PHONE}


def test_a_rule_switched_off_after_queueing_makes_its_messages_stale(session, now, switch_off):
    tell(session, now=now), tell(session, now=now, kind="request_accepted")
    switch_off("request_received")
    assert [item.kind for item in claim_one(session, now).items] == ["request_accepted"]
    assert states(session) == ["stale", "sending"]
    assert session.query(Message).filter_by(kind="request_received").one().last_error == "rule_off"


@pytest.fixture
def switch_off(session):
    """Switches a rule off in its row alone, as another process may do between queueing and claiming."""

    def switch(kind):
        from schedules.models import MessageRule
        from schedules.rulebook import DEFAULTS

        rule = DEFAULTS[kind]
        row = MessageRule(
            kind=kind, enabled=False, audiences=list(rule.audiences), channels=list(rule.channels), lead=None,
            urgent=rule.urgent, changed_by="xia",
        )  # fmt: skip
        session.add(row)
        session.commit()

    return switch


def test_what_arrived_is_sent_no_more(session, now):
    tell(session, now=now), tell(session, now=now)
    assert [len(ids) for ids in send(session, now)] == [2]
    assert claim(session, now + timedelta(hours=3)) == []
