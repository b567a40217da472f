"""Gaps: where in a standing order a visit fits, when its session can then begin, and how what stands gives way to it.

Of one shift and one order at a time; which shifts and orders there are, and what is offered of them, is for
`routes.offers` to say. Plain Python over whole minutes, no solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from routes.problem import Problem, Shift, Visit
from routes.score import best_bonus
from routes.standing import Chain, Spans, arrive, chain_of, latest_leaving, spans_of, standing_start


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a standing order a visit goes, and the span in which its session then begins."""

    chain: Chain
    position: int
    tolerance: int
    first: int
    last: int

    def order_with(self, visit: Visit) -> tuple[Visit, ...]:
        """The order with the visit in it."""
        return (*self.chain.visits[: self.position], visit, *self.chain.visits[self.position :])


class GivenWay(NamedTuple):
    """An order with the minute at which each session begins; what it shifts at most, drives more, and costs."""

    shifted: int
    driving: int
    points: int
    order: tuple[Visit, ...]
    minutes: tuple[int, ...]


def carries(shift: Shift, visit: Visit) -> bool:
    """Whether the shift has the kits, equipment and crew that the visit needs by itself."""
    return (
        visit.kits <= shift.kits
        and visit.equipment <= shift.equipment
        and all(shift.crew.get(skill, 0) >= needs for skill, needs in visit.crew.items())
    )


def places_in(
    problem: Problem, shift: Shift, chain: Chain, tolerance: int, visit: Visit, spans: Spans
) -> Iterator[Place]:
    """Where in the order the visit fits with its session in one of `spans`; the chain gives way by `tolerance`."""
    if not _has_room(shift, chain, visit):
        return
    for position in range(len(chain.visits) + 1):
        driving = chain.driving + _detour(problem, shift, chain, position, visit)
        if shift.max_driving is None or driving <= shift.max_driving:
            for first, last in _spans_at(problem, shift, chain, position, visit, spans):
                yield Place(chain, position, tolerance, first, last)


def give_way(problem: Problem, shift: Shift, place: Place, visit: Visit, starts: int) -> GivenWay:
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
    return GivenWay(shifted, driving, points, order, tuple(span[0][0] for span in spans))


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


def _nearest(told: int | None, first: int, last: int) -> int:
    return first if told is None else min(max(told, first), last)
