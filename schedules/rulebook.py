"""The rules of messages as they are in force: for each kind whom it is for, when it is due, by which ways it goes.

The defaults stand here; what coordinators have changed lies in rows. Only reads: `schedules.rules` changes. What a
kind is by its nature (what it promises, whether it may be switched off) is no rule and cannot be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

from schedules.leads import Lead, Unit, WorkingHours
from schedules.models import MessagePreference, MessageRule, MessageSettings

__all__ = ["Audience", "Lead", "Numbers", "Rule", "Unit", "Wishes"]

_CACHE = "message_rulebook"


class Audience(StrEnum):
    """Whom a kind of message is for: persons behind a request or shift, the coordinators, the office's group chats."""

    CONTACT = "contact"
    LIAISON = "liaison"
    CREW = "crew"
    COORDINATORS = "coordinators"
    GROUP = "group"


PERSONAL_CHANNELS = ("email", "sms")
GROUP_CHANNELS = ("wecom", "dingtalk", "feishu", "apprise")
"""Channels that reach a chat and everybody in it; they carry only what goes to the audience `group`."""
CHANNELS = (*PERSONAL_CHANNELS, *GROUP_CHANNELS)

TOWN = (Audience.CONTACT, Audience.LIAISON)
CREW = (Audience.CREW,)
OFFICE = (Audience.COORDINATORS,)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of message: whom it is for, when it is due (at once without a lead), and what makes it worthless.

    `channels` come in order of preference. What is `urgent` waits neither for quiet hours to end nor for a digest. A
    message that `promises` a slot is void once the visit has a newer version, and too late once the session starts.
    `version` is 0 while nobody has changed the default.
    """

    kind: str
    audiences: tuple[Audience, ...]
    lead: Lead | None = None
    urgent: bool = False
    promises: bool = False
    channels: tuple[str, ...] = CHANNELS
    enabled: bool = True
    version: int = 0

    @property
    def template(self) -> str:
        """The name of its letter."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Numbers:
    """What holds for all messages, in minutes after midnight: when it is quiet, and when offices work.

    Quiet hours may run over midnight; equal ends mean that there are none. Within `digest_minutes` a person gets one
    letter, however much there is to say; 0 means that each message is a letter of its own.
    """

    quiet_from: int = 21 * 60
    quiet_until: int = 7 * 60
    digest_minutes: int = 60
    work_from: int = 8 * 60 + 30
    work_until: int = 17 * 60
    version: int = 0

    @property
    def hours(self) -> WorkingHours:
        """The working hours of a working day."""
        return WorkingHours(self.work_from, self.work_until)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person wants; None means as the rules say."""

    locale: str | None = None
    channel: str | None = None
    muted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Book:
    """Everything that is in force, read at once."""

    rules: dict[str, Rule]
    settings: Numbers
    wishes: dict[str, Wishes]


_TABLE = (
    Rule("request_received", TOWN),
    Rule("request_accepted", TOWN),
    Rule("request_declined", TOWN),
    Rule("request_expired", TOWN),
    Rule("offer", TOWN, urgent=True),
    Rule("published", TOWN, promises=True),
    Rule("moved", TOWN, urgent=True, promises=True),
    Rule("cancelled", TOWN, urgent=True, promises=True),
    Rule("day_before", TOWN, Lead(days=1, minutes=16 * 60, working=True), promises=True),
    Rule("morning_of", TOWN, Lead(days=0, minutes=7 * 60), promises=True),
    Rule("crew_on_the_way", TOWN, urgent=True, promises=True),
    Rule("delayed", TOWN, urgent=True, promises=True),
    Rule("visit_missed", TOWN),
    Rule("results_ready", TOWN),
    Rule("crew_tour", CREW, Lead(days=1, minutes=18 * 60)),
    Rule("roster_changed", CREW, urgent=True),
    Rule("unconfirmed", OFFICE, Lead(days=2, minutes=9 * 60, working=True)),
    Rule("plan_stale", OFFICE),
    Rule("kits_low", OFFICE, Lead(days=2, minutes=10 * 60, working=True)),
    Rule("days_missing", OFFICE),
    Rule("channel_test", OFFICE, urgent=True),
)
DEFAULTS: Mapping[str, Rule] = {rule.kind: rule for rule in _TABLE}

NEVER_OFF = frozenset({"cancelled", "moved", "published", "channel_test"})
"""Kinds without which somebody would wait for a van that does not come, or not for one that does."""
NEVER_MUTED = NEVER_OFF | {
    "delayed", "offer", "request_declined", "request_expired", "visit_missed", "crew_tour", "roster_changed",
}  # fmt: skip
"""Kinds that no single person can do without either."""
OF_VISITS = frozenset({"visit_missed", "results_ready", *(kind for kind, rule in DEFAULTS.items() if rule.promises)})
"""Kinds with a visit, and so with a crew, behind them."""


def possible_audiences(kind: str) -> tuple[Audience, ...]:
    """Whom a kind can be for: nobody is told of what has no person of that sort behind it."""
    office = (Audience.COORDINATORS, Audience.GROUP)
    default = DEFAULTS[kind].audiences
    if default == OFFICE:
        return office
    if default == CREW:
        return (*CREW, *office)
    return (*TOWN, *(CREW if kind in OF_VISITS else ()), *office)


def rule_of(session: Session, kind: str) -> Rule:
    """The rule in force of a kind. Raises ValueError for a kind that has none."""
    rule = rules(session).get(kind)
    if rule is None:
        raise ValueError(f"There is no rule for messages of the kind {kind!r}.")
    return rule


def rules(session: Session) -> dict[str, Rule]:
    """The rules in force of all kinds; read once in a transaction."""
    return _in_force(session).rules


def settings(session: Session) -> Numbers:
    """The numbers in force; nonsense in the row is passed over."""
    return _in_force(session).settings


def wishes_of(session: Session, person: str) -> Wishes | None:
    """What the person of this key wants, or None where nothing was ever said."""
    return _in_force(session).wishes.get(person)


def forget(session: Session) -> None:
    """Drop what was read, after a change or after having waited for somebody else's."""
    session.info.pop(_CACHE, None)


