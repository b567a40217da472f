"""How good runs are beside each other: the best bound known, the lead over the peers, the gap to best-known values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from tests.benchmarks.runs import Run
from tests.benchmarks.toptw import BestKnown

SIZES = ("S", "M", "L", "XL")
"""The classes of districts, in the order of the tables."""

TOPTW = "toptw"
BestKnowns = dict[tuple[str, int], BestKnown]


class Lead(NamedTuple):
    """The planner's value ahead of the best peer's on one problem, as a share of the latter."""

    problem: str
    share: float


def best_bounds(runs: Iterable[Run]) -> dict[str, float]:
    """For each problem the lowest bound that any run stated: no lawful plan exceeds it."""
    bounds: dict[str, float] = {}
    for run in runs:
        if run.bound is not None:
            bounds[run.task.problem] = min(run.bound, bounds.get(run.task.problem, run.bound))
    return bounds


def leads(runs: Iterable[Run]) -> list[Lead]:
    """The planner against the best peer, for each problem that both planned (all runs of one limit)."""
    values: dict[str, dict[str, int]] = defaultdict(dict)
    for run in runs:
        if run.value is not None:
            values[run.task.problem][run.task.solver] = run.value
    found = []
    for problem, by_solver in sorted(values.items()):
        peers = [value for solver, value in by_solver.items() if solver != "planner"]
        if peers and "planner" in by_solver:
            found.append(Lead(problem, (by_solver["planner"] - max(peers)) / max(1, abs(max(peers)))))
    return found


def toptw_gap(run: Run, best_known: BestKnowns) -> float | None:
    """How far a run stays below the best known value (negative: above); 1 without a plan, None where none is known."""
    name, _, vehicles = run.task.problem.rpartition("-")
    known = best_known.get((name, int(vehicles)))
    if known is None:
        return None
    return 1.0 if run.value is None else (known.value - run.value) / max(1, known.value)


def percent(share: float, digits: int = 2) -> str:
    """A share in words: `0.12 %`."""
    return f"{100 * share:.{digits}f} %"
