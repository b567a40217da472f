"""The judge of a chaos run: what was said to whom, held against what the database and the mail server saw themselves.

Judged by the order in which the database committed: a version was replaced before a letter's sending began if the
change was committed before the claim was. The product's own idea of what is stale or due is not asked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tests.chaos.evidence import Evidence, Row, Step, pid_of
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
    rules = (
        _once,
        _settled,
        _claimed_while_true,
        _stale_is_replaced,
        _letters,
        _one_id,
        _repeats,
        _sent_is_taken,
        _taken_is_sent,
        _one_reminder,
    )
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


def _stale_is_replaced(evidence: Evidence) -> Iterator[Fault]:
    """Nothing is called stale while it is true: the visit had changed, or the reminder of the morning says it all."""
    for step in evidence.steps:
        row = evidence.by_id[step.message_id]
        if step.state == "stale" and row.kind in PROMISING and step.version == step.visit_version:
            over = row.kind in REMINDERS and step.visit_state not in EXPECTING
            if not over and row.reason != "covered_by_morning_of":
                yield Fault("only what was replaced is stale", f"{row.key} while {step.visit_state}: {row.reason}")


def _letters(evidence: Evidence) -> Iterator[Fault]:
    """Every letter was claimed first, goes to whom it is for, is not held long, and says what was claimed for it."""
    claims = claims_by_mail(evidence)
    for letter in evidence.letters:
        before = [claim for claim in claims.get(letter.mail_id, ()) if claim.at <= letter.began]
        if not before:
            yield Fault("every letter is claimed first", f"{letter.mail_id} {letter.subject}")
            continue
        if letter.began - before[-1].at > LONGEST_HOLD:
            yield Fault("no letter is begun long after its claim", f"{letter.began - before[-1].at:.1f} s")
        rows = [evidence.by_id[claim.message_id] for claim in carried(evidence, letter)]
        if not rows and not excused(evidence, letter):
            yield Fault("no letter is begun after its claim has ended", f"{letter.mail_id} {letter.subject}")
        if rows and len(pieces(letter)) > len(rows) and not excused(evidence, letter):
            yield Fault("a letter says nothing but what was claimed", f"{[row.key for row in rows]}: {letter.body!r}")
        for row in rows:
            if row.recipient.casefold() != letter.recipient.casefold():
                yield Fault("a letter goes to whom it is for", f"{row.key} went to {letter.recipient}")
            if row.kind in PROMISING and not _says(evidence, letter, row):
                yield Fault("a letter says what is promised", f"{row.key}: {letter.body!r}")


def _says(evidence: Evidence, letter: Delivery, row: Row) -> bool:
    """Whether a piece of the letter names the venue and the day of the visit's version, and the time to be there."""
    version = evidence.version_of[row.visit_id or 0, row.version or 0]
    day = date.fromisoformat(version.day)
    venue = evidence.world.venue_of_request[evidence.request_of[version.visit_id]]
    clock = f"{version.starts // 60:02d}:{version.starts % 60:02d}"
    return any(
        re.search(rf"{venue}(?!\d)", piece) is not None
        and f"{day.month}月{day.day}日" in piece
        and (version.state == "cancelled" or clock in piece)
        for piece in pieces(letter)
    )


def _one_id(evidence: Evidence) -> Iterator[Fault]:
    """Nobody gets one message under two ids, unless a person has sent it again."""
    ids: dict[int, set[str]] = defaultdict(set)
    for mail, letters in taken(evidence).items():
        for letter in letters:
            for claim in carried(evidence, letter):
                ids[claim.message_id].add(mail)
    for message, mails in ids.items():
        by_hand = any(step.former in ("dead", "unknown") for step in evidence.steps_of[message])
        if len(mails) > 1 and not by_hand:
            yield Fault("no message arrives under two ids", f"{evidence.by_id[message].key}: {sorted(mails)}")


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
    sent: dict[object, list[Row]] = defaultdict(list)
    for row in evidence.rows:
        if row.kind in REMINDERS and row.state == "sent" and row.visit_id is not None and row.version is not None:
            sent[row.visit_id, row.person, row.kind, evidence.version_of[row.visit_id, row.version].slot].append(row)
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


def carried(evidence: Evidence, letter: Delivery) -> list[Step]:
    """The claims that stood for a letter when its text was handed over."""
    found = []
    for message in evidence.members.get(letter.mail_id, ()):
        before = [step for step in evidence.steps_of[message] if step.at <= letter.began]
        if before and before[-1].state == "sending" and evidence.mail_of(before[-1]) == letter.mail_id:
            found.append(before[-1])
    return found


def pieces(letter: Delivery) -> list[str]:
    """The messages of a letter, each with its subject; they are numbered where there are several."""
    body = letter.body.replace("\r\n", "\n").strip()
    if not body.startswith("1. "):
        return [f"{letter.subject}\n{body}"]
    return [piece.strip() for piece in re.split(r"(?:^|\n\n)\d+\. ", body) if piece.strip()]


def is_within(later: Delivery, earlier: Delivery) -> bool:
    """Whether the later letter says the same, or of several pieces of news some."""
    return set(pieces(later)) <= set(pieces(earlier))


def excused(evidence: Evidence, letter: Delivery) -> bool:
    """Whether something kept the letter's sender from hearing, or writing down, that it is taken.

    To lose the lease alive, on a machine so busy that the heart skips beats, is a blow too.
    """
    if not letter.heard:
        return True
    diary = evidence.diary
    blows = [*diary.database_away, *((moment, moment) for moment in (*diary.cuts, *evidence.failed_ticks))]
    claims = [
        step
        for message in evidence.members.get(letter.mail_id, ())
        for step in evidence.steps_of[message]
        if step.state == "sending" and step.at <= letter.began
    ]
    for claim in claims:
        pid = pid_of(claim.claimed_by)
        blows += diary.hurt.get(pid, [])
        blows += [(each.at, each.at) for each in evidence.takeovers if each.former == pid]
    return any(began <= letter.ended + GRACE and ended >= letter.began - GRACE for began, ended in blows)
