"""Whether the product works: the database, its migrations, and the processes that must show signs of life.

Processes write heartbeats, `report` reads them. The ages are measured by the caller's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schedules.models import Heartbeat
from schedules.upsert import put

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEDULER = "scheduler"
RUNNER = "runner"
TICK = "tick:"
FAILED = "failed:"


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


def report(session: Session, *, now: datetime, scheduler_seconds: float = 60.0, runner_seconds: float = 60.0) -> Health:
    """The state of every part; `failing` names the parts that are not as they should be.

    The names are stable: "database", "migration", "scheduler", "runner", and "tick:<name>" for a scheduler's job that
    failed or was missed since it last succeeded.
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
        *(["scheduler"] if scheduler is None or scheduler > scheduler_seconds else []),
        *(["runner"] if runner is None or runner > runner_seconds else []),
        *_failed_ticks(beats),
    ]
    return Health(True, found, expected, scheduler, runner, tuple(failing))


def _failed_ticks(beats: Mapping[str, datetime]) -> list[str]:
    """The ticks whose last failure is not older than their last success."""
    failed = {name.removeprefix(FAILED): at for name, at in beats.items() if name.startswith(FAILED)}
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(f"{TICK}{name}" for name, at in failed.items() if at >= beats.get(f"{TICK}{name}", never))


@cache
def expected_migration() -> str | None:
    """The head of the migrations that came with this code; None where there are none yet."""
    return ",".join(sorted(ScriptDirectory(str(MIGRATIONS)).get_heads())) or None
