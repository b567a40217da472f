"""The timetable: what the scheduler process does and how often. An edge: each tick opens and ends its transactions.

APScheduler holds nothing but these fixed ticks, in memory; what is to be done is in rows. Any number of processes may
run this, a lease lets one of them tick. A tick that fails or is missed is written down where the health check looks.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from time import monotonic

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from schedules import crew_tours, health, leases, outbox, reminders, requests, runs, wait_list
from schedules.channels import Channel, resend_is_safe
from schedules.outbox import Letter, Outcome, Sent
from schedules.planning import TravelMaker

log = logging.getLogger(__name__)

LEASE = "scheduler"
BATCH = 50
DELIVERY_SECONDS = 60.0
GRACE_SECONDS = 60


def never() -> bool:
    """The answer of a process that nobody asks to stop."""
    return False


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


def deliver_once(
    session_factory: sessionmaker[Session],
    channels: Mapping[str, Channel],
    *,
    now: datetime,
    owner: str,
    stop: Callable[[], bool] = never,
    seconds: float = DELIVERY_SECONDS,
) -> Counter[str]:
    """Send everything that is due; how many letters had which outcome.

    Ends early when told to stop or after so many seconds of work; what was taken and not tried goes back.
    """
    counts: Counter[str] = Counter()
    ends = monotonic() + seconds

    def pressed() -> bool:
        return stop() or monotonic() > ends

    with session_factory.begin() as session:
        outbox.requeue_abandoned(session, now=now, resend_is_safe=resend_is_safe(channels))
    try:
        while not pressed():
            with session_factory.begin() as session:
                letters = outbox.claim(session, now=now, owner=owner, limit=BATCH)
            if not letters:
                break
            for outcome in _attempts(letters, channels, pressed):
                # One transaction per letter: a crash leaves at most one of which nobody knows whether it went out.
                with session_factory.begin() as session:
                    outbox.record(session, [outcome], now=now)
                counts[outcome.result.value] += 1
    finally:
        for channel in channels.values():
            channel.close()
    return counts


def _attempts(letters: list[Letter], channels: Mapping[str, Channel], pressed: Callable[[], bool]) -> Iterator[Outcome]:
    """Try letter after letter; a channel that cannot be reached is not asked again for this batch."""
    unreachable: dict[str, str | None] = {}
    for letter in letters:
        if pressed():
            yield Outcome(letter.message_id, Sent.KEPT)
        elif letter.channel in unreachable:
            yield Outcome(letter.message_id, Sent.UNREACHABLE, error=unreachable[letter.channel])
        else:
            outcome = _attempt(letter, channels)
            if outcome.result is Sent.UNREACHABLE:
                unreachable[letter.channel] = outcome.error
            yield outcome


def _attempt(letter: Letter, channels: Mapping[str, Channel]) -> Outcome:
    channel = channels.get(letter.channel)
    if channel is None:
        return Outcome(letter.message_id, Sent.PERMANENT, error=f"no channel {letter.channel}")
    try:
        return channel.send(letter)
    except Exception as trouble:  # one bad letter must not hold up the others
        log.error("Message %s could not be sent: %s", letter.message_id, type(trouble).__name__)
        return Outcome(letter.message_id, Sent.TEMPORARY, error=type(trouble).__name__)


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
