"""Towns (towns, subdistricts, zones), their committees, and the hotspots that raise what a visit there is worth."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base


class TownKind(StrEnum):
    TOWN = "town"
    SUBDISTRICT = "subdistrict"
    ZONE = "zone"


class Town(Base):
    """A unit that asks for visits. `planning_weight` stands in for population and is no census result.

    With `self_booking` a slot that the town holds becomes a promised visit as soon as it asks for it.
    """

    __tablename__ = "town"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[TownKind]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]
    planning_weight: Mapped[int]
    area_km2: Mapped[float | None]
    urban: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str]
    contact_name: Mapped[str | None]
    contact_phone: Mapped[str | None]
    contact_email: Mapped[str | None]
    self_booking: Mapped[bool] = mapped_column(default=False)

    committees: Mapped[list[Committee]] = relationship(back_populates="town")


class Committee(Base):
    """A residents' or village committee of a town, by its 12-digit code."""

    __tablename__ = "committee"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    kind: Mapped[str]
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"), index=True)

    town: Mapped[Town] = relationship(back_populates="committees")


class Hotspot(Base):
    """A topic that many people in one town complain about for a while; its points raise the prize of visits there."""

    __tablename__ = "hotspot"

    id: Mapped[int] = mapped_column(primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"), index=True)
    topic_zh: Mapped[str]
    topic_en: Mapped[str]
    complaints_before: Mapped[int]
    complaints_now: Mapped[int]
    points: Mapped[int]
    first_day: Mapped[date]
    last_day: Mapped[date]

    town: Mapped[Town] = relationship()
