"""The timetable: what the scheduler process does and how often. An edge: each tick opens and ends its transactions.

APScheduler holds nothing but these fixed ticks, in memory; what is to be done is in rows. Any number of processes may
run this, a lease lets one of them tick. A tick that fails or is missed is written down where the health check looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from schedules import crew_tours, health, leases, reminders, requests, runs, wait_list
from schedules.channels import Channel
from schedules.delivery import deliver_once, never
from schedules.planning import TravelMaker

log = logging.getLogger(__name__)

LEASE = "scheduler"
GRACE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Works:
    """What every tick needs."""

    session_factory: sessionmaker[Session]
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    owner: str
    lease_seconds: float
    plan_attempts: int
    stop: Callable[[], bool]
    travel: TravelMaker | None = None


def build_scheduler(
    session_factory: sessionmaker[Session],
    channels: Mapping[str, Channel],
    *,
    tick_seconds: float,
    lease_seconds: float,
    owner: str,
    clock: Callable[[], datetime],
    zone: tzinfo,
    plan_attempts: int = 3,
    stop: Callable[[], bool] = never,
    travel: TravelMaker | None = None,
) -> BackgroundScheduler:
    """A scheduler with the fixed ticks, not started yet; nothing of it outlives the process.

    `owner` names this process in leases and heartbeats, `clock` gives the app's time, `stop` says that the process
    is to end, `travel` makes the travel times of offers.
    """
    works = Works(session_factory, channels, clock, owner, lease_seconds, plan_attempts, stop, travel)
    scheduler = BackgroundScheduler(
        timezone=zone,
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(len(ACTIONS))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE_SECONDS},
    )
    every = {
        "heartbeat": min(tick_seconds, lease_seconds / 3),
        "deliver": tick_seconds,
        "reminders": 60.0,
        "plan_runs": max(tick_seconds, 5.0),
        "requests": 300.0,
        "wait_list": 60.0,
    }
    at_once = datetime.now(zone)
    for name in ACTIONS:
        scheduler.add_job(
            tick, "interval", seconds=every[name], args=(works, name), id=name, name=name, next_run_time=at_once
        )
    scheduler.add_listener(lambda event: _note_trouble(works, event), EVENT_JOB_MISSED | EVENT_JOB_ERROR)
    return scheduler


def tick(works: Works, name: str) -> bool:
    """Do one tick if this process holds the lease, and note that it succeeded; False where another process ticks."""
    with works.session_factory.begin() as session:
        if not leases.acquire(session, LEASE, works.owner, works.lease_seconds):
            return False
    ACTIONS[name](works)
    with works.session_factory.begin() as session:
        health.beat(session, f"{health.TICK}{name}", works.owner, works.clock())
    return True


def _heartbeat(works: Works) -> None:
    with works.session_factory.begin() as session:
        health.beat(session, health.SCHEDULER, works.owner, works.clock())


def _deliver(works: Works) -> None:
    deliver_once(works.session_factory, works.channels, now=works.clock(), owner=works.owner, stop=works.stop)


def _queue_reminders(works: Works) -> None:
    with works.session_factory.begin() as session:
        reminders.queue_reminders(session, now=works.clock())
        crew_tours.queue_crew_tours(session, now=works.clock())


def _requeue_lost_runs(works: Works) -> None:
    with works.session_factory.begin() as session:
        runs.requeue_lost(session, now=works.clock(), attempts=works.plan_attempts)


def _expire_requests(works: Works) -> None:
    with works.session_factory.begin() as session:
        requests.expire(session, now=works.clock())


def _offer_freed(works: Works) -> None:
    with works.session_factory.begin() as session:
        wait_list.offer_freed(session, now=works.clock(), travel=works.travel)


ACTIONS: Mapping[str, Callable[[Works], None]] = {
    "heartbeat": _heartbeat,
    "deliver": _deliver,
    "reminders": _queue_reminders,
    "plan_runs": _requeue_lost_runs,
    "requests": _expire_requests,
    "wait_list": _offer_freed,
}


def _note_trouble(works: Works, event: JobExecutionEvent) -> None:
    """Write a missed or failed tick down, unless the database is what failed."""
    trouble = type(event.exception).__name__ if event.exception is not None else "missed"
    log.error("Tick %s: %s", event.job_id, trouble)
    try:
        with works.session_factory.begin() as session:
            health.beat(session, f"{health.FAILED}{event.job_id}", works.owner, works.clock())
    except SQLAlchemyError as failure:
        log.error("The trouble with tick %s could not be recorded: %s", event.job_id, type(failure).__name__)
