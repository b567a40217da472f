"""The problem as a RoutingModel of OR-Tools, and the order of its answer.

Visits are disjunctions whose penalty is what leaving them out costs; pinned ones have a penalty that nothing else
outweighs, because hard ones keep most first solutions from being found. Points of windows, of other shifts and of
towns are not modelled; promised visits are held to their day.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from routes import Problem
from tests.benchmarks.retiming import Orders
from tests.benchmarks.translation import Request, Translation, gaps

_MUST_STAY = 10_000_000
_FIRST = routing_enums_pb2.FirstSolutionStrategy


def solve(problem: Problem, seconds: float, seed: int, threads: int) -> Orders | None:
    """The best orders of guided local search; RoutingModel has one thread and no seed. None: no plan in the time."""
    began = time.monotonic()
    if not problem.shifts:
        return {}
    model = _Model(problem)
    answer = model.search(lambda: max(0.1, seconds - (time.monotonic() - began)))
    return None if answer is None else model.orders(answer) or None  # cut off early, it says to stay at home


class _Model:
    """Nodes are the distinct places of shifts, then the requests."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.translation = Translation(problem, hold_promises=True)
        self.requests = self.translation.requests
        self.depots = self.translation.first_places
        places = [*self.depots, *(request.visit.place for request in self.requests)]
        self.legs = [[problem.travel[here][there] for there in places] for here in places]
        self.on_site = [0] * len(self.depots) + [request.visit.on_site for request in self.requests]
        self.manager = pywrapcp.RoutingIndexManager(
            len(places),
            len(problem.shifts),
            [self.depots[shift.start_place] for shift in problem.shifts],
            [self.depots[shift.end_place] for shift in problem.shifts],
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._price_driving()
        self._count_limits()
        self._keep_time()
        self._offer_requests()

    def _price_driving(self) -> None:
        """Driving costs its points; where it costs none, search still needs a slope (see `prize_scale`)."""
        weight = self.problem.weights.travel or 1
        driving = self.routing.RegisterTransitMatrix([[weight * minutes for minutes in row] for row in self.legs])
        self.routing.SetArcCostEvaluatorOfAllVehicles(driving)
        limits = [shift.max_driving for shift in self.problem.shifts]
        if any(limit is not None for limit in limits):
            minutes = self.routing.RegisterTransitMatrix(self.legs)
            self._add_dimension(minutes, limits, "driving")

    def _count_limits(self) -> None:
        depots = [0] * len(self.depots)
        shifts = self.problem.shifts
        kits = self.routing.RegisterUnaryTransitVector([*depots, *(request.visit.kits for request in self.requests)])
        self._add_dimension(kits, [shift.kits for shift in shifts], "kits")
        if any(shift.max_visits is not None for shift in shifts):
            one = self.routing.RegisterUnaryTransitVector([*depots, *(1 for _ in self.requests)])
            self._add_dimension(one, [shift.max_visits for shift in shifts], "visits")

    def _add_dimension(self, transit: int, limits: Sequence[int | None], name: str) -> None:
        capacities = [10**9 if limit is None else limit for limit in limits]
        self.routing.AddDimensionWithVehicleCapacity(transit, 0, capacities, True, name)

    def _keep_time(self) -> None:
        elapsed = [[self.on_site[here] + leg for leg in legs] for here, legs in enumerate(self.legs)]
        transit, horizon = self.routing.RegisterTransitMatrix(elapsed), self.translation.horizon
        self.routing.AddDimension(transit, horizon, horizon, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        solver = self.routing.solver()
        stays = [self.on_site[self.manager.IndexToNode(index)] for index in range(self.routing.Size())]
        for vehicle, shift in enumerate(self.problem.shifts):
            hours = self.translation.hours(shift)
            self.time.CumulVar(self.routing.Start(vehicle)).SetRange(*hours)
            self.time.CumulVar(self.routing.End(vehicle)).SetRange(*hours)
            lunch = self.translation.lunch_starts(shift)
            if lunch is not None:
                pause = solver.FixedDurationIntervalVar(*lunch, False, f"lunch {vehicle}")
                self.time.SetBreakIntervalsOfVehicle([pause], vehicle, stays)

    def _offer_requests(self) -> None:
        scale = self.translation.prize_scale()
        index_of: dict[str, int] = {}
        for node, request in enumerate(self.requests, len(self.depots)):
            index = index_of[request.visit.id] = self.manager.NodeToIndex(node)
            self._bound_start(index, request)
            self.routing.VehicleVar(index).SetValues([-1, *sorted(request.shifts)])
            pinned = request.visit.pin is not None
            self.routing.AddDisjunction([index], _MUST_STAY if pinned else scale * request.gain)
        for group in self.problem.exclusive:
            members = [index_of[member] for member in group if member in index_of]
            if len(members) > 1:
                active = [self.routing.ActiveVar(member) for member in members]
                self.routing.solver().Add(self.routing.solver().Sum(active) <= 1)

    def _bound_start(self, index: int, request: Request) -> None:
        spans = request.merged()
        starts = self.time.CumulVar(index)
        starts.SetRange(spans[0][0], spans[-1][1])
        for first, last in gaps(spans):
            starts.RemoveInterval(first, last)

    def search(self, seconds_left: Callable[[], float]) -> pywrapcp.Assignment | None:
        """The best assignment in the time, or None."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = self._first_solution()
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        self.routing.CloseModelWithParameters(parameters)
        parameters.time_limit.FromMilliseconds(round(1000 * seconds_left()))
        return self.routing.SolveWithParameters(parameters)

    def _first_solution(self) -> int:
        """What the study of the peers found best: cheapest arcs, but local insertion for some hundreds of requests."""
        some_hundreds = 200 < len(self.requests) <= 600
        return _FIRST.LOCAL_CHEAPEST_INSERTION if some_hundreds else _FIRST.PATH_CHEAPEST_ARC

    def orders(self, answer: pywrapcp.Assignment) -> Orders:
        """The visits of each shift in the order of the assignment."""
        orders = {}
        for vehicle, shift in enumerate(self.problem.shifts):
            index, order = self.routing.Start(vehicle), []
            while not self.routing.IsEnd(index):
                node = self.manager.IndexToNode(index)
                if node >= len(self.depots):
                    order.append(self.requests[node - len(self.depots)].visit.id)
                index = answer.Value(self.routing.NextVar(index))
            if order:
                orders[shift.id] = order
        return orders
