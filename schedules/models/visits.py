"""Visits: the promise made to a town, which survives replanning and which reminders and reports point at."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.fleet import Shift
from schedules.models.requests import VisitRequest
from schedules.models.towns import Town
from schedules.models.venues import Venue


class VisitState(StrEnum):
    PROMISED = "promised"
    CONFIRMED = "confirmed"
    ON_THE_WAY = "on_the_way"
    OPEN = "open"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Visit(Base):
    """A promise: this van, this day, this minute. Every change raises `version` and writes a `VisitChange`.

    `arrives`, `starts`, `closes` and `departs` are the planned minutes of `day`; the columns ending in `_at` are what
    happened. Arrival is a fact within "on the way", the session's end a fact within "open"; the report makes it done.
    """

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"), index=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    state: Mapped[VisitState] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    day: Mapped[date] = mapped_column(index=True)
    arrives: Mapped[int]
    starts: Mapped[int]
    closes: Mapped[int]
    departs: Mapped[int]
    set_off_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    ended_by: Mapped[str | None]

    request: Mapped[VisitRequest] = relationship()
    town: Mapped[Town] = relationship()
    venue: Mapped[Venue] = relationship()
    shift: Mapped[Shift] = relationship()
    changes: Mapped[list[VisitChange]] = relationship(order_by="VisitChange.version", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012


class VisitChange(Base):
    """What one version of a visit changed, when and by whom."""

    __tablename__ = "visit_change"
    __table_args__ = (UniqueConstraint("visit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    version: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str | None]
