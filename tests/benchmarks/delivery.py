"""How fast due reminders reach a mail server that refuses some, on SQLite and PostgreSQL, and that none is lost.

`python -m tests.benchmarks delivery [--write-readme]`. 10,000 reminders of as many visits are due at once. The mail
server is a process of its own; 2 % of the recipients it refuses once with 451, 1 % always with 550. The sender is
another process, its clock driven over the minutes that a second attempt waits. Afterwards rows and server are compared.
The processor's time is given too, since other programs on the machine lengthen the seconds and not that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import create_engine, func, insert, make_url, select, text
from sqlalchemy.orm import Session

import schedules.models  # noqa: F401 - registers the tables
from schedules.calendar import instant
from schedules.db import Base
from schedules.facts import facts_of_visit
from schedules.models import Message, MessageState, RequestState, Visit, VisitRequest
from tests.benchmarks.measure import HOUSE, machine
from tests.benchmarks.sections import write_section
from tests.factories import make_days, make_request, make_shift, make_visit

MESSAGES = 10_000
FEW = 200
LATER, NEVER = 0.02, 0.01
NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)
FOUR_O_CLOCK = instant(TUESDAY, 960)
CHUNK = 1000


class Delivered(NamedTuple):
    """One run: what the rows say, what the server saw, what the sender took."""

    database: str
    recipients: int
    states: dict[str, int]
    seen: dict[str, float]
    taken: dict[str, Any]

    @property
    def faults(self) -> list[str]:
        """What does not add up."""
        never = round(self.recipients * NEVER) * MESSAGES // self.recipients
        letters = self.recipients - round(self.recipients * NEVER)
        wanted = {"sent": MESSAGES - never, "dead": never}
        return [
            *([f"rows {self.states}"] if self.states != wanted else []),
            *([f"server {self.seen}"] if self.seen["accepted"] != letters or self.seen["distinct"] != letters else []),
        ]


def measure_and_print(*, write_readme: bool) -> int:
    """Measure, print and, if asked, write the table into the README; 1 if a message is unaccounted for."""
    load = os.getloadavg()[0]
    runs = [run for recipients in (MESSAGES, FEW) for run in _on_both(recipients)]
    words = f"{table(runs)}\n\nMeasured on {machine()}; load {load:.1f} before and {os.getloadavg()[0]:.1f} after."
    print(words)
    if write_readme:
        write_section("delivery", words)
    return 1 if any(run.faults for run in runs) else 0


def table(runs: list[Delivered]) -> str:
    """A line for each run."""
    rows = [
        "| database | messages | recipients | letters accepted | undeliverable | seconds | messages/s | "
        "processor: sender, database, mail server, s | messages per second of processor | "
        "sender's memory after 1,000 letters, at the end, at most | faults |",
        "|-|-|-|-|-|-|-|-|-|-|-|",
    ]
    for run in runs:
        seconds, megabytes = run.taken["seconds"], run.taken["megabytes"]
        settled = megabytes[min(4, len(megabytes) - 1)]
        memory = f"{settled:.0f}, {run.taken['end']:.0f}, {max(*megabytes, run.taken['end']):.0f} MB"
        worked = (run.taken["processor"], run.taken["database"], run.seen["processor"])
        rows.append(
            f"| {run.database} | {sum(run.states.values())} | {run.recipients} | {run.seen['accepted']} | "
            f"{run.states.get('dead', 0)} | {seconds:.1f} | {MESSAGES / seconds:.0f} | "
            f"{', '.join(f'{part:.1f}' for part in worked)} | {MESSAGES / sum(worked):.0f} | {memory} | "
            f"{'; '.join(run.faults) or 'none'} |"
        )
    return "\n".join(rows)


def _on_both(recipients: int) -> Iterator[Delivered]:
    with tempfile.TemporaryDirectory() as folder:
        yield _run("SQLite", f"sqlite:///{Path(folder) / 'delivery.sqlite'}", recipients)
    with _postgresql() as url:
        yield _run("PostgreSQL", url, recipients)


def _run(database: str, url: str, recipients: int) -> Delivered:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        furnish(session, recipients)
        session.commit()
    with _mail_server() as server:
        taken = _deliver(url, server)
        seen, _ = server.communicate("")
    with Session(engine) as session:
        found = session.execute(select(Message.state, func.count()).group_by(Message.state)).all()
    engine.dispose()
    states = {state.value: number for state, number in found}
    return Delivered(database, recipients, states, json.loads(seen), taken)


def furnish(session: Session, recipients: int) -> None:
    """As many visits on Wednesday, each with a contact to be reminded on Tuesday at four o'clock."""
    make_days(session, MONDAY, 5)
    wish = make_request(session, [(WEDNESDAY, 480, 900)], now=NOW, state=RequestState.PLANNED)
    visit = make_visit(session, wish, make_shift(session, WEDNESDAY), 570)
    facts = facts_of_visit(visit)
    session.flush()
    for first in range(0, MESSAGES, CHUNK):
        ids = range(1000 + first, 1000 + min(first + CHUNK, MESSAGES))
        session.execute(insert(VisitRequest), [_request(wish, each, recipients) for each in ids])
        session.execute(insert(Visit), [_visit(visit, each) for each in ids])
        session.execute(insert(Message), [_message(visit, each, recipients, facts) for each in ids])


