"""How soon a run returns once it is asked to stop: at moments spread over its phases, on problems of every size.

`python -m tests.benchmarks.stopping [--write-readme]`. The planner is asked to stop from a timer's flag, as Ctrl-C and
the desk's "good enough" do; the time counted runs from the flag to the checked plan in hand.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import NamedTuple

from routes import Problem, check, read_problem
from routes.planner import plan_visits
from tests.benchmarks.district import district
from tests.benchmarks.planner_adapter import warm_up
from tests.benchmarks.sections import write_section
from tests.crowd import crowd


class Stopped(NamedTuple):
    """A run that was asked to stop after `asked` seconds, in a phase, and returned `took` seconds later."""

    problem: str
    asked: float
    phase: str
    took: float


def main() -> None:
    """Measure, print and, if asked, write the table into the README."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stopping", description=__doc__)
    parser.add_argument("--write-readme", action="store_true", help="write the table into this folder's README")
    wish = parser.parse_args()
    warm_up()
    runs = []
    for problem, moments in _cases():
        for asked in moments:
            runs.append(_stop(problem, asked))
            print(runs[-1], flush=True)
    print(table(runs))
    if wish.write_readme:
        write_section("stopping", table(runs))


def table(runs: list[Stopped]) -> str:
    """The worst of each problem, and the phase it was met in."""
    rows = ["| problem | runs | asked to stop after | returned after: worst | in phase |", "|-|-|-|-|-|"]
    for problem in dict.fromkeys(run.problem for run in runs):
        own = [run for run in runs if run.problem == problem]
        worst = max(own, key=lambda run: run.took)
        moments = f"{min(run.asked for run in own):g} to {max(run.asked for run in own):g} s"
        rows.append(f"| {problem} | {len(own)} | {moments} | {worst.took:.2f} s | {worst.phase} |")
    return "\n".join(rows)


def _cases() -> Iterator[tuple[Problem, list[float]]]:
    few, some, many = [0.0, 0.1, 0.3, 1, 2], [0.0, 0.5, 1, 2, 5, 8, 15], [0.0, 0.5, 1, 2, 4, 8, 16, 25, 40, 60]
    yield read_problem(district("M", 3, "loose")), [*few, 4, 8]
    yield read_problem(district("L", 2)), some
    yield read_problem(district("XL", 1)), many
    yield crowd(), [*some, 25]


def _stop(problem: Problem, asked: float) -> Stopped:
    began = time.monotonic()
    phase = ""

    def hear(progress: object) -> None:
        nonlocal phase
        if time.monotonic() - began < asked:
            phase = progress.phase  # type: ignore[attr-defined]

    plan = plan_visits(problem, seconds=600, stop=lambda: time.monotonic() - began >= asked, progress=hear)
    took = max(0.0, time.monotonic() - began - asked)
    assert not check(problem, plan)
    return Stopped(problem.name, asked, phase or "insertion", took)


if __name__ == "__main__":
    main()
