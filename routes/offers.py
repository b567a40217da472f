"""Offers: the slots that the vans can really keep for a visit not yet promised, given every promise and pin.

The visits of the problem that are promised or pinned stand, the others are as good as absent. A slot is a shift and a
span of minutes at which the session may begin; promises may shift by the problem's tolerance to make it so, and where
the same slot needs no shift, none is made. Whoever accepts one gets the tour from `tour_with`. No solver, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from routes.compiled import compile_problem
from routes.plan import Tour
from routes.problem import Pin, Problem, Shift, Visit
from routes.score import best_bonus
from routes.standing import (
    Chain,
    Spans,
    arrive,
    chain_of,
    latest_leaving,
    orders_of,
    spans_of,
    standing_on,
    standing_start,
)
from routes.timetable import best_timing, tour_of

GOOD_DETOUR = 40
"""Minutes of driving that a good slot adds at most."""

GOOD_SPAN = 30
"""Minutes by which the session of a good slot can still move."""

STEPS = (30, 15, 5, 1)
"""A session begins at the roundest minute that its span holds."""


class Grade(StrEnum):
    """How a town office should read a slot; a tight one moves others or leaves no minute to spare."""

    GOOD = "good"
    POSSIBLE = "possible"
    TIGHT = "tight"


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot: the session may begin from `first` to `last` on `shift`, best at `starts`.

    `driving` are the minutes that the shift drives more, `points` what the plan loses by them and by bonuses of visits
    that shift, `bonus` what the visit's own window is worth; `shifted` is by how many minutes a promise moves at most.
    """

    shift: str
    starts: int
    first: int
    last: int
    driving: int
    points: int
    bonus: int
    shifted: int

    @property
    def grade(self) -> Grade:
        """How good the slot is, in one word."""
        if self.shifted or self.last == self.first:
            return Grade.TIGHT
        good = self.driving <= GOOD_DETOUR and self.last - self.first >= GOOD_SPAN
        return Grade.GOOD if good else Grade.POSSIBLE

    @property
    def cost(self) -> tuple[int, int]:
        """Smaller for the better: what the plan loses on balance, then what moves."""
        return self.points - self.bonus, self.shifted


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a standing order a visit goes, and the span in which its session then begins."""

    chain: Chain
    position: int
    tolerance: int
    first: int
    last: int

    def order_with(self, visit: Visit) -> tuple[Visit, ...]:
        return (*self.chain.visits[: self.position], visit, *self.chain.visits[self.position :])


class _Change(NamedTuple):
    """An order with the minute at which each session begins; what it shifts at most, drives more, and costs."""

    shifted: int
    driving: int
    points: int
    order: tuple[Visit, ...]
    minutes: tuple[int, ...]


class Calendar:
    """A problem's standing visits with the room between them, worked out once for any number of questions."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        standing = standing_on(problem)
        tolerances = sorted({0, problem.weights.tolerance})
        self._standing = standing
        self._chains = {
            shift.id: [
                (tolerance, [_chain(problem, shift, order, tolerance) for order in orders_of(visits)])
                for tolerance in tolerances
            ]
            for shift in problem.shifts
            for visits in [standing.get(shift.id, [])]
        }

    def offers(self, visit: Visit) -> list[Offer]:
        """Every slot of the visit, the best first. Its place is one of the problem's; itself it need not be."""
        rivals = _rivals(self.problem, visit)
        if any(rival.pin or rival.promise for rival in rivals):
            return []
        found = [offer for shift in self.problem.shifts for offer in self._on_shift(visit, shift)]
        day_of = self.problem.shift_by_id
        return sorted(found, key=lambda offer: (*offer.cost, day_of[offer.shift].day, offer.starts, offer.shift))

    def tour_with(self, visit: Visit, shift_id: str, starts: int) -> Tour | None:
        """The tour of the shift with the visit's session at just this minute, shifting as little as can be; or None."""
        shift = self.problem.shift_by_id.get(shift_id)
        if shift is None or any(rival.pin or rival.promise for rival in _rivals(self.problem, visit)):
            return None
        places = list(self._places(visit, shift))
        if not any(place.first <= starts <= place.last for place in places):
            return None
        change = self._change(visit, shift, places, starts)
        return tour_at(self.problem, shift_id, list(zip(change.order, change.minutes, strict=True)))

    def _on_shift(self, visit: Visit, shift: Shift) -> Iterator[Offer]:
        places = list(self._places(visit, shift))
        still = [(place.first, place.last) for place in places if not place.tolerance]
        for place in places:
            if not place.tolerance:
                yield self._offer(visit, shift, places, (place.first, place.last))
            else:  # only the minutes that cannot be had without moving somebody
                for span in _without(place.first, place.last, still):
                    yield self._offer(visit, shift, places, span, moves=True)

    def _offer(
        self, visit: Visit, shift: Shift, places: list[_Place], span: tuple[int, int], *, moves: bool = False
    ) -> Offer:
        starts = _best_start(visit, shift, *span)
        candidates = sorted({starts, *span}) if moves else [starts]
        changes = [(self._change(visit, shift, places, at), at) for at in candidates]
        change, at = min(changes, key=lambda each: (each[0].shifted, each[1] != starts))
        bonus = best_bonus(visit, shift, at)
        return Offer(shift.id, at, *span, change.driving, change.points, bonus, change.shifted)

    def _change(self, visit: Visit, shift: Shift, places: list[_Place], starts: int) -> _Change:
        """How the visit is served at just this minute: shifting least, then at the least cost."""
        possible = [
            _least_shift(self.problem, shift, place, visit, starts)
            for place in places
            if place.first <= starts <= place.last
        ]
        return min(possible, key=lambda change: (change.shifted, change.points))

    def _places(self, visit: Visit, shift: Shift) -> Iterator[_Place]:
        """Where the visit fits, places that shift nobody first."""
        spans = spans_of(replace(visit, pin=None, promise=None), shift, 0)
        if not spans or not _carries(shift, visit) or visit.id in {one.id for one in self._standing.get(shift.id, ())}:
            return
        for tolerance, chains in self._chains[shift.id]:
            for chain in chains:
                if not _has_room(shift, chain, visit):
                    continue
                for position in range(len(chain.visits) + 1):
                    driving = chain.driving + _detour(self.problem, shift, chain, position, visit)
                    if shift.max_driving is None or driving <= shift.max_driving:
                        for first, last in _spans_at(self.problem, shift, chain, position, visit, spans):
                            yield _Place(chain, position, tolerance, first, last)


