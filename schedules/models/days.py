"""The day table: which days people work, with the source of each claim."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from schedules.db import Base


class DayKind(StrEnum):
    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"


class DaySource(StrEnum):
    CHINESE_CALENDAR = "chinesecalendar"
    HOLIDAYS = "holidays"
    WEEK = "week"
    COORDINATOR = "coordinator"


class Day(Base):
    """One date. Where `announced` is false, no holiday table has been published yet and the kind is a guess."""

    __tablename__ = "day"

    date: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[DayKind]
    source: Mapped[DaySource]
    announced: Mapped[bool]
    name_zh: Mapped[str | None]
    name_en: Mapped[str | None]
    changed_at: Mapped[datetime | None]

    @property
    def works(self) -> bool:
        return self.kind in (DayKind.WORKING, DayKind.MAKE_UP)
