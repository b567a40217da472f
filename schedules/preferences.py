"""What one person wants of messages: the language, the channel, and which kinds not to be told of.

A person is named by the key that messages use ("town:3", "crew:5", "coordinator:2"). Kinds that somebody would be
harmed by not knowing cannot be muted (`rulebook.NEVER_MUTED`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, update
from sqlalchemy.orm import Session

from schedules import audit
from schedules.errors import AlwaysTold, BadChoice, ChangedMeanwhile, GivenTwice, NotFound, Refused, refuse_all
from schedules.messages import LOCALES
from schedules.models import Message, MessagePreference
from schedules.realigning import realign
from schedules.recipients import DEFAULT_LOCALE, Person, person_of, way_to
from schedules.reminders import WAITING
from schedules.rulebook import DEFAULTS, NEVER_MUTED, PERSONAL_CHANNELS, forget, possible_audiences, rule_of


@dataclass(frozen=True, slots=True)
class Preference:
    """A person's wishes; None means as the rules say."""

    person: str
    locale: str | None = None
    channel: str | None = None
    muted: tuple[str, ...] = ()
    version: int = 0


def preference_of(session: Session, key: str) -> Preference:
    """The wishes of the person of this key. Raises NotFound where nobody is behind it."""
    _person(session, key)
    row = session.get(MessagePreference, key, populate_existing=True)
    if row is None:
        return Preference(key)
    return Preference(key, row.locale, row.channel, tuple(row.muted), row.version)


def kinds_for(session: Session, key: str) -> dict[str, bool]:
    """The kinds of message that a person may get by the rules in force, each with whether it may be muted."""
    audience = _person(session, key).audience
    return {
        kind: kind not in NEVER_MUTED
        for kind in DEFAULTS
        if audience in possible_audiences(kind) and audience in rule_of(session, kind).audiences
    }


def ways_for(session: Session, key: str) -> list[str]:
    """The channels that this installation has and that reach the person."""
    person = _person(session, key)
    return [channel for channel in PERSONAL_CHANNELS if way_to(person, [channel])[0] == channel]


def change_preference(
    session: Session,
    key: str,
    *,
    locale: str | None,
    channel: str | None,
    muted: Sequence[str],
    version: int | None,
    actor: str,
    now: datetime,
) -> Preference:
    """Keep a person's wishes, and apply them to what waits for that person.

    `version` is the one that was read (0 where nothing was ever wished), None where any will do.

    Raises:
        NotFound: nobody is behind the key.
        ChangedMeanwhile: somebody else has changed them.
        Refused: a word is not possible, or a kind may not be muted; several problems come as one Invalid.
    """
    before = preference_of(session, key)
    if version not in (None, before.version):
        raise ChangedMeanwhile(version=before.version)
    refuse_all(list(_problems(locale, channel, muted)))
    wanted = {"locale": locale, "channel": channel, "muted": sorted(muted)}
    old, new = audit.changed({**asdict(before), "muted": list(before.muted)}, wanted)
    if not new:
        return before
    row = session.get(MessagePreference, key)
    if row is None:
        row = MessagePreference(person=key)
        session.add(row)
    row.locale, row.channel, row.muted = locale, channel, sorted(muted)
    row.touch(now)
    session.flush()
    forget(session)
    audit.record(
        session, actor=actor, now=now, verb="changed", noun="message_preference", noun_id=key, before=old, after=new
    )
    if "locale" in new:
        _reword_waiting(session, key)
    realign(session, set(before.muted) ^ set(muted), now=now)
    return preference_of(session, key)


def _person(session: Session, key: str) -> Person:
    person = person_of(session, key)
    if person is None or person.audience is None or key.startswith("group:"):
        raise NotFound(noun="person", id=key)
    return person


def _problems(locale: str | None, channel: str | None, muted: Sequence[str]) -> Iterator[Refused]:
    if locale is not None and locale not in LOCALES:
        yield BadChoice(field="locale", given=locale, possible=list(LOCALES))
    if channel is not None and channel not in PERSONAL_CHANNELS:
        yield BadChoice(field="channel", given=channel, possible=list(PERSONAL_CHANNELS))
    for index, kind in enumerate(muted):
        if kind not in DEFAULTS:
            yield BadChoice(field=f"muted[{index}]", given=kind)
        elif kind in NEVER_MUTED:
            yield AlwaysTold(field=f"muted[{index}]", given=kind)
        elif kind in muted[:index]:
            yield GivenTwice(field=f"muted[{index}]", given=kind)


def _reword_waiting(session: Session, key: str) -> None:
    """What waits comes in the new language; the contacts of a town's visits read what its office does."""
    person = person_of(session, key)
    noun, _, number = key.partition(":")
    theirs: list[ColumnElement[bool]] = [Message.key.like(f"%:{key}:%")]
    if noun == "town":
        theirs.append(and_(Message.town_id == int(number), Message.key.like("%:contact:%")))
    session.execute(
        update(Message)
        .where(or_(*theirs), Message.state.in_(WAITING), Message.bundle.is_(None))
        .values(locale=person.locale if person is not None else DEFAULT_LOCALE)
        .execution_options(synchronize_session="fetch")
    )
