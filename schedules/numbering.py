"""Numbers that are given out once: counted up by the database, so that two callers at once never get the same.

Counting also makes callers of one series queue up: each waits until the one before it has committed or given up.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from schedules.models import NumberSeries


def next_number(session: Session, series: str) -> int:
    """The next whole number of a series, from 1; given back to it when the transaction is rolled back."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert: Any = postgresql.insert if is_postgresql else sqlite.insert
    table = NumberSeries.__table__
    count_up = (
        insert(table)
        .values(name=series, last=1)
        .on_conflict_do_update(index_elements=["name"], set_={"last": table.c.last + 1})
        .returning(table.c.last)
    )
    number: int = session.execute(count_up).scalar_one()
    return number
