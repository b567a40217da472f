"""The request form: what a town types, as a wish for `schedules.requests`, and every refusal beside its field.

The form keeps what was typed as text, so that a refused form comes back as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict

from schedules.errors import Invalid, Refused, VenueUnsuitable
from schedules.models import Service, Town, Venue, VisitRequest
from schedules.requests import Wish, WishService, WishWindow
from van_service import words
from van_service.pages import formats
from van_service.pages.day_picker import NOON, USUAL_TIMES

_l = lazy_gettext

SLOT = re.compile(r"(\d{4}-\d{2}-\d{2})\.(am|pm)(?:\.(\d))?")
CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})(?::\d{2})?")
UNREADABLE = -1

# What a field's refusal means here, where it can be said more plainly than in general.
SENTENCES: dict[tuple[str, str], Any] = {
    ("people", "bad_count"): _l("This venue holds %(most)s people at most. Enter 1 to %(most)s."),
    ("services", "missing"): _l("Tick at least one service."),
    ("windows", "missing"): _l("Tick at least one half-day in the calendar."),
    ("windows", "too_many"): _l("Tick %(most)s half-days at most; now there are %(given)s."),
    ("window", "bad_window"): _l("Enter the two times as 08:30 and 11:30, the earlier one first."),
    ("window", "window_too_short"): _l(
        "The services take %(needs)s minutes, this leaves %(has)s. Make the time longer."
    ),
    ("window", "window_in_past"): _l("This time is already past. Untick it and choose a later one."),
    ("window", "too_soon"): _l("This is too soon to be planned. Untick it; the earliest day is %(earliest)s."),
    ("contact_phone", "bad_phone"): _l("Enter a phone number that can be called, such as 13800005678 or 021-57420000."),
    ("contact_email", "bad_email"): _l("Enter an address such as name@example.org, or leave it empty."),
    ("contact_name", "missing"): _l("Enter who expects the van on the day."),
}
LACKS: dict[str, Any] = {
    "power": _l("a power socket"),
    "parking": _l("parking for the van"),
    "indoor": _l("an indoor room"),
}


@dataclass(slots=True)
class TimeRow:
    """A ticked half-day with the exact times, as typed."""

    key: str
    day: date
    half: str
    opens: str
    closes: str
    preferred: bool = False


@dataclass(slots=True)
class WishForm:
    """The form as typed; `minutes` holds the ticked services."""

    venue: str = ""
    minutes: dict[str, str] = field(default_factory=dict)
    people: str = ""
    brings: set[str] = field(default_factory=set)
    rows: list[TimeRow] = field(default_factory=list)
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    note: str = ""
    version: str = ""
    held: str = ""

    @property
    def ticked(self) -> set[str]:
        """The keys of the calendar's ticked halves."""
        return {f"{row.day.isoformat()}.{row.half}" for row in self.rows}

    def wish(self, venue: Venue | None) -> Wish:
        """What the form asks for. What cannot be read becomes a value that is refused with the field's name."""
        return Wish(
            venue_id=venue.id if venue is not None else 0,
            services=tuple(WishService(code, _whole(text)) for code, text in self.minutes.items()),
            windows=tuple(
                WishWindow(row.day, read_clock(row.opens), read_clock(row.closes), row.preferred) for row in self.rows
            ),
            people=_whole(self.people) or 0,
            contact_name=self.contact_name,
            contact_phone=self.contact_phone,
            contact_email=self.contact_email or None,
            note=self.note or None,
            brings=tuple(sorted(self.brings)),
        )


def blank_form(town: Town) -> WishForm:
    """An empty form, the town's own contact filled in."""
    return WishForm(
        contact_name=town.contact_name or "",
        contact_phone=town.contact_phone or "",
        contact_email=town.contact_email or "",
    )


def form_of_request(request: VisitRequest, *, since: date) -> WishForm:
    """A stored request as a form; windows before `since` are gone."""
    rows: list[TimeRow] = []
    for window in request.windows:
        if window.day < since:
            continue
        half = "am" if window.opens < NOON else "pm"
        key = _free_key(f"{window.day.isoformat()}.{half}", {row.key for row in rows})
        rows.append(
            TimeRow(key, window.day, half, formats.clock(window.opens), formats.clock(window.closes), window.preferred)
        )
    return WishForm(
        venue=formats.localized(request.venue),
        minutes={each.service.code: str(each.minutes) for each in request.services},
        people=str(request.people),
        brings=set(request.brings),
        rows=rows,
        contact_name=request.contact_name,
        contact_phone=request.contact_phone,
        contact_email=request.contact_email or "",
        note=request.note or "",
        version=str(request.version),
    )


