"""What stands on a shift, and the room that it leaves: the earliest and latest times of the visits that must be kept.

A visit stands on a shift if it is pinned or promised to it. Its session may move by the problem's tolerance and no
further, a pin to a minute not at all; the order of the sessions stays. Plain Python over whole minutes, no solver.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from routes.problem import Lunch, Problem, Shift, Visit

NEVER = 1 << 30
"""Later than any minute: the time of what cannot happen. `-NEVER` is the latest time of what can never be in time."""

Spans = tuple[tuple[int, int], ...]


class Moment(NamedTuple):
    """A minute with lunch still to come and one with lunch over, the earliest or the latest of each."""

    hungry: int
    fed: int


@dataclass(frozen=True, slots=True)
class Chain:
    """An order of standing visits with the minutes that it leaves free.

    `ready[k]` is when the van can leave after k visits at the earliest (0: its start place), `latest[k]` when it must
    be free to set up at visit k at the latest (the last entry: be home), so that all of the order is kept.
    """

    visits: tuple[Visit, ...]
    ready: tuple[Moment, ...]
    latest: tuple[Moment, ...]
    driving: int
    kits: int

    def place_before(self, position: int, shift: Shift) -> int:
        """Where the van comes from to the visit at this position."""
        return self.visits[position - 1].place if position else shift.start_place

    def place_after(self, position: int, shift: Shift) -> int:
        """Where it goes to from a visit put in at this position."""
        return self.visits[position].place if position < len(self.visits) else shift.end_place


def standing_on(problem: Problem) -> dict[str, list[Visit]]:
    """The visits that stand on each shift, by its id."""
    found: dict[str, list[Visit]] = {}
    for visit in problem.visits:
        told = visit.pin or visit.promise
        if told is not None:
            found.setdefault(told.shift, []).append(visit)
    return found


def standing_start(visit: Visit) -> int | None:
    """The minute at which a standing visit begins; None where it is pinned to a shift but to no minute."""
    if visit.pin is not None and visit.pin.starts is not None:
        return visit.pin.starts
    if visit.promise is not None and (visit.pin is None or visit.pin.shift == visit.promise.shift):
        return visit.promise.starts
    return None


def orders_of(visits: Sequence[Visit]) -> list[tuple[Visit, ...]]:
    """The orders to keep: by the minutes that stand, visits without one anywhere between."""
    timed = [(starts, visit.id, visit) for visit in visits if (starts := standing_start(visit)) is not None]
    orders: list[tuple[Visit, ...]] = [tuple(visit for _, _, visit in sorted(timed, key=lambda item: item[:2]))]
    for loose in (visit for visit in visits if standing_start(visit) is None):
        orders = [(*order[:at], loose, *order[at:]) for order in orders for at in range(len(order) + 1)]
    return orders


def spans_of(visit: Visit, shift: Shift, tolerance: int) -> Spans:
    """When the session of a visit may begin on this shift, its promise and pin kept; spans may overlap."""
    opens, closes = 0, NEVER
    pinned = visit.pin is not None and visit.pin.starts is not None
    starts = standing_start(visit)
    if starts is not None:
        opens, closes = (starts, starts) if pinned else (starts - tolerance, starts + tolerance)
    found = (
        (max(window.opens, opens), min(window.closes - visit.session, closes))
        for window in visit.windows
        if window.day == shift.day
    )
    return tuple((first, last) for first, last in found if first <= last)


def chain_of(problem: Problem, shift: Shift, order: Sequence[Visit], spans: Sequence[Spans]) -> Chain:
    """The free minutes around an order whose sessions begin in these spans; where it cannot be kept, none are."""
    legs = list(_legs(problem, shift, order))
    lunch = shift.lunch
    ready = [Moment(NEVER, shift.starts) if lunch is None else Moment(shift.starts, NEVER)]
    for visit, leg, span in zip(order, legs, spans, strict=False):
        ready.append(ready_after(visit, arrive(lunch, ready[-1], leg), span))
    latest = [latest_home(shift)]
    for visit, leg, span in reversed(list(zip(order, legs[1:], spans, strict=True))):
        latest.append(latest_at(visit, latest_leaving(lunch, latest[-1], leg), span))
    return Chain(
        visits=tuple(order),
        ready=tuple(ready),
        latest=tuple(reversed(latest)),
        driving=sum(legs) if order else 0,
        kits=sum(visit.kits for visit in order),
    )


def arrive(lunch: Lunch | None, ready: Moment, leg: int) -> Moment:
    """When the van is free to set up after a leg at the earliest; lunch may be eaten at either end of the leg."""
    fed = min(ready.fed + leg, NEVER)
    if lunch is None or ready.hungry >= NEVER:
        return Moment(NEVER, fed)
    arrives = ready.hungry + leg
    on_arrival = max(arrives, lunch.opens) + lunch.minutes
    before_leaving = max(ready.hungry, lunch.opens) + lunch.minutes
    if on_arrival <= lunch.closes:
        fed = min(fed, on_arrival)
    elif before_leaving <= lunch.closes:
        fed = min(fed, before_leaving + leg)
    return Moment(arrives, fed)


def ready_after(visit: Visit, arrives: Moment, spans: Spans) -> Moment:
    """When the van can leave a visit at the earliest."""
    post = visit.session + visit.teardown
    return Moment(*(_earliest(free + visit.setup, spans) + post for free in arrives))


def latest_home(shift: Shift) -> Moment:
    """When the van must be home at the latest; with lunch still to come it must be eaten there."""
    if shift.lunch is None:
        return Moment(-NEVER, shift.ends)
    return Moment(_latest_meal(shift.lunch, min(shift.lunch.closes, shift.ends)), shift.ends)


def latest_leaving(lunch: Lunch | None, latest: Moment, leg: int) -> Moment:
    """When the van must leave for the far end of a leg at the latest, where it must be free by `latest`."""
    fed = latest.fed - leg
    if lunch is None:
        return Moment(-NEVER, fed)
    on_arrival = _latest_meal(lunch, min(lunch.closes, latest.fed)) - leg
    before_leaving = _latest_meal(lunch, min(lunch.closes, fed))
    return Moment(max(latest.hungry - leg, on_arrival, before_leaving), fed)


def latest_at(visit: Visit, leaving: Moment, spans: Spans) -> Moment:
    """When the van must be free to set up at a visit at the latest."""
    post = visit.session + visit.teardown
    return Moment(*(_latest(leaves - post, spans) - visit.setup for leaves in leaving))


def _legs(problem: Problem, shift: Shift, order: Sequence[Visit]) -> Iterator[int]:
    here = shift.start_place
    for visit in order:
        yield problem.travel[here][visit.place]
        here = visit.place
    yield problem.travel[here][shift.end_place]


def _earliest(free: int, spans: Spans) -> int:
    return min((max(free, first) for first, last in spans if free <= last), default=NEVER)


def _latest(starts: int, spans: Spans) -> int:
    return max((min(starts, last) for first, last in spans if starts >= first), default=-NEVER)


def _latest_meal(lunch: Lunch, over: int) -> int:
    """When the crew must be free for lunch at the latest, to have eaten by `over`."""
    return over - lunch.minutes if lunch.opens + lunch.minutes <= over else -NEVER
