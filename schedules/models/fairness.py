"""What fairness between towns costs in a plan's days, as it was worked out in the background."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from schedules.db import Base


class FairnessPrice(Base):
    """The steps of `routes.fairness_price` for one plan's problem; empty where they could not be had. Written once."""

    __tablename__ = "fairness_price"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    steps: Mapped[list[Any]] = mapped_column(default=list)
    made_at: Mapped[datetime]
