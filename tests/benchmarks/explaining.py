"""How soon it is known why a plan of M leaves requests out, and what would serve them.

`python -m tests.benchmarks explain [--seeds ...] [--write-readme]`. Counted is the processor's time of this process,
which other programs on the machine do not lengthen; planning is single-threaded and counted, so the plans are the same
every time. M has no impossible request, so as many of the requests left out are made so, by a window that is too short.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from routes import Problem, Visit, check, read_problem
from routes.changes import Means, changed
from routes.explain import Impossible, alone
from routes.explanations import Explainer, Explanation
from routes.plan import Plan
from routes.planner import plan_visits
from tests.benchmarks.district import district
from tests.benchmarks.sections import write_section

WORK = 9_000


class Measured(NamedTuple):
    """Of one district: milliseconds for each request, and what was found."""

    problem: str
    reasons: list[float]
    impossible: list[float]
    outranked: list[float]
    helped: int
    exact: int
    unchecked: int


def measure_and_print(seeds: Sequence[int], *, write_readme: bool) -> int:
    """Measure, print the table; 1 if a change shown does not hold."""
    rows = [measure(seed) for seed in seeds]
    text = table(rows)
    print(text)
    if write_readme:
        write_section("explain", text)
    return 1 if any(row.unchecked for row in rows) else 0


def measure(seed: int) -> Measured:
    """Explain all that the plan of one district leaves out, then the same requests made impossible."""
    problem = read_problem(district("M", seed))
    plan = plan_visits(problem, seconds=60, work=WORK, seed=1, threads=1)
    left_out = [visit for visit in problem.visits if visit.id not in plan.served]
    explainer = Explainer(problem, plan)
    outranked = [_timed(explainer, visit.id) for visit in left_out]
    found = [explanation for _, explanation in outranked]
    hopeless = _made_impossible(problem, left_out)
    closed = Explainer(hopeless, plan)
    impossible = [_timed(closed, visit.id) for visit in left_out]
    assert all(isinstance(explanation.reason, Impossible) for _, explanation in impossible)
    return Measured(
        problem=problem.name,
        reasons=[
            _milliseconds(lambda visit=hopeless.visit_by_id[each.id]: alone(closed.present.judge, visit))[0]  # type: ignore[misc]
            for each in left_out
        ],
        impossible=[milliseconds for milliseconds, _ in impossible],
        outranked=[milliseconds for milliseconds, _ in outranked],
        helped=sum(bool(explanation.remedies) for explanation in found),
        exact=sum(explanation.at_least == getattr(explanation.reason, "points", None) for explanation in found),
        unchecked=sum(not _holds(problem, plan, explanation) for explanation in found),
    )


def _made_impossible(problem: Problem, visits: Sequence[Visit]) -> Problem:
    names = {visit.id for visit in visits}
    return replace(
        problem,
        visits=tuple(
            replace(
                visit,
                windows=tuple(replace(each, closes=each.opens + visit.session // 2) for each in visit.windows),
            )
            if visit.id in names
            else visit
            for visit in problem.visits
        ),
    )


def _timed(explainer: Explainer, name: str) -> tuple[float, Explanation]:
    return _milliseconds(lambda: explainer.explain(name))


def _milliseconds(do: Callable[[], Explanation]) -> tuple[float, Explanation]:
    began = time.process_time()
    found = do()
    return 1000 * (time.process_time() - began), found


def _holds(problem: Problem, plan: Plan, explanation: Explanation) -> bool:
    """Whether the first change, applied, makes a problem whose next plan serves the request."""
    for remedy in explanation.remedies[:1]:
        after = changed(problem, Means(), remedy.change)
        again = plan_visits(after, seconds=20, work=2_000, seed=1, threads=1)
        if check(after, again) or remedy.change.visit not in again.served:
            return False
    return True


def table(rows: Sequence[Measured]) -> str:
    """One line a district: milliseconds in the middle and at the most, seconds for all, what was found."""
    head = (
        "| district | left out | reason of an impossible one, ms | with its changes, ms | outranked with changes, ms | "
        "all outranked, s | price exact | a change helps |\n|---|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(
        f"| {row.problem} | {len(row.outranked)} | {_spread(row.reasons)} | {_spread(row.impossible)} | "
        f"{_spread(row.outranked)} | {sum(row.outranked) / 1000:.1f} | {row.exact} | {row.helped} |"
        for row in rows
    )


def _spread(milliseconds: Sequence[float]) -> str:
    ordered = sorted(milliseconds)
    return f"{ordered[len(ordered) // 2]:.3g} (at most {ordered[-1]:.3g})" if ordered else "-"
