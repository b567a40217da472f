"""The fresh process in which one task is run: `python -m tests.benchmarks.child PROBLEM ANSWER SOLVER SECONDS SEED`.

Loads the solver's library and the problem, starts the clock, lets the solver work, and afterwards times, checks and
values what it answered. Peak memory is this process's.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from routes import Plan, Problem, check, load_problem, score
from tests.benchmarks.retiming import retime

THREADS = 2


def main(arguments: list[str]) -> None:
    problem_path, answer_path, solver, seconds, seed = arguments
    _keep_to_two_cores()
    problem = load_problem(Path(problem_path))
    adapter = importlib.import_module(f"tests.benchmarks.{solver}_adapter")
    run = _plan if solver == "planner" else _ask_peer
    answer = run(adapter, problem, float(seconds), int(seed))
    Path(answer_path).write_text(json.dumps({**answer, "memory": _peak_megabytes()}), encoding="utf-8")


def _plan(adapter: Any, problem: Problem, seconds: float, seed: int) -> dict[str, Any]:
    adapter.warm_up()
    began = time.monotonic()
    planned = adapter.plan(problem, seconds, seed, THREADS)
    took = time.monotonic() - began
    plan = planned.plan
    own = {"bound": plan.bound, "proven": plan.proven, "milestones": planned.milestones}
    return {**_judge(problem, plan), **own, "seconds": took}


def _ask_peer(adapter: Any, problem: Problem, seconds: float, seed: int) -> dict[str, Any]:
    began = time.monotonic()
    orders = adapter.solve(problem, seconds, seed, THREADS)
    took = time.monotonic() - began
    if orders is None:
        return {"seconds": took, "failure": "found no plan in the time"}
    retimed = retime(problem, orders)
    mended = {"dropped": len(retimed.dropped), "restored_pins": len(retimed.restored)}
    return {**_judge(problem, retimed.plan), **mended, "seconds": took}


def _judge(problem: Problem, plan: Plan) -> dict[str, Any]:
    """The value by the project's own score, and none where the checker finds the plan unlawful."""
    violations = sorted({violation.rule for violation in check(problem, plan)})
    value = None if violations else score(problem, plan)
    return {"value": value, "violations": violations, "served": len(plan.served)}


def _keep_to_two_cores() -> None:
    """Where the system can, nothing that a library does takes more processors than the rules allow."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def _peak_megabytes() -> float:
    """The most memory that this process held; Linux forgets here what the parent held, as `getrusage` does not."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak if sys.platform == "darwin" else peak * 1024) / 1e6


if __name__ == "__main__":
    main(sys.argv[1:])
