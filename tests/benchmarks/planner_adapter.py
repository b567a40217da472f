"""The project's own planner, with what it reported on the way."""

from __future__ import annotations

from typing import NamedTuple

from routes import Plan, Problem, Progress
from routes.planner import plan_visits
from routes.warm_up import compile_labelling, load_solvers


class Planned(NamedTuple):
    """The plan, and (seconds, value, bound) whenever value or bound changed."""

    plan: Plan
    milestones: list[tuple[float, int | None, float | None]]


def warm_up() -> None:
    """What a running planner has done once, before anybody waits."""
    load_solvers()
    compile_labelling()


def plan(problem: Problem, seconds: float, seed: int, threads: int) -> Planned:
    """The plan after so many seconds."""
    milestones: list[tuple[float, int | None, float | None]] = []

    def note(progress: Progress) -> None:
        if not milestones or milestones[-1][1:] != (progress.value, progress.bound):
            milestones.append((round(progress.seconds, 3), progress.value, progress.bound))

    found = plan_visits(problem, seconds=seconds, seed=seed, progress=note, threads=threads)
    return Planned(found, milestones)
