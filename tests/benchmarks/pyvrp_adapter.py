"""The problem as PyVRP's prize-collecting VRP with a vehicle type per shift, and the order of its answer.

Windows of a visit are clients of one mutually exclusive group, each with its own prize, so points of windows, of other
days and of promised minutes are priced, and exclusive visits share a group. PyVRP knows no break: the day is cut at
noon, the clock after it runs ahead by the lunch, and no visit may straddle the cut; that is always lawful and forbids
some lawful plans. Other vans of a promise and shortfalls of towns are not modelled. Pins are big prizes.
"""

from __future__ import annotations

import time
from datetime import date
from typing import NamedTuple

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.stop import MaxRuntime

from routes import Problem, Shift, Visit
from tests.benchmarks.retiming import Orders
from tests.benchmarks.translation import Request, Span, Translation

_NOON = 720
_NO_LIMIT = 1_000_000
_FORBIDDEN = 10_000_000


def solve(problem: Problem, seconds: float, seed: int, threads: int) -> Orders:
    """The best orders of PyVRP's iterated local search, which has one thread."""
    began = time.monotonic()
    model = _Model(problem)
    if not model.clients or not problem.shifts:
        return {}
    data = model.data()
    left = max(0.1, seconds - (time.monotonic() - began))
    answer = pyvrp.solve(data, MaxRuntime(left), seed=seed, collect_stats=False, display=False)
    return {
        problem.shifts[route.vehicle_type()].id: [model.visit_of[step.idx].id for step in route if step.is_client()]
        for route in answer.best.routes()
    }


class _Half(NamedTuple):
    """A stretch of starts on the clock without lunch, and what a start in it earns."""

    first: int
    last: int
    gain: int


