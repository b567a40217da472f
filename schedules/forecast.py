"""What will become of messages that wait: when each is going to leave, and in whose company.

A forecast by the rules that claiming follows (`schedules.waiting`), as things stand; a server that is away, a changed
rule or a new message make it another one. Only reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from schedules.models import Message
from schedules.recipients import LOG
from schedules.waiting import Reader, is_urgent, last_letters, leaves_at, reader_of

Letter = tuple[datetime, str, str | None]
"""What the messages of one letter to a reader have in common: the moment, the language, the letter of former tries."""


@dataclass(frozen=True, slots=True)
class Departure:
    """When a message is going to leave, what it waits for in a stable word if it does, and with how many others."""

    at: datetime
    waits_for: str | None = None
    others: int = 0


def forecast(session: Session, messages: Iterable[Message], *, now: datetime) -> dict[int, Departure]:
    """The departure of each of these messages, by its id. Give all that wait: what is left out is no company."""
    by_reader: defaultdict[Reader, list[Message]] = defaultdict(list)
    rows = sorted(messages, key=lambda each: (each.due_at, each.id))
    last = last_letters(session, rows, now=now)
    departures: dict[int, Departure] = {}
    for message in rows:
        if message.channel == LOG or is_urgent(session, message):
            departures[message.id] = Departure(max(message.due_at, now))
        else:
            by_reader[reader_of(message)].append(message)
    for reader, own in by_reader.items():
        departures |= _departures_to(session, reader, own, last.get(reader), now=now)
    return departures


def _departures_to(
    session: Session, reader: Reader, messages: Sequence[Message], last: datetime | None, *, now: datetime
) -> dict[int, Departure]:
    """The departures of one reader's messages in order of time: a letter that has left makes later ones wait."""
    letters: defaultdict[Letter, list[tuple[Message, str | None]]] = defaultdict(list)
    for at, together in groupby(messages, key=lambda each: max(each.due_at, now)):
        left = max((moment for moment, *_ in letters if moment < at), default=last)
        known: Mapping[Reader, datetime] = {} if left is None else {reader: left}
        for message in together:
            moment, reason = leaves_at(session, [message], known, now=at)
            letters[(moment, message.locale, message.bundle)].append((message, reason))
    return {
        message.id: Departure(moment, reason, len(letter) - 1)
        for (moment, *_), letter in letters.items()
        for message, reason in letter
    }
