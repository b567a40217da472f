"""`flask demo`: fill an empty database with the demo district, hand out passwords, say what is in it.

The demo is imported inside the commands: it brings the planner's libraries, which every other command can do without.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import func, select

from schedules import audit
from schedules.models import Report, Town, Venue, Visit, VisitRequest
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.settings import Settings

if TYPE_CHECKING:
    from van_service.demo import DemoAccount

demo = AppGroup("demo", help="The demo district: real units, everything else invented.")


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are towns already, or where DEMO is off.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another district.")
def load(if_empty: bool, seed: int) -> None:
    """Fill the empty database with the demo district and print each account's password once."""
    from van_service.demo import is_loaded, load_demo

    settings: Settings = current_app.extensions["settings"]
    if not settings.demo:
        if not if_empty:
            raise click.ClickException("DEMO is off: this installation is for real data.")
        return
    if is_loaded(db.session):
        if not if_empty:
            raise click.ClickException("The database is not empty; nothing was loaded.")
        return
    audit.origin.set("flask demo load")
    accounts = load_demo(db.session, now=utc_now(), seed=seed)
    db.session.commit()
    _print_numbers()
    _print_passwords(accounts)


@demo.command("passwords")
def passwords() -> None:
    """Print a fresh one-time password for every demo account; the old ones end."""
    from van_service.demo import renew_passwords

    settings: Settings = current_app.extensions["settings"]
    if not settings.demo:
        raise click.ClickException("DEMO is off: accounts are renewed one by one with flask account reset.")
    accounts = renew_passwords(db.session)
    if not accounts:
        raise click.ClickException("There are no demo accounts here; flask demo load makes them.")
    db.session.commit()
    _print_passwords(accounts)


@demo.command("describe")
def describe() -> None:
    """Say how much is in the database, and what of it is invented."""
    _print_numbers()


def _print_numbers() -> None:
    counted = (("units", Town), ("venues", Venue), ("requests", VisitRequest), ("visits", Visit), ("reports", Report))
    for name, model in counted:
        click.echo(f"{db.session.scalar(select(func.count()).select_from(model)):>6} {name}")
    invented = db.session.scalar(select(func.count()).select_from(Venue).where(Venue.invented))
    click.echo(f"{invented} of the venues are invented; units and committees are real, contacts of the demo are not.")


def _print_passwords(accounts: Iterable[DemoAccount]) -> None:
    click.echo("\nOne-time passwords, shown only now:")
    for account in accounts:
        click.echo(f"  {account.username:<16} {account.role.value:<12} {account.name:　<4} {account.password}")
