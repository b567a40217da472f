"""Why a request is not in a plan, in words: the class, the rules with their counts, the nearest miss in numbers.

The one place for these words: what a coordinator and the API are told in full, and what a town is told, which names no
other town. Shifts are called by van and day, never by their code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import select

from schedules.edits import BY_HAND
from schedules.models import Explanation, Skill, Unserved, Van
from van_service import words
from van_service.extensions import db
from van_service.languages import day_in_words, language, named

_l = lazy_gettext

# What keeps a request off a shift, by the rule's name; counted in brackets behind it.
OBSTACLES: dict[str, Any] = {
    "day": _l("no van drives on the days asked"),
    "crew": _l("crew without the skills"),
    "equipment": _l("van without the equipment"),
    "kits": _l("too few test kits"),
    "max_visits": _l("no room for another visit"),
    "out_of_service": _l("van out of service"),
    "notice": _l("too soon to tell the town"),
    "max_driving": _l("too much driving"),
    "shift_hours": _l("outside the van's hours"),
    "window": _l("does not fit into the times given"),
    "lunch": _l("no lunch break"),
    "venue_rest": _l("another visit to the venue is near"),
    "pin": _l("pinned to a shift that does not drive"),
    "once": _l("an alternative is already served"),
    "disrupted": _l("closed, called off or bad weather"),
}

# The same to somebody who asks for a visit.
OBSTACLES_FOR_TOWNS: dict[str, Any] = {
    "crew": _l("nobody with the needed skill rides that day"),
    "window": _l("the session does not fit into the times given"),
    "shift_hours": _l("it lies outside the van's hours"),
    "travel_time": _l("the drive there and back takes too long"),
    "lunch": _l("the crew would have no lunch break"),
    "equipment": _l("the van lacks the equipment"),
    "kits": _l("there are not enough test kits"),
    "max_visits": _l("the van already has its most visits a day"),
    "max_driving": _l("the van would drive too long"),
    "day": _l("no van drives on the days asked"),
    "out_of_service": _l("van out of service"),
    "notice": _l("it is too soon to send the van"),
    "venue_rest": _l("another visit to the venue is near"),
    "pin": _l("pinned to a shift that does not drive"),
    "once": _l("an alternative is already served"),
    "disrupted": _l("closed, called off or bad weather"),
}

# The nearest miss with its numbers; a rule without numbers says no more than its name.
NEAREST: dict[str, Any] = {
    "crew": _l("%(skill)s: %(needs)s needed, %(has)s on board"),
    "kits": _l("%(needs)s test kits needed, %(has)s on board"),
    "max_driving": _l("%(minutes)s min of driving, limit %(limit)s"),
    "shift_hours": _l("needs %(needs)s min, the shift has %(has)s"),
    "window": _l("earliest %(earliest)s, latest %(latest)s, %(short)s min short"),
    "lunch": _l("lunch %(minutes)s min, only %(free)s free"),
    "venue_rest": _l("visited on %(visited)s, less than %(days)s days away"),
}


def reason_in_words(unserved: Unserved, explanation: Explanation | None = None) -> str:
    """One or two sentences with the numbers; those that were worked out in the background where they are there."""
    if unserved.reason == BY_HAND:
        return gettext("Taken out by hand.")
    detail = unserved.detail if explanation is None else explanation.reason
    return _outranked(detail) if unserved.reason == "outranked" else _impossible(detail)


def shift_in_words(code: str) -> str:
    """A shift, which the planner calls van1@2026-12-17, by its day and the name of its van."""
    van_code, _, day = code.rpartition("@")
    van = db.session.scalar(select(Van).where(Van.code == van_code))
    try:
        when = day_in_words(date.fromisoformat(day))
    except ValueError:  # what is no code of a shift stays as it is
        return code
    return f"{when} {van_code if van is None else named(van)}".strip()


def _impossible(detail: Mapping[str, Any]) -> str:
    shifts = int(detail.get("shifts") or 0)
    sentence = ngettext(
        "Impossible on %(num)s shift even in an empty calendar: %(why)s.",
        "Impossible on all %(num)s shifts even in an empty calendar: %(why)s.",
        shifts,
        why=_counts(detail.get("rules") or {}),
    )
    miss = _nearest(detail.get("nearest"))
    nearest = gettext("Nearest: %(miss)s.", miss=miss) if miss else ""
    return f"{sentence} {nearest}".strip()


def _counts(rules: Mapping[str, int]) -> str:
    """The rules, the most frequent first: crew without the skills (12), no lunch break (5)."""
    ordered = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    return gettext(", ").join(
        f"{OBSTACLES.get(rule, words.RULES.get(rule, rule))} ({number})" for rule, number in ordered
    )


def _nearest(miss: Mapping[str, Any] | None) -> str:
    if not miss or miss.get("rule") not in NEAREST:
        return ""
    numbers = dict(miss)
    for name in ("earliest", "latest"):
        if name in numbers:
            numbers[name] = f"{numbers[name] // 60:02d}:{numbers[name] % 60:02d}"
    skills = miss.get("skills") or [miss[name] for name in ("skill",) if name in miss]
    numbers["skill"] = "+".join(str(words.STATES[Skill].get(skill, skill)) for skill in skills)
    try:
        told = str(NEAREST[miss["rule"]]) % numbers
    except KeyError:  # a plan of an older version has other numbers
        return ""
    place = ""
    if miss.get("shift"):
        place = shift_in_words(str(miss["shift"]))
    elif miss.get("day"):
        place = day_in_words(date.fromisoformat(miss["day"]))
    return gettext("%(place)s: %(miss)s", place=place, miss=told) if place else told


def _outranked(detail: Mapping[str, Any]) -> str:
    displaced, points = len(detail.get("displaces") or ()), detail.get("points")
    if detail.get("rivals"):
        said = gettext("Outranked: an alternative or another request for this venue is served instead.")
        return said if points is None else f"{said} {_cost(detail, points)}"
    if points is None:
        return gettext("Outranked: possible, but nothing that is pinned or promised gives way.")
    if points < 0:
        return gettext(
            "The search ended before it was placed: a plan that serves it is worth %(points)s points more.",
            points=-points,
        )
    said = ngettext("Outranked: would displace %(num)s visit.", "Outranked: would displace %(num)s visits.", displaced)
    return f"{said} {_cost(detail, points)}"


def _cost(detail: Mapping[str, Any], points: int) -> str:
    """How much serving it costs, and how far that is proven."""
    least = detail.get("at_least")
    if detail.get("exact"):
        return gettext("Serving it costs exactly %(points)s points.", points=points)
    if least is not None and least > 0:
        return gettext("Serving it costs %(least)s to %(points)s points.", least=least, points=points)
    return gettext("Serving it costs at most %(points)s points.", points=points)


# What a town is told --------------------------------------------------------------------------------------------------


def why_left_out(left_out: Unserved) -> tuple[str, str]:
    """Headline and explanation of why the published plan has no place for a request; other towns stay unnamed."""
    detail = left_out.detail
    if left_out.reason == BY_HAND:
        return gettext("The coordinator left it out of this plan"), _comfort(0)
    if left_out.reason == "outranked":
        return gettext("The vans are taken at the times you gave"), _comfort(len(detail.get("displaces") or ()))
    shifts = int(detail.get("shifts") or 0)
    parts = [
        gettext("%(obstacle)s (%(number)s)", obstacle=OBSTACLES_FOR_TOWNS[rule], number=number)
        for rule, number in sorted((detail.get("rules") or {}).items(), key=lambda item: -item[1])
        if rule in OBSTACLES_FOR_TOWNS
    ]
    tried = ngettext("%(num)s shift was tried", "%(num)s shifts were tried", shifts)
    colon, stop = ("：", "。") if language() == "zh_CN" else (": ", ".")
    obstacles = colon + gettext(", ").join(parts) if parts else ""
    return gettext("At these times no shift can do it"), f"{tried}{obstacles}{stop}"


def _comfort(number: int) -> str:
    instead = (
        ngettext(
            "Coming to you would mean calling off %(num)s more pressing visit. ",
            "Coming to you would mean calling off %(num)s more pressing visits. ",
            number,
        )
        if number
        else ""
    )
    comfort = gettext("Nothing is wrong with your request, and later ones do not suffer from it.")
    return f"{instead}{comfort}"
