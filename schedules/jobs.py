"""What the scheduler process does on its ticks. An edge: each tick opens and ends its transactions.

APScheduler holds nothing but these fixed ticks, in memory; what is to be done is in rows. Any number of processes may
run this, a lease lets one of them tick, and a tick is done once in its period, whoever holds the lease. A tick that
fails, is missed or falls silent shows in `schedules.health`.

A process may be stopped in the middle of a tick and go on when another has taken over. So each transaction of a tick
ends with proof of the lease, and what takes long looks at the clock before each step. How often ticks come is in
`schedules.timetable`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from time import monotonic

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from schedules import crew_tours, health, leases, nightly, office_news, reminders, requests, retention, runs, wait_list
from schedules.channels import Channel
from schedules.delivery import deliver_once
from schedules.planning import TravelMaker
from schedules.timetable import period_of, rhythms
from schedules.triggers import OncePerPeriod

log = logging.getLogger(__name__)

LEASE = "scheduler"
GRACE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Works:
    """What every tick needs.

    `owner` names this process in leases and heartbeats; it holds the lease under the names of its `tenure`. `clock`
    gives the app's time, `stop` says that the process is to end, `travel` makes the travel times of offers. At
    `nightly_at`, local time, a plan of `plan_seconds` is asked for where one is needed; never without. `keep` says
    what is forgotten, and when.
    """

    session_factory: sessionmaker[Session]
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    owner: str
    lease_seconds: float
    plan_attempts: int
    stop: Callable[[], bool]
    travel: TravelMaker | None = None
    plan_seconds: float = 10.0
    nightly_at: time | None = None
    keep: Sequence[retention.Rule] = retention.RULES
    tenure: leases.Tenure = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenure", leases.Tenure(self.owner, self.lease_seconds))


@dataclass(frozen=True, slots=True)
class Turn:
    """One tick of the process that holds the lease, under the name `owner`."""

    works: Works
    owner: str

    def is_over(self) -> bool:
        """Whether to end soon: the process is to end, or the lease has run out."""
        return self.works.stop() or not self.works.tenure.holds(self.owner)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that is committed only if the lease is still held. Raises LeaseTaken."""
        with self.works.session_factory.begin() as session:
            yield session
            session.flush()
            leases.end_when_hung(session, self.works.lease_seconds)
            leases.confirm(session, LEASE, self.owner)


def build_scheduler(works: Works, *, tick_seconds: float, zone: tzinfo) -> BackgroundScheduler:
    """A scheduler with the fixed ticks, not started yet; nothing of it outlives the process."""
    scheduler = BackgroundScheduler(
        timezone=zone,
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(len(ACTIONS))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE_SECONDS},
    )
    rhythm = rhythms(tick_seconds=tick_seconds, lease_seconds=works.lease_seconds)
    for name in ACTIONS:
        every = rhythm[name].every
        scheduler.add_job(
            tick, OncePerPeriod(every, zone), args=(works, name), kwargs={"every": every}, id=name, name=name
        )
    scheduler.add_listener(lambda event: _note_trouble(works, event), EVENT_JOB_MISSED | EVENT_JOB_ERROR)
    return scheduler


def follow_the_clock(scheduler: BackgroundScheduler, now: datetime) -> list[str]:
    """Bring forward the ticks that wait for a time now far ahead, because the machine's clock was put back; which."""
    waiting = [
        job for job in scheduler.get_jobs() if job.next_run_time - now > timedelta(seconds=2 * job.trigger.seconds)
    ]
    for job in waiting:
        job.modify(next_run_time=now)
    return [job.id for job in waiting]


def tick(works: Works, name: str, *, every: float | None = None) -> bool:
    """Do one tick if this process holds the lease, and note that it succeeded; False where it was not ours to do.

    With `every`, a tick of that name is begun once in each period of so many seconds of the database's time.
    """
    owner = works.tenure.owner()
    if not _take_turn(works, owner, name, every):
        return False
    turn = Turn(works, owner)
    try:
        ACTIONS[name](turn)
        with turn.transaction() as session:
            health.beat(session, f"{health.TICK}{name}", owner, works.clock())
    except leases.LeaseTaken:
        log.warning("Tick %s: another scheduler has taken over meanwhile.", name)
        works.tenure.lose(owner)
        return False
    return True


