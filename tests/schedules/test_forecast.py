"""What is foretold of waiting messages is what happens to them when the time comes."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from schedules.calendar import instant
from schedules.forecast import forecast
from schedules.models import Message
from tests.schedules.promised import MONDAY, TUESDAY
from tests.schedules.queued import send, tell, use_numbers

MINUTE = timedelta(minutes=1)


def told(session, messages, now):
    """What is foretold: when each leaves, and with how many others."""
    return {id_: (each.at, each.others) for id_, each in forecast(session, messages, now=now).items()}


def seen(session, now, minutes):
    """What happens while the clock is put forward minute by minute and everything sent arrives."""
    found = {}
    for step in range(minutes):
        at = now + step * MINUTE
        for letter in send(session, at):
            found |= {id_: (at, len(letter) - 1) for id_ in letter}
    return found


def test_what_is_due_together_goes_together(session, now):
    three = [tell(session, now=now, due_at=now + 30 * MINUTE) for _ in range(3)]
    other = tell(session, "wu", now=now, due_at=now + 30 * MINUTE)
    assert told(session, [*three, other], now) == {
        **{each.id: (now + 30 * MINUTE, 2) for each in three},
        other.id: (now + 30 * MINUTE, 0),
    }


def test_the_next_within_the_hour_waits_for_the_digest(session, now):
    first = tell(session, now=now, due_at=now + 10 * MINUTE)
    second = tell(session, now=now, due_at=now + 20 * MINUTE)
    found = forecast(session, [first, second], now=now)
    assert (found[first.id].at, found[first.id].waits_for) == (now + 10 * MINUTE, None)
    assert (found[second.id].at, found[second.id].waits_for) == (now + 70 * MINUTE, "waits_for_digest")


def test_what_falls_into_quiet_hours_waits_for_the_morning(session, now):
    message = tell(session, now=now, due_at=instant(MONDAY, 22 * 60))
    found = forecast(session, [message], now=now)[message.id]
    assert (found.at, found.waits_for) == (instant(TUESDAY, 7 * 60), "waits_for_morning")


def test_what_is_urgent_waits_for_nothing_and_has_no_company(session, now):
    at = instant(MONDAY, 22 * 60)
    several = [tell(session, now=now, kind="moved", due_at=at) for _ in range(2)]
    assert told(session, several, now) == {each.id: (at, 0) for each in several}


def test_what_goes_to_the_call_list_disturbs_nobody(session, now):
    at = instant(MONDAY, 22 * 60)
    several = [tell(session, now=now, email=None, due_at=at) for _ in range(2)]
    assert told(session, several, now) == {each.id: (at, 0) for each in several}


def test_a_letter_sent_before_counts(session, now):
    tell(session, now=now)
    send(session, now)
    message = tell(session, now=now + 5 * MINUTE)
    assert told(session, [message], now + 5 * MINUTE)[message.id] == (now + 60 * MINUTE, 0)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_foretold_happens(session, now, seed):
    """Random news to three people over an afternoon and a night, in two languages, by rules of several sorts."""
    chance = random.Random(seed)
    use_numbers(session, digest_minutes=chance.choice((0, 20, 60)), quiet_from=13 * 60, quiet_until=15 * 60)
    messages: list[Message] = [
        tell(
            session,
            chance.choice(("lu", "wu", "hu")),
            now=now,
            kind=chance.choice(("request_received", "request_received", "moved")),
            locale=chance.choice(("zh_CN", "en")),
            due_at=now + chance.randrange(0, 420, 10) * MINUTE,
        )
        for _ in range(24)
    ]
    foretold = told(session, messages, now)
    assert seen(session, now, 540) == foretold
