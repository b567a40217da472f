"""What a town wishes for, and whether it is acceptable: every rule that a request must keep, each naming its field.

Reads the catalogue, the venues and the calendar; stores nothing. `read` collects every problem before it refuses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import calendar, days
from schedules.contacts import is_email, is_phone
from schedules.errors import (
    BadChoice,
    BadCount,
    BadEmail,
    BadMinutes,
    BadPhone,
    BadText,
    BadWindow,
    BeyondCalendar,
    CalendarMissing,
    ClosedDay,
    GivenTwice,
    Missing,
    Refused,
    TextTooLong,
    TooMany,
    TooSoon,
    UnknownService,
    UnknownVenue,
    VenueUnsuitable,
    WindowInPast,
    WindowTooShort,
    refuse_all,
)
from schedules.finding import find
from schedules.models import Day, Priority, Service, Shift, Venue
from schedules.prizes import planning_numbers

MOST_WINDOWS = 12
MOST_SERVICES = 8
LONGEST = {
    "contact_name": 60,
    "contact_phone": 30,
    "contact_email": 254,
    "note": 1000,
    "alternative_group": 60,
}
HOST_BRINGS = {"power": ("needs_power", "power"), "parking": ("needs_parking", "parking"),
               "indoor": ("needs_indoor", "indoor_room")}  # fmt: skip
"""What a host may bring, with the service's column that asks for it and the venue's that has it."""

MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class WishWindow:
    """A day and the minutes after its midnight between which the session may lie."""

    day: date
    opens: int
    closes: int
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class WishService:
    """A service by its code, with the minutes wanted; None means as many as usual."""

    code: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """All that a town says when it asks for a visit. `brings` names what the host provides at a venue without it."""

    venue_id: int
    services: Sequence[WishService]
    windows: Sequence[WishWindow]
    people: int
    contact_name: str
    contact_phone: str
    contact_email: str | None = None
    note: str | None = None
    priority: Priority = Priority.NORMAL
    alternative_group: str | None = None
    brings: Sequence[str] = ()


class Ordered(NamedTuple):
    """A service of the catalogue with the minutes it shall take."""

    service: Service
    minutes: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish found acceptable. Its services run side by side: the longest of each phase counts, kits add up."""

    venue: Venue
    services: tuple[Ordered, ...]

    @property
    def setup(self) -> int:
        return max(each.service.setup for each in self.services)

    @property
    def session(self) -> int:
        return longest(self.services)

    @property
    def teardown(self) -> int:
        return max(each.service.teardown for each in self.services)

    @property
    def kits(self) -> int:
        return sum(each.service.kits for each in self.services)


def longest(services: Sequence[Ordered]) -> int:
    """The minutes of a session in which these run side by side."""
    return max((each.minutes for each in services), default=0)


def read(session: Session, town_id: int, wish: Wish, *, now: datetime) -> Asked:
    """What the wish asks of the catalogue.

    Raises:
        Refused: something is not acceptable, `field` says what; several problems come as one Invalid.
    """
    problems: list[Refused] = []
    services = list(_read_services(session, wish, problems))
    venue = _find_venue(session, town_id, wish.venue_id)
    if venue is None:
        problems.append(UnknownVenue(field="venue_id", given=wish.venue_id))
    else:
        problems += _about_venue(venue, services, wish)
    problems += _about_brings(wish)
    problems += _about_people(wish, venue)
    problems += _about_number_of_windows(wish)
    for index, window in enumerate(wish.windows[:MOST_WINDOWS]):
        problems += _about_window(session, window, f"windows[{index}]", longest(services), now)
    problems += _about_words(wish)
    refuse_all(problems)
    assert venue is not None  # otherwise there was a problem
    return Asked(venue, tuple(services))


def read_services(
    session: Session, town_id: int, venue_id: int, services: Sequence[WishService], brings: Sequence[str] = ()
) -> Asked:
    """What part of a wish asks for before its days and people are known. Raises Refused as `read` does."""
    part = Wish(venue_id, services, (), 1, "", "", brings=brings)
    problems: list[Refused] = []
    ordered = list(_read_services(session, part, problems))
    venue = _find_venue(session, town_id, venue_id)
    if venue is None:
        problems.append(UnknownVenue(field="venue_id", given=venue_id))
    else:
        problems += _about_venue(venue, ordered, part)
    problems += _about_brings(part)
    refuse_all(problems)
    assert venue is not None  # otherwise there was a problem
    return Asked(venue, tuple(ordered))


def earliest_day(session: Session, now: datetime) -> date:
    """The first day that may be asked for: today, or later where the settings ask for a lead of some days."""
    return calendar.local_day(now) + timedelta(days=planning_numbers(session)["request_lead_days"])


def _find_venue(session: Session, town_id: int, venue_id: int) -> Venue | None:
    """The town's own venue, if it is in use."""
    venue = find(session, Venue, venue_id)
    return venue if venue is not None and venue.active and venue.town_id == town_id else None


