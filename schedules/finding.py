"""Finding a row by an id that comes from outside and may be any number."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import Session

from schedules.db import Base

LARGEST_ID = 2**31 - 1
"""Larger ids do not fit into a column: they name nothing, and asking a database for them is an error."""

Row = TypeVar("Row", bound=Base)


def find(session: Session, model: type[Row], row_id: int) -> Row | None:
    """The row of this id, or None."""
    return session.get(model, row_id) if 0 < row_id <= LARGEST_ID else None
