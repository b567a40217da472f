"""Telling a crew the evening before where its van goes, and again when that changes.

A tour's message is unique by shift, the versions of all its visits, and person. Who has been told a tour is told
again only when the stops or their times differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from schedules.calendar import instant, local_day
from schedules.facts import facts_of_tour
from schedules.finding import find
from schedules.models import Message, MessageState, Shift, Visit, VisitState
from schedules.recipients import Person, people_for, person_key
from schedules.reminders import WAITING, due_time, queue_message

KIND = "crew_tour"
DAYS_AHEAD = 8
DAYS_REMEMBERED = 4
CALLED_OFF = (VisitState.CANCELLED, VisitState.MISSED)
UNTOLD = (*WAITING, MessageState.STALE)


def queue_crew_tours(session: Session, *, now: datetime) -> int:
    """Queue the tours of the coming days for the people of each shift; how many messages are new."""
    today = local_day(now)
    shifts = session.scalars(
        select(Shift)
        .where(Shift.day >= today, Shift.day <= today + timedelta(days=DAYS_AHEAD))
        .options(selectinload(Shift.van))
        .order_by(Shift.day, Shift.id)
    ).all()
    told = _told(session, now)
    return sum(queue_crew_tour(session, shift, told, now=now) for shift in shifts)


def news_of_tour(
    session: Session, shift: Shift, stops: Sequence[dict[str, Any]], *, now: datetime
) -> tuple[dict[str, Any], list[Person]]:
    """What the crew would be told if these were its stops, and the people to whom that is news."""
    facts = {"day": shift.day.isoformat(), "van": shift.van.number, "stops": list(stops)}
    told = _told(session, now)
    people = people_for(session, KIND, shift=shift)
    return facts, [person for person in people if _news(told.get((shift.id, person.key)), facts)]


def queue_crew_tour(session: Session, shift: Shift, told: dict[tuple[int, str], Message], *, now: datetime) -> int:
    """Queue one shift's tour; `told` holds the last message that reached each person, by shift id and person."""
    visits = visits_of_shift(session, shift.id)
    useful_until = instant(shift.day, visits[-1].starts if visits else shift.ends)
    if now >= useful_until:
        return 0
    facts = facts_of_tour(shift, visits) | {"shift_id": shift.id, "versions": versions(visits)}
    number = 0
    for to in people_for(session, KIND, shift=shift):
        if not _news(told.get((shift.id, to.key)), facts):
            continue
        made = queue_message(
            session,
            kind=KIND,
            to=to,
            facts=facts,
            now=now,
            key=f"shift:{shift.id}:{facts['versions']}:{to.key}:{KIND}",
            due_at=due_time_of(session, shift),
            useful_until=useful_until,
        )
        number += made is not None
    return number


def due_time_of(session: Session, shift: Shift) -> datetime:
    """When the people of a shift are told its tour; counted from the hour at which the shift begins."""
    return due_time(session, KIND, shift.day, shift.starts)


def visits_of_shift(session: Session, shift_id: int) -> Sequence[Visit]:
    """The stops that stand, in the order of driving."""
    return session.scalars(
        select(Visit)
        .where(Visit.shift_id == shift_id, Visit.state.not_in(CALLED_OFF))
        .order_by(Visit.arrives, Visit.id)
        .execution_options(populate_existing=True)
    ).all()


def why_outdated(session: Session, message: Message) -> str | None:
    """Why a waiting tour is not to be sent: its stops have changed, or the reader does not ride any more."""
    shift = find(session, Shift, message.facts["shift_id"])
    if shift is None or versions(visits_of_shift(session, shift.id)) != message.facts["versions"]:
        return "tour_changed"
    noun, _, number = person_key(message).partition(":")
    rides = noun != "crew" or int(number) in {member.id for member in shift.crew}
    return None if rides else "off_roster"


def versions(visits: Sequence[Visit]) -> str:
    """The visits of a tour and their versions ("12v3-15v1"); "empty" of a tour without stops."""
    return "-".join(f"{visit.id}v{visit.version}" for visit in visits) or "empty"


def _told(session: Session, now: datetime) -> dict[tuple[int, str], Message]:
    """The newest message of each shift and person that was sent, or at least is no longer waiting."""
    rows = session.scalars(
        select(Message)
        .where(Message.kind == KIND, Message.state.not_in(UNTOLD))
        .where(Message.due_at >= now - timedelta(days=DAYS_REMEMBERED))
        .order_by(Message.id)
    )
    newest: dict[tuple[int, str], Message] = {}
    for message in rows:
        newest[message.facts["shift_id"], person_key(message)] = message
    return newest


def _news(told: Message | None, facts: dict[str, Any]) -> bool:
    """Whether this tour says something that the person does not know; an empty tour is news only after a full one."""
    if told is None:
        return bool(facts["stops"])
    return any(told.facts.get(name) != facts[name] for name in ("day", "van", "stops"))