def _read_services(session: Session, wish: Wish, problems: list[Refused]) -> Iterator[Ordered]:
    known = {service.code: service for service in session.scalars(select(Service).where(Service.active))}
    if not wish.services:
        problems.append(Missing(field="services"))
    if len(wish.services) > MOST_SERVICES:
        problems.append(TooMany(field="services", most=MOST_SERVICES, given=len(wish.services)))
    seen: set[str] = set()
    for index, each in enumerate(wish.services[:MOST_SERVICES]):
        field = f"services[{index}]"
        service = known.get(each.code)
        if service is None:
            problems.append(UnknownService(field=f"{field}.code", given=each.code))
            continue
        if each.code in seen:
            problems.append(GivenTwice(field=f"{field}.code", given=each.code))
        seen.add(each.code)
        minutes = service.minutes if each.minutes is None else each.minutes
        if service.minutes_least <= minutes <= service.minutes_most:
            yield Ordered(service, minutes)
        else:
            least, most = service.minutes_least, service.minutes_most
            problems.append(
                BadMinutes(field=f"{field}.minutes", service=each.code, least=least, most=most, given=minutes)
            )


def _about_brings(wish: Wish) -> Iterator[Refused]:
    for index, word in enumerate(wish.brings):
        if word not in HOST_BRINGS:
            yield BadChoice(field=f"brings[{index}]", given=word, possible=sorted(HOST_BRINGS))


def _about_venue(venue: Venue, services: Sequence[Ordered], wish: Wish) -> Iterator[Refused]:
    for word, (needs, has) in HOST_BRINGS.items():
        wanting = [each.service.code for each in services if getattr(each.service, needs)]
        if wanting and not getattr(venue, has) and word not in wish.brings:
            yield VenueUnsuitable(field="venue_id", lacks=word, services=wanting)


def _about_people(wish: Wish, venue: Venue | None) -> Iterator[Refused]:
    most = venue.capacity if venue is not None else None
    if wish.people < 1 or (most is not None and wish.people > most):
        yield BadCount(field="people", least=1, most=most, given=wish.people)


def _about_number_of_windows(wish: Wish) -> Iterator[Refused]:
    if not wish.windows:
        yield Missing(field="windows")
    if len(wish.windows) > MOST_WINDOWS:
        yield TooMany(field="windows", most=MOST_WINDOWS, given=len(wish.windows))
    seen: set[tuple[date, int, int]] = set()
    for index, window in enumerate(wish.windows[:MOST_WINDOWS]):
        span = (window.day, window.opens, window.closes)
        if span in seen:
            yield GivenTwice(field=f"windows[{index}]", given=window.day.isoformat())
        seen.add(span)


def _about_window(session: Session, window: WishWindow, field: str, minutes: int, now: datetime) -> Iterator[Refused]:
    if not 0 <= window.opens < window.closes <= MINUTES_PER_DAY:
        at_fault = "closes" if 0 <= window.opens < MINUTES_PER_DAY else "opens"
        yield BadWindow(field=f"{field}.{at_fault}", opens=window.opens, closes=window.closes)
    elif window.closes - window.opens < minutes:
        yield WindowTooShort(field=f"{field}.closes", needs=minutes, has=window.closes - window.opens)
    yield from _about_day(session, window, field, now)


def _about_day(session: Session, window: WishWindow, field: str, now: datetime) -> Iterator[Refused]:
    today, earliest = calendar.local_day(now), earliest_day(session, now)
    day = window.day.isoformat()
    if window.day < today:
        yield WindowInPast(field=f"{field}.day", given=day, earliest=earliest.isoformat())
    elif window.day == today and window.opens <= calendar.local_minutes(now):
        yield WindowInPast(field=f"{field}.opens", given=day, earliest=earliest.isoformat())
    elif window.day < earliest:
        yield TooSoon(field=f"{field}.day", given=day, earliest=earliest.isoformat())
    else:
        yield from _about_calendar(session, window.day, f"{field}.day")


def _about_calendar(session: Session, day: date, field: str) -> Iterator[Refused]:
    row = days.get_day(session, day)
    if row is None:
        last = session.scalar(select(func.max(Day.date)))
        yield BeyondCalendar(field=field, given=day.isoformat(), last=last.isoformat() if last else None)
    elif not row.announced:
        yield CalendarMissing(field=field, given=day.isoformat(), year=day.year)
    elif not row.works and not drives_on(session, day):
        yield ClosedDay(
            field=field, given=day.isoformat(), kind=row.kind.value, name_zh=row.name_zh, name_en=row.name_en
        )


def drives_on(session: Session, day: date) -> bool:
    """Whether some van has a shift on this day, which opens even a day of rest (markets, malls and old streets ask)."""
    shift = select(Shift.id).where(Shift.day == day, Shift.out_of_service.is_(None)).limit(1)
    return session.scalar(shift) is not None


def _about_words(wish: Wish) -> Iterator[Refused]:
    for field, most in LONGEST.items():
        text = getattr(wish, field)
        if text is None:
            continue
        if len(text) > most:
            yield TextTooLong(field=field, most=most, given=len(text))
        if not is_printable(text):
            yield BadText(field=field)
    if not wish.contact_name.strip():
        yield Missing(field="contact_name")
    if not is_phone(wish.contact_phone):
        yield BadPhone(field="contact_phone")
    if wish.contact_email and not is_email(wish.contact_email):
        yield BadEmail(field="contact_email")


def is_printable(text: str) -> bool:
    """Whether the text holds only signs that a database keeps and a page shows: no control signs, no half signs."""
    return all(sign in "\n\r\t" or unicodedata.category(sign) not in ("Cc", "Cs") for sign in text)
