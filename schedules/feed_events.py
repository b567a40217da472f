"""What a calendar feed shows: the visits that are its own, and those that have left it.

A subscriber's calendar loses a visit only when it is told so. A visit that was called off, or that went to another
van, crew member or town, therefore stays as cancelled for a month, as it was when it left. Where it was before is read
from the changes of the visit and, for whoever rode on its shift, from the audit rows of the roster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from schedules import calendar
from schedules.models import (
    AuditRow,
    CalendarFeed,
    CrewMember,
    FeedKind,
    Shift,
    Stop,
    Venue,
    VenueKind,
    Visit,
    VisitChange,
    VisitRequest,
    VisitState,
)

DAYS_BACK = 60
DAYS_CANCELLED = 30
GONE = (VisitState.CANCELLED, VisitState.MISSED)


class Standing(StrEnum):
    """The status of an event, in the words of RFC 5545."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A visit as one feed shows it; minutes are those of `day`.

    `changed_at` is when the visit, or in a crew member's feed the crew of its shift, last changed. `left` is true of a
    visit that goes on without the feed's owner: all but `visit`'s own rows is as it was then.
    `drive` are the minutes of driving to it by the plan it stands by, None where no plan says them.
    """

    visit: Visit
    sequence: int
    changed_at: datetime
    standing: Standing
    left: bool
    day: date
    arrives: int
    starts: int
    closes: int
    departs: int
    drive: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Where a visit stood from `at` on, by its version of then."""

    at: datetime
    version: int
    town_id: int
    shift_id: int
    day: date
    arrives: int
    starts: int
    closes: int
    departs: int


SLOT = ("town_id", "shift_id", "day", "arrives", "starts", "closes", "departs")

Belongs = Callable[[Step], bool]


def events_of(session: Session, feed: CalendarFeed, now: datetime) -> list[FeedEvent]:
    """The events of a feed in the order in which they take place.

    Of visits: those of the past 60 days and all ahead; of cancelled and missed ones, and of those that left the feed,
    what happened less than 30 days ago.
    """
    first, since = calendar.local_day(now) - timedelta(days=DAYS_BACK), now - timedelta(days=DAYS_CANCELLED)
    roster = _roster(session) if feed.kind is FeedKind.CREW else Roster({})
    visits = list(session.scalars(_candidates(feed, roster, first, since)))
    steps = {visit.id: roster.with_moments(steps_of(visit)) for visit in visits}
    belongs = _belonging(session, feed, roster, {step.shift_id for each in steps.values() for step in each})
    drives = _drives(session, visits) if feed.kind in (FeedKind.CREW, FeedKind.VAN) else {}
    events = [_event(feed, visit, steps[visit.id], belongs, first, since, drives) for visit in visits]
    return sorted((event for event in events if event is not None), key=lambda event: _place(event))


def steps_of(visit: Visit) -> list[Step]:
    """Where a visit has stood, oldest first, by taking back one change after the other."""
    values = {name: getattr(visit, name) for name in SLOT}
    steps: list[Step] = []
    for change in reversed(visit.changes):
        steps.append(Step(at=change.at, version=change.version, **values))
        values |= {name: _read(name, change.before[name]) for name in SLOT if name in change.before}
    return steps[::-1] or [Step(at=visit.request.submitted_at, version=visit.version, **values)]


def _read(name: str, stored: Any) -> Any:
    return date.fromisoformat(stored) if name == "day" else stored


def _place(event: FeedEvent) -> tuple[date, int, str]:
    return event.day, event.starts, event.visit.uid


# One visit ------------------------------------------------------------------------------------------------------------


def _event(
    feed: CalendarFeed,
    visit: Visit,
    steps: Sequence[Step],
    belongs: Belongs,
    first: date,
    since: datetime,
    drives: dict[int, int],
) -> FeedEvent | None:
    """The visit as the feed shows it, None where it never was the feed's or it is too long ago."""
    inside, turn, before = _last_turn(steps, belongs)
    if inside:
        return _present(feed, visit, steps[-1].at, first, since, drives)
    if before is None or turn.at <= since:
        return None
    return FeedEvent(
        visit=visit,
        sequence=turn.version,
        changed_at=turn.at,
        standing=Standing.CANCELLED,
        left=True,
        **{name: getattr(before, name) for name in SLOT[2:]},
    )


def _present(
    feed: CalendarFeed, visit: Visit, changed_at: datetime, first: date, since: datetime, drives: dict[int, int]
) -> FeedEvent | None:
    gone = visit.state in GONE
    if (gone and _ended_at(visit, changed_at) <= since) or (not gone and visit.day < first):
        return None
    return FeedEvent(
        visit=visit,
        sequence=visit.version,
        changed_at=changed_at,
        standing=_standing(feed, visit),
        left=False,
        drive=drives.get(visit.id),
        **{name: getattr(visit, name) for name in SLOT[2:]},
    )


def _standing(feed: CalendarFeed, visit: Visit) -> Standing:
    """Whether the town has confirmed is no business of the public."""
    if visit.state in GONE:
        return Standing.CANCELLED
    open_question = visit.state is VisitState.PROMISED and feed.kind is not FeedKind.PUBLIC
    return Standing.TENTATIVE if open_question else Standing.CONFIRMED


def _ended_at(visit: Visit, otherwise: datetime) -> datetime:
    """When the visit was cancelled or missed."""
    ended = [change.at for change in visit.changes if change.after.get("state") in GONE]
    return ended[-1] if ended else otherwise


