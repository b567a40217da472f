"""The master: which tours to drive, as a linear program for prices and as a choice in whole tours.

Rows: each visit at most once (a pinned one exactly once), each exclusive group at most once, each class as often as it
has shifts, each town its due or a paid shortfall, and subset-row cuts. GLOP solves the linear program, SCIP the
choice; neither invents tours (`routes.pricing` and `routes.enumeration` do).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from ortools.linear_solver import pywraplp

from routes.compiled import Compiled
from routes.effort import Effort
from routes.tours import Column, Cut, Floats, Prices, Scope, TourPool

_TINY = 1e-9
_FROM_THE_LAST_BASIS = "use_preprocessing: false use_scaling: false"
_NODES_A_SECOND = 5


class Relaxed(NamedTuple):
    """A solved linear program over the columns known: its value, the share of each column, and the prices."""

    value: float
    shares: dict[int, float]
    prices: Prices


class Rows:
    """The rows that tours compete for, in a solver of either kind."""

    def __init__(self, compiled: Compiled, scope: Scope, solver: Any) -> None:
        self._compiled = compiled
        self._infinity = infinity = solver.infinity()
        self.objective = solver.Objective()
        self.objective.SetMaximization()
        self.visits: list[Any] = [
            solver.Constraint(1 if visit in compiled.pinned else -infinity, 1) if free else None
            for visit, free in enumerate(scope.free)
        ]
        self.groups = [solver.Constraint(-infinity, 1) for _ in compiled.groups]
        self.classes = [solver.Constraint(-infinity, int(count)) for count in scope.counts]
        self.towns = [
            self._town_row(solver, due, shortfall)
            for due, (_, shortfall, _) in zip(scope.dues, compiled.towns, strict=True)
        ]

    def _town_row(self, solver: Any, due: int, shortfall: int) -> Any:
        row = solver.Constraint(due, self._infinity)
        missing = solver.NumVar(0, due, "")
        row.SetCoefficient(missing, 1)
        self.objective.SetCoefficient(missing, -shortfall)
        return row

    def add_column(self, column: Column, share: Any) -> Any:
        """Enter a tour with the variable that says how much of it is driven; returns the variable."""
        self.objective.SetCoefficient(share, column.value)
        self.classes[column.klass].SetCoefficient(share, 1)
        for visit, times in Counter(column.order).items():
            self.visits[visit].SetCoefficient(share, times)
        for group, times in self._times(column, self._compiled.groups_of).items():
            self.groups[group].SetCoefficient(share, times)
        for town, times in self._times(column, self._compiled.towns_of).items():
            self.towns[town].SetCoefficient(share, times)
        return share

    @staticmethod
    def _times(column: Column, rows_of: Sequence[Sequence[int]]) -> Counter[int]:
        return Counter(row for visit in column.order for row in rows_of[visit])


class Master:
    """The linear program of a scope, growing by columns and cuts."""

    def __init__(self, compiled: Compiled, scope: Scope, pool: TourPool) -> None:
        self._compiled, self._scope, self._pool = compiled, scope, pool
        self._begin()

    def _begin(self) -> None:
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._rows = Rows(self._compiled, self._scope, self._solver)
        self._shares: dict[int, Any] = {}
        self._solved, self._solved_cuts = False, 0
        self._cuts: list[Cut] = []
        self._cut_rows: list[Any] = []

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """The subset-row cuts in force."""
        return tuple(self._cuts)

    @property
    def numbers(self) -> list[int]:
        """The columns offered."""
        return list(self._shares)

    def fresh(self, numbers: Iterable[int]) -> list[int]:
        """Those that are not offered yet."""
        return [number for number in numbers if number not in self._shares]

    def add_columns(self, numbers: Iterable[int]) -> None:
        """Offer columns of the pool; those outside the scope must not be among them."""
        for number in numbers:
            if number not in self._shares:
                share = self._solver.NumVar(0, self._solver.infinity(), "")
                self._shares[number] = self._rows.add_column(self._pool[number], share)
                for cut, row in zip(self._cuts, self._cut_rows, strict=True):
                    if times := cut.times(self._pool[number].order):
                        row.SetCoefficient(share, times)

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Forget all other columns; the time of a linear program grows with them."""
        cuts = self._cuts
        self._begin()
        self.add_columns(numbers)
        self.add_cuts(cuts)

    def add_cuts(self, cuts: Iterable[Cut]) -> None:
        """Add the rows of new cuts."""
        for cut in cuts:
            row = self._solver.Constraint(-self._solver.infinity(), cut.limit)
            for number, share in self._shares.items():
                if times := cut.times(self._pool[number].order):
                    row.SetCoefficient(share, times)
            self._cuts.append(cut)
            self._cut_rows.append(row)

    def solve(self, effort: Effort) -> Relaxed | None:
        """Solve for the columns offered; None if the run is over first or no plan can be made of them."""
        if effort.over():
            return None
        if not effort.counted:
            self._solver.set_time_limit(max(1, int(effort.left * 1000)))
        self._solver.SetSolverSpecificParametersAsString(self._settings())
        status = _solve_watched(self._solver, effort)
        self._solved, self._solved_cuts = True, len(self._cuts)
        effort.spend(1 + self._solver.iterations() * len(self._shares) / 1e6)
        if status != pywraplp.Solver.OPTIMAL:
            return None
        shares = {number: share.solution_value() for number, share in self._shares.items()}
        return Relaxed(
            self._rows.objective.Value() + self._compiled.constant,
            {number: share for number, share in shares.items() if share > _TINY},
            self._prices(),
        )

    def _settings(self) -> str:
        """The primal simplex goes on from the last basis where only columns are new, the dual where only cuts are; from
        nothing the dual is twice as quick (measured on the XL district). Scaling would change the matrix with every
        column and so lose the basis (3.5 s instead of 0.3 s there), and all coefficients are small whole numbers."""
        goes_on = self._solved and len(self._cuts) == self._solved_cuts
        return (
            f"{_FROM_THE_LAST_BASIS} use_dual_simplex: {str(not goes_on).lower()} perturb_costs_in_dual_simplex: true"
        )

    def _prices(self) -> Prices:
        """The duals, with wrong signs of rounding cut off: the Lagrangian bound holds for any prices."""
        visit = np.zeros(self._compiled.visits + 1)
        constant = float(self._compiled.constant)
        for place, row in enumerate(self._rows.visits):
            if row is not None:
                price = row.dual_value()
                visit[place] = price if place in self._compiled.pinned else max(0.0, price)
        constant += float(visit.sum())
        for group, row in zip(self._compiled.groups, self._rows.groups, strict=True):
            price = max(0.0, row.dual_value())
            visit[list(group)] += price
            constant += price
        for (_, shortfall, members), due, row in zip(
            self._compiled.towns, self._scope.dues, self._rows.towns, strict=True
        ):
            reward = min(float(shortfall), max(0.0, -row.dual_value()))
            visit[list(members)] -= reward
            constant -= reward * due
        cut_prices = np.array([max(0.0, row.dual_value()) for row in self._cut_rows])
        klass = np.array([max(0.0, row.dual_value()) for row in self._rows.classes])
        return Prices(
            visit,
            klass,
            self.cuts,
            cut_prices,
            constant + sum(cut.limit * price for cut, price in zip(self._cuts, cut_prices.tolist(), strict=True)),
        )


