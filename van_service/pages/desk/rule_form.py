"""The form of one rule of messages, as typed: what it asks for, and every refusal beside its field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from schedules.errors import BadCount, Invalid, Missing, Refused
from schedules.rulebook import GROUP_CHANNELS, NEVER_OFF, PERSONAL_CHANNELS
from schedules.rules import Lead, Rule, Unit
from van_service import words
from van_service.pages import formats

DAYS, WORKING_DAYS, WORKING_HOURS = "days", "working_days", "working_hours"
UNITS = (WORKING_DAYS, DAYS, WORKING_HOURS)
# What cannot be read becomes a number that is refused with the field's name.
UNREADABLE = -1

# Where the use case's fields stand on the page.
PLACES = {"lead": "amount", "lead.days": "amount"}


@dataclass(slots=True)
class RuleForm:
    """One rule as typed; `ways` are the choices of persons in order, `groups` the office's chats."""

    enabled: bool = True
    audiences: list[str] = field(default_factory=list)
    amount: str = ""
    unit: str = WORKING_DAYS
    at: str = ""
    ways: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    urgent: bool = False
    version: int = 0

    def wanted(self, *, has_lead: bool) -> dict[str, Any]:
        """What `schedules.rules.change_rule` is asked for."""
        return {
            "enabled": self.enabled,
            "audiences": self.audiences,
            "channels": [way for way in self.ways if way] + self.groups,
            "lead": self._lead() if has_lead else None,
            "urgent": self.urgent,
            "version": self.version,
        }

    def _lead(self) -> Lead:
        amount = _number(self.amount)
        if self.unit == WORKING_HOURS:
            return Lead(minutes=UNREADABLE if amount < 0 else round(amount * 60), unit=Unit.WORKING_MINUTES)
        whole = int(amount) if amount == int(amount) else UNREADABLE
        return Lead(days=whole, minutes=minutes_of(self.at), working=self.unit == WORKING_DAYS)


def form_of_rule(rule: Rule) -> RuleForm:
    """The rule in force, to be changed."""
    form = RuleForm(
        enabled=rule.enabled,
        audiences=[audience.value for audience in rule.audiences],
        ways=[channel for channel in rule.channels if channel in PERSONAL_CHANNELS],
        groups=[channel for channel in rule.channels if channel in GROUP_CHANNELS],
        urgent=rule.urgent,
        version=rule.version,
    )
    lead = rule.lead
    if lead is not None and lead.unit is Unit.WORKING_MINUTES:
        form.amount, form.unit = f"{lead.minutes / 60:g}", WORKING_HOURS
    elif lead is not None:
        form.amount, form.unit = str(lead.days), WORKING_DAYS if lead.working else DAYS
        form.at = formats.clock(lead.minutes)
    return form


def form_as_sent(sent: MultiDict[str, str], kind: str) -> RuleForm:
    """The form as it was sent; a kind that is always sent has no switch."""
    unit = sent.get("unit", WORKING_DAYS)
    return RuleForm(
        enabled=kind in NEVER_OFF or "enabled" in sent,
        audiences=sent.getlist("audiences"),
        amount=sent.get("amount", "").strip(),
        unit=unit if unit in UNITS else WORKING_DAYS,
        at=sent.get("at", "").strip(),
        ways=sent.getlist("way"),
        groups=sent.getlist("group"),
        urgent="urgent" in sent,
        version=sent.get("version", UNREADABLE, type=int),
    )


def errors_by_place(refused: Refused, form: RuleForm) -> dict[str, str]:
    """The sentences of what was refused, by the place on the page where each belongs."""
    problems: Iterable[Refused] = refused.problems if isinstance(refused, Invalid) else (refused,)
    errors: dict[str, str] = {}
    for problem in problems:
        errors.setdefault(_place(problem.field or "", form), _sentence(problem, form))
    return errors


def minutes_of(text: str) -> int:
    """Minutes after midnight of 16:00, 16：00 or 1600; a number to be refused where it is no time of day."""
    digits = text.replace("：", ":").replace(":", "")
    if not 3 <= len(digits) <= 4 or not (digits.isascii() and digits.isdecimal()):
        return UNREADABLE
    hours, minutes = divmod(int(digits), 100)
    return hours * 60 + minutes if hours < 24 and minutes < 60 else UNREADABLE


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return UNREADABLE
    return number if 0 <= number < 10_000 else UNREADABLE


def _place(name: str, form: RuleForm) -> str:
    if name == "lead.minutes":
        return "amount" if form.unit == WORKING_HOURS else "at"
    name = name.partition("[")[0]
    return PLACES.get(name, name)


def _sentence(problem: Refused, form: RuleForm) -> str:
    place = _place(problem.field or "", form)
    if place == "at":
        return str(gettext("Enter a time of day such as 16:00."))
    if isinstance(problem, BadCount) and place == "amount" and form.unit == WORKING_HOURS:
        most = formats.number(problem.detail["most"] / 60)
        return str(gettext("Enter more than 0 and at most %(most)s working hours.", most=most))
    if isinstance(problem, BadCount) and place == "amount":
        return str(
            gettext("Enter a whole number from 0 to %(most)s; 0 is the day itself.", most=problem.detail["most"])
        )
    if isinstance(problem, Missing) and place == "audiences":
        return str(gettext("Choose at least one: a message to nobody is one that is switched off."))
    if isinstance(problem, Missing) and place == "channels":
        return str(gettext("Choose at least one way."))
    return words.error_in_words(problem)