def _last_turn(steps: Sequence[Step], belongs: Belongs) -> tuple[bool, Step, Step | None]:
    """Whether the visit is the feed's now, the step with which that began, and the last step before it was not."""
    inside, turn, before = False, steps[0], None
    for earlier, step in zip((None, *steps), steps, strict=False):
        now_inside = belongs(step)
        if now_inside is not inside:
            inside, turn = now_inside, step
            before = None if now_inside else earlier
    return inside, turn, before


# Whose visits ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RosterChange:
    """The codes of those who rode on a shift until `at`."""

    at: datetime
    before: frozenset[str]


@dataclass(frozen=True, slots=True)
class Roster:
    """How the crews of shifts have changed, by shift, oldest first."""

    changes: dict[int, list[RosterChange]]

    def riding(self, shift_id: int, at: datetime, present: Collection[str]) -> Collection[str]:
        """The codes of those who rode on a shift at that moment, given those who ride on it now."""
        return next((change.before for change in self.changes.get(shift_id, ()) if change.at > at), present)

    def with_moments(self, steps: Sequence[Step]) -> list[Step]:
        """The steps, and one more wherever the crew of the shift changed on which the visit stood."""
        ends = [step.at for step in steps[1:]]
        more = [
            replace(step, at=change.at)
            for step, end in zip(steps, (*ends, None), strict=True)
            for change in self.changes.get(step.shift_id, ())
            if change.at > step.at and (end is None or change.at < end)
        ]
        return sorted((*steps, *more), key=lambda step: (step.at, step.version))

    def changed_since(self, since: datetime) -> list[int]:
        """The shifts whose crew changed after that moment."""
        return [shift_id for shift_id, changes in self.changes.items() if changes[-1].at > since]


def _roster(session: Session) -> Roster:
    """Read from the audit rows of shifts, which name the crew before and after."""
    found = select(AuditRow.noun_id, AuditRow.at, AuditRow.before).where(AuditRow.noun == "shift").order_by(AuditRow.id)
    changes: dict[int, list[RosterChange]] = defaultdict(list)
    for shift_id, at, before in session.execute(found):
        if "crew" in before:
            changes[int(shift_id)].append(RosterChange(at, frozenset(before["crew"])))
    return Roster(dict(changes))


def _belonging(session: Session, feed: CalendarFeed, roster: Roster, shift_ids: set[int]) -> Belongs:
    """What tells whether a visit was the feed's at a step; all candidates of the public feed are."""
    if feed.kind is FeedKind.TOWN:
        return lambda step: step.town_id == feed.town_id
    if feed.kind is FeedKind.PUBLIC:
        return lambda step: True
    shifts = {shift.id: shift for shift in session.scalars(select(Shift).where(Shift.id.in_(shift_ids)))}
    if feed.kind is FeedKind.VAN:
        return lambda step: step.shift_id in shifts and shifts[step.shift_id].van_id == feed.van_id
    assert feed.crew_member is not None
    code = feed.crew_member.code
    riding = {shift.id: frozenset(member.code for member in shift.crew) for shift in shifts.values()}
    return lambda step: code in roster.riding(step.shift_id, step.at, riding.get(step.shift_id, frozenset()))


def _candidates(feed: CalendarFeed, roster: Roster, first: date, since: datetime) -> Select[Visit]:
    """The visits that are the feed's now and recent enough, and all that may have left it since."""
    changed = select(VisitChange.visit_id).where(VisitChange.at > since)
    mine: list[ColumnElement[bool]] = [_is_now(feed) & or_(Visit.day >= first, Visit.id.in_(changed))]
    if feed.kind is not FeedKind.PUBLIC:
        mine.append(Visit.id.in_(changed.where(VisitChange.kind == "moved")))
    if feed.kind is FeedKind.CREW:
        mine.append(Visit.shift_id.in_(roster.changed_since(since)))
    return (
        select(Visit)
        .where(or_(*mine))
        .options(
            joinedload(Visit.request).selectinload(VisitRequest.services),
            joinedload(Visit.venue),
            joinedload(Visit.town),
            joinedload(Visit.shift).joinedload(Shift.van),
            selectinload(Visit.changes),
        )
        .order_by(Visit.id)
    )


def _is_now(feed: CalendarFeed) -> ColumnElement[bool]:
    match feed.kind:
        case FeedKind.TOWN:
            return Visit.town_id == feed.town_id
        case FeedKind.VAN:
            return Visit.shift.has(Shift.van_id == feed.van_id)
        case FeedKind.CREW:
            return Visit.shift.has(Shift.crew.any(CrewMember.id == feed.crew_member_id))
        case FeedKind.PUBLIC:
            return Visit.venue.has(Venue.kind.has(VenueKind.open_to_public))


def _drives(session: Session, visits: Iterable[Visit]) -> dict[int, int]:
    """The minutes of driving to each visit by the plan it stands by, by visit id."""
    by_stop = {(visit.plan_id, visit.request_id): visit.id for visit in visits if visit.plan_id is not None}
    found = select(Stop.plan_id, Stop.request_id, Stop.drive).where(
        Stop.plan_id.in_({plan for plan, _ in by_stop}), Stop.request_id.in_({asked for _, asked in by_stop})
    )
    return {
        by_stop[plan_id, asked]: drive
        for plan_id, asked, drive in session.execute(found)
        if (plan_id, asked) in by_stop
    }
