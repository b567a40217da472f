"""`flask account`: make accounts, give them new passwords, list them."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import audit
from schedules.models import CrewMember, Town
from van_service import accounts
from van_service.accounts import Account, Role, UsernameTaken
from van_service.clock import utc_now
from van_service.extensions import db

account = AppGroup("account", help="Who may sign in.")

ACTOR = "command line"


@account.command("create")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", required=True, help="The name that pages show.")
@click.option("--town", "town_code", help="The town's code; needed for role town.")
@click.option("--crew-member", "crew_code", help="The crew member's code; needed for role crew.")
@click.option("--email", help="Where reminders go.")
def create(
    username: str, role: str, name: str, town_code: str | None, crew_code: str | None, email: str | None
) -> None:
    """Make an account and print its one-time password."""
    audit.origin.set("flask account create")
    session, now = db.session, utc_now()
    try:
        made, password = accounts.create_account(
            session,
            username=username,
            name=name,
            role=Role(role),
            town_id=_row_id(session, Town, town_code, needed=role == Role.TOWN),
            crew_member_id=_row_id(session, CrewMember, crew_code, needed=role == Role.CREW),
            email=email,
            now=now,
        )
    except UsernameTaken as taken:
        raise click.ClickException(taken.message) from taken
    audit.record(session, actor=ACTOR, now=now, verb="created", noun="account", noun_id=made.id)
    session.commit()
    click.echo(f"{username}  {password}   (shown only now)")


@account.command("reset")
@click.argument("username")
def reset(username: str) -> None:
    """Give an account a new one-time password; a lock is lifted and its sign-ins end."""
    audit.origin.set("flask account reset")
    found = accounts.find_account(db.session, username)
    if found is None:
        raise click.ClickException(f"There is no account {username!r}.")
    password = accounts.reset_password(db.session, found)
    audit.record(db.session, actor=ACTOR, now=utc_now(), verb="reset", noun="account", noun_id=found.id)
    db.session.commit()
    click.echo(f"{username}  {password}   (shown only now)")


@account.command("list")
def list_accounts() -> None:
    """List the accounts with their roles; passwords are not known to anybody."""
    for each in db.session.scalars(select(Account).order_by(Account.role, Account.username)):
        place = each.town.name_zh if each.town else ""
        state = "" if each.active else "  (closed)"
        click.echo(f"{each.username:<18} {each.role.value:<12} {each.name} {place}{state}")


def _row_id(session: Session, model: type[Town] | type[CrewMember], code: str | None, *, needed: bool) -> int | None:
    """The row of this code, which a role may need."""
    if code is None:
        if needed:
            raise click.ClickException(f"This role needs the code of its {model.__tablename__.replace('_', ' ')}.")
        return None
    row_id = session.scalar(select(model.id).where(model.code == code))
    if row_id is None:
        raise click.ClickException(f"There is no {model.__tablename__.replace('_', ' ')} with code {code!r}.")
    return row_id
