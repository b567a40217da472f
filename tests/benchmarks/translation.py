"""What the models of all peers are made of: on which shifts a visit may be served, and in which minutes.

A peer gets one absolute clock, `DAY` units a day. On-site time (setup, session, teardown) is one block whose start is
what a peer's time window bounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from routes import Problem, Shift, Visit


class Span(NamedTuple):
    """The on-site block may start from `first` to `last` (minutes of the absolute clock) and then earns `gain`."""

    day: date
    first: int
    last: int
    gain: int


class Request(NamedTuple):
    """A visit for the peers: the shifts (indices) that can serve it on some day it offers, and when."""

    number: int
    visit: Visit
    shifts: frozenset[int]
    spans: tuple[Span, ...]

    @property
    def gain(self) -> int:
        """The most points that serving it can earn, bonuses apart."""
        return max(span.gain for span in self.spans)

    def merged(self) -> list[tuple[int, int]]:
        """Its spans without overlaps, in order, for peers that know windows but no points of windows."""
        merged: list[tuple[int, int]] = []
        for span in sorted(self.spans, key=lambda span: span.first):
            if merged and span.first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], span.last))
            else:
                merged.append((span.first, span.last))
        return merged


class Translation:
    """A problem seen as its peers can see it.

    `hold_promises` lets a promised visit be served on its promised day only: the strongest that can be done for a
    peer that cannot price another day (measured: see the README).
    """

    def __init__(self, problem: Problem, *, hold_promises: bool) -> None:
        self.problem = problem
        self._hold_promises = hold_promises
        days = sorted({shift.day for shift in problem.shifts})
        self.day_length = max([1440, *(shift.ends + 60 for shift in problem.shifts)])
        self.offset = {day: number * self.day_length for number, day in enumerate(days)}
        found = (self._request(index, visit) for index, visit in enumerate(problem.visits))
        self.requests = [request for request in found if request is not None]

    @property
    def horizon(self) -> int:
        return len(self.offset) * self.day_length

    @cached_property
    def first_places(self) -> dict[int, int]:
        """Each distinct start or end place of a shift, numbered from 0."""
        places = {place for shift in self.problem.shifts for place in (shift.start_place, shift.end_place)}
        return {place: number for number, place in enumerate(sorted(places))}

    def hours(self, shift: Shift) -> tuple[int, int]:
        """The shift's hours on the absolute clock."""
        offset = self.offset[shift.day]
        return offset + shift.starts, offset + shift.ends

    def lunch_starts(self, shift: Shift) -> tuple[int, int, int] | None:
        """Earliest and latest start of lunch on the absolute clock, and its length."""
        if shift.lunch is None:
            return None
        offset = self.offset[shift.day]
        return offset + shift.lunch.opens, offset + shift.lunch.closes - shift.lunch.minutes, shift.lunch.minutes

    def without_alternatives(self) -> list[Request]:
        """Of each exclusive group only the most worthwhile member, for peers that cannot choose between them."""
        by_id = {request.visit.id: request for request in self.requests}
        dropped: set[str] = set()
        for group in self.problem.exclusive:
            members = [by_id[member] for member in group if member in by_id and member not in dropped]
            members.sort(key=lambda request: (request.visit.pin is None, -request.gain / (request.visit.on_site + 30)))
            dropped.update(request.visit.id for request in members[1:])
        return [request for request in self.requests if request.visit.id not in dropped]

    def prize_scale(self) -> int:
        """By what to multiply points beside a leg's minutes so that prizes rule where driving is free of charge.

        Local search without a price on driving is blind; the study of the peers found prizes of a few legs to be best.
        """
        if self.problem.weights.travel or not self.requests:
            return 1
        legs = [minutes for row in self.problem.travel for minutes in row]
        prizes = sum(request.gain for request in self.requests) / len(self.requests)
        return max(1, round(4 * sum(legs) / len(legs) / max(1, prizes)))

    def _request(self, index: int, visit: Visit) -> Request | None:
        shifts = [number for number, shift in enumerate(self.problem.shifts) if self._may_serve(visit, shift)]
        days = {self.problem.shifts[number].day for number in shifts}
        spans = tuple(span for day in sorted(days) for span in self._spans(visit, day))
        if not spans:
            return None
        useful = {span.day for span in spans}
        fit = frozenset(number for number in shifts if self.problem.shifts[number].day in useful)
        return Request(index, visit, fit, spans)

    def _may_serve(self, visit: Visit, shift: Shift) -> bool:
        if visit.pin is not None and visit.pin.shift != shift.id:
            return False
        if self._hold_promises and visit.promise and not visit.pin and self._promised_day(visit) != shift.day:
            return False
        return (
            visit.equipment <= shift.equipment
            and visit.kits <= shift.kits
            and all(shift.crew.get(skill, 0) >= needs for skill, needs in visit.crew.items())
        )

    def _promised_day(self, visit: Visit) -> date | None:
        return self.problem.shift_by_id[visit.promise.shift].day if visit.promise else None

    def _spans(self, visit: Visit, day: date) -> Iterable[Span]:
        """The day's starts with their points; a promised minute adds a narrow span that is worth more."""
        weights, offset, told = self.problem.weights, self.offset[day], self._promised_day(visit)
        base = visit.prize + (weights.drop if visit.promise else 0)
        if visit.promise:
            base -= weights.retime if told == day else weights.other_day
        for window in visit.windows:
            if window.day != day:
                continue
            first, last = window.opens, window.closes - visit.session
            if visit.pin is not None and visit.pin.starts is not None:
                first, last = max(first, visit.pin.starts), min(last, visit.pin.starts)
            candidates = [(first, last, base + window.bonus)]
            if visit.promise and told == day:
                near = (visit.promise.starts - weights.tolerance, visit.promise.starts + weights.tolerance)
                candidates.append((max(first, near[0]), min(last, near[1]), base + weights.retime + window.bonus))
            for earliest, latest, gain in candidates:
                earliest = max(earliest, visit.setup)
                if earliest <= latest:
                    yield Span(day, offset + earliest - visit.setup, offset + latest - visit.setup, gain)


def gaps(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The minutes strictly between spans that do not overlap and are in order, each as (first, last)."""
    return [(before[1] + 1, after[0] - 1) for before, after in pairwise(spans) if before[1] + 1 < after[0]]


def group_by_shifts(requests: list[Request], problem: Problem) -> dict[frozenset[int], list[Request]]:
    """Requests by the set of shifts that can serve them, whatever the day where it is not pinned: few sets."""
    able: dict[tuple[object, ...], frozenset[int]] = {}
    groups: dict[frozenset[int], list[Request]] = defaultdict(list)
    for request in requests:
        visit = request.visit
        if visit.pin is not None:
            groups[request.shifts].append(request)
            continue
        needs = (frozenset(visit.crew.items()), visit.equipment)
        if needs not in able:
            able[needs] = frozenset(
                number
                for number, shift in enumerate(problem.shifts)
                if visit.equipment <= shift.equipment
                and all(shift.crew.get(skill, 0) >= people for skill, people in visit.crew.items())
            )
        groups[able[needs]].append(request)
    return groups
