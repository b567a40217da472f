"""The judge of a chaos run: what was said to whom, held against what the database and the mail server saw themselves.

Judged by the order in which the database committed: a version was replaced before a letter's sending began if the
change was committed before the claim was. The product's own idea of what is stale or due is not asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tests.chaos.evidence import Evidence, Row, Step, Version
from tests.chaos.post import Delivery

FINAL = frozenset({"sent", "stale", "too_late", "dead", "unknown", "cancelled"})
ENDED_FOR_GOOD = frozenset({"sent", "stale", "too_late", "cancelled"})
REMINDERS = ("day_before", "morning_of")
PROMISING = ("published", "moved", "cancelled", *REMINDERS)
EXPECTING = ("promised", "confirmed")
LONGEST_HOLD = 75.0
"""Seconds after which a sender must not begin a letter any more: a delivery of a minute, and one time-out or two."""
GRACE = 25.0
"""Seconds after a blow to a process or to the database in which what it was recording may be lost."""


@dataclass(frozen=True)
class Fault:
    """Something that must not be: the rule that is broken, and the case."""

    rule: str
    case: str


def judge(evidence: Evidence) -> list[Fault]:
    """Everything that is wrong with the messages of a run, but for what is missing (`tests.chaos.owed`)."""
    rules = (_once, _settled, _claimed_while_true, _letters, _repeats, _sent_is_taken, _taken_is_sent, _one_reminder)
    return [fault for rule in rules for fault in rule(evidence)] + [
        Fault("a process ended although nobody killed it", name) for name in evidence.diary.died
    ]


def _once(evidence: Evidence) -> Iterator[Fault]:
    """One message for each visit version, person and kind."""
    counts = Counter(
        (row.visit_id, row.version, row.person, row.kind) for row in evidence.rows if row.visit_id is not None
    )
    for case, number in counts.items():
        if number > 1:
            yield Fault("one message per visit version, person and kind", f"{case} has {number}")


def _settled(evidence: Evidence) -> Iterator[Fault]:
    """Every message has come to one end, and what has ended for good has not moved on."""
    for row in evidence.rows:
        steps = evidence.steps_of[row.id]
        if row.state not in FINAL:
            yield Fault("every message comes to an end", f"{row.key} is {row.state} ({row.reason})")
        if steps[-1].state != row.state:
            yield Fault("a state changes by a step", f"{row.key}: {steps[-1].state} became {row.state}")
        for step in steps:
            if step.former in ENDED_FOR_GOOD:
                yield Fault("an end is an end", f"{row.key}: {step.former} became {step.state}")


def _claimed_while_true(evidence: Evidence) -> Iterator[Fault]:
    """Nothing is taken for sending about a version that a committed change has replaced."""
    for step in evidence.steps:
        row = evidence.by_id[step.message_id]
        if step.state != "sending":
            continue
        if row.kind in PROMISING and step.version != step.visit_version:
            yield Fault("nothing is sent about a replaced version", f"{row.key} at v{step.visit_version}")
        if row.kind in REMINDERS and step.visit_state not in EXPECTING:
            yield Fault("nobody is reminded of what is over", f"{row.key} while {step.visit_state}")
        if row.kind == "crew_tour" and (step.tour or "empty") != row.facts["versions"]:
            yield Fault("no crew is told a replaced tour", f"{row.key} while {step.tour}")


def _letters(evidence: Evidence) -> Iterator[Fault]:
    """Every letter was claimed first, goes to whom it is for, is not held long, and says what is promised."""
    claims = claims_by_mail(evidence)
    slots = {(version.visit_id, version.number): version for version in evidence.versions}
    for letter in evidence.letters:
        before = [claim for claim in claims.get(letter.mail_id, ()) if claim.at <= letter.began]
        if not before:
            yield Fault("every letter is claimed first", f"{letter.mail_id} {letter.subject}")
            continue
        if letter.began - before[-1].at > LONGEST_HOLD:
            yield Fault("no letter is begun long after its claim", f"{letter.began - before[-1].at:.1f} s")
        for message in {claim.message_id for claim in before if claim.at > before[-1].at - 1e-3}:
            row = evidence.by_id[message]
            if row.recipient != letter.recipient:
                yield Fault("a letter goes to whom it is for", f"{row.key} went to {letter.recipient}")
            if row.kind in PROMISING and not says(letter, slots[row.visit_id or 0, row.version or 0]):
                yield Fault("a letter says what is promised", f"{row.key}: {letter.body!r}")


def says(letter: Delivery, version: Version) -> bool:
    """Whether the letter names the day of the visit's version, and the time if there is still one to come to."""
    day = date.fromisoformat(version.day)
    words = f"{letter.subject}\n{letter.body}"
    clock = f"{version.starts // 60:02d}:{version.starts % 60:02d}"
    return f"{day.month}月{day.day}日" in words and (version.state == "cancelled" or clock in words)


