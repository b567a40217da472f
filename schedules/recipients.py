"""Who is told, and by which way: the people behind a visit, a request or a shift, the coordinators, the office's chats.

A person is named by a key that never changes ("contact:17", "town:3", "crew:5", "coordinator:2", "group:wecom"),
because it is part of what makes a message unique. Whom no channel reaches is marked to be phoned. Phone numbers stay
where they are stored: they are looked up when a letter leaves, and enter no message, key or log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from schedules.contacts import international_phone, is_phone
from schedules.finding import find
from schedules.models import CrewMember, Message, Shift, Town, VisitRequest
from schedules.rulebook import DEFAULTS, GROUP_CHANNELS, NEVER_MUTED, Audience, rule_of, wishes_of

DEFAULT_LOCALE = "zh_CN"
PHONE = "phone"
GROUP = "group"
LOG = "log"
TESTER = "tester"
"""The first word of the key of a coordinator who tests a channel: no person whom messages look for another way to."""

AUDIENCES = {
    "contact": Audience.CONTACT,
    "town": Audience.LIAISON,
    "crew": Audience.CREW,
    "coordinator": Audience.COORDINATORS,
    "group": Audience.GROUP,
}
"""The audience that a person belongs to, by the first word of the key."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be told something, and in which language; `wants` is the channel that the person prefers."""

    key: str
    name: str
    email: str | None
    phone_known: bool = False
    locale: str = DEFAULT_LOCALE
    wants: str | None = None

    @property
    def audience(self) -> Audience | None:
        """The audience that this person belongs to."""
        return AUDIENCES.get(self.key.partition(":")[0])


Staff = Callable[[Session], Sequence[Person]]
StaffPhone = Callable[[Session, int], str | None]

_installed: frozenset[str] = frozenset({"email", LOG})
_staff: Staff = lambda session: ()  # noqa: E731 - until the composition root says better, there is nobody


def _no_phone(session: Session, number: int) -> str | None:
    """Nobody of the staff has a telephone, as long as nobody says where to look."""
    return None


_phone_of_staff: StaffPhone = _no_phone


def use_channels(names: Iterable[str]) -> None:
    """Set which channels this installation has; called once, by the composition root. The log is always there."""
    global _installed
    _installed = frozenset(names) | {LOG}


def channels_in_use() -> frozenset[str]:
    """The channels that this installation has."""
    return _installed


def use_staff(staff: Staff, phone: StaffPhone = _no_phone) -> None:
    """Set who the coordinators are, and how to find the number of one by the number in the key.

    Called once, by the composition root, since accounts are kept above this floor.
    """
    global _staff, _phone_of_staff
    _staff, _phone_of_staff = staff, phone


# Who ------------------------------------------------------------------------------------------------------------------


def people_for(
    session: Session,
    kind: str,
    *,
    request: VisitRequest | None = None,
    shift: Shift | None = None,
    member: CrewMember | None = None,
) -> list[Person]:
    """The people who are to be told something of this kind: by its rule in force, and as each of them prefers.

    News of one crew `member` are for nobody else of a crew.
    """
    rule = rule_of(session, kind)
    if not rule.enabled:
        return []
    found = people_of(rule.audiences, request=request, shift=shift)
    if Audience.CREW in rule.audiences and member is not None:
        found.append(crew_of(member))
    if Audience.COORDINATORS in rule.audiences:
        found += _staff(session)
    if Audience.GROUP in rule.audiences:
        found += [group_of(name) for name in GROUP_CHANNELS if name in rule.channels and name in _installed]
    return list(_as_preferred(session, kind, _each_address_once(found), request))


def people_of(
    audiences: Iterable[Audience], *, request: VisitRequest | None = None, shift: Shift | None = None
) -> list[Person]:
    """The people of these audiences behind a request and a shift, each e-mail address once."""
    people: list[Person] = []
    for audience in audiences:
        if audience is Audience.CONTACT and request is not None:
            people.append(contact_of(request))
        elif audience is Audience.LIAISON and request is not None:
            people.extend(liaison_of(request.town))
        elif audience is Audience.CREW and shift is not None:
            people.extend(crew_of(member) for member in shift.crew)
    return _each_address_once(people)


def contact_of(request: VisitRequest) -> Person:
    """The person the town named in its request."""
    return Person(f"contact:{request.id}", request.contact_name, request.contact_email, is_phone(request.contact_phone))


def liaison_of(town: Town) -> list[Person]:
    """The town's liaison officer, if the town has named one."""
    if not (town.contact_name or town.contact_email):
        return []
    phone = is_phone(town.contact_phone or "")
    return [Person(f"town:{town.id}", town.contact_name or town.name_zh, town.contact_email, phone)]


