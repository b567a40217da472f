"""Whether the product works: the database, its migrations, and the processes that must show signs of life.

Processes write heartbeats, `report` reads them. The ages are measured by the caller's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schedules.models import Heartbeat
from schedules.timetable import Rhythm
from schedules.upsert import put

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEDULER = "scheduler"
RUNNER = "runner"
TICK = "tick:"
FAILED = "failed:"
PERIOD = "period:"
"""Before a tick's name: when it last succeeded, when it last failed, the period in which it was last begun."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a health check tells: ages in seconds, None of a process that never showed itself."""

    database: bool
    migration: str | None
    migration_expected: str | None
    scheduler_age: float | None
    runner_age: float | None
    failing: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.failing


def beat(session: Session, name: str, owner: str, now: datetime) -> None:
    """Show that the named process, or part of one, is alive."""
    put(session, Heartbeat, {"name": name, "owner": owner, "at": now}, unique="name")


def report(
    session: Session,
    *,
    now: datetime,
    rhythms: Mapping[str, Rhythm] | None = None,
    scheduler_seconds: float = 60.0,
    runner_seconds: float = 60.0,
) -> Health:
    """The state of every part; `failing` names the parts that are not as they should be.

    The names are stable: "database", "migration", "scheduler", "runner", and "tick:<name>" for a scheduler's job that
    failed or was missed since it last succeeded, or of which nobody has seen a success for longer than its rhythm
    allows, whether its process died or hangs. A sign of life from as far ahead tells as little: the clock was put back.
    """
    expected = expected_migration()
    try:
        found = ",".join(sorted(MigrationContext.configure(session.connection()).get_current_heads())) or None
        beats = {row.name: row.at for row in session.scalars(select(Heartbeat))}
    except SQLAlchemyError:
        session.rollback()
        return Health(False, None, expected, None, None, ("database",))
    ages = {name: (now - at).total_seconds() for name, at in beats.items()}
    scheduler, runner = ages.get(SCHEDULER), ages.get(RUNNER)
    failing = [
        *(["migration"] if found != expected else []),
        *(["scheduler"] if scheduler is None or abs(scheduler) > scheduler_seconds else []),
        *(["runner"] if runner is None or abs(runner) > runner_seconds else []),
        *(f"{TICK}{each.name}" for each in ticks_of(beats, rhythms or {}, now) if each.failed or each.silent),
    ]
    return Health(True, found, expected, scheduler, runner, tuple(failing))


@dataclass(frozen=True, slots=True)
class Tick:
    """What is known of a tick: when it last succeeded and failed, and whether that is a fault.

    It `failed` where its last failure is not older than its last success, and is `silent` where a success is overdue.
    """

    name: str
    succeeded: datetime | None
    failed_at: datetime | None
    failed: bool
    silent: bool


def ticks(session: Session, rhythms: Mapping[str, Rhythm], *, now: datetime) -> list[Tick]:
    """Every tick that has ever been begun or has a rhythm, by name."""
    return ticks_of({row.name: row.at for row in session.scalars(select(Heartbeat))}, rhythms, now)


def ticks_of(beats: Mapping[str, datetime], rhythms: Mapping[str, Rhythm], now: datetime) -> list[Tick]:
    """The same, from the heartbeats at hand. A tick that was never begun is no fault of its own."""
    heard = {name.removeprefix(kind) for kind in (TICK, FAILED, PERIOD) for name in beats if name.startswith(kind)}
    return [_tick(name, beats, rhythms.get(name), now) for name in sorted(heard | rhythms.keys())]


def _tick(name: str, beats: Mapping[str, datetime], rhythm: Rhythm | None, now: datetime) -> Tick:
    succeeded, failed_at = beats.get(f"{TICK}{name}"), beats.get(f"{FAILED}{name}")
    last = succeeded or beats.get(f"{PERIOD}{name}")
    silent = rhythm is not None and last is not None and abs((now - last).total_seconds()) > rhythm.patience
    failed = failed_at is not None and (succeeded is None or failed_at >= succeeded)
    return Tick(name, succeeded, failed_at, failed, silent)


@cache
def expected_migration() -> str | None:
    """The head of the migrations that came with this code; None where there are none yet."""
    return ",".join(sorted(ScriptDirectory(str(MIGRATIONS)).get_heads())) or None
