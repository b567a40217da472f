"""What visits to requests would be worth today, part by part, and how long their towns have waited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import fairness, prizes
from schedules.models import Hotspot, VisitRequest
from schedules.prizes import PrizeParts

_l = lazy_gettext

PARTS: dict[str, Any] = {
    "base": _l("base"),
    "priority": _l("priority"),
    "waiting": _l("waiting"),
    "hotspot": _l("hotspot"),
    "recency": _l("town not visited"),
}


@dataclass(frozen=True, slots=True)
class Worth:
    """The points of one request today, and the days since its town's last visit (None where there was none)."""

    parts: PrizeParts
    days_since: int | None

    @property
    def total(self) -> int:
        return self.parts.total

    @property
    def overdue(self) -> bool:
        """Whether the town has waited longer than any should."""
        return self.days_since is not None and self.days_since > fairness.LONGEST_WAIT_DAYS


def worth_of(session: Session, requests: Iterable[VisitRequest], *, today: date) -> dict[int, Worth]:
    """By request id, by the same formula and settings as the planner's."""
    numbers, since = prizes.planning_numbers(session), fairness.days_since_last_visit(session, today)
    spots = list(session.scalars(select(Hotspot).where(Hotspot.last_day >= today)))
    found = {}
    for request in requests:
        last = max((window.day for window in request.windows), default=today)
        parts = prizes.prize_parts(
            request,
            today=today,
            days_since=since.get(request.town_id),
            hotspot_points=sum(s.points for s in spots if s.town_id == request.town_id and s.first_day <= last),
            settings=numbers,
        )
        found[request.id] = Worth(parts, since.get(request.town_id))
    return found


def parts_in_words(numbers: Mapping[str, int]) -> str:
    """Base 300 + waiting 104 + town not visited 18; parts that are nothing are left out."""
    told = [f"{PARTS[name]} {numbers[name]}" for name in PARTS if numbers.get(name)]
    return gettext(" + ").join(told)
