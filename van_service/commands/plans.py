"""`flask plan`: ask for plans, run the planning runner, export a plan's problem."""

from __future__ import annotations

import json
import os
import socket
import uuid
from datetime import date, datetime
from pathlib import Path
from typing import cast

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import sessionmaker

from routes import write_plan
from schedules import audit, planning, publishing, runner, runs
from schedules.errors import ScheduleError
from schedules.models import Plan
from van_service import words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.settings import Settings

plan = AppGroup("plan", help="Planning runs.")

ACTOR = "command line"
DAY = click.DateTime(["%Y-%m-%d"])


@plan.command("queue")
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.option("--seconds", type=float, help="The solver's time; the setting PLAN_SECONDS where not given.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--van", "vans", multiple=True, help="Only vans with these codes; may be repeated.")
def queue(first: datetime, last: datetime, seconds: float | None, seed: int, vans: tuple[str, ...]) -> None:
    """Ask for a plan of the days from FIRST to LAST; the runner picks it up."""
    audit.origin.set("flask plan queue")
    try:
        queued = runs.queue_plan(
            db.session,
            _day(first),
            _day(last),
            seconds=seconds or _settings().plan_seconds,
            seed=seed,
            options={"vans": list(vans)} if vans else None,
            actor=ACTOR,
            now=utc_now(),
        )
    except ScheduleError as error:
        raise click.ClickException(f"{error.field}: {words.error_in_words(error)}") from error
    db.session.commit()
    click.echo(f"Plan {queued.id} waits for the runner.")


@plan.command("runner")
def run() -> None:
    """Take queued plans one by one until told to stop; any number of runners may run."""
    settings = _settings()
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    click.echo(f"Planning runner {owner} runs.")
    runner.run_forever(
        sessionmaker(db.engine),
        owner=owner,
        stop=runner.stop_on_signals(),
        clock=current_app.extensions["clock"],
        travel=planning.travel_by(settings.osrm_url),
        lease_seconds=settings.plan_lease_seconds,
        attempts=settings.plan_attempts,
        threads=settings.plan_threads,
    )
    click.echo(f"Planning runner {owner} has ended.")


@plan.command("export")
@click.argument("plan_id", type=int)
@click.option("--out", type=click.Path(path_type=Path), help="A file instead of the terminal.")
@click.option("--solution", is_flag=True, help="The plan instead of its problem.")
def export(plan_id: int, out: Path | None, solution: bool) -> None:
    """Write the problem of a plan as JSON, for `python -m routes` and for tests."""
    found = db.session.get(Plan, plan_id)
    if found is None or found.problem is None:
        raise click.ClickException(f"There is no plan {plan_id} with a problem.")
    document = write_plan(publishing.proposal_of(db.session, found)) if solution else found.problem
    text = json.dumps(document, ensure_ascii=False, indent=1)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")


def _settings() -> Settings:
    return cast(Settings, current_app.extensions["settings"])


def _day(given: datetime) -> date:
    return given.date()
