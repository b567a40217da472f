"""Inserting a row that may be there already, in one statement that SQLite and PostgreSQL both know.

Looking first and inserting then leaves a gap in which another process may insert; `ON CONFLICT` leaves none, and the
caller's transaction stays usable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from schedules.db import Base

Row = TypeVar("Row", bound=Base)


def insert_new(session: Session, model: type[Row], values: Mapping[str, Any], *, unique: str) -> Row | None:
    """Insert a row unless one has the same value in the column `unique`; None when there was one."""
    statement = _insert(session)(model).values(**values).on_conflict_do_nothing(index_elements=[unique])
    return session.scalars(statement.returning(model)).one_or_none()


def put(session: Session, model: type[Row], values: Mapping[str, Any], *, unique: str) -> None:
    """Insert a row, or overwrite the one with the same value in the column `unique`."""
    statement = _insert(session)(model).values(**values)
    others = {name: statement.excluded[name] for name in values if name != unique}
    session.execute(statement.on_conflict_do_update(index_elements=[unique], set_=others))


def advance(
    session: Session,
    model: type[Row],
    values: Mapping[str, Any],
    *,
    unique: str,
    by: str,
    unless: ColumnElement[bool],
) -> bool:
    """Insert a row, or overwrite the one with the same `unique` if the column `by` grows; whether that was done.

    A row of which `unless` is true is overwritten in any case. Of any number of callers with the same value of `by`
    exactly one is told that it did.
    """
    statement = _insert(session)(model).values(**values)
    done = statement.on_conflict_do_update(
        index_elements=[unique],
        set_={name: statement.excluded[name] for name in values if name != unique},
        where=or_(getattr(model, by) < statement.excluded[by], unless),
    )
    return session.scalars(done.returning(getattr(model, unique))).one_or_none() is not None


def _insert(session: Session) -> Any:
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
