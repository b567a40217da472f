"""What happened, in a sentence: who or what is hit, on which days, between which hours."""

from __future__ import annotations

from flask_babel import gettext

from schedules.models import Disruption, DisruptionKind
from van_service.pages import formats


def happening_in_words(disruption: Disruption) -> str:
    """Van 1 is out: Tue 9 June to Thu 11 June, from 10:00."""
    kind = disruption.kind
    if kind is DisruptionKind.CREW_LATE and disruption.shift is not None:
        van = formats.localized(disruption.shift.van)
        return str(gettext("%(van)s runs %(minutes)s min late today", van=van, minutes=disruption.minutes))
    if kind is DisruptionKind.URGENT_VISIT:
        return str(gettext("Urgent visit: %(place)s", place=_place(disruption)))
    if kind is DisruptionKind.TOWN_CANCELS:
        day = formats.day(disruption.first_day)
        return str(gettext("Called off by the town: %(place)s, %(day)s", place=_place(disruption), day=day))
    return f"{_what(disruption)}{'：' if formats.is_chinese() else ': '}{_when(disruption)}"


def _what(disruption: Disruption) -> str:
    kind = disruption.kind
    if kind is DisruptionKind.VAN_OUT and disruption.van is not None:
        return str(gettext("%(van)s is out", van=formats.localized(disruption.van)))
    if kind is DisruptionKind.CREW_ILL and disruption.crew_member is not None:
        return str(gettext("%(name)s is ill", name=disruption.crew_member.name))
    if kind is DisruptionKind.VENUE_CLOSED and disruption.venue is not None:
        return str(gettext("%(venue)s is closed", venue=formats.localized(disruption.venue)))
    return str(gettext("Heat, outdoors") if kind is DisruptionKind.HEAT else gettext("Storm, outdoors"))


def _place(disruption: Disruption) -> str:
    request = disruption.request
    assert request is not None  # these kinds name one
    return f"{formats.localized(request.town)} · {formats.localized(request.venue)}"


def _when(disruption: Disruption) -> str:
    days = formats.day(disruption.first_day)
    if disruption.last_day != disruption.first_day:
        days = gettext("%(first)s to %(last)s", first=days, last=formats.day(disruption.last_day))
    opens, closes = disruption.opens, disruption.closes
    if opens is None and closes is None:
        hours = gettext("all day")
    elif closes is None:
        hours = gettext("from %(time)s", time=formats.clock(opens or 0))
    elif opens is None:
        hours = gettext("until %(time)s", time=formats.clock(closes))
    else:
        hours = formats.span(opens, closes)
    return f"{days}{'，' if formats.is_chinese() else ', '}{hours}"
