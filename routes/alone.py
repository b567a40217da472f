"""One visit on one otherwise empty shift: can it be served there, and if not, which rule keeps it out and by how much.

Plain arithmetic on the problem's own numbers, independent of the timetable that makes tours. Driving is reckoned by
the shortest way round, over any places, because travel times need not obey the triangle inequality: what does not fit
even so fits into no tour at all. Where they do obey it, the answer is exact both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from routes.compiled import shortest
from routes.problem import Lunch, Problem, Shift, Visit, Window

RULES = (
    "day",
    "crew",
    "equipment",
    "kits",
    "max_visits",
    "max_driving",
    "shift_hours",
    "window",
    "lunch",
)
"""In the order in which they are asked; the later a visit falls out, the nearer it came. "day": it asks for another."""


@dataclass(frozen=True, slots=True)
class Miss:
    """The first rule that keeps a visit off a shift; `short` is what lacks, in the rule's unit (people, minutes...)."""

    rule: str
    shift: str
    short: int = 1
    detail: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def nearness(self) -> tuple[int, int]:
        """Greater for what came nearer."""
        return RULES.index(self.rule), -self.short


class Judge:
    """Judges single visits of one problem; remembers the shortest ways that it has worked out."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        size = len(problem.places)
        self._matrix = np.array(problem.travel, dtype=np.int64).reshape(size, size)
        self._from: dict[int, list[int]] = {}
        self._to: dict[int, list[int]] = {}

    def miss(self, visit: Visit, shift: Shift) -> Miss | None:
        """What keeps the visit off this shift although nothing else is on it, or None where it fits."""
        windows = [window for window in visit.windows if window.day == shift.day]
        if not windows:
            return Miss("day", shift.id)
        return next(_short_of_means(visit, shift), None) or self._short_of_time(visit, shift, windows)

    def _short_of_time(self, visit: Visit, shift: Shift, windows: list[Window]) -> Miss | None:
        out, home = self._ways(shift, visit.place)
        if shift.max_driving is not None and out + home > shift.max_driving:
            detail: dict[str, int | str] = {"minutes": out + home, "limit": shift.max_driving}
            return Miss("max_driving", shift.id, out + home - shift.max_driving, detail)
        earliest = shift.starts + out + visit.setup
        latest = shift.ends - home - visit.teardown - visit.session
        if earliest > latest:
            needs, has = out + visit.on_site + home, shift.ends - shift.starts
            return Miss("shift_hours", shift.id, needs - has, {"needs": needs, "has": has, "driving": out + home})
        spans = [(max(window.opens, earliest), min(window.closes - visit.session, latest)) for window in windows]
        open_spans = [(first, last) for first, last in spans if first <= last]
        if not open_spans:
            first, last = min(spans, key=lambda span: span[0] - span[1])
            window = windows[spans.index((first, last))]
            detail = {"opens": window.opens, "closes": window.closes, "session": visit.session}
            return Miss("window", shift.id, first - last, {**detail, "earliest": earliest, "latest": latest})
        return None if shift.lunch is None else _short_of_lunch(visit, shift, shift.lunch, (out, home), open_spans)

    def _ways(self, shift: Shift, place: int) -> tuple[int, int]:
        """Minutes of the shortest ways from the shift's start place and to its end place."""
        if shift.start_place not in self._from:
            self._from[shift.start_place] = [int(minutes) for minutes in shortest(self._matrix, shift.start_place)]
        if shift.end_place not in self._to:
            self._to[shift.end_place] = [int(minutes) for minutes in shortest(self._matrix.T, shift.end_place)]
        return self._from[shift.start_place][place], self._to[shift.end_place][place]


def _short_of_means(visit: Visit, shift: Shift) -> Iterator[Miss]:
    """Rules on what the van carries, whatever the time."""
    for skill, needs in visit.crew.items():
        has = shift.crew.get(skill, 0)
        if has < needs:
            yield Miss("crew", shift.id, needs - has, {"skill": skill, "needs": needs, "has": has})
    lacking = sorted(visit.equipment - shift.equipment)
    if lacking:
        yield Miss("equipment", shift.id, len(lacking), {"item": lacking[0], "items": len(lacking)})
    if visit.kits > shift.kits:
        yield Miss("kits", shift.id, visit.kits - shift.kits, {"needs": visit.kits, "has": shift.kits})
    if shift.max_visits == 0:
        yield Miss("max_visits", shift.id, 1, {"visits": 1, "limit": 0})


def _short_of_lunch(
    visit: Visit, shift: Shift, lunch: Lunch, ways: tuple[int, int], spans: list[tuple[int, int]]
) -> Miss | None:
    """Lunch before the session is easiest with the latest start of a span, lunch after it with the earliest."""
    out, home = ways
    stretches = []
    for first, last in spans:
        ready, over = last - visit.setup, first + visit.session + visit.teardown
        stretches += [
            (shift.starts, ready - out),  # at the start place, before leaving
            (shift.starts + out, ready),  # at the venue, on arrival
            (over, shift.ends - home),  # at the venue, before driving home
            (over + home, shift.ends),  # back home
        ]
    room = max(min(closes, lunch.closes) - max(opens, lunch.opens) for opens, closes in stretches)
    if room >= lunch.minutes:
        return None
    detail: dict[str, int | str] = {"minutes": lunch.minutes, "free": max(0, room)}
    return Miss("lunch", shift.id, lunch.minutes - room, {**detail, "opens": lunch.opens, "closes": lunch.closes})