def _repeats(evidence: Evidence) -> Iterator[Fault]:
    """What arrives again under one id says nothing new, and there was a reason to send it again."""
    for mail, letters in taken(evidence).items():
        for first, second in pairwise(letters):
            if not is_within(second, first):
                yield Fault("a repeated letter says nothing new", f"{mail}: {first.body!r} then {second.body!r}")
            if not excused(evidence, first):
                yield Fault("nothing is sent twice without a reason", f"{mail} {first.subject}")


def _sent_is_taken(evidence: Evidence) -> Iterator[Fault]:
    """What is recorded as sent by e-mail is with the mail server."""
    arrived = taken(evidence)
    for row in evidence.rows:
        if row.state == "sent" and row.channel == "email":
            claims = [step for step in evidence.steps_of[row.id] if step.state == "sending"]
            if not any(
                letter.began >= claim.at for claim in claims for letter in arrived.get(evidence.mail_of(claim), ())
            ):
                yield Fault("what is sent has arrived", row.key)


def _taken_is_sent(evidence: Evidence) -> Iterator[Fault]:
    """What the mail server has is recorded as sent, unless something kept the sender from hearing or writing so."""
    for mail, letters in taken(evidence).items():
        states = {evidence.by_id[message].state for message in evidence.members.get(mail, ())}
        if "sent" not in states and not any(excused(evidence, letter) for letter in letters):
            yield Fault("what has arrived is recorded as sent", f"{mail} is {states}")


def _one_reminder(evidence: Evidence) -> Iterator[Fault]:
    """Nobody is reminded twice of one slot, whatever became of the version."""
    slots = {(version.visit_id, version.number): version.slot for version in evidence.versions}
    sent: dict[object, list[Row]] = defaultdict(list)
    for row in evidence.rows:
        if row.kind in REMINDERS and row.state == "sent" and row.visit_id is not None and row.version is not None:
            sent[row.visit_id, row.person, row.kind, slots[row.visit_id, row.version]].append(row)
    for rows in sent.values():
        if len(rows) > 1:
            yield Fault("nobody is reminded twice of one slot", " and ".join(row.key for row in rows))


# What the rules ask ---------------------------------------------------------------------------------------------------


def claims_by_mail(evidence: Evidence) -> dict[str, list[Step]]:
    """The claims for each mail, in order."""
    found: dict[str, list[Step]] = defaultdict(list)
    for step in evidence.steps:
        if step.state == "sending":
            found[evidence.mail_of(step)].append(step)
    return found


def taken(evidence: Evidence) -> dict[str, list[Delivery]]:
    """The letters that the mail server has, by id, in the order in which they came."""
    found: dict[str, list[Delivery]] = defaultdict(list)
    for letter in evidence.letters:
        if letter.taken:
            found[letter.mail_id].append(letter)
    return found


def is_within(later: Delivery, earlier: Delivery) -> bool:
    """Whether the later letter says the same, or of several pieces of news some."""
    if (later.subject, later.body) == (earlier.subject, earlier.body):
        return True
    said = set(earlier.body.splitlines())
    return all(line in said for line in later.body.splitlines()[1:]) and later.body != earlier.body


def excused(evidence: Evidence, letter: Delivery) -> bool:
    """Whether something kept the letter's sender from hearing, or writing down, that it is taken."""
    if not letter.heard:
        return True
    diary = evidence.diary
    blows = [*diary.database_away, *((moment, moment) for moment in diary.cuts)]
    claims = [
        step
        for message in evidence.members.get(letter.mail_id, ())
        for step in evidence.steps_of[message]
        if step.state == "sending" and step.at <= letter.began
    ]
    for claim in claims:
        pid = int((claim.claimed_by or ":0:").split(":")[1])
        blows += diary.hurt.get(pid, [])
    return any(began <= letter.ended + GRACE and ended >= letter.began - GRACE for began, ended in blows)
