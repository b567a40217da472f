"""When letters leave: quiet hours, and one digest per person instead of five letters in an hour, but never too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schedules.calendar import instant
from schedules.models import MessageState
from schedules.outbox import Sent
from schedules.reminders import queue_reminders
from tests.schedules.promised import MONDAY, TUESDAY, WEDNESDAY, promised_visit
from tests.schedules.queued import answer, claim, claim_one, send, tell, use_numbers

SEVEN = instant(TUESDAY, 7 * 60)


def at(minutes, day=MONDAY):
    return instant(day, minutes)


def test_news_within_the_hour_waits_and_comes_as_one_digest(session, now):
    first = tell(session, now=now)
    assert send(session, now) == [[first.id]]
    later = [tell(session, now=now + timedelta(minutes=minutes)) for minutes in (10, 20, 30)]
    for minutes in (10, 20, 30, 59):
        assert claim(session, now + timedelta(minutes=minutes)) == []
    assert {(each.state, each.due_at, each.last_error) for each in later} == {
        (MessageState.QUEUED, now + timedelta(minutes=60), "waits_for_digest")
    }
    assert send(session, now + timedelta(minutes=60)) == [[each.id for each in later]]
    assert {each.last_error for each in later} == {None}


def test_after_the_hour_news_goes_at_once(session, now):
    tell(session, now=now)
    send(session, now)
    tell(session, now=now)
    assert len(send(session, now + timedelta(minutes=60))) == 1


def test_somebody_elses_letter_makes_nobody_wait(session, now):
    tell(session, "lu", now=now)
    send(session, now)
    tell(session, "wu", now=now)
    assert len(send(session, now)) == 1


def test_a_letter_being_sent_makes_news_wait_too(session, now):
    tell(session, now=now)
    claim_one(session, now)
    tell(session, now=now)
    assert claim(session, now, "b") == []


def test_a_letter_that_failed_makes_nobody_wait(session, now):
    tell(session, now=now)
    answer(session, claim_one(session, now), Sent.PERMANENT, now)
    tell(session, now=now)
    assert len(send(session, now)) == 1


def test_without_digest_minutes_nothing_waits(session, now):
    use_numbers(session, digest_minutes=0)
    for _ in range(2):
        tell(session, now=now)
        assert len(send(session, now)) == 1


def test_urgent_news_neither_waits_nor_makes_others_wait(session, now):
    tell(session, now=now, kind="moved")
    assert len(send(session, now)) == 1
    tell(session, now=now)
    assert len(send(session, now)) == 1
    tell(session, now=now, kind="moved")
    assert len(send(session, now)) == 1


def test_news_that_the_digest_would_bring_too_late_goes_at_once(session, now):
    tell(session, now=now)
    send(session, now)
    soon = now + timedelta(hours=2, minutes=59)  # an hour's wait leaves no two hours to act
    late = tell(session, now=now, useful_until=soon)
    assert send(session, now) == [[late.id]]
    tell(session, now=now, useful_until=now + timedelta(hours=3))
    assert send(session, now) == []


def test_whoever_must_go_takes_along_whoever_waits(session, now):
    tell(session, now=now)
    send(session, now)
    waiting = tell(session, now=now)
    assert send(session, now) == []
    hurried = tell(session, now=now, useful_until=now + timedelta(hours=2))
    assert sorted(send(session, now + timedelta(minutes=5))[0]) == sorted([waiting.id, hurried.id])


def test_nobody_waits_for_a_second_digest(session, now):
    tell(session, now=now)
    send(session, now)
    waiting = tell(session, now=now)
    claim(session, now)
    other = tell(session, now=now, kind="request_accepted")
    other.state, other.sent_at = MessageState.SENT, now + timedelta(minutes=50)  # left while this one was held
    session.flush()
    assert send(session, now + timedelta(minutes=60)) == [[waiting.id]]


def test_what_stands_on_the_call_list_waits_for_nothing(session):
    night = at(23 * 60)
    for _ in range(2):
        tell(session, now=night, email=None)
        assert len(send(session, night)) == 1


def test_a_night_of_news_is_one_letter_in_the_morning(session):
    news = [tell(session, now=at(minutes)) for minutes in (21 * 60, 23 * 60, 23 * 60 + 59)]
    assert send(session, at(23 * 60 + 59)) == []
    assert {each.due_at for each in news} == {SEVEN}
    assert {each.last_error for each in news} == {"waits_for_morning"}
    news.append(tell(session, now=at(5, TUESDAY)))
    assert send(session, SEVEN - timedelta(seconds=1)) == []
    assert [sorted(ids) for ids in send(session, SEVEN)] == [[each.id for each in news]]


@pytest.mark.parametrize(("minutes", "leaves"), [(20 * 60 + 59, 1), (21 * 60, 0), (6 * 60 + 59, 0), (7 * 60, 1)])
def test_quiet_hours_begin_and_end_on_the_minute(session, minutes, leaves):
    tell(session, now=at(minutes))
    assert len(send(session, at(minutes))) == leaves


def test_urgent_news_goes_in_the_night(session):
    tell(session, now=at(23 * 60), kind="cancelled")
    assert len(send(session, at(23 * 60))) == 1


def test_news_for_the_early_morning_goes_in_the_night(session):
    tell(session, now=at(22 * 60), useful_until=at(8 * 60 + 59, TUESDAY))
    assert len(send(session, at(22 * 60))) == 1
    tell(session, "wu", now=at(22 * 60), useful_until=at(9 * 60, TUESDAY))
    assert send(session, at(22 * 60)) == []


def test_a_second_attempt_keeps_quiet_too(session):
    tell(session, now=at(20 * 60 + 59))
    first = claim_one(session, at(20 * 60 + 59))
    answer(session, first, Sent.TEMPORARY, at(20 * 60 + 59))
    assert claim(session, at(21 * 60 + 5)) == []
    assert claim_one(session, SEVEN).key == first.key


def test_equal_ends_mean_no_quiet_hours(session):
    use_numbers(session, quiet_from=0, quiet_until=0)
    tell(session, now=at(23 * 60))
    assert len(send(session, at(23 * 60))) == 1


def test_quiet_hours_may_lie_within_a_day(session):
    use_numbers(session, quiet_from=12 * 60, quiet_until=13 * 60)
    news = tell(session, now=at(12 * 60 + 30))
    assert send(session, at(12 * 60 + 30)) == []
    assert news.due_at == at(13 * 60)


def test_a_digest_due_in_the_quiet_comes_before_it_rather_than_in_the_morning(session):
    tell(session, now=at(20 * 60 + 30))
    send(session, at(20 * 60 + 30))
    news = tell(session, now=at(20 * 60 + 40))
    assert send(session, at(20 * 60 + 40)) == []
    assert news.due_at == at(20 * 60 + 55)
    assert send(session, at(20 * 60 + 55)) == [[news.id]]


def test_a_reminder_of_the_day_before_does_not_wait_until_the_morning_says_the_same(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    evening = instant(TUESDAY, 22 * 60)
    assert sorted(item.kind for letter in claim(session, evening) for item in letter.items) == ["day_before"] * 2


def test_the_reminder_of_the_morning_is_in_time_whatever_was_sent_before(session, now):
    promised_visit(session, now=now)
    queue_reminders(session, now=now)
    use_numbers(session, quiet_from=0, quiet_until=0)
    early = instant(WEDNESDAY, 6 * 60 + 30)
    tell(session, "town", now=early)
    send(session, early)
    kinds = [item.kind for letter in claim(session, instant(WEDNESDAY, 7 * 60)) for item in letter.items]
    assert kinds == ["morning_of"] * 2
