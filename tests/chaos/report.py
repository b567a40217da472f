"""A chaos run in figures: what was done to the product, what became of the messages, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.evidence import Evidence
from tests.chaos.oracle import FINAL, Fault, claims_by_mail, excused, taken

MOST_CASES = 5


def report(evidence: Evidence, faults: Sequence[Fault]) -> str:
    """The report that a run prints."""
    return "\n".join(
        [
            *_blows(evidence),
            "",
            *_messages(evidence),
            "",
            *_letters(evidence),
            "",
            *_troubles(evidence),
            *_faults(faults),
        ]
    )


def _blows(evidence: Evidence) -> Iterator[str]:
    diary = evidence.diary
    yield "Blows"
    kills = ", ".join(f"{number} {name}s" for name, number in sorted(diary.kills.items()))
    yield f"  killed (SIGKILL)       {sum(diary.kills.values())} ({kills})"
    yield f"  stopped for a while    {diary.stops}"
    yield f"  of these at the worst  {diary.senders} (the letter taken, the answer not given yet)"
    yield f"  connections cut        {len(diary.cuts)}"
    for name, spans in (("database", diary.database_away), ("mail server", diary.post_away)):
        yield f"  {name + ' away':22} {', '.join(f'{ended - began:.1f} s' for began, ended in spans)}"
    alive = sum(
        not any(began <= each.at for began, _ in diary.hurt.get(each.former, [])) for each in evidence.takeovers
    )
    yield f"  lease taken over       {len(evidence.takeovers)} times, {alive} of them from a process never hurt"


def _messages(evidence: Evidence) -> Iterator[str]:
    kinds = sorted({row.kind for row in evidence.rows})
    counts = Counter((row.kind, row.state) for row in evidence.rows)
    states = [*sorted(FINAL), *sorted({row.state for row in evidence.rows} - FINAL)]
    yield (
        f"{len(evidence.history)} visits in {len(evidence.versions)} versions, {len(evidence.rows)} messages"
        f" ({sum(row.channel == 'email' for row in evidence.rows)} by e-mail)"
    )
    yield "  " + " ".join([f"{'':18}", *(f"{state:>9}" for state in states)])
    for kind in kinds:
        yield "  " + " ".join([f"{kind:18}", *(f"{counts[kind, state]:9}" for state in states)])
    totals = [sum(counts[kind, state] for kind in kinds) for state in states]
    yield "  " + " ".join([f"{'all':18}", *(f"{total:9}" for total in totals)])


def _letters(evidence: Evidence) -> Iterator[str]:
    arrived = taken(evidence)
    repeats = [letters for letters in arrived.values() if len(letters) > 1]
    answers = Counter(letter.answer for letter in evidence.letters)
    claims = claims_by_mail(evidence)
    members = {mail: len(evidence.members[mail]) for mail in arrived if mail in evidence.members}
    unrecorded = [
        mail
        for mail, letters in arrived.items()
        if "sent" not in {evidence.by_id[each].state for each in evidence.members.get(mail, ())}
    ]
    yield f"Mail server: {sum(answers.values())} letters handed over"
    yield from (f"  {number:6} {answer}" for answer, number in answers.most_common())
    several = sum(number > 1 for number in members.values())
    yield f"  accepted under {len(arrived)} ids, {several} of them for several messages"
    yield f"  accepted again under the same id: {sum(len(letters) - 1 for letters in repeats)}"
    yield f"  accepted, but the sender could not know or write it: {len(unrecorded)}"
    excuses = sum(any(excused(evidence, each) for each in letters) for letters in repeats)
    yield f"  ids accepted again: {len(repeats)}, of them {excuses} after a blow that explains it"
    waits = [
        letter.began
        - max((claim.at for claim in claims.get(letter.mail_id, ()) if claim.at <= letter.began), default=0)
        for letter in evidence.letters
        if letter.mail_id in claims
    ]
    yield f"  longest from claim to text: {max(waits, default=0.0):.2f} s"
    busiest = Counter(int(letter.began) for letter in evidence.letters if letter.taken)
    yield f"  most in one second: {max(busiest.values(), default=0)}"


def _troubles(evidence: Evidence) -> Iterator[str]:
    yield "Troubles that the processes wrote down"
    for trouble, number in evidence.troubles.most_common(12):
        yield f"  {number:6} {trouble}"


def _faults(faults: Sequence[Fault]) -> Iterator[str]:
    yield ""
    yield f"Faults: {len(faults)}"
    for rule, number in Counter(fault.rule for fault in faults).most_common():
        yield f"  {number:6} {rule}"
        yield from [f"           {fault.case}" for fault in faults if fault.rule == rule][:MOST_CASES]
