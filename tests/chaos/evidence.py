"""Everything that is known after a chaos run: rows, the database's journal, letters, and what was done to whom."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from schedules.mail import message_id_of
from schedules.models import Message, Visit, VisitChange, VisitRequest
from tests.chaos.clock import DrivenClock
from tests.chaos.journal import read_journal
from tests.chaos.post import Delivery
from tests.chaos.storm import Diary
from tests.chaos.world import World

DOMAIN = "example.org"


@dataclass(frozen=True)
class Version:
    """A version of a visit as the database saw it committed; `since` is the driven time its maker went by."""

    visit_id: int
    number: int
    state: str
    shift_id: int
    day: str
    starts: int
    closes: int
    kind: str
    since: datetime

    @property
    def slot(self) -> tuple[str, int, int, int]:
        """What a town is promised, and by which van."""
        return self.day, self.starts, self.closes, self.shift_id


@dataclass(frozen=True)
class Step:
    """A change of a message's state: when it was committed, and the visit's version that was committed then."""

    at: float
    message_id: int
    former: str | None
    state: str
    version: int | None
    visit_version: int | None
    visit_state: str | None
    tour: str | None
    claimed_by: str | None
    bundle: str | None
    attempts: int


@dataclass(frozen=True)
class Takeover:
    """The lease went from one process to another, or to the same one that had let it run out."""

    at: float
    former: int
    owner: int


@dataclass(frozen=True)
class Row:
    """A message as the product left it."""

    id: int
    key: str
    kind: str
    channel: str
    recipient: str
    person: str
    visit_id: int | None
    version: int | None
    request_id: int | None
    state: str
    reason: str | None
    due_at: datetime
    facts: dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What the oracle judges by."""

    world: World
    clock: DrivenClock
    rows: Sequence[Row]
    versions: Sequence[Version]
    steps: Sequence[Step]
    takeovers: Sequence[Takeover]
    letters: Sequence[Delivery]
    diary: Diary
    accepted: frozenset[int]
    request_of: dict[int, int]
    troubles: Counter[str]
    failed_ticks: Sequence[float]
    quiet_since: float

    @cached_property
    def history(self) -> dict[int, list[Version]]:
        """The versions of each visit, in order."""
        found: dict[int, list[Version]] = defaultdict(list)
        for version in self.versions:
            found[version.visit_id].append(version)
        return dict(found)

    @cached_property
    def version_of(self) -> dict[tuple[int, int], Version]:
        """The versions by visit and number."""
        return {(version.visit_id, version.number): version for version in self.versions}

    @cached_property
    def steps_of(self) -> dict[int, list[Step]]:
        """The steps of each message, in order."""
        found: dict[int, list[Step]] = defaultdict(list)
        for step in self.steps:
            found[step.message_id].append(step)
        return dict(found)

    @cached_property
    def by_id(self) -> dict[int, Row]:
        """The messages by id."""
        return {row.id: row for row in self.rows}

    @cached_property
    def members(self) -> dict[str, set[int]]:
        """By the id of a mail the messages that it may ever have carried."""
        found: dict[str, set[int]] = defaultdict(set)
        for step in self.steps:
            if step.state == "sending":
                found[self.mail_of(step)].add(step.message_id)
        return dict(found)

    def mail_of(self, claim: Step) -> str:
        """The id of the mail that a message was claimed for."""
        return mail_id(claim.bundle or self.by_id[claim.message_id].key)


def mail_id(key: str) -> str:
    """The Message-ID of a bundle, or of a message that goes alone: the one place where the run asks the product."""
    return message_id_of(key, domain=DOMAIN)


def pid_of(owner: str | None) -> int:
    """The process id in the name of a lease's owner ("host:4711:3fa2#2"), 0 of nobody."""
    return int(owner.split(":")[1]) if owner else 0


def gather(
    engine: Engine,
    world: World,
    clock: DrivenClock,
    letters: Sequence[Delivery],
    diary: Diary,
    *,
    log: Path,
    quiet_since: float,
) -> Evidence:
    """Read what the run has left."""
    with engine.connect() as connection:
        journal = {name: read_journal(connection, f"chaos_{name}") for name in ("visit", "message", "lease")}
    with Session(engine) as session:
        changes = {(change.visit_id, change.version): change for change in session.scalars(select(VisitChange))}
        rows = [_row(message) for message in session.scalars(select(Message).order_by(Message.id))]
        accepted = frozenset(session.scalars(select(VisitRequest.id).where(VisitRequest.decided_at.is_not(None))))
        requests = {visit.id: visit.request_id for visit in session.scalars(select(Visit))}
    versions = []
    for row in journal["visit"]:
        change = changes[row["visit_id"], row["version"]]
        versions.append(
            Version(
                row["visit_id"], row["version"], row["state"], row["shift_id"], str(row["day"]), row["starts"],
                row["closes"], change.kind, change.at,
            )
        )  # fmt: skip
    names = Step.__dataclass_fields__
    return Evidence(
        world=world,
        clock=clock,
        rows=rows,
        versions=sorted(versions, key=lambda version: (version.visit_id, version.number)),
        steps=[Step(**{name: row[name] for name in names}) for row in journal["message"]],
        takeovers=[Takeover(row["at"], pid_of(row["former"]), pid_of(row["owner"])) for row in journal["lease"]],
        letters=list(letters),
        diary=diary,
        accepted=accepted,
        request_of=requests,
        troubles=_troubles(log),
        failed_ticks=_failed_ticks(log),
        quiet_since=quiet_since,
    )


def _row(message: Message) -> Row:
    *_, who, number, _kind = message.key.split(":")
    return Row(
        id=message.id, key=message.key, kind=message.kind, channel=message.channel, recipient=message.recipient,
        person=f"{who}:{number}", visit_id=message.visit_id, version=message.visit_version,
        request_id=message.request_id, state=message.state.value, reason=message.last_error, due_at=message.due_at,
        facts=message.facts,
    )  # fmt: skip


def _troubles(log: Path) -> Counter[str]:
    """How often each kind of trouble was written to the processes' log."""
    found: Counter[str] = Counter()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.match(r"(desk)\d+: \w+: (\w+)", line) or re.search(r"(Tick \w+): (\w+)", line):
            found[f"{match[1]} {match[2]}"] += 1
        elif re.match(r"[\w.]+(Error|Exception)\b", line):
            found[line.split(":")[0]] += 1
    return found


def _failed_ticks(log: Path) -> list[float]:
    """When a tick ended because the database did not answer; what it had sent by then may not be written down."""
    found = re.findall(
        r"^([\d-]+ [\d:]+),\d+ .*Tick \w+: (?:Operational|Internal|Interface)Error", log.read_text(), re.M
    )
    return [datetime.fromisoformat(moment).astimezone().timestamp() for moment in found]
