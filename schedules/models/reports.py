"""Reports: what happened at a visit, with the samples tested there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.visits import Visit


class SampleResult(StrEnum):
    NEGATIVE = "negative"
    SUSPECTED_POSITIVE = "suspected_positive"


class Report(Base):
    """The counts of one visit, written by its crew."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), unique=True)
    people: Mapped[int]
    leaflets: Mapped[int] = mapped_column(default=0)
    consultations: Mapped[int] = mapped_column(default=0)
    complaints: Mapped[int] = mapped_column(default=0)
    kits_used: Mapped[int] = mapped_column(default=0)
    samples_tested: Mapped[int] = mapped_column(default=0)
    suspected_positives: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None]
    filed_at: Mapped[datetime]
    filed_by: Mapped[str]

    visit: Mapped[Visit] = relationship()
    samples: Mapped[list[Sample]] = relationship(cascade="all, delete-orphan", order_by="Sample.id")


class Sample(Base):
    """A sample worth a line of its own: every suspected positive, and whatever else the crew wrote down."""

    __tablename__ = "sample"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), index=True)
    food: Mapped[str]
    item: Mapped[str]
    result: Mapped[SampleResult]
    repeated: Mapped[bool] = mapped_column(default=False)
    stall: Mapped[str | None]
    referred_to: Mapped[str | None]
