"""What publishing a plan would tell people, in the words they would read; nothing is stored.

The facts are those that `schedules.facts` would copy from the visit once it stands as the plan says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, object_session

from schedules import crew_tours, wordings
from schedules.db import Base
from schedules.differences import Change, ChangeKind, Difference
from schedules.facts import facts_of_stop
from schedules.models import Plan, RequestState, Shift
from schedules.recipients import DEFAULT_LOCALE, Person


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to one person, as it would be written."""

    change: Change
    person: Person
    kind: str
    facts: dict[str, Any]

    @property
    def locale(self) -> str:
        return self.person.locale

    @property
    def text(self) -> tuple[str, str]:
        """Subject and body."""
        return _text_of(self, self.change.request)

    @property
    def by_phone(self) -> bool:
        """Whether there is no address to send it to."""
        return self.person.email is None


def drafts_of(changes: Difference) -> Iterator[Draft]:
    """Every message that publishing would send, in the order of the changes."""
    for change in changes.changes:
        for person in change.tell:
            assert change.message is not None  # nobody is told without one
            yield Draft(change, person, change.message, facts_of(change))


@dataclass(frozen=True, slots=True)
class CrewDraft:
    """The new tour of a shift, as the people riding on it would be told."""

    shift: Shift
    people: tuple[Person, ...]
    facts: dict[str, Any]
    kind: str = crew_tours.KIND
    locale: str = DEFAULT_LOCALE

    @property
    def text(self) -> tuple[str, str]:
        """Subject and body."""
        return _text_of(self, self.shift)


def _text_of(draft: Draft | CrewDraft, row: Base) -> tuple[str, str]:
    """The text by the wording in force, in the session of a row that the draft speaks of."""
    session = object_session(row)
    assert session is not None  # drafts are made and read in one session
    return wordings.text_of(session, draft)


def crew_drafts_of(session: Session, plan: Plan, changes: Difference, *, now: datetime) -> list[CrewDraft]:
    """The tours that crews would be told of once the plan is published, where they are news to somebody."""
    found = []
    for shift in changes.shifts:
        facts, people = crew_tours.news_of_tour(session, shift, _stops_after(session, plan, shift, changes), now=now)
        if people:
            found.append(CrewDraft(shift, tuple(people), facts))
    return found


def _stops_after(session: Session, plan: Plan, shift: Shift, changes: Difference) -> list[dict[str, Any]]:
    """The shift's stops once the plan is published: the plan's, and what stands there that the plan leaves alone."""
    tours = [tour for tour in plan.tours if tour.shift_id == shift.id]
    planned = {stop.request_id: stop for tour in tours for stop in tour.stops}
    gone = {change.request.id for change in changes.changes}
    stops = [facts_of_stop(stop.request, stop.arrives, stop.starts) for stop in planned.values()]
    stops += [
        facts_of_stop(visit, visit.arrives, visit.starts)
        for visit in crew_tours.visits_of_shift(session, shift.id)
        if visit.request_id not in planned and visit.request_id not in gone
    ]
    return sorted(stops, key=lambda stop: (stop["arrives"], stop["starts"]))


def facts_of(change: Change) -> dict[str, Any]:
    """What a message about this change is written from."""
    request, slot = change.request, change.new or change.old
    assert slot is not None  # every change has a before or an after
    dropped = change.kind is ChangeKind.DROPPED
    withdrawn = dropped and change.cause is not None and change.cause.withdraws
    facts: dict[str, Any] = {
        "day": slot.day.isoformat(),
        "starts": slot.starts,
        "closes": slot.closes,
        "venue_id": request.venue_id,
        "van": slot.shift.van.number,
        "number": request.number,
        "request_state": _state_after(dropped=dropped, withdrawn=withdrawn).value,
        "venue_zh": request.venue.name_zh,
        "venue_en": request.venue.name_en,
        "town_zh": request.town.name_zh,
        "town_en": request.town.name_en,
    }
    if change.old is not None and change.message == "moved":
        facts["before"] = {"day": change.old.day.isoformat(), "starts": change.old.starts}
    if dropped:
        facts["reason"] = change.reason
    return facts


def _state_after(*, dropped: bool, withdrawn: bool) -> RequestState:
    if withdrawn:
        return RequestState.WITHDRAWN
    return RequestState.ACCEPTED if dropped else RequestState.PLANNED
