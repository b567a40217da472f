"""How Alembic finds the database and the tables: through the Flask app whose command runs it."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection

from schedules.db import UtcDateTime

database = current_app.extensions["migrate"].db


def render(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our own column type by its name, with its import."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogenerate.imports.add("from schedules.db import UtcDateTime")
        return "UtcDateTime()"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations asked for on one connection, in one transaction.

    SQLite changes a table by copying and dropping it; with foreign keys on, the drop would delete what hangs on it.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
        render_item=render,
    )
    with context.begin_transaction():
        context.run_migrations()


with database.engine.connect() as connection:
    migrate(connection)