def _address(number: int, recipients: int) -> str:
    place = number % recipients
    for name, share, begins in (("never", NEVER, 0.0), ("later", LATER, NEVER)):
        if begins * recipients <= place < (begins + share) * recipients:
            return f"{name}{place}@example.org"
    return f"town{place}@example.org"


def _row_of(row: Base, **other: Any) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
    return values | other


def _request(wish: VisitRequest, number: int, recipients: int) -> dict[str, Any]:
    return _row_of(wish, id=number, number=f"B-{number}", contact_email=_address(number, recipients))


def _visit(visit: Visit, number: int) -> dict[str, Any]:
    return _row_of(visit, id=number, uid=f"visit-b{number}", request_id=number)


def _message(visit: Visit, number: int, recipients: int, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": f"visit:visit-b{number}:v1:contact:{number}:day_before",
        "kind": "day_before",
        "channel": "email",
        "recipient": _address(number, recipients),
        "recipient_name": "陆燕",
        "locale": "zh_CN",
        "town_id": visit.town_id,
        "visit_id": number,
        "visit_version": 1,
        "request_id": number,
        "facts": facts | {"number": f"B-{number}"},
        "state": MessageState.QUEUED,
        "due_at": FOUR_O_CLOCK,
        "useful_until": instant(WEDNESDAY, 570),
        "attempts": 0,
        "created_at": NOW,
    }


@contextmanager
def _mail_server() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.mail_sink"]
    with subprocess.Popen(command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server
        finally:
            server.kill()


def _deliver(url: str, server: subprocess.Popen[str]) -> dict[str, Any]:
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    command = [sys.executable, "-m", "tests.benchmarks.delivery_child", url, port, FOUR_O_CLOCK.isoformat()]
    child = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    if child.returncode:
        raise RuntimeError(f"The sender failed: {child.stderr[-2000:]}")
    taken: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return taken


@contextmanager
def _postgresql() -> Iterator[str]:
    """A database of its own on the server of TEST_DATABASE_URL, else on one started from its wheel."""
    from tests.chaos.databases import own_server

    if given := os.environ.get("TEST_DATABASE_URL"):
        with _database_on(given) as url:
            yield url
        return
    with own_server() as address, _database_on(address) as url:
        yield url


@contextmanager
def _database_on(address: str) -> Iterator[str]:
    url = make_url(address).set(drivername="postgresql+psycopg")
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"delivery_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        server.dispose()
