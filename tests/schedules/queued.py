"""What the tests of letters share: messages to made-up people, claiming them, and saying what became of a letter."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from schedules import outbox
from schedules.db import Base
from schedules.models import Message, MessageSettings
from schedules.outbox import Letter, Outcome, Sent
from schedules.recipients import Person
from schedules.reminders import queue_message

FACTS = {"number": "1", "venue_zh": "杏园", "venue_en": "Xingyuan", "town_zh": "四团", "town_en": "Situan"}
SLOT = {"day": "2026-06-10", "starts": 570, "closes": 690, "van": 1, "request_state": "accepted"}

_numbers = count(1)


def tell(session: Session, name: str = "lu", *, now: datetime, kind: str = "request_received", **given: Any) -> Message:
    """Queue one message, due at once, to somebody whom only the message knows, at an address of that name."""
    number = next(_numbers)
    email = given.pop("email", f"{name}@example.org")
    to = Person(f"contact:9{number:06d}", name, email, locale=given.pop("locale", "zh_CN"))
    facts = given.pop("facts", FACTS | SLOT | {"number": f"T-{number}"})
    key = f"some:{number}:{to.key}:{kind}"
    message = queue_message(session, kind=kind, to=to, facts=facts, key=key, now=now, **given)
    assert message is not None
    session.flush()
    return message


def claim(session: Session, now: datetime, owner: str = "a", **given: Any) -> list[Letter]:
    return outbox.claim(session, now=now, owner=owner, **given)


def claim_one(session: Session, now: datetime, owner: str = "a") -> Letter:
    (letter,) = claim(session, now, owner)
    return letter


def answer(session: Session, letter: Letter, result: Sent, now: datetime, **given: Any) -> None:
    outbox.record(session, [Outcome(letter, result, **given)], now=now)


def send(session: Session, now: datetime) -> list[list[int]]:
    """Claim what may leave and let all of it arrive; the messages of each letter."""
    letters = claim(session, now)
    for letter in letters:
        answer(session, letter, Sent.ACCEPTED, now)
    return [list(letter.message_ids) for letter in letters]


def use_numbers(session: Session, **numbers: int) -> None:
    """Set what holds for all messages, such as digest_minutes."""
    session.merge(MessageSettings(id=1, values=numbers, changed_by="xia"))
    session.commit()


def empty(session: Session) -> None:
    """Delete every row, as a property test does before each example."""
    if session.get_bind().dialect.name == "postgresql":
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        return
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())
