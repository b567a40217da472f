"""Signs of life: the lease that lets one scheduler tick, and the heartbeats the health check reads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from schedules.db import Base


class Lease(Base):
    """Who may do a named job until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]


class Heartbeat(Base):
    """When a named process last showed that it lives."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    owner: Mapped[str]
