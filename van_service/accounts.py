"""Who may sign in: accounts with a role, and API tokens. Nobody below this floor needs to know them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from schedules.db import Base
from schedules.errors import Conflict
from schedules.models import CrewMember, Town

FAILURES_BEFORE_LOCK = 5
LOCK_MINUTES = 15

_hasher = PasswordHasher()
# Checked when the account is unknown, so that an answer takes as long as for a known one.
_HASH_OF_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class Role(StrEnum):
    TOWN = "town"
    CREW = "crew"
    COORDINATOR = "coordinator"


class AccountLocked(Conflict):
    """Too many wrong passwords; this account is locked for a while."""


class Account(Base):
    """Somebody who signs in: a town's office, a crew member or a coordinator."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role]
    password_hash: Mapped[str]
    town_id: Mapped[int | None] = mapped_column(ForeignKey("town.id"))
    crew_member_id: Mapped[int | None] = mapped_column(ForeignKey("crew_member.id"))
    email: Mapped[str | None]
    locale: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Raised to end every sign-in of this account at once.
    sign_in_generation: Mapped[int] = mapped_column(default=1)

    town: Mapped[Town | None] = relationship()
    crew_member: Mapped[CrewMember | None] = relationship()

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return f"{self.id}:{self.sign_in_generation}"

    def set_password(self, password: str) -> None:
        self.password_hash = _hasher.hash(password)


class ApiToken(Base):
    """A bearer token of one account; only its digest is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


def create_account(
    session: Session,
    *,
    username: str,
    name: str,
    role: Role,
    now: datetime,
    town_id: int | None = None,
    crew_member_id: int | None = None,
    email: str | None = None,
) -> tuple[Account, str]:
    """Make an account with a random password, given back once and never stored in clear."""
    password = one_time_password()
    account = Account(
        username=username,
        name=name,
        role=role,
        password_hash=_hasher.hash(password),
        town_id=town_id,
        crew_member_id=crew_member_id,
        email=email,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account, password


def one_time_password() -> str:
    """Twelve letters and digits without the look-alikes."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))


def sign_in(session: Session, username: str, password: str, *, now: datetime) -> Account | None:
    """The account that these words open, or None; the fifth failure in a row locks it for a quarter of an hour.

    Raises:
        AccountLocked: the account is locked, whatever the password.
    """
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None or not account.active:
        _matches(_HASH_OF_NOBODY, password)
        return None
    if account.locked_until is not None and account.locked_until > now:
        raise AccountLocked(until=account.locked_until.isoformat())
    if _matches(account.password_hash, password):
        account.failures, account.locked_until = 0, None
        session.flush()
        return account
    account.failures += 1
    if account.failures >= FAILURES_BEFORE_LOCK:
        account.failures, account.locked_until = 0, now + timedelta(minutes=LOCK_MINUTES)
    session.flush()
    return None


def account_of_token(session: Session, token: str, *, now: datetime) -> Account | None:
    """The active account whose living token this is."""
    found = session.scalar(select(ApiToken).where(ApiToken.digest == digest_of(token), ApiToken.revoked_at.is_(None)))
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found.account if found.account.active else None


def digest_of(token: str) -> str:
    """What is stored of a token: random enough that a plain digest cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
