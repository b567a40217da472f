"""Vans, crew members with skills, and shifts: a van on a day with its crew and stock."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base, Versioned

shift_crew = Table(
    "shift_crew",
    Base.metadata,
    Column("shift_id", ForeignKey("shift.id", ondelete="CASCADE"), primary_key=True),
    Column("crew_member_id", ForeignKey("crew_member.id"), primary_key=True),
)


def shift_code(van: str, day: date) -> str:
    """The planner's id of a shift, by its van's code."""
    return f"{van}@{day.isoformat()}"


class Depot(Base):
    """Where vans start and end their tours."""

    __tablename__ = "depot"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]


class Van(Base):
    """A roving service van; `number` is how people call it (van 1)."""

    __tablename__ = "van"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    number: Mapped[int] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    plate: Mapped[str]
    depot_id: Mapped[int] = mapped_column(ForeignKey("depot.id"))
    equipment: Mapped[list[str]] = mapped_column(default=list)
    kits: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    depot: Mapped[Depot] = relationship()


class CrewMember(Base):
    """Somebody who rides on the van, with skills from `services.Skill`."""

    __tablename__ = "crew_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str | None]
    skills: Mapped[list[str]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)


class Shift(Versioned, Base):
    """A van on a day: minutes after midnight, the lunch rule, limits and the people who ride."""

    __tablename__ = "shift"
    __table_args__ = (UniqueConstraint("van_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    van_id: Mapped[int] = mapped_column(ForeignKey("van.id"))
    day: Mapped[date] = mapped_column(index=True)
    starts: Mapped[int]
    ends: Mapped[int]
    lunch_opens: Mapped[int | None]
    lunch_closes: Mapped[int | None]
    lunch_minutes: Mapped[int | None]
    max_visits: Mapped[int | None]
    max_driving: Mapped[int | None]
    kits: Mapped[int] = mapped_column(default=0)
    reserve: Mapped[bool] = mapped_column(default=False)
    out_of_service: Mapped[str | None]

    van: Mapped[Van] = relationship()
    crew: Mapped[list[CrewMember]] = relationship(secondary=shift_crew, lazy="selectin", order_by=CrewMember.code)

    @property
    def code(self) -> str:
        """The planner's id of this shift."""
        return shift_code(self.van.code, self.day)

    @property
    def skills(self) -> Counter[str]:
        """How many of the crew have each skill."""
        return Counter(skill for member in self.crew for skill in member.skills)
