"""How late a van runs, and what the towns ahead are told: that it has set off, and that it is over 15 minutes late.

How late is what was said last: by the crew's steps against the plan, or by a disruption that names the minutes. From
stop to stop a delay shrinks by the slack of the tour, and never grows. Only today's visits are spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from schedules.calendar import instant, local_day, local_minutes
from schedules.facts import facts_of_visit
from schedules.lifecycle import MOVABLE_VISITS
from schedules.models import (
    Disruption,
    DisruptionKind,
    DisruptionState,
    Message,
    MessageState,
    Shift,
    Tour,
    Visit,
    VisitState,
)
from schedules.recipients import people_for
from schedules.reminders import WAITING, drop_older_versions, queue_message
from schedules.under_way import GONE, drives_to, newest_tours

KIND = "delayed"
ON_THE_WAY = "crew_on_the_way"
TOLD_OVER = 15
"""A town is told of a delay of more than so many minutes."""
STEP = 15
"""And again when it has grown or shrunk into another step of so many minutes."""
ROUNDED_TO = 5
OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Expected:
    """By how many minutes a visit's session is expected to start later than promised."""

    visit: Visit
    late: int

    @property
    def rounded(self) -> int:
        """The delay as people say it, rounded up."""
        return -(-self.late // ROUNDED_TO) * ROUNDED_TO


@dataclass(frozen=True, slots=True)
class _Word:
    """The last word on how late a van is: minutes, when it was said, and whether somebody said it of the next stop."""

    late: int
    at: datetime
    entered: bool = False


# What is told ---------------------------------------------------------------------------------------------------------


def tell_on_the_way(session: Session, visit: Visit, *, now: datetime) -> None:
    """Tell the town that the van has set off for it, and when it should arrive if the plan knows the drive."""
    drop_older_versions(session, visit)
    facts = facts_of_visit(visit)
    drive = drives_to(session, [visit]).get(visit.id)
    comes = visit.starts
    if drive is not None and visit.set_off_at is not None and local_day(visit.set_off_at) == visit.day:
        facts["expected"] = local_minutes(visit.set_off_at) + drive
        comes = max(comes, facts["expected"])
    _queue(session, visit, ON_THE_WAY, facts, comes, now=now)


def tell_delays(session: Session, shift: Shift, *, now: datetime) -> None:
    """Tell the towns ahead of a shift's van of delays that are news to them, also that it has caught up."""
    if local_day(now) != shift.day:
        return
    session.flush()
    for expected in expected_starts(session, shift):
        visit = expected.visit
        last = _last_told(session, visit)
        told = last.facts["late"] if last is not None else 0
        unread = last is None or last.state in WAITING
        late = expected.rounded if expected.late > TOLD_OVER else 0
        if _step(late) == _step(told):
            continue
        _stop_waiting(session, visit)
        if late or not unread:  # who has not read of a delay need not hear of its end
            facts = facts_of_visit(visit) | {"late": late, "expected": visit.starts + late}
            facts["turn"] = last.facts["turn"] + 1 if last is not None else 0
            tag = f"d{_step(late)}t{facts['turn']}"
            _queue(session, visit, KIND, facts, visit.starts + late, now=now, tag=tag)


def _queue(
    session: Session, visit: Visit, kind: str, facts: dict[str, Any], until: int, *, now: datetime, tag: str = ""
) -> None:
    useful_until = instant(visit.day, until)
    if now >= useful_until:
        return  # a phone without network tells of it too late
    for to in people_for(session, kind, request=visit.request, shift=visit.shift):
        key = f"visit:{visit.uid}:v{visit.version}:{tag}:{to.key}:{kind}" if tag else None
        queue_message(session, kind=kind, to=to, facts=facts, now=now, visit=visit, useful_until=useful_until, key=key)


def _last_told(session: Session, visit: Visit) -> Message | None:
    """The newest word on a visit's delay that is still on its way or has arrived."""
    return session.scalar(
        select(Message)
        .where(Message.visit_id == visit.id, Message.visit_version == visit.version, Message.kind == KIND)
        .where(Message.state.not_in((MessageState.STALE, MessageState.CANCELLED)))
        .order_by(Message.id.desc())
        .limit(1)
    )


def _stop_waiting(session: Session, visit: Visit) -> None:
    session.execute(
        update(Message)
        .where(Message.visit_id == visit.id, Message.kind == KIND, Message.state.in_(WAITING))
        .values(state=MessageState.STALE, last_error=OVERTAKEN)
    )


def _step(late: int) -> int:
    return late // STEP


# How late it is -------------------------------------------------------------------------------------------------------


def expected_starts(session: Session, shift: Shift) -> Iterator[Expected]:
    """The visits that lie ahead of a shift's van, in the order of driving, each with its delay."""
    visits = session.scalars(
        select(Visit)
        .where(Visit.shift_id == shift.id, Visit.state.not_in(GONE))
        .options(joinedload(Visit.request))
        .order_by(Visit.starts, Visit.id)
    ).all()
    begun = [visit for visit in visits if visit.state not in MOVABLE_VISITS]
    ahead = [visit for visit in visits if visit.state in MOVABLE_VISITS]
    drives = drives_to(session, visits)
    word = _last_word(session, shift, begun, drives)
    last = begun[-1] if begun else None
    if word.entered and last is not None and last.state is VisitState.ON_THE_WAY and last.arrived_at is None:
        yield Expected(last, word.late)
    tour = newest_tours(session, {shift.id: visits}).get(shift.id)
    yield from _spread(word.late, last, ahead, drives, tour, shift)


def _spread(
    late: int, last: Visit | None, ahead: Sequence[Visit], drives: Mapping[int, int], tour: Tour | None, shift: Shift
) -> Iterator[Expected]:
    """The delay of each stop to come: what of the delay before it is not made good by slack."""
    for visit in ahead:
        slack = 0
        if last is not None and visit.id in drives:
            slack = visit.arrives - last.departs - drives[visit.id] - _lunch_between(last, visit, tour, shift)
        on_arrival = late - max(0, slack)
        late = max(0, on_arrival - max(0, visit.starts - visit.arrives - visit.request.setup))
        yield Expected(visit, late)
        last = visit


def _lunch_between(last: Visit, visit: Visit, tour: Tour | None, shift: Shift) -> int:
    if tour is None or tour.lunch is None or not last.departs <= tour.lunch <= visit.arrives:
        return 0
    return shift.lunch_minutes or 0


def _last_word(session: Session, shift: Shift, begun: Sequence[Visit], drives: Mapping[int, int]) -> _Word:
    """How late the van is by whatever was said last: by a step of the crew or by an entry."""
    entry = session.scalar(
        select(Disruption)
        .where(Disruption.kind == DisruptionKind.CREW_LATE, Disruption.shift_id == shift.id)
        .where(Disruption.state == DisruptionState.OPEN)
        .order_by(Disruption.id.desc())
        .limit(1)
    )
    words = [_Word(entry.minutes or 0, entry.entered_at, entered=True)] if entry is not None else []
    if begun and (step := _late_by_steps(begun[-1], drives.get(begun[-1].id), shift.day)) is not None:
        words.append(step)
    return max(words, key=lambda word: word.at, default=_Word(0, instant(shift.day, 0)))


def _late_by_steps(visit: Visit, drive: int | None, day: date) -> _Word | None:
    """How late the crew's last step at a visit was against the plan; None where it says nothing."""
    setup = visit.request.setup
    steps = (
        (visit.left_at, visit.departs),
        (visit.closed_at, visit.closes),
        (visit.opened_at, visit.starts),
        (visit.arrived_at, visit.starts - setup),
        (visit.set_off_at if drive is not None else None, visit.starts - setup - (drive or 0)),
    )
    at, planned = next(((at, planned) for at, planned in steps if at is not None), (None, 0))
    if at is None or local_day(at) != day:
        return None
    return _Word(max(0, local_minutes(at) - planned), at)
