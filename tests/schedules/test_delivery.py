"""Delivering: several connections side by side, and what a crash may leave behind."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from schedules.channels import MAIL_CONNECTIONS, LogChannel, Ways, channels_for
from schedules.delivery import MOST_TOGETHER, deliver_once
from schedules.lanes import Lanes, side_by_side
from schedules.mail import SmtpChannel
from schedules.outbox import ABANDONED_AFTER, Letter, Outcome, Sent
from tests.schedules.post_office import open_post_office
from tests.schedules.promised import messages, states
from tests.schedules.queued import tell

LATER = timedelta(minutes=2)


def letter(number: int) -> Letter:
    return Letter(
        f"some:{number}", "email", f"lu{number}@example.org", "陆燕", "zh_CN", (), datetime(2026, 6, 1, tzinfo=UTC)
    )


def queue_many(session_factory, number, now):
    with session_factory.begin() as session:
        for each in range(number):
            tell(session, f"lu{each}", now=now)


class Meeting(LogChannel):
    """A lane that waits in each letter for a letter in every other lane."""

    def __init__(self, barrier: threading.Barrier) -> None:
        super().__init__("email")
        self.barrier = barrier

    def send(self, letter: Letter) -> Outcome:
        self.barrier.wait(20)
        return Outcome(letter, Sent.ACCEPTED)


def test_letters_go_out_side_by_side(session_factory, now):
    queue_many(session_factory, 6, now)
    barrier = threading.Barrier(3)
    lanes = Lanes([Meeting(barrier) for _ in range(3)])
    assert deliver_once(session_factory, {"email": lanes}, now=now, owner="a") == {"accepted": 6}


def test_one_letter_after_another_needs_one_lane():
    used = []

    class Noting(LogChannel):
        def send(self, letter):
            used.append(self)
            return Outcome(letter, Sent.ACCEPTED)

    lanes = Lanes([Noting("email") for _ in range(3)])
    for number in range(4):
        lanes.send(letter(number))
    assert len(set(used)) == 1


def test_a_lane_that_breaks_is_given_back():
    class Breaking(LogChannel):
        def send(self, letter):
            raise RuntimeError("a fault of ours")

    lanes = Lanes([Breaking("email")])
    for number in range(2):  # the second would wait for ever
        with pytest.raises(RuntimeError):
            lanes.send(letter(number))


def test_nobody_runs_ahead_of_whoever_records():
    tried = []

    def attempt(each):
        tried.append(each.key)
        return Outcome(each, Sent.ACCEPTED)

    outcomes = side_by_side(attempt, [letter(number) for number in range(50)], width=3)
    next(outcomes)
    outcomes.close()  # as when the database is gone
    assert len(tried) <= 2 * 3
    assert len(set(tried)) == len(tried)


def test_few_letters_open_few_connections_and_many_no_more_than_allowed(session_factory, now):
    with open_post_office() as (office, server):
        channels = channels_for(Ways(mail=server))
        queue_many(session_factory, 1, now)
        deliver_once(session_factory, channels, now=now, owner="a")
        assert office.connections == 1
        with session_factory.begin() as session:
            for number in range(60):
                tell(session, f"wu{number}", now=now)
        deliver_once(session_factory, channels, now=now, owner="a")
        assert 1 < office.connections <= 1 + 2 * MAIL_CONNECTIONS  # two batches, each closed in between or not
        assert set(office.accepted().values()) == {1}
        assert len(office.mails) == 61


def test_a_server_that_goes_away_is_not_asked_for_every_letter(session_factory, now):
    queue_many(session_factory, 20, now)
    with open_post_office() as (_, server):
        pass  # its port is closed again
    asked = []

    class Counting(SmtpChannel):
        def send(self, letter):
            asked.append(letter.key)
            return super().send(letter)

    lanes = Lanes([Counting(server) for _ in range(3)])
    assert deliver_once(session_factory, {"email": lanes}, now=now, owner="a") == {"unreachable": 20}
    assert len(asked) <= 3
    with session_factory() as session:
        assert {message.bundle for message in messages(session)} == {None}  # nobody can have seen them


class Killed(BaseException):
    """What kills a sender: nothing catches it."""


class Dying(SmtpChannel):
    """Hands so many letters over and takes the process with it before anybody can say so."""

    def __init__(self, server, letters):
        super().__init__(server)
        self.letters = letters

    def send(self, letter):
        outcome = super().send(letter)
        self.letters -= 1
        if not self.letters:
            raise Killed
        return outcome


@pytest.mark.parametrize("number", [1, 7, MOST_TOGETHER, 25])
def test_a_crash_leaves_few_letters_of_which_nobody_knows(session_factory, now, number):
    queue_many(session_factory, 30, now)
    with open_post_office() as (office, server):
        with pytest.raises(Killed):
            deliver_once(session_factory, {"email": Dying(server, number)}, now=now, owner="a")
        with session_factory() as session:
            assert number - MOST_TOGETHER <= states(session).count("sent") <= number - 1
        later = now + ABANDONED_AFTER + timedelta(seconds=1)
        deliver_once(session_factory, {"email": SmtpChannel(server)}, now=later, owner="b")
        accepted = office.accepted()
        assert (len(accepted), max(accepted.values()) <= 2) == (30, True)
        assert sum(accepted.values()) <= 30 + MOST_TOGETHER


def test_where_sending_twice_does_harm_each_letter_is_recorded_before_the_next(session_factory, now):
    queue_many(session_factory, 5, now)
    recorded = []

    class Unsafe(LogChannel):
        resend_is_safe = False

        def send(self, letter):
            with session_factory() as session:
                recorded.append(states(session).count("sent"))
            return super().send(letter)

    deliver_once(session_factory, {"email": Unsafe("email")}, now=now, owner="a")
    assert recorded == [0, 1, 2, 3, 4]
