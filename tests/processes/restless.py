"""Several real scheduler processes that are killed, stopped and let go on at random, and how soon others take over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from schedules.jobs import LEASE
from schedules.models import Lease
from tests.processes.tick_journal import Entry

ROOT = Path(__file__).parents[2]
NUMBER = 3


@dataclass(frozen=True, slots=True)
class Blow:
    """What was done to a process, at which second since 1970, and the owner of the lease if that was the one."""

    kind: str
    at: float
    holder: str | None


class Schedulers:
    """Scheduler processes on one database; used as a context it leaves none behind."""

    def __init__(self, engine: Engine, folder: Path, *, tick_seconds: float, lease_seconds: float) -> None:
        self.engine = engine
        self.log = folder / "schedulers.log"
        self.environment = os.environ | {
            "DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "INSTANCE_PATH": str(folder / "instance"),
            "TICK_SECONDS": str(tick_seconds),
            "SCHEDULER_LEASE_SECONDS": str(lease_seconds),
            "NIGHTLY_PLAN": "0",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for _ in range(NUMBER):
            self.processes.append(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def owner(self) -> str | None:
        """Who holds the lease, or held it last."""
        with (
            suppress(OperationalError),
            Session(self.engine) as session,
        ):  # SQLite's lock may be stopped with its holder
            return session.scalar(select(Lease.owner).where(Lease.name == LEASE))
        return None

    def held_by(self, owner: str | None, process: subprocess.Popen[bytes]) -> bool:
        """Whether this owner is that process."""
        return owner is not None and owner.split(":")[1] == str(process.pid)

    def kill(self, index: int) -> Blow:
        """kill -9, and a new one in its place."""
        victim = self.processes[index]
        owner = self.owner()
        victim.kill()
        blow = Blow("killed", time.time(), owner if self.held_by(owner, victim) else None)
        victim.wait()
        self.processes[index] = self._start()
        return blow

    def stop(self, index: int, wait: Callable[[], None]) -> Blow:
        """Stop it in whatever it is doing, and let it go on after waiting."""
        victim = self.processes[index]
        owner = self.owner()
        victim.send_signal(signal.SIGSTOP)
        blow = Blow("stopped", time.time(), owner if self.held_by(owner, victim) else None)
        wait()
        victim.send_signal(signal.SIGCONT)
        return blow

    def stop_between_writes(self, index: int, wait: Callable[[], None]) -> Blow:
        """The same, but not while it holds SQLite's one lock for writing, with which it would stop everybody else."""
        if self.engine.dialect.name != "sqlite":
            return self.stop(index, wait)
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

            def give_way() -> None:
                connection.rollback()
                wait()

            return self.stop(index, give_way)

    def rage(self, seconds: float, chance: random.Random, *, lease_seconds: float) -> list[Blow]:
        """For so long, strike a process every now and then, the one that ticks in two of three cases."""
        ends = time.monotonic() + seconds
        blows = []
        while time.monotonic() < ends:
            time.sleep(chance.uniform(0.5, 2.0) * lease_seconds)
            index = self._victim(chance)
            if chance.random() < 0.6:
                blows.append(self.kill(index))
            else:
                pause = chance.uniform(0.3, 2.5) * lease_seconds
                blows.append(self.stop(index, lambda pause=pause: time.sleep(pause)))  # type: ignore[misc]
        return blows

    def _victim(self, chance: random.Random) -> int:
        owner = self.owner()
        ticking = [index for index, each in enumerate(self.processes) if self.held_by(owner, each)]
        return ticking[0] if ticking and chance.random() < 2 / 3 else chance.randrange(NUMBER)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "scheduler", "run"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)


def takeovers(blows: Sequence[Blow], entries: Sequence[Entry]) -> list[float]:
    """After each blow to the one that ticked, the seconds until another process began a tick.

    None where it went on ticking itself, which a process stopped for less than its lease may.
    """
    found = []
    for blow in blows:
        if blow.holder is None:
            continue
        process = blow.holder.partition("#")[0]
        after = next((entry for entry in entries if entry.begun and entry.at > blow.at), None)
        if after is not None and after.owner.partition("#")[0] != process:
            found.append(after.at - blow.at)
    return found
