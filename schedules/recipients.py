"""Who is told: the people behind a visit, a request or a shift.

A person is named by a key that never changes ("contact:17", "town:3", "crew:5"), because it is part of what makes a
message unique. Somebody without an e-mail address is marked to be phoned; the number itself stays where it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from schedules.models import CrewMember, Shift, Town, VisitRequest

DEFAULT_LOCALE = "zh_CN"
PHONE = "phone"


class Audience(StrEnum):
    CONTACT = "contact"
    LIAISON = "liaison"
    CREW = "crew"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be told something, and in which language."""

    key: str
    name: str
    email: str | None
    locale: str = DEFAULT_LOCALE

    @property
    def channel(self) -> str:
        """E-mail where there is an address; otherwise the log, where the coordinator sees whom to phone."""
        return "email" if self.email else "log"

    @property
    def address(self) -> str:
        return self.email or PHONE


def people_of(
    audiences: Iterable[Audience], *, request: VisitRequest | None = None, shift: Shift | None = None
) -> list[Person]:
    """The people of these audiences, each e-mail address once."""
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
    return Person(f"contact:{request.id}", request.contact_name, request.contact_email)


def liaison_of(town: Town) -> list[Person]:
    """The town's liaison officer, if the town has named one."""
    if not (town.contact_name or town.contact_email):
        return []
    return [Person(f"town:{town.id}", town.contact_name or town.name_zh, town.contact_email)]


def crew_of(member: CrewMember) -> Person:
    """A member of the crew."""
    return Person(f"crew:{member.id}", member.name, member.email)


def _each_address_once(people: Iterable[Person]) -> list[Person]:
    seen: set[str] = set()
    kept = []
    for person in people:
        address = (person.email or person.key).casefold()
        if address not in seen:
            seen.add(address)
            kept.append(person)
    return kept
