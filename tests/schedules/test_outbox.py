"""The outbox at work: claimed once, judged at the last moment, recorded, retried, and never silently lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from schedules import outbox
from schedules.calendar import instant
from schedules.crew_tours import queue_crew_tours
from schedules.errors import MoveNotAllowed, NotFound
from schedules.models import AuditRow, Message, MessageState, Visit, VisitState
from schedules.outbox import ABANDONED_AFTER, MOST_ATTEMPTS
from schedules.recipients import Person
from schedules.reminders import queue_message, queue_reminders, queue_visit_messages
from schedules.transmissions import Outcome, Sent
from tests.schedules.promised import (
    HALF_PAST_NINE,
    TUESDAY,
    WEDNESDAY,
    cancel,
    change,
    messages,
    promised_visit,
    states,
)

FOUR_O_CLOCK = instant(TUESDAY, 960)


def queue_some(session, number, *, now, channel="email"):
    """Messages that hang on nothing, each due at once."""
    for each in range(number):
        to = Person(f"contact:{each}", "陆燕", f"lu{each}@example.org" if channel == "email" else None)
        queue_message(session, kind="request_received", to=to, facts={}, key=f"some:{each}", now=now)
    session.flush()


def claim_one(session, now, owner="a"):
    (letter,) = outbox.claim(session, now=now, owner=owner)
    return letter


def answer(session, letter, result, now, error=None):
    outbox.record(session, [Outcome(letter, result, "id" if result is Sent.ACCEPTED else None, error)], now=now)


def test_only_what_is_due_is_claimed(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    assert outbox.claim(session, now=FOUR_O_CLOCK - timedelta(seconds=1), owner="a") == []
    assert [letter.items[0].kind for letter in outbox.claim(session, now=FOUR_O_CLOCK, owner="a")] == ["day_before"] * 2


def test_a_claimed_message_is_not_claimed_again(session, now):
    queue_some(session, 1, now=now)
    claim_one(session, now)
    assert outbox.claim(session, now=now, owner="b") == []


def test_two_senders_claiming_at_once_never_overlap(session_factory, now):
    with session_factory.begin() as session:
        queue_some(session, 6, now=now)

    def claim(owner):
        with session_factory.begin() as session:
            return [letter.key for letter in outbox.claim(session, now=now, owner=owner, limit=2)]

    with ThreadPoolExecutor(4) as pool:
        claimed = [key for keys in pool.map(claim, "abcdefgh") for key in keys]
    claimed += [key for owner in "ijk" for key in claim(owner)]
    assert sorted(claimed) == sorted(f"some:{number}" for number in range(6))


def test_a_sent_message_keeps_the_providers_id(session, now):
    queue_some(session, 1, now=now)
    answer(session, claim_one(session, now), Sent.ACCEPTED, now)
    (message,) = messages(session)
    assert (message.state, message.provider_id, message.sent_at, message.attempts) == (MessageState.SENT, "id", now, 1)


@pytest.mark.parametrize("kind", ["published", "moved"])
def test_news_of_a_moved_visit_is_never_sent(session, now, kind):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, kind, now=now, before={})
    change(session, visit, starts=600)
    assert outbox.claim(session, now=now, owner="a") == []
    assert states(session, kind) == ["stale", "stale"]


def test_a_moved_visits_old_reminder_is_never_sent(session, now):
    visit = promised_visit(session, now=now)
    queue_reminders(session, now=now)
    change(session, visit, starts=600)
    assert outbox.claim(session, now=FOUR_O_CLOCK, owner="a") == []
    assert set(states(session, "day_before")) == {"stale"}


def test_a_visit_moved_between_two_claims_takes_its_reminder_with_it(session_factory, now):
    with session_factory.begin() as session:
        visit_id = promised_visit(session, now=now).id
        queue_reminders(session, now=now)
    with session_factory.begin() as session:
        change(session, session.get(Visit, visit_id), day=date(2026, 6, 4))
    with session_factory.begin() as session:
        assert outbox.claim(session, now=FOUR_O_CLOCK, owner="a") == []


def test_a_visit_that_is_being_changed_is_passed_over_until_that_is_done(session_factory, now):
    """On PostgreSQL another transaction may hold the visit while messages are claimed; SQLite has one writer."""
    with session_factory.begin() as session:
        visit_id = promised_visit(session, now=now).id
        queue_reminders(session, now=now)
    with session_factory() as moving:
        if moving.get_bind().dialect.name != "postgresql":
            return
        change(moving, moving.get(Visit, visit_id), starts=600)
        with session_factory.begin() as claiming:
            assert outbox.claim(claiming, now=FOUR_O_CLOCK, owner="a") == []
        moving.commit()
    with session_factory.begin() as claiming:
        assert outbox.claim(claiming, now=FOUR_O_CLOCK, owner="a") == []
        assert states(claiming, "day_before")[:2] == ["stale", "stale"]


def test_a_cancelled_visits_reminder_is_never_sent(session, now):
    visit = promised_visit(session, now=now)
    queue_reminders(session, now=now)
    cancel(session, visit)
    assert outbox.claim(session, now=instant(WEDNESDAY, 420), owner="a") == []
    assert set(states(session)) == {"stale"}


def test_news_that_waits_when_the_visit_is_confirmed_is_still_told_once(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    change(session, visit, state=VisitState.CONFIRMED)
    letters = outbox.claim(session, now=now, owner="a")
    assert [letter.key.split(":")[2] for letter in letters] == ["v2", "v2"]
    assert states(session, "published") == ["stale", "stale", "sending", "sending"]


def test_a_reminder_due_while_its_visit_is_confirmed_is_sent_for_the_new_version(session, now):
    visit = promised_visit(session, now=now)
    queue_reminders(session, now=now)
    change(session, visit, state=VisitState.CONFIRMED)
    letters = outbox.claim(session, now=FOUR_O_CLOCK, owner="a")
    assert [letter.key.split(":")[2] for letter in letters] == ["v2", "v2"]


def test_after_an_outage_the_morning_reminder_covers_the_one_of_the_day_before(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    letters = outbox.claim(session, now=instant(WEDNESDAY, 450), owner="a")
    assert [letter.items[0].kind for letter in letters] == ["morning_of", "morning_of"]


def test_a_reminder_that_comes_after_the_start_is_too_late_and_on_the_call_list(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    session.commit()
    assert outbox.claim(session, now=instant(WEDNESDAY, HALF_PAST_NINE), owner="a") == []
    assert {message.state for message in outbox.problems(session)} == {MessageState.TOO_LATE}
    assert len(outbox.problems(session)) == 4


def test_a_tour_that_changed_is_stale_and_the_tick_makes_the_new_one(session, now):
    visit = promised_visit(session, now=now)
    queue_crew_tours(session, now=now)
    change(session, visit, starts=600)
    queue_crew_tours(session, now=now)
    letters = outbox.claim(session, now=instant(TUESDAY, 1080), owner="a")
    assert [letter.items[0].facts["stops"][0]["starts"] for letter in letters] == [600, 600]
    assert sorted(states(session)) == ["sending", "sending", "stale", "stale"]


def test_temporary_failures_come_back_ever_later_and_then_the_message_is_dead(session, now):
    queue_some(session, 1, now=now)
    moment, delays = now, []
    for _ in range(MOST_ATTEMPTS):
        answer(session, claim_one(session, moment), Sent.TEMPORARY, moment, "451 full")
        (message,) = messages(session)
        delays.append((message.due_at - moment).total_seconds() / 60)
        moment = max(moment, message.due_at)
    assert (message.state, message.last_error, message.attempts) == (MessageState.DEAD, "451 full", MOST_ATTEMPTS)
    # 1, 2, 4 ... 60 minutes, each a quarter more or less
    nominal = (1, 2, 4, 8, 16, 32, 60)
    assert [name for name, delay in zip(nominal, delays, strict=False) if not 0.75 * name <= delay <= 1.25 * name] == []


def test_letters_refused_together_do_not_come_back_together(session, now):
    queue_some(session, 5, now=now)
    for letter in outbox.claim(session, now=now, owner="a"):
        answer(session, letter, Sent.TEMPORARY, now)
    assert len({message.due_at for message in messages(session)}) == 5


def test_a_permanent_refusal_kills_at_once(session, now):
    queue_some(session, 1, now=now)
    answer(session, claim_one(session, now), Sent.PERMANENT, now, "550 no such user")
    assert [(message.state.value, message.last_error) for message in outbox.problems(session)] == [
        ("dead", "550 no such user")
    ]


def test_a_server_that_is_away_for_hours_uses_up_no_attempts(session, now):
    queue_some(session, 1, now=now)
    for minutes in range(0, 600, 10):
        moment = now + timedelta(minutes=minutes)
        answer(session, claim_one(session, moment), Sent.UNREACHABLE, moment)
    assert [(message.state.value, message.attempts) for message in messages(session)] == [("failed", 0)]


def test_a_letter_not_tried_goes_back(session, now):
    queue_some(session, 1, now=now)
    answer(session, claim_one(session, now), Sent.KEPT, now)
    assert len(outbox.claim(session, now=now, owner="b")) == 1


def test_an_outcome_waits_for_whoever_has_the_row_and_is_not_lost(session_factory, now):
    with session_factory.begin() as session:
        queue_some(session, 1, now=now)
    with session_factory.begin() as session:
        letter = claim_one(session, now)

    def write_down():
        with session_factory.begin() as session:
            answer(session, letter, Sent.ACCEPTED, now)

    with ThreadPoolExecutor() as pool:
        with session_factory.begin() as other:
            other.execute(update(Message).values(recipient_name="吴"))
            written = pool.submit(write_down)
        written.result()
    with session_factory() as session:
        assert states(session) == ["sent"]


def test_what_a_dead_sender_left_is_sent_again_where_that_is_safe(session, now):
    queue_some(session, 1, now=now)
    first = claim_one(session, now)
    later = now + ABANDONED_AFTER + timedelta(seconds=1)
    assert outbox.requeue_abandoned(session, now=later, resend_is_safe={"email"}) == 1
    assert claim_one(session, later, "b").key == first.key


def test_what_a_dead_sender_left_is_unknown_where_nobody_can_tell(session, now):
    queue_some(session, 1, now=now)
    claim_one(session, now)
    later = now + ABANDONED_AFTER + timedelta(seconds=1)
    outbox.requeue_abandoned(session, now=later, resend_is_safe=set())
    assert outbox.claim(session, now=later, owner="b") == []
    assert [(message.state.value, message.last_error) for message in outbox.problems(session)] == [
        ("unknown", "sender_died")
    ]


def test_a_sender_at_work_is_left_alone(session, now):
    queue_some(session, 1, now=now)
    claim_one(session, now)
    assert outbox.requeue_abandoned(session, now=now + ABANDONED_AFTER, resend_is_safe={"email"}) == 0


def test_an_outcome_that_comes_after_the_message_was_taken_back_changes_nothing(session, now):
    queue_some(session, 1, now=now)
    letter = claim_one(session, now)
    outbox.requeue_abandoned(session, now=now + timedelta(hours=1), resend_is_safe=set())
    answer(session, letter, Sent.TEMPORARY, now)
    assert states(session) == ["unknown"]


def test_a_person_may_send_a_dead_message_again_and_that_is_written_down(session, now):
    queue_some(session, 1, now=now)
    letter = claim_one(session, now)
    answer(session, letter, Sent.PERMANENT, now, "550")
    outbox.send_again(session, letter.message_ids[0], actor="xia", now=now)
    assert len(outbox.claim(session, now=now, owner="a")) == 1
    assert [(row.actor, row.verb) for row in session.query(AuditRow)] == [("xia", "send_again")]


def test_a_sent_message_cannot_be_sent_again(session, now):
    queue_some(session, 1, now=now)
    letter = claim_one(session, now)
    answer(session, letter, Sent.ACCEPTED, now)
    with pytest.raises(MoveNotAllowed):
        outbox.send_again(session, letter.message_ids[0], actor="xia", now=now)
    with pytest.raises(NotFound):
        outbox.send_again(session, 999, actor="xia", now=now)


def test_a_message_being_sent_cannot_be_queued_again_under_its_senders_hands(session, now):
    queue_some(session, 1, now=now)
    letter = claim_one(session, now)
    with pytest.raises(MoveNotAllowed):
        outbox.send_again(session, letter.message_ids[0], actor="xia", now=now)
    assert states(session) == ["sending"]


def test_upcoming_shows_a_week_in_order_and_leaves_out_what_is_stale(session, now):
    visit = promised_visit(session, now=now)
    promised_visit(session, now=now, day=date(2026, 6, 30))
    queue_reminders(session, now=now)
    assert [message.kind for message in outbox.upcoming(session, now)] == ["day_before"] * 2 + ["morning_of"] * 2
    change(session, visit, starts=600)
    assert outbox.upcoming(session, now) == []


def test_people_without_an_address_are_on_the_call_list_while_the_visit_stands(session, now):
    visit = promised_visit(session, now=now, contact_email=None)
    queue_visit_messages(session, visit, "published", now=now)
    for letter in outbox.claim(session, now=now, owner="a"):
        answer(session, letter, Sent.ACCEPTED, now)
    assert [message.recipient for message in outbox.problems(session)] == ["phone"]
    change(session, visit, state=VisitState.CANCELLED)
    assert outbox.problems(session) == []


def test_no_message_is_ever_in_two_states_or_none(session, now):
    queue_some(session, 3, now=now)
    before = session.query(Message).count()
    for letter, result in zip(
        outbox.claim(session, now=now, owner="a"), (Sent.ACCEPTED, Sent.TEMPORARY, Sent.PERMANENT), strict=True
    ):
        answer(session, letter, result, now)
    assert (before, sorted(states(session))) == (3, ["dead", "failed", "sent"])
