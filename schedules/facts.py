"""The facts a message is written from: days, minutes and the public names of places, in both languages.

They are copied into the message's row, so that its text can be made at any time and says what was true when it was
queued. Names and phone numbers of people are no facts: they stay out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from schedules.models import Shift, Visit, VisitRequest

# What a visit's messages promise. While these stay the same, a message says the same.
SLOT = ("day", "starts", "closes", "venue_id", "van")


def facts_of_visit(
    visit: Visit, *, before: Mapping[str, Any] | None = None, reason: str | None = None
) -> dict[str, Any]:
    """Where and when a visit is; `before` holds the former "day" and "starts" (and "van") of a moved one."""
    facts: dict[str, Any] = {
        "day": visit.day.isoformat(),
        "starts": visit.starts,
        "closes": visit.closes,
        "venue_id": visit.venue_id,
        "van": visit.shift.van.number,
        "number": visit.request.number,
        "request_state": visit.request.state.value,
        **_place(visit),
    }
    if before:
        facts["before"] = {name: _plain(before[name]) for name in ("day", "starts", "van") if name in before}
    if reason or visit.reason:
        facts["reason"] = reason or visit.reason
    return facts


def facts_of_request(request: VisitRequest) -> dict[str, Any]:
    """Which request it is, and why it was declined if it was."""
    facts: dict[str, Any] = {"number": request.number, **_place(request)}
    if request.decline_reason:
        facts["reason"] = request.decline_reason
    return facts


def facts_of_tour(shift: Shift, visits: Iterable[Visit]) -> dict[str, Any]:
    """A shift's stops in the order of driving."""
    stops = [facts_of_stop(visit, visit.arrives, visit.starts) for visit in visits]
    return {"day": shift.day.isoformat(), "van": shift.van.number, "stops": stops}


def facts_of_stop(row: Visit | VisitRequest, arrives: int, starts: int) -> dict[str, Any]:
    """One stop of a tour, promised or planned."""
    return {"arrives": arrives, "starts": starts, "venue_id": row.venue_id, **_place(row)}


def same_slot(facts: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether two messages of a visit promise the same day, time, place and van."""
    return all(facts.get(name) == others.get(name) for name in SLOT)


def _place(row: Visit | VisitRequest) -> dict[str, str]:
    return {
        "venue_zh": row.venue.name_zh,
        "venue_en": row.venue.name_en,
        "town_zh": row.town.name_zh,
        "town_en": row.town.name_en,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