def _chain(problem: Problem, shift: Shift, order: tuple[Visit, ...], tolerance: int) -> Chain:
    return chain_of(problem, shift, order, [spans_of(one, shift, tolerance) for one in order])


def _rivals(problem: Problem, visit: Visit) -> list[Visit]:
    return [
        problem.visit_by_id[other]
        for group in problem.exclusive
        if visit.id in group
        for other in group
        if other != visit.id
    ]


def _carries(shift: Shift, visit: Visit) -> bool:
    return (
        visit.kits <= shift.kits
        and visit.equipment <= shift.equipment
        and all(shift.crew.get(skill, 0) >= needs for skill, needs in visit.crew.items())
    )


def _has_room(shift: Shift, chain: Chain, visit: Visit) -> bool:
    few = shift.max_visits is None or len(chain.visits) < shift.max_visits
    return few and chain.kits + visit.kits <= shift.kits


def _detour(problem: Problem, shift: Shift, chain: Chain, position: int, visit: Visit) -> int:
    before, after = chain.place_before(position, shift), chain.place_after(position, shift)
    direct = problem.travel[before][after] if chain.visits else 0
    return problem.travel[before][visit.place] + problem.travel[visit.place][after] - direct


def _spans_at(
    problem: Problem, shift: Shift, chain: Chain, position: int, visit: Visit, spans: Spans
) -> Iterator[tuple[int, int]]:
    """The minutes at which the session can begin at this position: with lunch still to come, and with lunch over."""
    out = problem.travel[chain.place_before(position, shift)][visit.place]
    on = problem.travel[visit.place][chain.place_after(position, shift)]
    earliest = arrive(shift.lunch, chain.ready[position], out)
    latest = latest_leaving(shift.lunch, chain.latest[position], on)
    post = visit.session + visit.teardown
    possible = [(free + visit.setup, leaves - post) for free, leaves in zip(earliest, latest, strict=True)]
    found = {
        (max(first, opens), min(last, closes))
        for first, last in possible
        for opens, closes in spans
        if max(first, opens) <= min(last, closes)
    }
    yield from _united(found)


