"""Changing the rules of messages: whom each kind is for, when it is due, by which ways, on or off; and the hours.

What is in force is read in `schedules.rulebook` and reached through this door too. A change takes effect on what waits
already, in the same transaction (`schedules.realigning`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from schedules import audit
from schedules.errors import (
    AlwaysSent,
    BadChoice,
    BadCount,
    BadWindow,
    ChangedMeanwhile,
    GivenTwice,
    Missing,
    NotFound,
    Refused,
    refuse_all,
)
from schedules.leads import Lead, Unit
from schedules.models import MessageRule, MessageSettings
from schedules.publishing import queue_up
from schedules.realigning import realign
from schedules.rulebook import (
    CHANNELS,
    DEFAULTS,
    GROUP_CHANNELS,
    NEVER_MUTED,
    NEVER_OFF,
    Audience,
    Numbers,
    Rule,
    forget,
    possible_audiences,
    rule_of,
    rules,
    settings,
)

__all__ = [
    "CHANNELS",
    "DEFAULTS",
    "NEVER_MUTED",
    "NEVER_OFF",
    "Audience",
    "Lead",
    "Numbers",
    "Rule",
    "Unit",
    "change_rule",
    "change_settings",
    "possible_audiences",
    "rule_of",
    "rules",
    "settings",
]

MOST_DAYS = 14
MINUTES_PER_DAY = 1440
MOST_WORKING_MINUTES = 10 * 480
"""Ten working days of eight hours."""
LONGEST_DIGEST = 720
LONGEST_QUIET = 16 * 60
SHORTEST_WORK = 60


def change_rule(
    session: Session,
    kind: str,
    *,
    enabled: bool,
    audiences: Sequence[str],
    channels: Sequence[str],
    lead: Lead | None,
    urgent: bool,
    version: int | None,
    actor: str,
    now: datetime,
) -> Rule:
    """Say anew what holds for a kind of message, and bring into line what waits; the rule then in force.

    `version` is the one that was read (0 of an unchanged default), None where any will do.

    Raises:
        NotFound: there is no such kind.
        ChangedMeanwhile: somebody else has changed the rule.
        Refused: something is not possible for this kind; several problems come as one Invalid.
    """
    if kind not in DEFAULTS:
        raise NotFound(noun="message_rule", id=kind)
    queue_up(session)  # else what is being published meanwhile would go by the old rule
    rule = rule_of(session, kind)
    if version not in (None, rule.version):
        raise ChangedMeanwhile(version=rule.version)
    lead = _tidy(lead)
    refuse_all(list(_problems(kind, enabled, audiences, channels, lead)))
    wanted = {
        "enabled": enabled,
        "audiences": list(audiences),
        "channels": list(channels),
        "lead": None if lead is None else lead.as_fields(),
        "urgent": urgent,
    }
    before, after = audit.changed(_picture(rule), wanted)
    if not after:
        return rule
    row = session.get(MessageRule, kind)
    if row is None:
        row = MessageRule(kind=kind)
        session.add(row)
    for name, value in wanted.items():
        setattr(row, name, value)
    row.changed_by = actor
    row.touch(now)
    session.flush()
    audit.record(
        session, actor=actor, now=now, verb="changed", noun="message_rule", noun_id=kind, before=before, after=after
    )
    realign(session, [kind], now=now)
    return rule_of(session, kind)


def change_settings(
    session: Session,
    *,
    quiet_from: int,
    quiet_until: int,
    digest_minutes: int,
    work_from: int,
    work_until: int,
    version: int | None,
    actor: str,
    now: datetime,
) -> Numbers:
    """Say anew when it is quiet, how long a digest gathers and when offices work; the numbers then in force.

    Raises:
        ChangedMeanwhile: somebody else has changed them.
        Refused: a number is not possible; several problems come as one Invalid.
    """
    queue_up(session)
    present = settings(session)
    if version not in (None, present.version):
        raise ChangedMeanwhile(version=present.version)
    wanted = Numbers(quiet_from, quiet_until, digest_minutes, work_from, work_until, present.version)
    refuse_all(list(_bad_numbers(wanted)))
    before, after = audit.changed(asdict(present), asdict(wanted))
    if not after:
        return present
    row = session.get(MessageSettings, 1)
    if row is None:
        row = MessageSettings(id=1)
        session.add(row)
    row.values = {name: number for name, number in asdict(wanted).items() if name != "version"}
    row.changed_by = actor
    row.touch(now)
    session.flush()
    audit.record(
        session, actor=actor, now=now, verb="changed", noun="message_settings", noun_id=1, before=before, after=after
    )
    if wanted.hours != present.hours:
        forget(session)
        leads = {kind: rule.lead for kind, rule in rules(session).items()}
        counted = [kind for kind, lead in leads.items() if lead is not None and lead.unit is Unit.WORKING_MINUTES]
        realign(session, counted, now=now)
    forget(session)
    return settings(session)


def _tidy(lead: Lead | None) -> Lead | None:
    """Working minutes count no days."""
    if lead is None or lead.unit is Unit.CLOCK:
        return lead
    return Lead(days=0, minutes=lead.minutes, working=True, unit=lead.unit)


def _picture(rule: Rule) -> dict[str, Any]:
    return {
        "enabled": rule.enabled,
        "audiences": [audience.value for audience in rule.audiences],
        "channels": list(rule.channels),
        "lead": None if rule.lead is None else rule.lead.as_fields(),
        "urgent": rule.urgent,
    }


def _problems(
    kind: str, enabled: bool, audiences: Sequence[str], channels: Sequence[str], lead: Lead | None
) -> Iterator[Refused]:
    if kind in NEVER_OFF and not enabled:
        yield AlwaysSent(field="enabled")
    if kind in NEVER_OFF and audiences and not set(DEFAULTS[kind].audiences) & set(audiences):
        yield AlwaysSent(field="audiences")
    yield from _bad_words("audiences", audiences, [audience.value for audience in possible_audiences(kind)])
    yield from _bad_words("channels", channels, CHANNELS)
    if Audience.GROUP in audiences and channels and not set(GROUP_CHANNELS) & set(channels):
        yield BadChoice(field="channels", possible=list(GROUP_CHANNELS))
    yield from _bad_lead(kind, lead)


def _bad_words(field: str, given: Sequence[str], possible: Sequence[str]) -> Iterator[Refused]:
    if not given:
        yield Missing(field=field)
    for index, word in enumerate(given):
        if word not in possible:
            yield BadChoice(field=f"{field}[{index}]", given=str(word), possible=list(possible))
        elif word in given[:index]:
            yield GivenTwice(field=f"{field}[{index}]", given=str(word))


def _bad_lead(kind: str, lead: Lead | None) -> Iterator[Refused]:
    """What happens at once has nothing to be early for; what lies ahead needs a lead."""
    if lead is None:
        if DEFAULTS[kind].lead is not None:
            yield Missing(field="lead")
    elif DEFAULTS[kind].lead is None:
        yield BadChoice(field="lead")
    elif lead.unit is Unit.WORKING_MINUTES:
        if not 1 <= lead.minutes <= MOST_WORKING_MINUTES:
            yield BadCount(field="lead.minutes", least=1, most=MOST_WORKING_MINUTES, given=lead.minutes)
    else:
        if not 0 <= lead.days <= MOST_DAYS:
            yield BadCount(field="lead.days", least=0, most=MOST_DAYS, given=lead.days)
        if not 0 <= lead.minutes < MINUTES_PER_DAY:
            yield BadCount(field="lead.minutes", least=0, most=MINUTES_PER_DAY - 1, given=lead.minutes)


def _bad_numbers(numbers: Numbers) -> Iterator[Refused]:
    for field in ("quiet_from", "quiet_until", "work_from"):
        minute = getattr(numbers, field)
        if not 0 <= minute < MINUTES_PER_DAY:
            yield BadCount(field=field, least=0, most=MINUTES_PER_DAY - 1, given=minute)
    if (numbers.quiet_until - numbers.quiet_from) % MINUTES_PER_DAY > LONGEST_QUIET:
        yield BadWindow(field="quiet_until", most=LONGEST_QUIET)
    if not 0 <= numbers.digest_minutes <= LONGEST_DIGEST:
        yield BadCount(field="digest_minutes", least=0, most=LONGEST_DIGEST, given=numbers.digest_minutes)
    if not numbers.work_from + SHORTEST_WORK <= numbers.work_until <= MINUTES_PER_DAY:
        yield BadWindow(field="work_until", opens=numbers.work_from, closes=numbers.work_until)
