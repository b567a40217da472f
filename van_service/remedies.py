"""The changes that would serve a request, in words: what is changed, and what that costs whom.

Names are looked up as they are now; what is gone since is called by its code. For pages and API alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import select

from schedules.models import CrewMember, Explanation, Service, Skill, VisitRequest
from schedules.own_changes import OWN_KINDS
from van_service import words
from van_service.extensions import db
from van_service.languages import day_in_words, named
from van_service.reasons import shift_in_words


@dataclass(frozen=True)
class Remedy:
    """One change of an explanation in words; `number` is what applying it takes."""

    number: int
    change: Mapping[str, Any]
    request_id: int

    @property
    def kind(self) -> str:
        return str(self.change["kind"])

    @property
    def points(self) -> int:
        return int(self.change["points"])

    @cached_property
    def text(self) -> str:
        """What is changed."""
        return _change_in_words(self.kind, self.change, self.request_id)

    @cached_property
    def cost(self) -> str:
        """What comes of it: points, who is left out, who is moved."""
        return " · ".join([_points(self.points), *_people(self.change)])


def remedies_of(explanation: Explanation) -> list[Remedy]:
    """The changes that an explanation lists, the cheapest first."""
    return [Remedy(number, change, explanation.request_id) for number, change in enumerate(explanation.changes)]


def remedy_for_town(explanation: Explanation) -> Remedy | None:
    """The cheapest change that is the town's to make, None where there is none."""
    return next((each for each in remedies_of(explanation) if each.kind in OWN_KINDS), None)


def nothing_helps(explanation: Explanation) -> str:
    """What is known where no change was found; empty where some was, or where nobody has looked."""
    found = explanation.reason.get("nothing_helps")
    if not found:
        return ""
    number = sum(found["tried"].values())
    if found["proven"]:
        return ngettext(
            "Proven: none of the changes in question helps; %(num)s was tried, and it fails even on an empty day.",
            "Proven: none of the changes in question helps; %(num)s were tried, and each fails even on an empty day.",
            number,
        )
    return ngettext(
        "%(num)s change was tried, and it makes this no cheaper. That none does is not proven.",
        "%(num)s changes were tried, and none makes this cheaper. That none does is not proven.",
        number,
    )


def _change_in_words(kind: str, change: Mapping[str, Any], request_id: int) -> str:
    asked = _asked_otherwise(kind, change["detail"])
    return asked or _driven_otherwise(kind, change["detail"], shift_in_words(str(change["shift"])), request_id)


def _asked_otherwise(kind: str, detail: Mapping[str, Any]) -> str:
    """Changes of what is asked for; empty for the others."""
    match kind:
        case "wider_window":
            return gettext(
                "Widen %(day)s %(old)s to %(new)s (%(minutes)s min more)",
                day=_day(detail),
                old=_span(detail, "was_"),
                new=_span(detail),
                minutes=detail["minutes"],
            )
        case "other_day":
            return gettext("Add %(day)s, %(time)s", day=_day(detail), time=_span(detail))
        case "later_day":
            return gettext(
                "Wait until %(day)s, %(time)s (%(days)s days later)",
                day=_day(detail),
                time=_span(detail),
                days=detail["days"],
            )
        case "fewer_services":
            service = db.session.scalar(select(Service).where(Service.code == detail["without"]))
            name = detail["without"] if service is None else named(service)
            return gettext("Leave out %(service)s (%(minutes)s min less)", service=name, minutes=detail["minutes"])
    return ""


def _driven_otherwise(kind: str, detail: Mapping[str, Any], shift: str, request_id: int) -> str:
    """Changes of what drives, and of what is pinned to it."""
    match kind:
        case "extra_crew":
            return gettext("%(person)s rides along: %(shift)s", person=_person(detail), shift=shift)
        case "extra_kits":
            return gettext("Load %(number)s more test kits: %(shift)s", number=detail["kits"], shift=shift)
        case "overtime":
            hours = f"{_clock(detail['starts'])}–{_clock(detail['ends'])}"
            return gettext(
                "%(minutes)s min of overtime: %(shift)s, %(hours)s",
                minutes=detail["minutes"],
                shift=shift,
                hours=hours,
            )
        case "unpin" if detail["unpinned"] == request_id:
            return gettext("Unpin this request; it goes to %(shift)s", shift=shift)
        case "unpin":
            return gettext("Unpin %(visit)s: %(shift)s", visit=_request(int(detail["unpinned"])), shift=shift)
        case "reserve_shift":
            return gettext("Use the reserve: %(shift)s", shift=shift)
    return gettext("Serve it all the same: %(shift)s", shift=shift)


def _points(points: int) -> str:
    sign = "+" if points > 0 else "−" if points < 0 else "±"
    return gettext("value %(points)s", points=f"{sign}{abs(points)}")


def _people(change: Mapping[str, Any]) -> list[str]:
    """Who pays: visits left out and promises moved; and whom it serves besides."""
    parts = []
    if change["displaces"]:
        names = gettext(", ").join(_request(number) for number in change["displaces"])
        parts.append(gettext("leaves out %(visits)s", visits=names))
    else:
        parts.append(gettext("leaves nobody out"))
    if change["adds"]:
        names = gettext(", ").join(_request(number) for number in change["adds"])
        parts.append(gettext("also serves %(visits)s", visits=names))
    if change["moves"]:
        number = len(change["moves"])
        parts.append(ngettext("moves %(num)s promise", "moves %(num)s promises", number))
    return parts


def _request(number: int) -> str:
    """A request by its town and venue."""
    asked = db.session.get(VisitRequest, number)
    return str(number) if asked is None else f"{named(asked.town)} · {named(asked.venue)}"


def _person(detail: Mapping[str, Any]) -> str:
    """The crew member's name with the skills that are needed."""
    member = db.session.scalar(select(CrewMember).where(CrewMember.code == detail["member"]))
    skills = [str(words.STATES[Skill].get(skill, skill)) for skill in str(detail["skills"]).split("+")]
    name = detail["member"] if member is None else member.name
    return gettext("%(name)s (%(skills)s)", name=name, skills=gettext(", ").join(skills))


def _day(detail: Mapping[str, Any]) -> str:
    return day_in_words(date.fromisoformat(str(detail["day"])))


def _span(detail: Mapping[str, Any], before: str = "") -> str:
    return f"{_clock(int(detail[f'{before}opens']))}–{_clock(int(detail[f'{before}closes']))}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