def _in_force(session: Session) -> _Book:
    """What was read in this very transaction; of another one it may be old."""
    transaction, book = session.info.get(_CACHE, (None, None))
    if book is None or transaction is None or transaction is not transaction_of(session):
        book = _Book(_read_rules(session), _read_settings(session), _read_wishes(session))
        session.info[_CACHE] = (transaction_of(session), book)
    found: _Book = book
    return found


def transaction_of(session: Session | scoped_session[Session]) -> SessionTransaction | None:
    """The transaction in progress. The web's session stands for one per request and does not pass the question on."""
    own = session.registry() if isinstance(session, scoped_session) else session
    return own.get_transaction()


def _read_rules(session: Session) -> dict[str, Rule]:
    rows = {row.kind: row for row in session.scalars(select(MessageRule))}
    return {kind: _over(rule, rows[kind]) if kind in rows else rule for kind, rule in DEFAULTS.items()}


def _over(rule: Rule, row: MessageRule) -> Rule:
    return replace(
        rule,
        audiences=tuple(Audience(name) for name in row.audiences),
        channels=tuple(row.channels),
        lead=None if row.lead is None else Lead.of_fields(row.lead),
        urgent=row.urgent,
        enabled=row.enabled,
        version=row.version,
    )


def _read_settings(session: Session) -> Numbers:
    row = session.get(MessageSettings, 1)
    if row is None:
        return Numbers()
    known: dict[str, Any] = {
        name: number
        for name, number in row.values.items()
        if name in Numbers.__slots__ and name != "version" and type(number) is int
    }
    return replace(Numbers(), **known, version=row.version)


def _read_wishes(session: Session) -> dict[str, Wishes]:
    rows = session.scalars(select(MessagePreference))
    return {row.person: Wishes(row.locale, row.channel, frozenset(row.muted)) for row in rows}
