"""Leases: rows that let exactly one of many processes do a named job, and another take over when it dies.

Time is the database's, so that machines whose clocks disagree still agree on who holds a lease. A process that was
stopped (by a debugger, a full disk, a paused machine) and goes on later does not know that others went on meanwhile.
So whoever works for long asks its `Tenure` before each step, and `confirm`s the lease in the transaction that writes.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.orm import Session

from schedules.models import Heartbeat, Lease
from schedules.upsert import advance, insert_new

AGAIN = "#"
FAR = 10
"""A lease that still runs for so many times its length was granted before the clock was put back."""


class LeaseTaken(Exception):
    """Somebody else holds the lease by now; what was begun under it must not be written."""


def acquire(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Take the lease, or renew it, for so many seconds; False while somebody else holds it."""
    now = database_time(session)
    length = timedelta(seconds=seconds)
    until = now + length
    renewal = (
        update(Lease)
        .where(Lease.name == name, or_(Lease.owner == owner, Lease.until < now, Lease.until > now + FAR * length))
        .values(owner=owner, until=until)
        .returning(Lease.name)
    )
    if session.scalars(renewal).one_or_none() is not None:
        return True
    if insert_new(session, Lease, {"name": name, "owner": owner, "until": until}, unique="name") is not None:
        return True
    # Where two threads of one owner are the first ever to ask, the second finds the row that the first has just made.
    return session.scalars(renewal).one_or_none() is not None


def confirm(session: Session, name: str, owner: str) -> None:
    """Make sure, as the last thing before a commit, that the lease is still this owner's and stays so until then.

    On PostgreSQL the row is locked against a taker. On SQLite whoever has written is the only one who can.

    Raises:
        LeaseTaken: it is not; the caller rolls back.
    """
    held = select(Lease.owner).where(Lease.name == name).with_for_update(read=True)
    if session.scalars(held).one_or_none() != owner:
        raise LeaseTaken(name)


def release(session: Session, name: str, owner: str) -> None:
    """Give the lease back at once, if this owner holds it, in whatever tenure."""
    mine = or_(Lease.owner == owner, Lease.owner.startswith(owner + AGAIN, autoescape=True))
    session.execute(delete(Lease).where(Lease.name == name, mine))


def holder(session: Session, name: str) -> str | None:
    """Who holds the lease now."""
    return session.scalars(
        select(Lease.owner).where(Lease.name == name, Lease.until >= database_time(session))
    ).one_or_none()


def claim_moment(
    session: Session, name: str, owner: str, moment: datetime, *, leap: timedelta = timedelta(days=366)
) -> bool:
    """Whether this caller is the one who may do what is due once at `moment`, whoever else asks and whenever.

    Moments of one name move forward, or back by more than `leap`: then the clock was put back. The claim is a row of
    the caller's transaction: rolled back, it is free.
    """
    values = {"name": name, "owner": owner, "at": moment}
    put_back = Heartbeat.at > moment + leap
    return advance(session, Heartbeat, values, unique="name", by="at", unless=put_back)


def database_time(session: Session) -> datetime:
    """The database's clock. SQLite has none of its own: its file lies on this machine, whose clock is asked."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)


def end_when_hung(session: Session, seconds: float) -> None:
    """Let PostgreSQL roll this transaction back when its process goes silent for so long, so that its locks go.

    SQLite knows no such thing: a process that is stopped while it writes stops all that write until it goes on or ends.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, true)"),
            {"milliseconds": str(max(1, round(seconds * 1000)))},
        )


class Tenure:
    """How long this process may believe that it holds a lease, by its own steady clock, without asking.

    Once the lease has run out, the process asks for it under a new name: what it began before cannot pass for work of
    its new tenure, even where nobody was in between. Safe to use from several threads.
    """

    def __init__(self, process: str, seconds: float) -> None:
        self.process, self.seconds = process, seconds
        self._lock = threading.Lock()
        self._number = 1
        self._until: float | None = None

    def owner(self) -> str:
        """As whom to ask for the lease."""
        with self._lock:
            if self._until is not None and monotonic() >= self._until:
                self._end()
            return self._name()

    def renew(self, owner: str, asked: float) -> None:
        """The lease was granted to `owner`, who had asked for it at this moment of `time.monotonic`."""
        with self._lock:
            if owner == self._name():
                self._until = max(self._until or 0.0, asked + self.seconds)

    def lose(self, owner: str) -> None:
        """Somebody else was found to hold the lease."""
        with self._lock:
            if owner == self._name() and self._until is not None:
                self._end()

    def holds(self, owner: str) -> bool:
        """Whether the lease was granted to this owner and cannot have run out yet."""
        with self._lock:
            return owner == self._name() and self._until is not None and monotonic() < self._until

    def _name(self) -> str:
        return self.process if self._number == 1 else f"{self.process}{AGAIN}{self._number}"

    def _end(self) -> None:
        self._number += 1
        self._until = None