def _united(spans: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans with those that touch or overlap made one."""
    ordered = sorted(spans)
    while ordered:
        first, last = ordered.pop(0)
        while ordered and ordered[0][0] <= last + 1:
            last = max(last, ordered.pop(0)[1])
        yield first, last


def _without(first: int, last: int, others: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of a span when others are cut out of it."""
    for opens, closes in sorted(others):
        if first < opens <= last:
            yield first, opens - 1
        if opens > last:
            break
        first = max(first, closes + 1)
        if first > last:
            return
    yield first, last


def _best_start(visit: Visit, shift: Shift, first: int, last: int) -> int:
    """The roundest minute with the highest bonus, the earliest of those."""
    candidates = {first}
    edges = {first, *(window.opens for window in visit.windows if window.day == shift.day)}
    for step in STEPS:
        candidates |= {rounded for edge in edges if first <= (rounded := -(-edge // step) * step) <= last}
    roundness = {minute: next(step for step in STEPS if minute % step == 0) for minute in candidates}
    return max(candidates, key=lambda minute: (best_bonus(visit, shift, minute), roundness[minute], -minute))


def _least_shift(problem: Problem, shift: Shift, place: _Place, visit: Visit, starts: int) -> _Change:
    """When each session of the order begins, as near to what stands as can be, one after the other."""
    order = place.order_with(visit)
    spans = [((starts, starts),) if one is visit else spans_of(one, shift, place.tolerance) for one in order]
    shifted, lost = 0, 0
    for index, one in enumerate(order):
        if one is visit:
            continue
        others = chain_of(problem, shift, (*order[:index], *order[index + 1 :]), (*spans[:index], *spans[index + 1 :]))
        possible = list(_spans_at(problem, shift, others, index, one, spans[index]))
        told = standing_start(one)
        minute = min((_nearest(told, first, last) for first, last in possible), key=lambda at: abs(at - (told or 0)))
        spans[index] = ((minute, minute),)
        if told is not None:
            shifted = max(shifted, abs(minute - told))
            lost += best_bonus(one, shift, told) - best_bonus(one, shift, minute)
    driving = _detour(problem, shift, place.chain, place.position, visit)
    points = driving * problem.weights.travel + lost
    return _Change(shifted, driving, points, order, tuple(span[0][0] for span in spans))


def _nearest(told: int | None, first: int, last: int) -> int:
    return first if told is None else min(max(told, first), last)


def tour_at(problem: Problem, shift_id: str, sessions: Sequence[tuple[Visit, int]]) -> Tour | None:
    """The tour of these visits in this order, each session at its minute; None where the shift cannot drive it."""
    pinned = [replace(visit, pin=Pin(shift_id, minute), promise=None) for visit, minute in sessions]
    alone = replace(problem, shifts=(problem.shift_by_id[shift_id],), visits=tuple(pinned), exclusive=())
    compiled = compile_problem(alone)
    order = range(len(pinned))
    for shift_class in compiled.classes:
        places = [shift_class.local[visit] for visit in order if visit in shift_class.local]
        if len(places) == len(pinned) and best_timing(shift_class, places, 0) is not None:
            return tour_of(compiled, 0, shift_class, order)
    return None
