"""The audit trail: every change leaves a row saying who, when, what, before and after, and from where.

Rows are only ever added. Personal data never enters them in clear: `record` masks by key, whatever it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from schedules.contacts import masked_email, masked_name, masked_phone
from schedules.models import AuditRow

origin: ContextVar[str | None] = ContextVar("origin", default=None)
"""Where the present call comes from (an address, a command, a job); set by the edge."""

_origin_of_call = origin

FREE_TEXT = frozenset({"note"})


def record(
    session: Session,
    *,
    actor: str,
    now: datetime,
    verb: str,
    noun: str,
    noun_id: int | str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    origin: str | None = None,
) -> AuditRow:
    """Add one row in the caller's transaction. `before` and `after` hold only what changed."""
    row = AuditRow(
        at=now,
        actor=actor,
        origin=origin if origin is not None else _origin_of_call.get(),
        verb=verb,
        noun=noun,
        noun_id=str(noun_id),
        before=_storable(before or {}),
        after=_storable(after or {}),
    )
    session.add(row)
    session.flush()
    return row


def rows_about(session: Session, noun: str, noun_id: int | str) -> list[AuditRow]:
    """The history of one row, oldest first."""
    found = select(AuditRow).where(AuditRow.noun == noun, AuditRow.noun_id == str(noun_id)).order_by(AuditRow.id)
    return list(session.scalars(found))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two full pictures of a row only the keys that differ."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


@event.listens_for(AuditRow, "before_update")
@event.listens_for(AuditRow, "before_delete")
def _refuse_to_forget(_mapper: object, _connection: object, row: AuditRow) -> None:
    raise TypeError(f"Audit row {row.id} stays as it was written.")


def _storable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(_masked(key, value)) for key, value in values.items()}


def _masked(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if key.endswith("phone"):
        return masked_phone(value)
    if key.endswith("email"):
        return masked_email(value)
    if key in ("name", "contact_name", "recipient_name"):
        return masked_name(value)
    return f"({len(value)} characters)" if key in FREE_TEXT else value


def _plain(value: Any) -> Any:
    """What JSON can hold."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return _storable(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return value
