"""/healthz says what works and names what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from schedules import health
from tests.van_service.conftest import Clock


@pytest.fixture
def well(session_factory: sessionmaker[Session], clock: Clock) -> None:
    """The migration of this code, and fresh signs of life of both processes."""
    with session_factory.begin() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        session.execute(text("DELETE FROM alembic_version"))
        if expected := health.expected_migration():
            session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": expected})
        for name in (health.SCHEDULER, health.RUNNER):
            health.beat(session, name, "test", clock.now)


@pytest.mark.usefixtures("well")
def test_all_is_well(client: FlaskClient, clock: Clock) -> None:
    clock.forward(seconds=7)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["status"], answer.json["scheduler_age_seconds"], answer.json["failing"]) == ("ok", 7.0, [])
    assert answer.json["migration"] == answer.json["migration_expected"]


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize("silent", [health.SCHEDULER, health.RUNNER])
def test_a_silent_process_is_named(
    silent: str, client: FlaskClient, clock: Clock, session_factory: sessionmaker[Session]
) -> None:
    with session_factory.begin() as session:
        health.beat(session, silent, "test", clock.now - timedelta(minutes=5))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["failing"] == [silent]


@pytest.mark.usefixtures("well")
def test_a_database_of_another_migration_is_named(client: FlaskClient, session_factory: sessionmaker[Session]) -> None:
    with session_factory.begin() as session:
        session.execute(text("DELETE FROM alembic_version"))
        session.execute(text("INSERT INTO alembic_version VALUES ('of another code')"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["failing"] == ["migration"]
