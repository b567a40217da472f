"""A town's request for a visit: venue, services, windows, and where it stands."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base, Versioned
from schedules.models.services import Service
from schedules.models.towns import Town
from schedules.models.venues import Venue


class RequestState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    PLANNED = "planned"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Priority(StrEnum):
    NORMAL = "normal"
    RAISED = "raised"
    URGENT = "urgent"


class VisitRequest(Versioned, Base):
    """What a town asked for. Minutes and kits are copied from the catalogue when it is filed.

    `brings` names what the host provides although the venue has none ("power", "parking", "indoor").
    """

    __tablename__ = "visit_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    state: Mapped[RequestState] = mapped_column(index=True)
    priority: Mapped[Priority]
    setup: Mapped[int]
    session: Mapped[int]
    teardown: Mapped[int]
    kits: Mapped[int]
    people: Mapped[int]
    alternative_group: Mapped[str | None]
    contact_name: Mapped[str]
    contact_phone: Mapped[str]
    contact_email: Mapped[str | None]
    note: Mapped[str | None]
    brings: Mapped[list[str]] = mapped_column(default=list)
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]
    pinned_shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    pinned_starts: Mapped[int | None]

    town: Mapped[Town] = relationship()
    venue: Mapped[Venue] = relationship()
    windows: Mapped[list[RequestWindow]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="RequestWindow.day, RequestWindow.opens"
    )
    services: Mapped[list[RequestService]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="RequestService.service_id"
    )


class RequestWindow(Base):
    """A day and minutes in which the session may lie; `preferred` ones are worth a bonus."""

    __tablename__ = "request_window"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"), index=True)
    day: Mapped[date] = mapped_column(index=True)
    opens: Mapped[int]
    closes: Mapped[int]
    preferred: Mapped[bool] = mapped_column(default=False)


class RequestService(Base):
    """A service asked for, with the minutes wanted. Services of one request run side by side."""

    __tablename__ = "request_service"

    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    minutes: Mapped[int]

    service: Mapped[Service] = relationship(lazy="joined")


class NumberSeries(Base):
    """The last number given out in a series, such as the requests of a year; counted up in the database itself."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
