"""`flask scheduler`: the process that sends messages and keeps the timetable, and a look at how it fares.

It ends cleanly on a signal.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid
from datetime import datetime

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import sessionmaker

from schedules import calendar, health, leases
from schedules.channels import channels_for
from schedules.jobs import LEASE, Works, build_scheduler, follow_the_clock
from schedules.planning import travel_by
from schedules.retention import Rule
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.health import rhythms_of
from van_service.retention import rules_of
from van_service.settings import Settings
from van_service.ways import ways_of

log = logging.getLogger(__name__)

GRACE_SECONDS = 1.0
CLOCK_SECONDS = 10.0
ENDING = {signal.SIGTERM, signal.SIGINT}

scheduler = AppGroup("scheduler", help="Reminders, deliveries and the timetable.")


@scheduler.command("run")
def run() -> None:
    """Tick until told to stop; any number may run, one of them ticks."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # before any thread starts: this thread waits for them
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a delivery longer than a tick is no cause for a warning
    stop = threading.Event()
    settings: Settings = current_app.extensions["settings"]
    session_factory = sessionmaker(db.engine)
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    works = Works(
        session_factory,
        channels_for(ways_of(settings)),
        current_app.extensions["clock"],
        owner,
        settings.scheduler_lease_seconds,
        settings.plan_attempts,
        stop.is_set,
        travel_by(settings.osrm_url),
        plan_seconds=settings.plan_seconds,
        nightly_at=settings.nightly_plan_at if settings.nightly_plan else None,
        keep=_rules(settings),
    )
    ticking = build_scheduler(works, tick_seconds=settings.tick_seconds, zone=calendar.zone())
    ticking.start()
    click.echo(f"Scheduler {owner} runs.")
    threading.Thread(target=_follow_the_clock, args=(ticking, stop), daemon=True).start()
    # Not sigtimedwait: of a process that was stopped for longer than its time-out Python says that some signal came.
    signal.sigwait(ENDING)
    stop.set()
    ended = _end(ticking)
    with session_factory.begin() as session:
        leases.release(session, LEASE, owner)
    click.echo(f"Scheduler {owner} has ended.")
    if not ended:
        # A tick hangs in a slow mail server. Its rows are marked and found again; waiting would only delay the end.
        logging.shutdown()
        os._exit(0)


@scheduler.command("status")
def status() -> None:
    """Say who ticks, when each tick last succeeded, and what fails; ends with 1 where something does."""
    settings: Settings = current_app.extensions["settings"]
    now = utc_now()
    holder = leases.holder(db.session, LEASE)
    click.echo(f"Ticking: {holder or 'nobody'}")
    found = health.ticks(db.session, rhythms_of(settings), now=now)
    for tick in found:
        click.echo(f"{tick.name:<14} {_age(tick.succeeded, now):>12}  {_trouble(tick, now)}".rstrip())
    db.session.rollback()
    if holder is None or any(tick.failed or tick.silent for tick in found):
        raise SystemExit(1)


def _age(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{(now - moment).total_seconds():.0f} s ago"


def _trouble(tick: health.Tick, now: datetime) -> str:
    failed = f"FAILED {_age(tick.failed_at, now)}" if tick.failed else ""
    return " ".join(filter(None, (failed, "SILENT for too long" if tick.silent else "")))


def _rules(settings: Settings) -> list[Rule]:
    try:
        return rules_of(settings)
    except ValueError as trouble:
        raise click.ClickException(f"MESSAGE_DAYS: {trouble}") from trouble


def _follow_the_clock(ticking: BackgroundScheduler, stop: threading.Event) -> None:
    while not stop.wait(CLOCK_SECONDS):
        if late := follow_the_clock(ticking, datetime.now(calendar.zone())):
            log.warning("The clock was put back; ticks brought forward: %s", ", ".join(late))


def _end(ticking: BackgroundScheduler) -> bool:
    """Wait for running ticks, but not for long; whether they all ended."""
    ending = threading.Thread(target=ticking.shutdown, daemon=True)
    ending.start()
    ending.join(GRACE_SECONDS)
    return not ending.is_alive()
