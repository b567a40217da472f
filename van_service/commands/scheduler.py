"""`flask scheduler run`: the one process that sends messages and keeps the timetable. It ends cleanly on a signal."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import sessionmaker

from schedules import calendar, leases
from schedules.channels import channels_for
from schedules.jobs import LEASE, build_scheduler
from schedules.planning import travel_by
from van_service.extensions import db
from van_service.settings import Settings
from van_service.ways import ways_of

GRACE_SECONDS = 1.0
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
    ticking = build_scheduler(
        session_factory,
        channels_for(ways_of(settings)),
        tick_seconds=settings.tick_seconds,
        lease_seconds=settings.scheduler_lease_seconds,
        owner=owner,
        clock=current_app.extensions["clock"],
        zone=calendar.zone(),
        plan_attempts=settings.plan_attempts,
        stop=stop.is_set,
        travel=travel_by(settings.osrm_url),
    )
    ticking.start()
    click.echo(f"Scheduler {owner} runs.")
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


def _end(ticking: BackgroundScheduler) -> bool:
    """Wait for running ticks, but not for long; whether they all ended."""
    ending = threading.Thread(target=ticking.shutdown, daemon=True)
    ending.start()
    ending.join(GRACE_SECONDS)
    return not ending.is_alive()
