"""The outbox: every message to a person, written in the transaction that causes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.visits import Visit


class MessageState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    STALE = "stale"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Message(Base):
    """One message: for a visit the key is visit, version, person and kind, so that nothing can be said twice.

    Messages that left in one letter share its `bundle`, from the first attempt to the last. `called_at` is when
    somebody on the call list was told by telephone.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_state_due_at", "state", "due_at"),
        Index("ix_message_recipient_sent_at", "recipient", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]
    recipient_name: Mapped[str]
    locale: Mapped[str]
    town_id: Mapped[int | None] = mapped_column(ForeignKey("town.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"), index=True)
    visit_version: Mapped[int | None]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("visit_request.id"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[MessageState]
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    last_error: Mapped[str | None]
    bundle: Mapped[str | None] = mapped_column(index=True)
    called_at: Mapped[datetime | None]
    called_by: Mapped[str | None]
    created_at: Mapped[datetime]

    visit: Mapped[Visit | None] = relationship()
