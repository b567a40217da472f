"""A journal of ticks that the product does not know of: triggers on its heartbeats write each beginning and success.

A row appears with the transaction that did it, so what was rolled back leaves none. Periods are those the scheduler
claimed, times are the database's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, text

from schedules.health import PERIOD, TICK

_SQLITE = (
    """CREATE TABLE tick_journal
       (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, owner TEXT, beat TEXT, at REAL)""",
    *(
        f"""CREATE TRIGGER tick_journal_{event.lower()} AFTER {event} ON heartbeat BEGIN
            INSERT INTO tick_journal (name, owner, beat, at)
            VALUES (new.name, new.owner, new.at, (julianday('now') - 2440587.5) * 86400.0); END"""
        for event in ("INSERT", "UPDATE")
    ),
)
_POSTGRESQL = (
    """CREATE TABLE tick_journal
       (id BIGSERIAL PRIMARY KEY, name TEXT, owner TEXT, beat TEXT, at DOUBLE PRECISION)""",
    """CREATE FUNCTION keep_tick_journal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO tick_journal (name, owner, beat, at)
       VALUES (new.name, new.owner, new.at::text, extract(epoch FROM clock_timestamp())); RETURN NULL; END $$""",
    """CREATE TRIGGER tick_journal AFTER INSERT OR UPDATE ON heartbeat
       FOR EACH ROW EXECUTE FUNCTION keep_tick_journal()""",
)
_POSTGRESQL_GONE = (
    "DROP TRIGGER IF EXISTS tick_journal ON heartbeat",
    "DROP FUNCTION IF EXISTS keep_tick_journal",
    "DROP TABLE IF EXISTS tick_journal",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A tick was begun or has succeeded: by whom, and when (seconds since 1970).

    `beat` is what the row said: of a beginning its period.
    """

    name: str
    owner: str
    beat: str
    at: float
    begun: bool


def keep_tick_journal(engine: Engine) -> None:
    """Begin the journal in this database."""
    with engine.begin() as connection:
        for statement in _SQLITE if engine.dialect.name == "sqlite" else _POSTGRESQL:
            connection.exec_driver_sql(statement)


def drop_tick_journal(engine: Engine) -> None:
    """Take it away; an SQLite database goes with its file."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for statement in _POSTGRESQL_GONE:
                connection.exec_driver_sql(statement)


def read_tick_journal(engine: Engine, after: int = 0) -> list[Entry]:
    """What happened, in the order in which it was written."""
    found = text("SELECT name, owner, beat, at FROM tick_journal WHERE id > :after ORDER BY id")
    with engine.connect() as connection:
        rows = connection.execute(found, {"after": after}).all()
    return [
        Entry(name.removeprefix(kind), owner, beat, at, begun=kind == PERIOD)
        for name, owner, beat, at in rows
        for kind in (PERIOD, TICK)
        if name.startswith(kind)
    ]


def twice_in_a_period(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """The ticks, by name and period, that were begun more than once."""
    begun = Counter((entry.name, entry.beat) for entry in entries if entry.begun)
    return sorted(tick for tick, number in begun.items() if number > 1)


def successes_without_beginning(entries: Iterable[Entry]) -> list[Entry]:
    """Ticks that succeeded though their owner had begun none, or whose beginning had succeeded before."""
    open_ticks: Counter[tuple[str, str]] = Counter()
    found = []
    for entry in entries:
        tick = (entry.name, entry.owner)
        if entry.begun:
            open_ticks[tick] = 1
        elif open_ticks[tick] == 0:
            found.append(entry)
        else:
            open_ticks[tick] = 0
    return found


def written_after_losing(entries: Iterable[Entry]) -> list[Entry]:
    """What an owner wrote after somebody else had begun a tick: it had lost the lease by then."""
    present: str | None = None
    former: set[str] = set()
    found = []
    for entry in entries:
        if entry.owner in former:
            found.append(entry)
        elif entry.owner != present:
            if present is not None:
                former.add(present)
            present = entry.owner
    return found
