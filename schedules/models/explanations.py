"""Explanations: for each request that a draft leaves out, how certain that is and which changes would serve it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.plans import Plan
from schedules.models.requests import VisitRequest


class Explanation(Base):
    """What was computed about one request of a plan, as numbers and codes; words are the edge's.

    `reason` holds the certificate or the price, `changes` the checked changes, the cheapest first; `applied` is the
    index of the one that a coordinator took. Written once, in the background; only the three `applied` columns change.
    """

    __tablename__ = "explanation"
    __table_args__ = (UniqueConstraint("plan_id", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"), index=True)
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changes: Mapped[list[Any]] = mapped_column(default=list)
    made_at: Mapped[datetime]
    applied: Mapped[int | None]
    applied_at: Mapped[datetime | None]
    applied_by: Mapped[str | None]

    plan: Mapped[Plan] = relationship()
    request: Mapped[VisitRequest] = relationship()