def lagrangian_bound(prices: Prices, scope: Scope, best: Floats) -> float:
    """A number that no plan of the scope exceeds; `best` is at least the best reduced value of each class."""
    return prices.constant + float((scope.counts * np.maximum(0.0, best)).sum()) + 1e-6 * len(best)


def violated_cuts(pool: TourPool, shares: dict[int, float], known: Iterable[Cut], most: int) -> list[Cut]:
    """The subset-row cuts over three visits that a fractional solution breaks most (Jepsen et al. 2008).

    Of three visits at least two pairs must share a tour for the sum to exceed one, so triples grow from such pairs.
    """
    together: dict[int, dict[int, float]] = {}
    tours = [(frozenset(pool[number].order), share) for number, share in shares.items() if share < 1 - 1e-6]
    for visits, share in tours:
        for a in visits:
            beside = together.setdefault(a, {})
            for b in visits:
                if a != b:
                    beside[b] = beside.get(b, 0.0) + share
    thrice = _shared_by_three(tours)
    have = {cut.members for cut in known}
    found: dict[tuple[int, int, int], float] = {}
    for middle, beside in together.items():
        friends = sorted(beside)
        for i, a in enumerate(friends):
            for b in friends[i + 1 :]:
                members = tuple(sorted((a, middle, b)))
                if members in found or members in have:
                    continue
                sums = beside[a] + beside[b] + together[a].get(b, 0.0) - 2 * thrice.get(members, 0.0)
                if sums > 1 + 0.02:
                    found[members] = sums  # type: ignore[index]
    worst = sorted(found, key=lambda members: (-found[members], members))
    return [Cut(members) for members in worst[:most]]


