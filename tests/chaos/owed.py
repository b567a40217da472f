"""What is owed to whom by the history of the visits alone, and what of it is missing.

Written from the promises made to people, not from the product's rules: each change is told to the town; a reminder is
owed for every version that stood before its time; and whatever was promised last has not silently got lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise

from tests.chaos.evidence import Evidence, Row, Version
from tests.chaos.oracle import EXPECTING, PROMISING, REMINDERS, Fault

SHANGHAI = timedelta(hours=8)
LEADS = {"day_before": (1, 16), "morning_of": (0, 7)}
"""Days before the visit, and the hour. All days before the visits of a run are working days."""
TOUR_LEAD = (1, 18)
TOUR_PATIENCE = 15.0
"""Seconds of real time that it may take until a change is found, over a takeover or two."""


def missing(evidence: Evidence) -> list[Fault]:
    """Everything that was owed and is not there."""
    found = _Outbox(evidence)
    rules = (_news, _last_news, _reminders, _answers, _tours, _strangers)
    return [fault for rule in rules for fault in rule(evidence, found)]


class _Outbox:
    """The messages by what they are about."""

    def __init__(self, evidence: Evidence) -> None:
        self.of_visit: dict[tuple[int, str, str], list[Row]] = defaultdict(list)
        self.of_request: dict[tuple[int, str, str], list[Row]] = defaultdict(list)
        self.of_shift: dict[tuple[int, str], list[Row]] = defaultdict(list)
        for row in evidence.rows:
            if row.visit_id is not None:
                self.of_visit[row.visit_id, row.person, row.kind].append(row)
            elif row.kind == "crew_tour":
                self.of_shift[row.facts["shift_id"], row.person].append(row)
            elif row.request_id is not None:
                self.of_request[row.request_id, row.person, row.kind].append(row)

    def about(self, visit_id: int, person: str, kinds: Iterable[str], versions: Iterable[int]) -> list[Row]:
        """The messages of a person about these versions of a visit."""
        wanted = set(versions)
        return [row for kind in kinds for row in self.of_visit[visit_id, person, kind] if row.version in wanted]


def instant(day: str, minutes: int) -> datetime:
    """A minute of a day in Shanghai."""
    return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(minutes=minutes) - SHANGHAI


def due(day: str, lead: tuple[int, int]) -> datetime:
    """When something so long before a day is due."""
    days, hour = lead
    return instant(day, hour * 60) - timedelta(days=days)


def _people(evidence: Evidence, visit_id: int) -> list[str]:
    return [person for person, _ in evidence.world.told_of_request[evidence.request_of[visit_id]]]


def _news(evidence: Evidence, outbox: _Outbox) -> Iterator[Fault]:
    """Each change that a town notices has its message to each person."""
    for visit_id, versions in evidence.history.items():
        for before, version in zip([None, *versions], versions, strict=False):
            kinds = _told_by(before, version)
            for person in _people(evidence, visit_id) if kinds else ():
                if not outbox.about(visit_id, person, kinds, [version.number]):
                    yield Fault("every change is told", f"visit {visit_id} v{version.number} {kinds} {person}")


def _told_by(before: Version | None, version: Version) -> tuple[str, ...]:
    if before is None:
        return ("published",)
    if version.kind == "moved" and (before.day, before.starts) != (version.day, version.starts):
        return ("moved", "published")  # of a visit that nobody has heard of yet, the promise itself is told
    return ("cancelled",) if version.kind == "cancelled" else ()


def _last_news(evidence: Evidence, outbox: _Outbox) -> Iterator[Fault]:
    """What was promised last was not overtaken by itself: it was sent, or somebody sees that it was not."""
    for visit_id, versions in evidence.history.items():
        *_, last = (list(run) for _, run in groupby(versions, key=lambda version: (version.day, version.starts)))
        if last[-1].state not in EXPECTING:
            continue
        numbers = [version.number for version in last]
        for person in _people(evidence, visit_id):
            rows = outbox.about(visit_id, person, ("published", "moved"), numbers)
            if not any(row.state != "stale" for row in rows):
                yield Fault("the last promise is told", f"visit {visit_id} v{numbers} {person}: {_states(rows)}")


def _reminders(evidence: Evidence, outbox: _Outbox) -> Iterator[Fault]:
    for visit_id, versions in evidence.history.items():
        for _, standing in groupby(versions, key=lambda version: (version.slot, version.state in EXPECTING)):
            run = list(standing)
            if run[0].state not in EXPECTING:
                continue
            following = next((each for each in versions if each.number == run[-1].number + 1), None)
            for kind in REMINDERS:
                for person in _people(evidence, visit_id):
                    rows = outbox.about(visit_id, person, [kind], [version.number for version in run])
                    yield from _reminder(run, following, kind, person, rows)


def _reminder(
    run: list[Version], following: Version | None, kind: str, person: str, rows: list[Row]
) -> Iterator[Fault]:
    """A slot that was promised before the time has its reminder; one that stood to the end has one that is not stale.

    The reminder of a version stands for the later ones with the same slot, until it is due.
    """
    moment = due(run[0].day, LEADS[kind])
    case = f"visit {run[0].visit_id} v{[version.number for version in run]} {kind} {person}: {_states(rows)}"
    for version in run:
        if version.since < moment and not any((row.version or 0) <= version.number for row in rows):
            yield Fault("every version has its reminders", f"v{version.number} of {case}")
    changed_in_time = run[-1].since < instant(run[0].day, run[0].starts)
    if following is None and changed_in_time and run[0].since < moment:
        covered = kind == "day_before" and any(row.reason == "covered_by_morning_of" for row in rows)
        if not covered and not any(row.state != "stale" for row in rows):
            yield Fault("a reminder of what stood does not get lost", case)


def _answers(evidence: Evidence, outbox: _Outbox) -> Iterator[Fault]:
    """Whoever asked hears that the request is accepted."""
    for request_id in evidence.accepted:
        for person, _ in evidence.world.told_of_request[request_id]:
            if len(outbox.of_request[request_id, person, "request_accepted"]) != 1:
                yield Fault("every answer is told", f"request {request_id} {person}")


def _tours(evidence: Evidence, outbox: _Outbox) -> Iterator[Fault]:
    """Whoever drives a tour that stood for a while when it was time to tell it has been told one."""
    standing = _standing(evidence)
    for shift_id, people in evidence.world.crew_of_shift.items():
        if shift_id not in standing:
            continue
        for person, _ in people:
            rows = outbox.of_shift[shift_id, person]
            if not any(row.state != "stale" for row in rows):
                yield Fault("every crew is told its tour", f"shift {shift_id} {person}: {_states(rows)}")


def _strangers(evidence: Evidence, _outbox: _Outbox) -> Iterator[Fault]:
    """Nobody is told who need not be, such as one person twice at one mailbox."""
    for row in evidence.rows:
        if row.kind in PROMISING and row.visit_id and row.person not in _people(evidence, row.visit_id):
            yield Fault("nobody is told who need not be", row.key)


def _standing(evidence: Evidence) -> set[int]:
    """The shifts with stops on which nothing changed for long enough (in real time) between evening and last stop."""
    changed, stops = defaultdict(float), defaultdict(list)
    for versions in evidence.history.values():
        for version in versions:
            changed[version.shift_id] = max(changed[version.shift_id], evidence.clock.reached(version.since))
        for version, following in pairwise(versions):  # it left the shift it was on
            changed[version.shift_id] = max(changed[version.shift_id], evidence.clock.reached(following.since))
        if versions[-1].state in EXPECTING:
            stops[versions[-1].shift_id].append(versions[-1])
    away = sum(ended - began for began, ended in (*evidence.diary.database_away, *evidence.diary.post_away))
    return {
        shift_id
        for shift_id, there in stops.items()
        for last in [max(there, key=lambda version: version.starts)]
        if evidence.clock.reached(instant(last.day, last.starts)) - TOUR_PATIENCE - away
        > max(changed[shift_id], evidence.clock.reached(due(last.day, TOUR_LEAD)))
    }


def _states(rows: list[Row]) -> list[str]:
    return [f"v{row.version} {row.state}" + (f" ({row.reason})" if row.reason else "") for row in rows]
