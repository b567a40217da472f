"""Running tasks, each in a fresh process on at most two processors, one after the other."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from routes import Problem, dump_problem
from tests.benchmarks.child import THREADS
from tests.benchmarks.runs import Run, Task

LIBRARIES = {"planner": "routes", "vroom": "vroom", "pyvrp": "pyvrp", "ortools": "ortools"}
"""Each solver's name and the library it needs; a solver's adapter is `NAME_adapter.py`."""

NAMES = {"planner": "this planner", "vroom": "VROOM", "pyvrp": "PyVRP", "ortools": "OR-Tools routing"}
HOUSE = Path(__file__).resolve().parents[2]
_PATIENCE = 180.0


def installed(solver: str) -> bool:
    """Whether the solver's library is there."""
    return find_spec(LIBRARIES[solver]) is not None


def measure(problem: Problem, tasks: list[Task]) -> Iterator[Run]:
    """Run each task on the problem; a solver that breaks or does not end gives a run with a `failure`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        dump_problem(problem, path)
        for task in tasks:
            yield _run(task, path, Path(folder) / "answer.json")


def _run(task: Task, problem: Path, answer: Path) -> Run:
    command = [sys.executable, "-m", "tests.benchmarks.child"]
    command += [str(problem), str(answer), task.solver, str(task.limit), str(task.seed)]
    circumstances: dict[str, Any] = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 2),
        "machine": machine(),
    }
    answer.unlink(missing_ok=True)
    try:
        child = subprocess.run(
            command, cwd=HOUSE, env=_two_threads(), capture_output=True, text=True, timeout=task.limit + _PATIENCE
        )
    except subprocess.TimeoutExpired:
        return Run(task, failure=f"no answer {_PATIENCE:.0f} s after the limit", **circumstances)
    if child.returncode or not answer.exists():
        return Run(task, failure=_last_line(child.stderr) or f"ended with {child.returncode}", **circumstances)
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    found["milestones"] = [tuple(milestone) for milestone in found.get("milestones", [])]
    return Run(task, **found, **circumstances)


def _two_threads() -> dict[str, str]:
    """The environment that keeps libraries to two threads where they would take every core."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {**os.environ, **{name: str(THREADS) for name in names}}


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def machine() -> str:
    """Processors, memory and processor type, for the reader of a table."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores of {_processor()}, {memory:.0f} GiB, Python {platform.python_version()}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
