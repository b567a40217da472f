"""Venues: where the van stands. Kinds are data (the district's five entries and whatever is added)."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base, Versioned
from schedules.models.towns import Committee, Town


class VenueKind(Base):
    """One of the five entries, or an added kind; `open_to_public` where whoever comes may come in."""

    __tablename__ = "venue_kind"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    open_to_public: Mapped[bool] = mapped_column(default=False)


class Venue(Versioned, Base):
    """A place with a WGS-84 point and what it offers the van."""

    __tablename__ = "venue"

    id: Mapped[int] = mapped_column(primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"), index=True)
    kind_code: Mapped[str] = mapped_column(ForeignKey("venue_kind.code"))
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"))
    name_zh: Mapped[str]
    name_en: Mapped[str]
    address_zh: Mapped[str | None]
    address_en: Mapped[str | None]
    latitude: Mapped[float]
    longitude: Mapped[float]
    capacity: Mapped[int]
    liaison_station: Mapped[bool] = mapped_column(default=False)
    indoor_room: Mapped[bool] = mapped_column(default=False)
    power: Mapped[bool] = mapped_column(default=False)
    parking: Mapped[bool] = mapped_column(default=False)
    invented: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)

    town: Mapped[Town] = relationship()
    kind: Mapped[VenueKind] = relationship()
    committee: Mapped[Committee | None] = relationship()
