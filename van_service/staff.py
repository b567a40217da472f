"""The coordinators as people to be told something: accounts live on this floor, messages are made on the one below."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.contacts import is_phone
from schedules.recipients import DEFAULT_LOCALE, Person
from van_service.accounts import Account, Role


def coordinators(session: Session) -> list[Person]:
    """Every coordinator who may sign in, in the language of the account."""
    found = select(Account).where(Account.role == Role.COORDINATOR, Account.active).order_by(Account.id)
    return [person_of(account) for account in session.scalars(found)]


def person_of(account: Account) -> Person:
    """A coordinator as somebody to be told something."""
    phone_known = is_phone(account.phone or "")
    return Person(
        f"coordinator:{account.id}", account.name, account.email, phone_known, account.locale or DEFAULT_LOCALE
    )


def key_of(account: Account) -> str:
    """How messages name the person behind an account: the town's liaison, the crew member, the coordinator."""
    if account.role is Role.TOWN:
        return f"town:{account.town_id}"
    if account.role is Role.CREW:
        return f"crew:{account.crew_member_id}"
    return f"coordinator:{account.id}"


def phone_of(session: Session, account_id: int) -> str | None:
    """The telephone number of an account that is in use."""
    account = session.get(Account, account_id)
    return account.phone if account is not None and account.active else None
