"""Testing a channel by a message that goes the way of all messages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import channel_tests
from schedules.channel_records import records
from schedules.channels import LogChannel, Ways, channels_for
from schedules.delivery import deliver_once
from schedules.errors import BadEmail, BadPhone, TooManyTests
from schedules.group_bots import Bot
from schedules.models import Message, MessageState
from schedules.recipients import Person, present_address
from tests.schedules.services import Reply, Service, always, open_service

ZHOU = Person("coordinator:7", "周敏", "zhou@example.org", phone_known=True)
Sessions = sessionmaker[Session]


@pytest.fixture
def group():
    with open_service(always(Reply(fields={"errcode": 0, "errmsg": "ok"}))) as service:
        yield service


def ask(sessions: Sessions, channel: str, now: datetime, to: Person = ZHOU) -> int:
    """A test that is queued."""
    with sessions.begin() as session:
        return channel_tests.send_test(session, channel, to, actor="zhou", now=now).id


def deliver(sessions: Sessions, service: Service, now: datetime) -> None:
    ways = Ways(wecom=Bot(f"{service.url}/send?key=0123456789abcdef", timeout=0.5))
    deliver_once(sessions, channels_for(ways), now=now, owner="test")


def test_a_test_keeps_its_channel_whatever_way_there_is_to_the_person(session: Session, now: datetime) -> None:
    messages = [
        channel_tests.send_test(session, name, ZHOU, actor="zhou", now=now) for name in ("wecom", "email", "sms")
    ]
    assert [present_address(session, message) for message in messages] == [
        ("wecom", "group"),
        ("email", "zhou@example.org"),
        ("sms", "phone"),
    ]


def test_a_test_leaves_in_quiet_hours_too(session_factory: Sessions, group: Service, now: datetime) -> None:
    night = now + timedelta(hours=16)  # midnight
    ask(session_factory, "wecom", night)
    deliver(session_factory, group, night)
    assert len(group.calls) == 1


def test_a_test_whose_answer_does_not_come_is_uncertain_and_not_repeated(
    session_factory: Sessions, group: Service, now: datetime
) -> None:
    group.judge = always(Reply(cut=True))
    test = ask(session_factory, "wecom", now)
    for minutes in (0, 5, 30):
        deliver(session_factory, group, now + timedelta(minutes=minutes))
    with session_factory() as session:
        message = session.get_one(Message, test)
        assert (message.state, message.last_error) == (MessageState.UNKNOWN, "connection_lost")
    assert len(group.calls) == 1


def test_a_test_that_could_not_leave_within_the_hour_does_not_leave_any_more(
    session_factory: Sessions, group: Service, now: datetime
) -> None:
    test = ask(session_factory, "wecom", now)
    deliver(session_factory, group, now + timedelta(hours=1))
    with session_factory() as session:
        assert session.get_one(Message, test).state is MessageState.TOO_LATE
    assert group.calls == []


@pytest.mark.parametrize(("channel", "error"), [("email", BadEmail), ("sms", BadPhone)])
def test_nobody_is_tested_whom_the_channel_does_not_reach(
    session: Session, now: datetime, channel: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        channel_tests.send_test(session, channel, Person("coordinator:7", "周敏", None), actor="zhou", now=now)
    assert session.scalars(select(Message)).all() == []


def test_the_limit_is_each_actor_s_own(session: Session, now: datetime) -> None:
    for _ in range(5):
        channel_tests.send_test(session, "wecom", ZHOU, actor="zhou", now=now)
    channel_tests.send_test(session, "wecom", ZHOU, actor="wu", now=now)
    with pytest.raises(TooManyTests):
        channel_tests.send_test(session, "wecom", ZHOU, actor="zhou", now=now)


def test_a_channel_fails_until_it_sends_again(session_factory: Sessions, group: Service, now: datetime) -> None:
    group.judge = always(Reply(200, {"errcode": 93000, "errmsg": "invalid webhook url"}))
    ask(session_factory, "wecom", now)
    deliver(session_factory, group, now)
    with session_factory() as session:
        failing = records(session, now=now)["wecom"]
    group.judge = always(Reply(fields={"errcode": 0}))
    later = now + timedelta(minutes=1)
    ask(session_factory, "wecom", later)
    deliver(session_factory, group, later)
    with session_factory() as session:
        mended = records(session, now=later)["wecom"]
    assert (failing.is_failing, failing.last_failed_at, failing.last_error) == (
        True,
        now,
        "wecom 93000: invalid webhook url",
    )
    assert (mended.is_failing, mended.last_sent_at, mended.last_failed_at) == (False, later, now)


def test_the_log_stands_in_for_a_mail_server(session_factory: Sessions, now: datetime) -> None:
    test = ask(session_factory, "email", now)
    deliver_once(session_factory, {"email": LogChannel("email")}, now=now, owner="test")
    with session_factory() as session:
        assert session.get_one(Message, test).state is MessageState.SENT
