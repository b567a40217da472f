"""What every template of the desk may call: short names, proofs, points and reasons in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext

from schedules.models import CrewMember, Plan, Skill
from schedules.publishing import REPLANNED
from schedules.requests import WITHDRAWN
from van_service import words
from van_service.pages import formats
from van_service.pages.desk import call_list, message_words
from van_service.pages.desk.message_tabs import MESSAGE_TABS
from van_service.pages.desk.names import short_day, short_town, short_van
from van_service.pages.desk.worth import parts_in_words
from van_service.pages.happenings import happening_in_words
from van_service.reasons import reason_in_words, shift_in_words
from van_service.remedies import nothing_helps, remedies_of

# What happened to a visit, by the kind of its change.
CHANGES: dict[str, Any] = {
    "promised": lazy_gettext("promised"),
    "confirmed": lazy_gettext("confirmed by the town"),
    "moved": lazy_gettext("moved"),
    "set_off": lazy_gettext("van set off"),
    "arrived": lazy_gettext("van arrived"),
    "opened": lazy_gettext("session opened"),
    "closed": lazy_gettext("session closed"),
    "left": lazy_gettext("van left"),
    "done": lazy_gettext("done, report filed"),
    "missed": lazy_gettext("missed"),
    "cancelled": lazy_gettext("cancelled"),
}
# What vans carry, where the list knows it; other equipment is called as it is stored.
EQUIPMENT: dict[str, Any] = {
    "food_lab": lazy_gettext("food test lab"),
    "panels": lazy_gettext("display panels"),
    "projector": lazy_gettext("projector"),
    "tablet": lazy_gettext("tablet"),
    "standard_weights": lazy_gettext("standard weights"),
    "booth": lazy_gettext("booth"),
}
# Reasons that the use cases give by a code; people write the others.
REASONS: dict[str, Any] = {
    REPLANNED: lazy_gettext("a new plan has no place for it"),
    WITHDRAWN: lazy_gettext("withdrawn by the town"),
    "van_out": lazy_gettext("the van was out of service"),
    "crew_ill": lazy_gettext("a member of the crew was ill"),
    "town_cancels": lazy_gettext("the town called it off"),
    "venue_closed": lazy_gettext("the venue was closed"),
    "heat": lazy_gettext("heat"),
    "storm": lazy_gettext("storm"),
    "crew_late": lazy_gettext("the crew was held up"),
}


def words_of_desk() -> dict[str, Any]:
    """By the name that templates use."""
    return {
        "short_town": short_town,
        "short_van": short_van,
        "short_day": short_day,
        "parts_in_words": parts_in_words,
        "why_left_out": reason_in_words,
        "shift_in_words": shift_in_words,
        "remedies_of": remedies_of,
        "nothing_helps": nothing_helps,
        "gap_in_words": gap_in_words,
        "plan_title": plan_title,
        "skill_words": skill_words,
        "reason_words": reason_words,
        "equipment_words": equipment_words,
        "message_kinds": message_words.KINDS,
        "message_tabs": MESSAGE_TABS,
        "number_to_call": call_list.number_to_call,
        "state_short": message_words.STATES_SHORT,
        "what_became": message_words.what_became,
        "why_words": message_words.why_in_words,
        "deeds": message_words.DEEDS,
        "recipient_words": message_words.recipient_in_words,
        "channel_words": message_words.channel_in_words,
        "rule_words_of": message_words.moment_of_kind,
        "departure_words": message_words.departure_in_words,
        "moment_words": message_words.moment_in_words,
        "whom_and_how": message_words.whom_and_how,
        "change_kinds": CHANGES,
        "happening": happening_in_words,
        "rule_words": words.rule_in_words,
    }


def gap_in_words(gap: float) -> str:
    """A gap as a percentage rounded up, so that nothing looks better proven than it is: 0.03 % stays above 0.0 %."""
    share = max(0.0, gap) * 100
    digits = 1 if share == 0 or share >= 0.1 else 3
    step = 10**digits
    return f"{math.ceil(round(share * step, 6)) / step:.{digits}f}%"


def plan_title(plan: Plan) -> str:
    """11月26日至12月23日排班, Plan of 26 November to 23 December."""
    first, last = formats.date_only(plan.first_day), formats.date_only(plan.last_day)
    return str(gettext("Plan of %(first)s to %(last)s", first=first, last=last))


def skill_words(member: CrewMember) -> str:
    """The member's skills as people name them."""
    return formats.listed([str(words.STATES[Skill].get(skill, skill)) for skill in member.skills])


def equipment_words(codes: Iterable[str]) -> str:
    """Pieces of equipment as people name them."""
    return formats.listed([str(EQUIPMENT.get(code, code)) for code in codes])


def reason_words(reason: str) -> str:
    """Why a visit ended, as it was written or in words for a code."""
    return str(REASONS.get(reason, reason))


def month_name(day: date) -> str:
    """2026年6月, June 2026."""
    return f"{day.year}年{day.month}月" if formats.is_chinese() else f"{day:%B} {day.year}"
