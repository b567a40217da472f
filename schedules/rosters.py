"""Telling people who ride on a van that their roster has changed: who is added, who need not come, other hours.

Only shifts on which visits stand are spoken of: before that a roster is nobody's plan yet. A message is unique by
shift, its version and person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.calendar import instant
from schedules.finding import find
from schedules.lifecycle import LIVE_VISITS
from schedules.models import CrewMember, Message, Shift, Visit
from schedules.recipients import people_for
from schedules.reminders import queue_message

KIND = "roster_changed"


@dataclass(frozen=True, slots=True)
class Roster:
    """Who rides on a shift, by id, and from when to when."""

    crew: frozenset[int]
    starts: int
    ends: int


def roster_of(shift: Shift) -> Roster:
    """The roster as it is; taken before a change, it is what `tell_changes` compares with."""
    return Roster(frozenset(member.id for member in shift.crew), shift.starts, shift.ends)


def tell_changes(session: Session, shift: Shift, before: Roster, *, now: datetime) -> None:
    """Tell each person concerned what has changed; call it once the shift's version has risen."""
    session.flush()
    after = roster_of(shift)
    useful_until = instant(shift.day, min(before.starts, after.starts))
    stands = select(Visit.id).where(Visit.shift_id == shift.id, Visit.state.in_(LIVE_VISITS)).limit(1)
    if before == after or now >= useful_until or session.scalar(stands) is None:
        return
    facts = {
        "day": shift.day.isoformat(),
        "van": shift.van.number,
        "starts": after.starts,
        "ends": after.ends,
        "shift_id": shift.id,
    }
    changes = dict.fromkeys(after.crew - before.crew, "added") | dict.fromkeys(before.crew - after.crew, "removed")
    if (before.starts, before.ends) != (after.starts, after.ends):
        facts["before"] = {"starts": before.starts, "ends": before.ends}
        changes |= dict.fromkeys(after.crew & before.crew, "hours")
    for id_, change in sorted(changes.items()):
        member = find(session, CrewMember, id_)
        for to in people_for(session, KIND, member=member):
            queue_message(
                session,
                kind=KIND,
                to=to,
                facts={**facts, "change": change},
                now=now,
                key=f"shift:{shift.id}:r{shift.version}:{id_}:{to.key}:{KIND}",
                useful_until=useful_until,
            )


def member_of(session: Session, message: Message) -> CrewMember | None:
    """The crew member whom news of a roster is about, by the message's key."""
    return find(session, CrewMember, int(message.key.split(":")[3]))


def why_outdated(session: Session, message: Message) -> str | None:
    """Why what a message says of a roster is no longer so; None while it is."""
    shift = find(session, Shift, message.facts["shift_id"])
    if shift is None:
        return "shift_gone"
    roster, member = roster_of(shift), member_of(session, message)
    rides = member is not None and member.id in roster.crew
    if rides == (message.facts["change"] == "removed"):
        return "rides_again" if rides else "off_roster"
    if not rides:
        return None
    same_hours = (message.facts["starts"], message.facts["ends"]) == (roster.starts, roster.ends)
    return None if same_hours else "roster_changed_again"
