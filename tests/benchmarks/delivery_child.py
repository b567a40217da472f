"""The sending process of the delivery benchmark: delivers everything that is due, driving the clock over the back-offs.

`python -m tests.benchmarks.delivery_child DATABASE_URL PORT NOW` prints what it took as a line of JSON. It is a process
of its own so that its memory is the sender's alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from schedules.channels import Ways, channels_for
from schedules.delivery import deliver_once
from schedules.mail import MailServer
from schedules.models import Message
from schedules.reminders import WAITING

STEP = timedelta(minutes=2)
"""More than the first back-off with its jitter."""
SAMPLE_EVERY = 250


class Watch:
    """Looks at this process's memory every so many letters, by being asked whether to stop."""

    def __init__(self) -> None:
        self.letters = 0
        self.megabytes: list[float] = []

    def __call__(self) -> bool:
        if self.letters % SAMPLE_EVERY == 0:
            self.megabytes.append(resident())
        self.letters += 1
        return False


def resident() -> float:
    """The memory that this process holds at present, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Deliver until nothing waits."""
    url, port, began = sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
    engine = create_engine(url)
    sessions = sessionmaker(engine)
    server = MailServer("127.0.0.1", port, "巡回服务车 <van@example.org>")
    channels = channels_for(Ways(mail=server))
    watch, counts, now = Watch(), Counter[str](), began
    started, processor = time.monotonic(), time.process_time()
    while _waiting(sessions):
        counts += deliver_once(sessions, channels, now=now, owner="benchmark", stop=watch, seconds=3600.0)
        now += STEP
    taken = {
        "seconds": time.monotonic() - started,
        "processor": time.process_time() - processor,
        "database": _processor_of_database(engine),
        "counts": counts,
        "megabytes": watch.megabytes,
        "end": resident(),
    }
    engine.dispose()
    print(json.dumps(taken), flush=True)


def _processor_of_database(engine: Engine) -> float:
    """Seconds that PostgreSQL's process for our connection has worked, where it is on this machine; 0 of SQLite."""
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        process = Path(f"/proc/{connection.scalar(text('SELECT pg_backend_pid()'))}/stat")
    if not process.exists():
        return 0.0
    user, system = process.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _waiting(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(Message).where(Message.state.in_(WAITING))) or 0


if __name__ == "__main__":
    main()
