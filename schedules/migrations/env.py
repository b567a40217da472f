"""How Alembic finds the database and the tables: through the Flask app whose command runs it."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

database = current_app.extensions["migrate"].db


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
    )
    with context.begin_transaction():
        context.run_migrations()


with database.engine.connect() as connection:
    migrate(connection)
