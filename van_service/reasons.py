"""Why a request is not in a plan, in words: the class, the rules with their counts, the nearest miss in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from schedules.models import Skill, Unserved
from van_service import words

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


def reason_in_words(unserved: Unserved) -> str:
    """One or two sentences with the numbers that the planner gave."""
    if unserved.reason == "outranked":
        return _outranked(unserved.detail)
    return _impossible(unserved.detail)


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
    place = str(miss.get("shift") or miss.get("day") or "")
    return f"{place} {told}".strip()


def _outranked(detail: Mapping[str, Any]) -> str:
    displaced, points = len(detail.get("displaces") or ()), detail.get("points")
    if detail.get("rivals"):
        return gettext("Outranked: an alternative or another request for this venue is served instead.")
    if points is None:
        return gettext("Outranked: possible, but nothing that is pinned or promised gives way.")
    return ngettext(
        "Outranked: would displace %(num)s visit, net −%(points)s points.",
        "Outranked: would displace %(num)s visits, net −%(points)s points.",
        displaced,
        points=points,
    )
