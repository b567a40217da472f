"""Which messages share a letter: those to one reader that are due together, and for good once they have left together.

A letter's key is the key of its only message, or is made from the keys of all of them. It is written into their rows
(`bundle`) at the first attempt. Nothing is ever added under a key; what is no longer true drops out.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from schedules.finding import LARGEST_ID
from schedules.models import CrewMember, Message, MessageState, Town, VisitRequest
from schedules.recipients import LOG, PHONE, person_key, present_address
from schedules.reminders import WAITING
from schedules.waiting import Reader, is_urgent, reader_of

MOST_IN_ONE_LETTER = 50
PEOPLE: Mapping[str, type[VisitRequest] | type[Town] | type[CrewMember]] = {
    "contact": VisitRequest,
    "town": Town,
    "crew": CrewMember,
}
"""Where people are kept, by the first word of their keys."""


@dataclass(slots=True)
class Bundle:
    """Messages that leave in one letter, and the address it goes to; of phone numbers the rows say only `PHONE`."""

    address: str
    messages: list[Message] = field(default_factory=list)


def key_of(messages: Sequence[Message]) -> str:
    """The key of a letter: the one it had at its first attempt, else the one to have from now on."""
    if messages[0].bundle is not None:
        return messages[0].bundle
    if len(messages) == 1:
        return messages[0].key
    keys = "\n".join(sorted(message.key for message in messages))
    return f"digest:{hashlib.sha256(keys.encode()).hexdigest()[:40]}"


def split_broken(
    session: Session, messages: Sequence[Message], *, held: Iterable[Message]
) -> tuple[list[Message], list[Message]]:
    """Of messages those that may leave, and those that wait for others of their letter that are not among the `held`.

    Under one id a reader's program shows only the first letter. So what was tried before is sent again whole: a letter
    of which somebody else holds a message waits. Where the letter has arrived without a message that was taken back
    into it too late, that message stands for itself.
    """
    for message in messages:
        if message.bundle is None and message.claimed_at is not None:
            message.bundle = message.key  # tried before letters could carry several messages
    names = {message.bundle for message in messages if message.bundle is not None}
    elsewhere = select(Message.bundle, Message.state).where(
        Message.bundle.in_(names),
        Message.id.not_in({message.id for message in held}),
        Message.state.in_((*WAITING, MessageState.SENDING, MessageState.SENT)),
    )
    others = session.execute(elsewhere).all() if names else []
    broken = {bundle for bundle, state in others if state is not MessageState.SENT}
    arrived = {bundle for bundle, state in others if state is MessageState.SENT}
    whole = [message for message in messages if message.bundle not in broken]
    for message in whole:
        if message.bundle in arrived:
            message.bundle = None
    return whole, [message for message in messages if message.bundle in broken]


def bundle_up(session: Session, messages: Iterable[Message]) -> list[Bundle]:
    """Letters for these messages, each to where its reader is reached now, in the order of their first messages."""
    messages = list(messages)
    _kept = _read_people(session, messages)  # as long as they are held, nobody asks the database for each of them
    addressed = [(message, _readdressed(session, message)) for message in messages]
    _part_with_movers(addressed)
    sizes: defaultdict[tuple[object, ...], int] = defaultdict(int)
    bundles: dict[tuple[object, ...], Bundle] = {}
    for message, (address, _) in addressed:
        company = _company(session, message)
        part = sizes[company] // MOST_IN_ONE_LETTER
        sizes[company] += 1
        bundles.setdefault((*company, part), Bundle(address)).messages.append(message)
    return list(bundles.values())


def _read_people(session: Session, messages: Sequence[Message]) -> list[object]:
    """The rows in which the people behind these messages are kept, read at once."""
    names: defaultdict[str, set[int]] = defaultdict(set)
    for message in messages:
        noun, _, name = person_key(message).partition(":")
        if name.isdigit() and int(name) <= LARGEST_ID:
            names[noun].add(int(name))
    return [
        row
        for noun, model in PEOPLE.items()
        if names[noun]
        for row in session.scalars(select(model).where(model.id.in_(names[noun])).options(lazyload("*")))
    ]


def _readdressed(session: Session, message: Message) -> tuple[str, Reader]:
    """Where a message goes now, and who would have read it until now."""
    former = reader_of(message)
    message.channel, address = present_address(session, message)
    message.recipient = PHONE if message.channel == "sms" else address
    return address, former


def _part_with_movers(addressed: Sequence[tuple[Message, tuple[str, Reader]]]) -> None:
    """Take out of a letter that was tried before whoever alone is now reached elsewhere; one id goes to one reader."""
    readers: defaultdict[str, set[Reader]] = defaultdict(set)
    for message, _ in addressed:
        if message.bundle is not None:
            readers[message.bundle].add(reader_of(message))
    for message, (_, former) in addressed:
        if message.bundle is not None and len(readers[message.bundle]) > 1 and reader_of(message) != former:
            message.bundle = None


def _company(session: Session, message: Message) -> tuple[object, ...]:
    """What messages of one letter have in common; what is urgent or stands on the call list has no company."""
    if message.bundle is not None:
        return ("tried", message.bundle)
    if message.channel == LOG or is_urgent(session, message):
        return ("alone", message.id)
    return ("new", *reader_of(message), message.locale)
