"""The child process that plans and explains, from its first to its last breath: `schedules.solver_process` starts it.

It touches no database and knows nothing of runs; it may be killed at any moment and nothing is lost but its work.
"""

from __future__ import annotations

import logging
import os
import queue
import resource
import signal
import threading
from multiprocessing.connection import Connection

from routes import read_problem
from routes.explain import explain
from schedules.solver_jobs import (
    Explained,
    ExplainedAll,
    ExplainJob,
    FairnessJob,
    FairnessPriced,
    Job,
    Ready,
    Solved,
    Task,
    Unsolvable,
)

logger = logging.getLogger(__name__)


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
        match ear.jobs.get():
            case Job() as job:
                pipe.send(_answer(job, ear))
            case ExplainJob() as job:
                pipe.send(_explain(job, pipe))
            case FairnessJob() as job:
                pipe.send(_price_fairness(job))


class _Ear:
    """Hears the parent while the solver works."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.jobs: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self.finish = 0

    def listen(self) -> None:
        """The parent's death closes the pipe, and this process ends on the spot."""
        while True:
            try:
                message = self.pipe.recv()
            except (EOFError, OSError):
                os._exit(1)
            if isinstance(message, Task):
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


def _price_fairness(job: FairnessJob) -> FairnessPriced:
    from routes.fairness_price import price_of_fairness, write_steps
    from routes.pins import ContradictoryPins

    try:
        steps = write_steps(price_of_fairness(read_problem(job.problem), seconds=job.seconds))
    except ContradictoryPins:
        steps = []
    return FairnessPriced(steps, _peak_kilobytes())


def _peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
