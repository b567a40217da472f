"""The demo's accounts: one coordinator, one per town, one per crew member, with passwords that are shown once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.models import CrewMember, Town
from van_service.accounts import Account, Role, create_account, one_time_password
from van_service.demo.tables import read_table

COORDINATOR = ("coordinator", "周敏")


@dataclass(frozen=True)
class DemoAccount:
    """What is needed to sign in; the password exists nowhere else in clear."""

    username: str
    name: str
    role: Role
    password: str


def town_usernames() -> dict[str, str]:
    """The user name of each town's account, by the town's code."""
    return {row["code"]: f"town-{row['slug']}" for row in read_table("towns")}


def add_accounts(
    session: Session, towns: dict[str, Town], crew: dict[str, CrewMember], *, now: datetime
) -> list[DemoAccount]:
    """Make every account with a random password."""
    username, name = COORDINATOR
    made = [create_account(session, username=username, name=name, role=Role.COORDINATOR, now=now)]
    for code, town in towns.items():
        made.append(
            create_account(
                session,
                username=town_usernames()[code],
                name=town.contact_name or town.name_zh,
                role=Role.TOWN,
                town_id=town.id,
                email=town.contact_email,
                now=now,
            )
        )
    for member in crew.values():
        made.append(
            create_account(
                session,
                username=member.code,
                name=member.name,
                role=Role.CREW,
                crew_member_id=member.id,
                email=member.email,
                now=now,
            )
        )
    return [_told(account, password) for account, password in made]


def renew_passwords(session: Session) -> list[DemoAccount]:
    """A fresh password for every demo account; who is signed in with an old one is signed out."""
    renewed = []
    for account in session.scalars(select(Account).where(Account.username.in_(demo_usernames())).order_by(Account.id)):
        password = one_time_password()
        account.set_password(password)
        account.sign_in_generation += 1
        account.failures, account.locked_until = 0, None
        renewed.append(_told(account, password))
    session.flush()
    return renewed


def demo_usernames() -> list[str]:
    """The names under which `add_accounts` makes accounts."""
    return [COORDINATOR[0], *town_usernames().values(), *(row["code"] for row in read_table("crew"))]


def _told(account: Account, password: str) -> DemoAccount:
    return DemoAccount(account.username, account.name, account.role, password)
