"""The child process that plans and explains: started ahead of need, one problem at a time, never outliving its parent.

Both ends of the pipe are here. The child touches no database and knows nothing of runs; it may be killed at any moment
and nothing is lost but its work. It is spawned, not forked, so that it shares no connection with its parent.
"""

from __future__ import annotations

import copyreg
import logging
import multiprocessing
import os
import queue
import resource
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import Any

from routes import Plan, Problem, Progress, read_problem, write_problem
from routes.changes import Means
from routes.explain import Reason, explain

logger = logging.getLogger(__name__)

MOST_JOBS = 50
MOST_KILOBYTES = 1_500_000
"""A child that has done more jobs or has ever used more memory is replaced after the job at hand."""


def read_only(mapping: dict[str, int]) -> MappingProxyType[str, int]:
    """A crew, as it comes out of the pipe."""
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda mapping: (read_only, (dict(mapping),)))
"""Crews are such mappings, which do not cross a pipe by themselves."""


class SolverDied(Exception):
    """The child is gone without an answer."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has loaded the solver; a job starts at once from now on."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The plan, the reason for each visit it leaves out, and the most memory the child ever used."""

    plan: Plan
    unserved: tuple[Reason, ...]
    kilobytes: int


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """There is no plan: a code of the reason and what shows it."""

    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation of one visit, as `routes.explanations` writes it; None where explaining it failed."""

    visit: str
    document: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ExplainedAll:
    """Nothing is left to explain; the most memory the child ever used."""

    kilobytes: int


@dataclass(frozen=True, slots=True)
class Finish:
    """End the job of this number with the best plan so far; heard too late, it means nothing."""

    number: int


Answer = Ready | Progress | Solved | Unsolvable | Explained | ExplainedAll


@dataclass(frozen=True, slots=True)
class Job:
    """A problem as its JSON document, and how long and in how many threads to work on it."""

    number: int
    problem: dict[str, Any]
    seconds: float
    seed: int
    threads: int


@dataclass(frozen=True, slots=True)
class ExplainJob:
    """A problem as its JSON document with a plan of it, and the visits left out that are to be explained."""

    number: int
    problem: dict[str, Any]
    plan: Plan
    means: Means
    visits: tuple[str, ...]
    seconds: float


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
        self.start()
        self._jobs += 1
        self._busy = True
        self._send(Job(self._jobs, write_problem(problem), seconds, seed, threads))

    def explain(self, problem: Problem, plan: Plan, means: Means, visits: tuple[str, ...], *, seconds: float) -> None:
        """Hand over visits to explain; each answer is Explained, the last ExplainedAll. Raises SolverDied."""
        self.start()
        self._jobs += 1
        self._busy = True
        self._send(ExplainJob(self._jobs, write_problem(problem), plan, means, visits, seconds))

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
        if isinstance(answer, Solved | Unsolvable | ExplainedAll):
            self._busy = False
        if isinstance(answer, Solved | ExplainedAll):
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

    def _send(self, message: Job | ExplainJob | Finish) -> None:
        if self._pipe is None:
            raise SolverDied
        try:
            self._pipe.send(message)
        except OSError as error:
            raise SolverDied from error


# The child ------------------------------------------------------------------------------------------------------------


def serve(pipe: Connection) -> None:
    """What the child does all its life: load the solver, then a job after the other until the parent is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group; the parent decides, and kills
        signal.signal(number, signal.SIG_IGN)
    ear = _Ear(pipe)
    threading.Thread(target=ear.listen, daemon=True).start()
    from routes import warm_up

    warm_up.load_solvers()
    pipe.send(Ready())
    threading.Thread(target=warm_up.compile_labelling, daemon=True).start()  # a small problem need not wait for it
    while True:
        job = ear.jobs.get()
        pipe.send(_answer(job, ear) if isinstance(job, Job) else _explain(job, pipe))


class _Ear:
    """Hears the parent while the solver works."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.jobs: queue.SimpleQueue[Job | ExplainJob] = queue.SimpleQueue()
        self.finish = 0

    def listen(self) -> None:
        """The parent's death closes the pipe, and this process ends on the spot."""
        while True:
            try:
                message = self.pipe.recv()
            except (EOFError, OSError):
                os._exit(1)
            if isinstance(message, Job | ExplainJob):
                self.jobs.put(message)
            else:
                self.finish = message.number


def _answer(job: Job, ear: _Ear) -> Solved | Unsolvable:
    from routes.planner import ContradictoryPins, plan_visits  # loaded by the child alone

    problem = read_problem(job.problem)
    try:
        plan = plan_visits(
            problem,
            seconds=job.seconds,
            seed=job.seed,
            threads=job.threads,
            progress=ear.pipe.send,
            stop=lambda: ear.finish == job.number,
        )
    except ContradictoryPins as error:
        return Unsolvable("contradictory_pins", {"visits": list(error.visits)})
    return Solved(plan, explain(problem, plan), _peak_kilobytes())


def _explain(job: ExplainJob, pipe: Connection) -> ExplainedAll:
    from routes.explanations import Explainer, write_explanation

    explainer = Explainer(read_problem(job.problem), job.plan, job.means, seconds=job.seconds)
    for visit in job.visits:
        try:
            document = write_explanation(explainer.explain(visit))
        except Exception:  # one visit that cannot be explained must not keep the others waiting for ever
            logger.exception("Visit %s could not be explained.", visit)
            document = None
        pipe.send(Explained(visit, document))
    return ExplainedAll(_peak_kilobytes())


def _peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
