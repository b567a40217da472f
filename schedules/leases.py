"""Leases: rows that let exactly one of many processes do a named job, and another take over when it dies.

Time is the database's, so that machines whose clocks disagree still agree on who holds a lease.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.orm import Session

from schedules.models import Lease
from schedules.upsert import insert_new


def acquire(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Take the lease, or renew it, for so many seconds; False while somebody else holds it."""
    now = database_time(session)
    until = now + timedelta(seconds=seconds)
    renewed = session.scalars(
        update(Lease)
        .where(Lease.name == name, or_(Lease.owner == owner, Lease.until < now))
        .values(owner=owner, until=until)
        .returning(Lease.name)
    ).one_or_none()
    if renewed is not None:
        return True
    return insert_new(session, Lease, {"name": name, "owner": owner, "until": until}, unique="name") is not None


def release(session: Session, name: str, owner: str) -> None:
    """Give the lease back at once, if this owner holds it."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))


def holder(session: Session, name: str) -> str | None:
    """Who holds the lease now."""
    return session.scalars(
        select(Lease.owner).where(Lease.name == name, Lease.until >= database_time(session))
    ).one_or_none()


def database_time(session: Session) -> datetime:
    """The database's clock. SQLite has none of its own: its file lies on this machine, whose clock is asked."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)