class _Model:
    """Locations are the distinct places of shifts, then one for each request."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.translation = Translation(problem, hold_promises=False)
        self.requests = self.translation.requests
        self.depots = self.translation.first_places
        self.lunches = {
            shift.day: (
                max(shift.lunch.opens, min(_NOON, shift.lunch.closes - shift.lunch.minutes)),
                shift.lunch.minutes,
            )
            for shift in problem.shifts
            if shift.lunch is not None
        }
        self.means = _scarce_means(problem)
        self.scale = self.translation.prize_scale()
        self.pinned_shifts = sorted({shift for r in self.requests if r.visit.pin for shift in r.shifts})
        self.clients: list[pyvrp.Client] = []
        self.visit_of: list[Visit] = []
        self.groups: list[pyvrp.ClientGroup] = []
        self._add_clients()

    def data(self) -> pyvrp.ProblemData:
        """All of it in PyVRP's words."""
        places = [*self.depots, *(request.visit.place for request in self.requests)]
        legs = np.array([[self.problem.travel[here][there] for there in places] for here in places], dtype=np.int64)
        matrices = [self._allowing(legs, None), *(self._allowing(legs, shift) for shift in self.pinned_shifts)]
        return pyvrp.ProblemData(
            [pyvrp.Location(0, 0) for _ in places],
            self.clients,
            [pyvrp.Depot(number) for number in range(len(self.depots))],
            [self._vehicle(number, shift) for number, shift in enumerate(self.problem.shifts)],
            matrices,
            matrices,
            self.groups,
        )

    def _allowing(self, legs: NDArray[np.int64], shift: int | None) -> NDArray[np.int64]:
        """The legs for a shift with pins (None: all others); visits that are pinned elsewhere are out of reach."""
        legs = legs.copy()
        for place, request in enumerate(self.requests, len(self.depots)):
            if request.visit.pin is not None and shift not in request.shifts:
                legs[place, :] = legs[:, place] = _FORBIDDEN
        np.fill_diagonal(legs, 0)
        return legs

    def _vehicle(self, number: int, shift: Shift) -> pyvrp.VehicleType:
        first, last = self.translation.hours(shift)
        visits = _NO_LIMIT if shift.max_visits is None else shift.max_visits
        means = [_NO_LIMIT if _has(shift, *mean) else 0 for mean in self.means]
        pinned = number in self.pinned_shifts
        return pyvrp.VehicleType(
            1,
            [shift.kits, visits, *means],
            self.depots[shift.start_place],
            self.depots[shift.end_place],
            tw_early=self._without_lunch(shift.day, first),
            tw_late=self._without_lunch(shift.day, last),
            max_distance=_FORBIDDEN if shift.max_driving is None else shift.max_driving,
            unit_distance_cost=self.problem.weights.travel or 1,
            profile=1 + self.pinned_shifts.index(number) if pinned else 0,
        )

    def _add_clients(self) -> None:
        """A client for each half of each request; a request that fits into neither half has none."""
        exclusive = {visit: number for number, group in enumerate(_joined(self.problem.exclusive)) for visit in group}
        group_of: dict[str | int, int] = {}
        dearest = 20 * max([1, *(request.gain for request in self.requests)])
        for place, request in enumerate(self.requests, len(self.depots)):
            for half in self._halves(request):
                group = group_of.setdefault(exclusive.get(request.visit.id, request.visit.id), len(group_of))
                if group == len(self.groups):
                    self.groups.append(pyvrp.ClientGroup(required=False))
                self.groups[group].add_client(len(self.clients))
                prize = self.scale * (half.gain + (dearest if request.visit.pin else 0))
                self.clients.append(self._client(request.visit, place, half, prize, group))
                self.visit_of.append(request.visit)

    def _client(self, visit: Visit, place: int, half: _Half, prize: int, group: int) -> pyvrp.Client:
        means = [int(_needs(visit, *mean)) for mean in self.means]
        return pyvrp.Client(
            place,
            delivery=[visit.kits, 1, *means],
            service_duration=visit.on_site,
            tw_early=half.first,
            tw_late=half.last,
            prize=prize,
            required=False,
            group=group,
        )

    def _halves(self, request: Request) -> list[_Half]:
        """The request's starts before and after the cut, without those that another covers for at least the points."""
        halves = [half for span in request.spans for half in self._cut(span, request.visit.on_site)]
        halves.sort(key=lambda half: (-half.gain, half.first, -half.last))
        kept: list[_Half] = []
        for half in halves:
            if not any(other.first <= half.first and half.last <= other.last for other in kept):
                kept.append(half)
        return kept

    def _cut(self, span: Span, on_site: int) -> list[_Half]:
        if span.day not in self.lunches:
            return [_Half(span.first, span.last, span.gain)]
        cut, minutes = self.lunches[span.day]
        cut += self.translation.offset[span.day]
        before = _Half(span.first, min(span.last, cut - on_site), span.gain)
        after = _Half(max(span.first, cut + minutes) - minutes, span.last - minutes, span.gain)
        return [half for half in (before, after) if half.first <= half.last]

    def _without_lunch(self, day: date, minute: int) -> int:
        if day not in self.lunches:
            return minute
        cut, minutes = self.lunches[day]
        cut += self.translation.offset[day]
        return minute if minute <= cut else max(cut, minute - minutes)


def _scarce_means(problem: Problem) -> list[tuple[str, int]]:
    """(skill, people) and (item, 0) that some visit needs and some shift lacks; each becomes a load of its own."""
    needed = {(skill, people) for visit in problem.visits for skill, people in visit.crew.items() if people}
    needed |= {(item, 0) for visit in problem.visits for item in visit.equipment}
    return sorted(mean for mean in needed if not all(_has(shift, *mean) for shift in problem.shifts))


def _has(shift: Shift, name: str, people: int) -> bool:
    return shift.crew.get(name, 0) >= people if people else name in shift.equipment


def _needs(visit: Visit, name: str, people: int) -> bool:
    return visit.crew.get(name, 0) >= people if people else name in visit.equipment


def _joined(groups: tuple[tuple[str, ...], ...]) -> list[set[str]]:
    """Groups that overlap made one (stricter than the contract, but a client has one group only)."""
    joined: list[set[str]] = []
    for group in groups:
        overlapping = [other for other in joined if other & set(group)]
        joined = [other for other in joined if not other & set(group)]
        joined.append(set(group).union(*overlapping))
    return joined
