"""The numbers of planning, each within its limits."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from schedules.planning_numbers import LIMITS, Numbers
from van_service.schemas.fields import Whole


class _NumbersSchema(Schema):
    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """A number by its name."""
        return obj.values[attr] if isinstance(obj, Numbers) else super().get_attribute(obj, attr, default)


PlanningNumbersSchema = _NumbersSchema.from_dict(
    {name: Whole(limits.least, limits.most, required=True) for name, limits in LIMITS.items()}, name="PlanningNumbers"
)