def _take_turn(works: Works, owner: str, name: str, every: float | None) -> bool:
    """Take or renew the lease and begin the period; whether the tick is ours."""
    asked = monotonic()
    with works.session_factory.begin() as session:
        leases.end_when_hung(session, works.lease_seconds)
        held = leases.acquire(session, LEASE, owner, works.lease_seconds)
        ours = held and (
            every is None
            or leases.claim_moment(
                session,
                f"{health.PERIOD}{name}",
                owner,
                period_of(leases.database_time(session), every),
                leap=timedelta(seconds=2 * every),
            )
        )
    if held:
        works.tenure.renew(owner, asked)
    else:
        works.tenure.lose(owner)
    return ours


def _heartbeat(turn: Turn) -> None:
    with turn.transaction() as session:
        health.beat(session, health.SCHEDULER, turn.owner, turn.works.clock())


def _deliver(turn: Turn) -> None:
    """Its rows are claimed one sender at a time and what was sent must be written down, so it asks for no proof."""
    works = turn.works
    deliver_once(works.session_factory, works.channels, now=works.clock(), owner=turn.owner, stop=turn.is_over)


def _queue_reminders(turn: Turn) -> None:
    with turn.transaction() as session:
        reminders.queue_reminders(session, now=turn.works.clock())
        crew_tours.queue_crew_tours(session, now=turn.works.clock())


def _queue_office_news(turn: Turn) -> None:
    with turn.transaction() as session:
        office_news.queue_office_news(session, now=turn.works.clock())


def _requeue_lost_runs(turn: Turn) -> None:
    with turn.transaction() as session:
        runs.requeue_lost(session, now=turn.works.clock(), attempts=turn.works.plan_attempts)


def _expire_requests(turn: Turn) -> None:
    with turn.transaction() as session:
        requests.expire(session, now=turn.works.clock())


def _offer_freed(turn: Turn) -> None:
    with turn.transaction() as session:
        wait_list.offer_freed(session, now=turn.works.clock(), travel=turn.works.travel)


def _propose_plan(turn: Turn) -> None:
    works = turn.works
    if works.nightly_at is None:
        return
    with turn.transaction() as session:
        nightly.put_aside_older(session, now=works.clock())
        nightly.propose(session, now=works.clock(), at=works.nightly_at, seconds=works.plan_seconds, owner=turn.owner)


def _forget(turn: Turn) -> None:
    for rule in turn.works.keep:
        more = True
        while more and not turn.is_over():
            with turn.transaction() as session:
                more = rule.forget(session, turn.works.clock(), retention.BATCH) == retention.BATCH


ACTIONS: Mapping[str, Callable[[Turn], None]] = {
    "heartbeat": _heartbeat,
    "deliver": _deliver,
    "reminders": _queue_reminders,
    "office_news": _queue_office_news,
    "plan_runs": _requeue_lost_runs,
    "requests": _expire_requests,
    "wait_list": _offer_freed,
    "nightly_plan": _propose_plan,
    "retention": _forget,
}


def _note_trouble(works: Works, event: JobExecutionEvent) -> None:
    """Write a missed or failed tick down, unless another process does them or the database is what failed."""
    trouble = type(event.exception).__name__ if event.exception is not None else "missed"
    log.error("Tick %s: %s", event.job_id, trouble)
    try:
        with works.session_factory.begin() as session:
            if leases.holder(session, LEASE) in (None, works.tenure.owner()):
                health.beat(session, f"{health.FAILED}{event.job_id}", works.owner, works.clock())
    except SQLAlchemyError as failure:
        log.error("The trouble with tick %s could not be recorded: %s", event.job_id, type(failure).__name__)