def form_as_sent(sent: MultiDict[str, str]) -> WishForm:
    """The form as it came in, in the order of the calendar."""
    return WishForm(
        venue=sent.get("venue", "").strip(),
        minutes={code: sent.get(f"minutes-{code}", "").strip() for code in sent.getlist("service")},
        people=sent.get("people", "").strip(),
        brings=set(sent.getlist("brings")),
        rows=sorted(_rows_as_sent(sent), key=lambda row: row.key),
        contact_name=sent.get("contact_name", "").strip(),
        contact_phone=sent.get("contact_phone", "").strip(),
        contact_email=sent.get("contact_email", "").strip(),
        note=sent.get("note", "").strip(),
        version=sent.get("version", ""),
        held=sent.get("held", ""),
    )


def _rows_as_sent(sent: MultiDict[str, str]) -> Iterator[TimeRow]:
    preferred = set(sent.getlist("preferred"))
    for key in dict.fromkeys(sent.getlist("slot")):
        found = SLOT.fullmatch(key)
        day = _date(found[1]) if found else None
        if found is None or day is None:
            continue
        opens, closes = (formats.clock(minutes) for minutes in USUAL_TIMES[found[2]])
        yield TimeRow(
            key,
            day,
            found[2],
            sent.get(f"opens-{key}", opens),
            sent.get(f"closes-{key}", closes),
            key in preferred,
        )


def find_venue(text: str, venues: Sequence[Venue]) -> tuple[Venue | None, str]:
    """The venue meant by a name in either language or by a part of it, else a sentence saying why there is none."""
    sought = text.casefold()
    if not sought:
        return None, gettext("Choose where the van shall come.")
    exact = [venue for venue in venues if sought in (venue.name_zh.casefold(), venue.name_en.casefold())]
    partly = [venue for venue in venues if sought in venue.name_zh.casefold() or sought in venue.name_en.casefold()]
    found = exact or partly
    if len(found) == 1:
        return found[0], ""
    if not found:
        return None, gettext("No venue of your town is called “%(text)s”. Choose one from the list.", text=text)
    names = formats.listed([formats.localized(venue) for venue in found[:4]])
    return None, gettext(
        "%(number)s venues fit “%(text)s”: %(names)s. Choose one.", number=len(found), text=text, names=names
    )


def sentences(refused: Refused, form: WishForm) -> dict[str, str]:
    """Every refusal as a sentence, by the name of the form's field it belongs to; the first one of each field."""
    problems: Iterable[Refused] = refused.problems if isinstance(refused, Invalid) else [refused]
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(_field_of(problem.field or "", form), _sentence(problem))
    lacking = [str(LACKS[each.detail["lacks"]]) for each in problems if isinstance(each, VenueUnsuitable)]
    if lacking:
        found["venue"] = gettext(
            "This venue has no record of: %(things)s. Tick below what you provide, or choose another venue.",
            things=formats.listed(lacking),
        )
    return found


def _field_of(path: str, form: WishForm) -> str:
    """venue_id -> venue; services[0].minutes -> minutes-food_rapid_test; windows[2].closes -> window-2026-06-24.am."""
    found = re.match(r"(services|windows)\[(\d+)\]", path)
    if found is None:
        return {"venue_id": "venue"}.get(path, path)
    index = int(found[2])
    if found[1] == "services":
        codes = list(form.minutes)
        return f"minutes-{codes[index]}" if path.endswith("minutes") and index < len(codes) else "services"
    return f"window-{form.rows[index].key}" if index < len(form.rows) else "windows"


def _sentence(problem: Refused) -> str:
    place = re.sub(r"s?\[\d+\].*", "", problem.field or "")
    known = SENTENCES.get((place, problem.code))
    if known is None or any(value is None for value in problem.detail.values()):
        return words.error_in_words(problem)
    return str(known) % _readable(problem.detail)


def _readable(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and days of an error as people write them."""
    return {
        name: formats.number(value)
        if isinstance(value, int)
        else formats.day(date.fromisoformat(value))
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
        else value
        for name, value in detail.items()
    }


def read_clock(text: str) -> int:
    """08:30 as minutes after midnight; -1 where it is no time."""
    found = CLOCK.fullmatch(text.strip())
    if found is None or int(found[2]) > 59:
        return UNREADABLE
    return int(found[1]) * 60 + int(found[2])


def minutes_to_choose(service: Service) -> list[int]:
    """A service's possible minutes in steps of 15, with its usual number among them."""
    steps = range(service.minutes_least, service.minutes_most + 1, 15)
    return sorted({*steps, service.minutes, service.minutes_most})


def _whole(text: str) -> int | None:
    """A whole number, None for nothing; what is no number becomes one that is always refused."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else UNREADABLE


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _free_key(wanted: str, taken: set[str]) -> str:
    return next(key for key in (wanted, *(f"{wanted}.{number}" for number in range(2, 10))) if key not in taken)