def crew_of(member: CrewMember) -> Person:
    """A member of the crew."""
    return Person(f"crew:{member.id}", member.name, member.email, is_phone(member.phone))


def group_of(channel: str) -> Person:
    """The office's chat behind a channel."""
    return Person(f"group:{channel}", channel, None)


def _each_address_once(people: Iterable[Person]) -> list[Person]:
    seen: set[str] = set()
    kept = []
    for person in people:
        address = (person.email or person.key).casefold()
        if address not in seen:
            seen.add(address)
            kept.append(person)
    return kept


def _as_preferred(
    session: Session, kind: str, people: Iterable[Person], request: VisitRequest | None
) -> Iterator[Person]:
    """Each person in the language and by the channel that is preferred, without whoever has muted the kind.

    A contact without a word on it reads the language that the town's office does.
    """
    for person in people:
        own = wishes_of(session, person.key)
        if own is None and person.audience is Audience.CONTACT and request is not None:
            office = wishes_of(session, f"town:{request.town_id}")
            locale = office.locale if office is not None else None
            yield replace(person, locale=locale or person.locale)
        elif own is None:
            yield person
        elif kind not in own.muted or kind in NEVER_MUTED:
            yield replace(person, locale=own.locale or person.locale, wants=own.channel)


# By which way ---------------------------------------------------------------------------------------------------------


def way_to(person: Person, channels: Sequence[str]) -> tuple[str, str]:
    """The channel to a person and what the outbox keeps as the recipient: an e-mail address, or a word.

    The first of the person's own channel and the rule's that is installed and reaches the person; else the log, where
    a coordinator sees whom to phone.
    """
    if person.audience is Audience.GROUP:
        return person.key.partition(":")[2], GROUP
    for channel in (*([person.wants] if person.wants else []), *channels):
        if channel not in _installed:
            continue
        if channel == "email" and person.email:
            return channel, person.email
        if channel == "sms" and person.phone_known:
            return channel, PHONE
    return LOG, PHONE


def present_address(session: Session, message: Message) -> tuple[str, str]:
    """The channel of a waiting message and where it goes *now*: an address changed meanwhile counts at once.

    For `sms` that is the number to dial, which must not be stored or logged. What is known of no present person stays
    as it was queued, and so does a test, which is of its channel.
    """
    key = person_key(message)
    person = person_of(session, key)
    if person is None or message.kind not in DEFAULTS:
        number = phone_of(session, key) if message.channel == "sms" else None
        return message.channel, number or message.recipient
    channel, recipient = way_to(person, rule_of(session, message.kind).channels)
    if channel == "sms":
        return channel, phone_of(session, person.key) or PHONE
    return channel, recipient


def person_of(session: Session, key: str) -> Person | None:
    """The person behind a key as stored at present, with preferences; None where nobody is behind it."""
    noun, _, name = key.partition(":")
    if noun == "group":
        return group_of(name)
    if noun == "coordinator":
        found = next((person for person in _staff(session) if person.key == key), None)
    else:
        found = _stored_person(session, noun, name)
    if found is None:
        return None
    own = wishes_of(session, key)
    return found if own is None else replace(found, locale=own.locale or found.locale, wants=own.channel)


def phone_of(session: Session, key: str) -> str | None:
    """The number to dial for a person, in international form; None where there is none. Not to be stored or logged."""
    noun, _, name = key.partition(":")
    row_id = int(name) if name.isdigit() else 0
    if noun == "contact":
        request = find(session, VisitRequest, row_id)
        number = request.contact_phone if request is not None else None
    elif noun == "town":
        town = find(session, Town, row_id)
        number = town.contact_phone if town is not None else None
    elif noun in ("coordinator", TESTER):
        number = _phone_of_staff(session, row_id)
    else:
        member = find(session, CrewMember, row_id) if noun == "crew" else None
        number = member.phone if member is not None else None
    return international_phone(number) if number else None


def person_key(message: Message) -> str:
    """The person in a message's key, which ends in the person and the kind (":contact:17:published")."""
    return ":".join(message.key.split(":")[-3:-1])


def _stored_person(session: Session, noun: str, name: str) -> Person | None:
    row_id = int(name) if name.isdigit() else 0
    if noun == "contact":
        request = find(session, VisitRequest, row_id)
        return contact_of(request) if request is not None else None
    if noun == "town":
        town = find(session, Town, row_id)
        return next(iter(liaison_of(town)), Person(f"town:{town.id}", town.name_zh, None)) if town is not None else None
    member = find(session, CrewMember, row_id) if noun == "crew" else None
    return crew_of(member) if member is not None else None
