"""Who may sign in: accounts with a role, and API tokens. Nobody below this floor needs to know them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from schedules.db import Base
from schedules.errors import Conflict, NotFound
from schedules.models import CrewMember, Town

FAILURES_BEFORE_LOCK = 5
LOCK_MINUTES = 15
# Whoever tries many names from one address is stopped although no single account locks. An office behind one
# address has a handful of people, so this is generous.
FAILURES_PER_ADDRESS = 30
TOKEN_DAYS = 365

_hasher = PasswordHasher()
# Checked when the account is unknown, so that an answer takes as long as for a known one.
_HASH_OF_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class Role(StrEnum):
    TOWN = "town"
    CREW = "crew"
    COORDINATOR = "coordinator"


class AccountLocked(Conflict):
    """Too many wrong passwords; this account is locked for a while."""


class TooManyAttempts(Conflict):
    """Too many wrong passwords from this address; wait a quarter of an hour."""


class UsernameTaken(Conflict):
    """There is already an account of this name."""


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
    phone: Mapped[str | None]
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


class SignInFailure(Base):
    """A wrong password from an address, kept as long as it counts."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]


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
    """Make an account with a random password, given back once and never stored in clear.

    Raises:
        UsernameTaken: somebody has this name already.
    """
    if find_account(session, username) is not None:
        raise UsernameTaken(field="username")
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


def find_account(session: Session, username: str) -> Account | None:
    """The account of this name, active or not."""
    return session.scalar(select(Account).where(Account.username == username))


def reset_password(session: Session, account: Account) -> str:
    """Give an account a new random password, told once; a lock is lifted and every sign-in of the account ends."""
    password = one_time_password()
    account.set_password(password)
    account.failures, account.locked_until = 0, None
    account.sign_in_generation += 1
    session.flush()
    return password


def sign_in(
    session: Session, username: str, password: str, *, now: datetime, address: str | None = None
) -> Account | None:
    """The account that these words open, or None; the fifth failure in a row locks it for a quarter of an hour.

    The caller commits in either case: a failure must count.

    Raises:
        AccountLocked: the account is locked, whatever the password.
        TooManyAttempts: too many failures came from this address.
    """
    _refuse_busy_address(session, address, now)
    account = find_account(session, username)
    if account is None or not account.active:
        _matches(_HASH_OF_NOBODY, password)
        _count_failure(session, address, now)
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
    _count_failure(session, address, now)
    return None


def create_token(session: Session, account: Account, label: str, *, now: datetime) -> tuple[ApiToken, str]:
    """Make a bearer token of this account, given back once and kept only as a digest."""
    secret = secrets.token_urlsafe(32)
    token = ApiToken(
        account=account,
        digest=digest_of(secret),
        label=label,
        created_at=now,
        expires_at=now + timedelta(days=TOKEN_DAYS),
    )
    session.add(token)
    session.flush()
    return token, secret


def tokens_of(session: Session, account: Account) -> list[ApiToken]:
    """The account's tokens, the newest first."""
    return list(session.scalars(select(ApiToken).where(ApiToken.account == account).order_by(ApiToken.id.desc())))


def revoke_token(session: Session, account: Account, token_id: int, *, now: datetime) -> None:
    """End one of the account's own tokens; repeating it changes nothing.

    Raises:
        NotFound: the account has no such token.
    """
    token = session.get(ApiToken, token_id)
    if token is None or token.account_id != account.id:
        raise NotFound
    token.revoked_at = token.revoked_at or now
    session.flush()


def account_of_token(session: Session, token: str, *, now: datetime) -> Account | None:
    """The active account whose living token this is."""
    found = session.scalar(select(ApiToken).where(ApiToken.digest == digest_of(token), ApiToken.revoked_at.is_(None)))
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found.account if found.account.active else None


def digest_of(token: str) -> str:
    """What is stored of a token: random enough that a plain digest cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _refuse_busy_address(session: Session, address: str | None, now: datetime) -> None:
    since = now - timedelta(minutes=LOCK_MINUTES)
    failures = select(func.count()).where(SignInFailure.address == address, SignInFailure.at > since)
    if address is not None and session.scalars(failures).one() >= FAILURES_PER_ADDRESS:
        raise TooManyAttempts


def _count_failure(session: Session, address: str | None, now: datetime) -> None:
    """Remember the address, and forget the failures that no longer count."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - timedelta(minutes=LOCK_MINUTES)))
    if address is not None:
        session.add(SignInFailure(address=address, at=now))
    session.flush()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
