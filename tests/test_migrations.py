"""The migrations make just the tables of the models, on both databases, up and down again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import create_engine, inspect, make_url, text

from van_service import create_app
from van_service.extensions import db
from van_service.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The app on a database without a single table."""
    if request.param == "sqlite":
        yield create_app(Settings(instance_path=tmp_path).completed())
        return
    server = make_url(request.getfixturevalue("postgresql_server")).set(drivername="postgresql+psycopg")
    name = f"blank_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = server.set(database=name).render_as_string(hide_password=False)
    app = create_app(Settings(instance_path=tmp_path, database_url=url).completed())
    yield app
    with app.app_context():
        db.engine.dispose()
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


def tables(app: Flask) -> set[str]:
    """The names of the tables that the database has now."""
    with db.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def test_migrations_run_up_down_and_up_and_match_the_models(blank_app: Flask) -> None:
    with blank_app.app_context():
        upgrade()
        check()  # exits where a table differs from its model
        assert tables(blank_app) == {*db.metadata.tables, "alembic_version"}
        downgrade(revision="base")
        assert tables(blank_app) == {"alembic_version"}
        upgrade()
        assert tables(blank_app) == {*db.metadata.tables, "alembic_version"}
        db.engine.dispose()
