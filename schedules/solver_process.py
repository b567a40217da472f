"""The parent's end of the process that plans and explains: started ahead of need, one problem at a time.

The child (`schedules.solver_child`) never outlives its parent. It is spawned, not forked, so that it shares no
connection with it.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

from routes import Plan, Problem, write_problem
from routes.changes import Means
from schedules.solver_child import serve
from schedules.solver_jobs import (
    Answer,
    ExplainedAll,
    ExplainJob,
    FairnessJob,
    FairnessPriced,
    Finish,
    Job,
    Solved,
    Task,
    Unsolvable,
)

MOST_JOBS = 50
MOST_KILOBYTES = 1_500_000
"""A child that has done more jobs or has ever used more memory is replaced after the job at hand."""


class SolverDied(Exception):
    """The child is gone without an answer."""


class SolverProcess:
    """The parent's end: at most one child, started in advance and replaced when it is gone or worn out."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Connection | None = None
        self._jobs = 0
        self._worn = self._busy = False

    def __enter__(self) -> SolverProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Have a child that lives and is free, loading the solver if it is new. A job nobody waits for is dropped."""
        if self._process is not None and self._process.is_alive() and not (self._worn or self._busy):
            return
        self.kill()
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(theirs,), name="solver", daemon=True)
        self._process.start()
        theirs.close()  # so that the child's end is the only one, and its death is seen here
        self._pipe = ours
        self._jobs, self._worn, self._busy = 0, False, False

    def solve(self, problem: Problem, *, seconds: float, seed: int, threads: int) -> None:
        """Hand over a job; its answers come from `receive`. Raises SolverDied."""
        self._begin()
        self._send(Job(self._jobs, write_problem(problem), seconds, seed, threads))

    def explain(self, problem: Problem, plan: Plan, means: Means, visits: tuple[str, ...], *, seconds: float) -> None:
        """Hand over visits to explain; each answer is Explained, the last ExplainedAll. Raises SolverDied."""
        self._begin()
        self._send(ExplainJob(self._jobs, write_problem(problem), plan, means, visits, seconds))

    def price_fairness(self, problem: Problem, *, seconds: float) -> None:
        """Hand over a problem to plan under each rule of fairness; the answer is FairnessPriced. Raises SolverDied."""
        self._begin()
        self._send(FairnessJob(self._jobs, write_problem(problem), seconds))

    def finish(self) -> None:
        """Ask the child to end its job with the best plan so far. Raises SolverDied."""
        self._send(Finish(self._jobs))

    def receive(self, timeout: float) -> Answer | None:
        """The next answer, None where none comes in `timeout` seconds. Raises SolverDied."""
        if self._pipe is None:
            raise SolverDied
        try:
            answer: Answer | None = self._pipe.recv() if self._pipe.poll(timeout) else None
        except (EOFError, OSError) as error:
            raise SolverDied from error
        if isinstance(answer, Solved | Unsolvable | ExplainedAll | FairnessPriced):
            self._busy = False
        if isinstance(answer, Solved | ExplainedAll | FairnessPriced):
            self._worn = self._jobs >= MOST_JOBS or answer.kilobytes > MOST_KILOBYTES
        return answer

    def kill(self) -> None:
        """Be rid of the child, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _begin(self) -> None:
        self.start()
        self._jobs += 1
        self._busy = True

    def _send(self, message: Task | Finish) -> None:
        if self._pipe is None:
            raise SolverDied
        try:
            self._pipe.send(message)
        except OSError as error:
            raise SolverDied from error
