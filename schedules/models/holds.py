"""Holds: slots kept for one town for a while, before it asks (a booking) or because it waits (the wait list)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.fleet import Shift
from schedules.models.requests import VisitRequest
from schedules.models.services import Service
from schedules.models.towns import Town
from schedules.models.venues import Venue


class HoldKind(StrEnum):
    BOOKING = "booking"
    WAIT_LIST = "wait_list"


class HoldState(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"
    PASSED = "passed"
    EXPIRED = "expired"


STILL_HELD = text("state = 'held'")


class Hold(Base):
    """A session of a shift at minute `starts`, kept for a town until `expires_at`.

    It counts while its state is "held" and the clock shows less than `expires_at`, whether or not a tick has noted
    the end. `request_id` is the request that waits, or the one that a booking became.
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_state_expires_at", "state", "expires_at"),
        Index("uq_hold_request_id", "request_id", unique=True, sqlite_where=STILL_HELD, postgresql_where=STILL_HELD),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[HoldKind]
    state: Mapped[HoldState]
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("visit_request.id"))
    day: Mapped[date]
    starts: Mapped[int]
    setup: Mapped[int]
    session: Mapped[int]
    teardown: Mapped[int]
    kits: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    town: Mapped[Town] = relationship()
    venue: Mapped[Venue] = relationship()
    shift: Mapped[Shift] = relationship()
    request: Mapped[VisitRequest | None] = relationship()
    services: Mapped[list[HoldService]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="HoldService.service_id"
    )

    @property
    def closes(self) -> int:
        """The minute at which the session ends."""
        return self.starts + self.session


class HoldService(Base):
    """A service that the slot is held for, with its minutes."""

    __tablename__ = "hold_service"

    hold_id: Mapped[int] = mapped_column(ForeignKey("hold.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    minutes: Mapped[int]

    service: Mapped[Service] = relationship(lazy="joined")
