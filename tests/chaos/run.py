"""One chaos run from an empty database to the evidence: three schedulers, people at desks, a storm, and then quiet."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from schedules.db import SQLITE_BUSY_MILLISECONDS
from schedules.models import Message, MessageState
from tests.chaos.clock import DrivenClock, drive
from tests.chaos.databases import ChaosDatabase
from tests.chaos.desk import open_business
from tests.chaos.evidence import Evidence, gather
from tests.chaos.post import ChaosPost, open_post
from tests.chaos.processes import CLOCK, WORLD, Nursery
from tests.chaos.storm import Diary, Storm
from tests.chaos.world import World, make_world

SHANGHAI_HOURS = 8
BEGINS = datetime(2026, 5, 31, 22, 0, tzinfo=UTC)
"""Monday 1 June 2026, 06:00 in Shanghai."""
STORMY_HOURS, QUIET_HOURS = 72, 48
SCHEDULERS, DESKS = 3, 2
MAIL_SECONDS = 4.0
WAITING = (MessageState.QUEUED, MessageState.FAILED, MessageState.SENDING)


def run(
    database: ChaosDatabase, folder: Path, *, visits: int, seconds: float, seed: int, every: float = 1.0
) -> Evidence:
    """Drive so many visits through three days in so many seconds, with a blow `every` so many, and two quiet days."""
    engine = create_engine(database.url)
    world = _build(engine, folder, visits=visits, seed=seed)
    with open_post(seed, sender_waits=MAIL_SECONDS, worst_moments=min(0.03, 8 / visits)) as post:
        nursery = Nursery(folder, _environment(database, folder, post, pause=seconds / visits / 2))
        try:
            clock = _clock(seconds)  # only now: on a busy machine the nursery takes its time
            clock.write(folder / CLOCK)
            diary = _storm(nursery, database, post, clock, seed=seed, every=every, seconds=seconds)
            quiet_since = time.time()
            _wait_for_quiet(engine, clock, patience=seconds)
        finally:
            nursery.close()
        evidence = gather(
            engine, world, clock, post.diary, diary, log=folder / "processes.log", quiet_since=quiet_since
        )
    engine.dispose()
    return evidence


def _build(engine: Engine, folder: Path, *, visits: int, seed: int) -> World:
    with Session(engine) as session:
        world = make_world(session, visits=visits, now=BEGINS, seed=seed)
        session.commit()
    world.write(folder / WORLD)
    open_business(sessionmaker(engine), world, now=BEGINS, seed=seed)
    return world


def _clock(seconds: float) -> DrivenClock:
    """Three days in so many seconds, and the two quiet days behind them in a third of the time for each hour."""
    stormy = drive(BEGINS, hours=STORMY_HOURS, seconds=seconds, zone_hours=SHANGHAI_HOURS, wait=1.0)
    ends_real, ends = stormy.knots[-1][0], BEGINS + timedelta(hours=STORMY_HOURS)
    quiet = drive(ends, hours=QUIET_HOURS, seconds=seconds * QUIET_HOURS / STORMY_HOURS / 2, zone_hours=SHANGHAI_HOURS)
    later = ends_real - quiet.knots[0][0]
    return DrivenClock(stormy.knots + tuple((real + later, driven) for real, driven in quiet.knots[1:]))


def _environment(database: ChaosDatabase, folder: Path, post: ChaosPost, *, pause: float) -> dict[str, str]:
    return {
        "DATABASE_URL": database.url,
        "INSTANCE_PATH": str(folder / "instance"),
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": str(post.port),
        "MAIL_FROM": "van@example.org",
        "MAIL_TIMEOUT_SECONDS": str(MAIL_SECONDS),
        "TICK_SECONDS": "0.2",
        "SCHEDULER_LEASE_SECONDS": "2",
        "LOG_LEVEL": "ERROR",
        "CHAOS_PAUSE": str(pause),
    }


def _storm(
    nursery: Nursery,
    database: ChaosDatabase,
    post: ChaosPost,
    clock: DrivenClock,
    *,
    seed: int,
    every: float,
    seconds: float,
) -> Diary:
    for number in range(SCHEDULERS):
        nursery.start(f"scheduler {number}")
    for number in range(DESKS):
        nursery.start(f"desk {number}")
    storm = Storm(nursery, database, post, clock, seed=seed, every=every)
    until = BEGINS + timedelta(hours=STORMY_HOURS)
    storm.rage(until, begins=BEGINS, seconds=seconds, patience=SQLITE_BUSY_MILLISECONDS / 1000)
    for number in range(DESKS):
        nursery.running.pop(f"desk {number}").kill()
    return storm.diary


def _wait_for_quiet(engine: Engine, clock: DrivenClock, *, patience: float) -> None:
    """Until the quiet days are over and nothing waits any more, or nothing has changed for very long."""
    over = BEGINS + timedelta(hours=STORMY_HOURS + QUIET_HOURS)
    ends = clock.reached(over) + patience + 60
    while time.monotonic() < ends:
        time.sleep(0.5)
        try:
            with Session(engine) as session:
                left = session.scalar(select(func.count(Message.id)).where(Message.state.in_(WAITING)))
        except OperationalError:  # a connection kept from before the database was away
            continue
        if left == 0 and clock() > over:
            return