def _shared_by_three(tours: Sequence[tuple[frozenset[int], float]]) -> dict[tuple[int, ...], float]:
    thrice: dict[tuple[int, ...], float] = {}
    for visits, share in tours:
        ordered = sorted(visits)
        for i, a in enumerate(ordered):
            for j in range(i + 1, len(ordered)):
                for c in ordered[j + 1 :]:
                    key = (a, ordered[j], c)
                    thrice[key] = thrice.get(key, 0.0) + share
    return thrice


class Choice(NamedTuple):
    """The columns chosen, and a number that no choice among the columns offered exceeds."""

    numbers: tuple[int, ...]
    bound: float


_SCIP_SETTINGS = """
presolving/maxrestarts=0
presolving/maxrounds=2
separating/maxrounds=0
separating/maxroundsroot=5
conflict/enable=FALSE
misc/catchctrlc=FALSE
"""
"""Little presolving and few cuts: column generation has left a tight program of some thousand columns, which branching
closes in a few nodes. (Measured on the M district: 0.5 s against 5.7 s with the defaults; CP-SAT over 20 s.) Ctrl-C is
left to whoever asked for the plan: SCIP would swallow it and the run would go on."""


def choose(
    compiled: Compiled,
    scope: Scope,
    pool: TourPool,
    numbers: Sequence[int],
    hint: Iterable[int],
    effort: Effort,
    seconds: float,
) -> Choice | None:
    """Choose the most valuable lawful set among columns of a scope; None if nothing was found in time.

    Counted work is bounded by branching nodes, so that the choice repeats.
    """
    solver = pywraplp.Solver.CreateSolver("SCIP")
    settings = _SCIP_SETTINGS
    if effort.counted:
        settings += f"limits/nodes={max(1, int(min(seconds, effort.left) * _NODES_A_SECOND))}\n"
    else:
        solver.SetTimeLimit(max(1, int(1000 * min(seconds, effort.left))))
    solver.SetSolverSpecificParametersAsString(settings)
    rows = Rows(compiled, scope, solver)
    taken = {number: rows.add_column(pool[number], solver.BoolVar("")) for number in numbers}
    hinted = set(hint)
    solver.SetHint(list(taken.values()), [float(number in hinted) for number in taken])
    status = _solve_watched(solver, effort)
    effort.spend(solver.iterations() * len(taken) / 1e5)
    if status not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    chosen = tuple(number for number, share in taken.items() if share.solution_value() > 0.5)
    return Choice(chosen, solver.Objective().BestBound() + compiled.constant)


def _solve_watched(solver: Any, effort: Effort) -> Any:
    """Solve in a thread of its own while this one keeps asking whether to stop."""
    to_the_last_point = pywraplp.MPSolverParameters()
    to_the_last_point.SetDoubleParam(pywraplp.MPSolverParameters.RELATIVE_MIP_GAP, 0.0)  # it would stop at 0.01 %
    outcome: list[Any] = []
    worker = threading.Thread(target=lambda: outcome.append(solver.Solve(to_the_last_point)), daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.05)
        if effort.stopped():
            solver.InterruptSolve()
    return outcome[0] if outcome else pywraplp.Solver.NOT_SOLVED
