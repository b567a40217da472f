"""Offers: the slots that the vans can really keep for a visit not yet promised, given every promise and pin.

The visits of the problem that are promised or pinned stand, the others are as good as absent. A slot is a shift and a
span of minutes at which the session may begin; promises may shift by the problem's tolerance to make it so, and where
the same slot needs no shift, none is made. Whoever accepts one gets the tour from `tour_with`. No solver, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from routes.compiled import compile_problem
from routes.gaps import GivenWay, Place, carries, give_way, places_in
from routes.plan import Tour
from routes.problem import Pin, Problem, Shift, Visit
from routes.score import best_bonus
from routes.standing import Chain, chain_of, orders_of, spans_of, standing_on
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
        self, visit: Visit, shift: Shift, places: list[Place], span: tuple[int, int], *, moves: bool = False
    ) -> Offer:
        starts = _best_start(visit, shift, *span)
        candidates = sorted({starts, *span}) if moves else [starts]
        changes = [(self._change(visit, shift, places, at), at) for at in candidates]
        change, at = min(changes, key=lambda each: (each[0].shifted, each[1] != starts))
        bonus = best_bonus(visit, shift, at)
        return Offer(shift.id, at, *span, change.driving, change.points, bonus, change.shifted)

    def _change(self, visit: Visit, shift: Shift, places: list[Place], starts: int) -> GivenWay:
        """How the visit is served at just this minute: shifting least, then at the least cost."""
        possible = [
            give_way(self.problem, shift, place, visit, starts)
            for place in places
            if place.first <= starts <= place.last
        ]
        return min(possible, key=lambda change: (change.shifted, change.points))

    def _places(self, visit: Visit, shift: Shift) -> Iterator[Place]:
        """Where the visit fits, places that shift nobody first."""
        spans = spans_of(replace(visit, pin=None, promise=None), shift, 0)
        if not spans or not carries(shift, visit) or visit.id in {one.id for one in self._standing.get(shift.id, ())}:
            return
        for tolerance, chains in self._chains[shift.id]:
            for chain in chains:
                yield from places_in(self.problem, shift, chain, tolerance, visit, spans)


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
