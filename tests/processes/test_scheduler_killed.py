"""A real scheduler process, killed while it delivers: no message is lost and none arrives under a second id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from schedules.channels import MAIL_CONNECTIONS
from schedules.delivery import MOST_TOGETHER
from schedules.mail import MailServer, message_id_of
from schedules.models import Lease, Message, MessageState
from schedules.outbox import ABANDONED_AFTER
from schedules.recipients import Person
from schedules.reminders import queue_message
from tests.schedules.post_office import PostOffice, open_post_office
from van_service.commands.scheduler import CLOCK_SECONDS

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
NUMBER = 40
IN_FLIGHT = MOST_TOGETHER + 2 * MAIL_CONNECTIONS
FACTS = {"number": "1", "venue_zh": "杏园", "venue_en": "Xingyuan", "town_zh": "四团", "town_en": "Situan"}


@pytest.fixture
def post() -> Iterator[tuple[PostOffice, MailServer]]:
    with open_post_office() as (office, server):
        yield office, server


@pytest.fixture
def start(
    database_url: str, tmp_path: Path, post: tuple[PostOffice, MailServer]
) -> Iterator[Callable[[], subprocess.Popen]]:
    """Starts scheduler processes on the test's database and mail server, and ends them with the test."""
    _, server = post
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(tmp_path / "instance"),
        "MAIL_HOST": server.host,
        "MAIL_PORT": str(server.port),
        "MAIL_FROM": "van@example.org",
        "TICK_SECONDS": "0.2",
        "SCHEDULER_LEASE_SECONDS": "2",
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "scheduler", "run"]
    started: list[subprocess.Popen] = []

    def begin() -> subprocess.Popen:
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def queue_letters(session_factory: sessionmaker[Session]) -> set[str]:
    """Messages that are due now; the ids under which they must arrive."""
    keys = [f"test:{number}" for number in range(NUMBER)]
    with session_factory.begin() as session:
        for key in keys:
            to = Person("contact:1", "陆燕", f"{key.replace(':', '')}@example.org")
            queue_message(session, kind="request_received", to=to, facts=FACTS, key=key, now=datetime.now(UTC))
    return {message_id_of(key, domain="example.org") for key in keys}


def until(fact: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    ends = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.02)


def end(process: subprocess.Popen, number: signal.Signals) -> None:
    """Tell a process to end, and see that it calls that a success."""
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0


def count(session_factory: sessionmaker[Session], state: MessageState) -> int:
    with session_factory() as session:
        return session.scalar(select(func.count()).select_from(Message).where(Message.state == state)) or 0


def holder(session_factory: sessionmaker[Session]) -> str | None:
    with session_factory() as session:
        return session.scalar(select(Lease.owner))


def test_a_scheduler_killed_while_it_delivers_loses_and_doubles_nothing(session_factory, start, post):
    office, _ = post
    ids = queue_letters(session_factory)
    first = start()
    until(lambda: len(office.mails) >= 10)
    first.kill()  # SIGKILL, in the middle of its batch
    first.wait()
    assert count(session_factory, MessageState.SENT) < NUMBER
    with session_factory.begin() as session:  # as if the minutes had passed after which a sender counts as dead
        dead_since = datetime.now(UTC) - ABANDONED_AFTER - timedelta(seconds=1)
        sending = Message.state == MessageState.SENDING
        session.execute(update(Message).where(sending).values(claimed_at=dead_since))
    second = start()
    until(lambda: count(session_factory, MessageState.SENT) == NUMBER)
    end(second, signal.SIGINT)
    accepted = office.accepted()
    assert set(accepted) == ids
    assert sum(accepted.values()) <= NUMBER + IN_FLIGHT  # those between the server's yes and our record of it


def test_a_second_scheduler_takes_over_from_one_that_was_killed_and_gives_the_lease_back(session_factory, start, post):
    office, _ = post
    first = start()
    until(lambda: holder(session_factory) is not None)
    owner = holder(session_factory)
    second = start()
    first.kill()
    first.wait()
    queue_letters(session_factory)
    until(lambda: len(office.mails) == NUMBER)
    assert holder(session_factory) not in (owner, None)
    assert set(office.accepted().values()) == {1}
    end(second, signal.SIGTERM)
    assert holder(session_factory) is None


def test_a_scheduler_that_was_stopped_for_long_goes_on_when_it_is_let_go_on(session_factory, start, post):
    office, _ = post
    process = start()
    until(lambda: holder(session_factory) is not None)
    process.send_signal(signal.SIGSTOP)
    time.sleep(CLOCK_SECONDS + 1)  # longer than anything in it waits
    process.send_signal(signal.SIGCONT)
    queue_letters(session_factory)
    until(lambda: len(office.mails) == NUMBER)
    end(process, signal.SIGTERM)
