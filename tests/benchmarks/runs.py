"""One solver's run on one problem: what is written down of it, a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Task(NamedTuple):
    """What was asked: a solver, a problem (by name, of a family such as `M` or `toptw`), a limit in seconds, a seed."""

    solver: str
    family: str
    variant: str
    problem: str
    limit: float
    seed: int


@dataclass(frozen=True)
class Run:
    """What came of a task; `value` is None where no lawful plan came. Times in seconds, memory in MB (10^6 bytes).

    `seconds` runs from the problem in memory, libraries loaded, to the answer. `milestones`: (seconds, value, bound)
    as reported on the way, for the planner only. `load` is the machine's load average before the run.
    """

    task: Task
    value: int | None = None
    bound: float | None = None
    proven: bool = False
    seconds: float | None = None
    memory: float | None = None
    served: int = 0
    dropped: int = 0
    restored_pins: int = 0
    violations: list[str] = field(default_factory=list)
    milestones: list[tuple[float, int | None, float | None]] = field(default_factory=list)
    failure: str | None = None
    measured: str = ""
    load: float = 0.0
    machine: str = ""

    @property
    def gap(self) -> float | None:
        """(own bound - value) / max(1, |own bound|)."""
        return gap(self.value, self.bound)

    def seconds_to(self, share: float) -> float | None:
        """When the value first was within `share` of the final one; None where nothing was reported."""
        if self.value is None:
            return None
        enough = self.value - share * abs(self.value)
        reached = [seconds for seconds, value, _ in self.milestones if value is not None and value >= enough]
        return min(reached, default=None)


def gap(value: int | None, bound: float | None) -> float | None:
    """The contract's gap, or None where a side of it is unknown."""
    return None if value is None or bound is None else (bound - value) / max(1, abs(bound))


def read_runs(path: Path) -> list[Run]:
    """The runs of a file, the last one of each task; none where there is no file."""
    if not path.exists():
        return []
    runs = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fields: dict[str, Any] = json.loads(line)
        fields["task"] = Task(*fields["task"])
        fields["milestones"] = [tuple(milestone) for milestone in fields.get("milestones", [])]
        run = Run(**fields)
        runs[run.task] = run
    return list(runs.values())


def append_runs(path: Path, runs: Iterable[Run]) -> None:
    """Write runs down, after those that are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        for run in runs:
            lines.write(json.dumps({**asdict(run), "task": list(run.task)}) + "\n")
