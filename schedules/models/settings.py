"""The numbers that planning uses and coordinators may change: points, rhythm, freeze, reserve."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from schedules.db import Base, Versioned


class PlanningSettings(Versioned, Base):
    """One row (id 1) of numbers; missing keys mean the defaults in `schedules.prizes`."""

    __tablename__ = "planning_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_by: Mapped[str | None]
