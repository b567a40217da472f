"""The audit trail: who changed what, when, from where. Append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from schedules.db import Base


class AuditRow(Base):
    """One change. `noun` and `noun_id` name the row changed, `verb` what was done to it."""

    __tablename__ = "audit_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    origin: Mapped[str | None]
    verb: Mapped[str]
    noun: Mapped[str]
    noun_id: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
