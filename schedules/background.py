"""What a runner does when no run waits: its child explains what drafts leave out, one request after the other, and
then works out what fairness between towns costs.

Each answer is stored as it comes. A run that is asked for meanwhile comes first; what is dropped for it, or lost with
a process that dies, is taken up again, because the rows say what is still to be done.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from routes import Problem
from schedules import calendar, explaining, fairness_price, leases, runs
from schedules.explaining import Waiting
from schedules.solver_jobs import Explained, ExplainedAll, FairnessPriced
from schedules.solver_process import SolverDied, SolverProcess

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.5
MOST_DEATHS = 3
"""A plan over which the child has died so often is left to other runners."""


def explain_one(
    session_factory: sessionmaker[Session],
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Callable[[], bool] = lambda: False,
    lease_seconds: float = 30.0,
) -> int | None:
    """Explain what the newest draft that waits for it leaves out; its plan's id, or None where none waits."""
    with SolverProcess() as solver:
        return Background(session_factory, solver, owner, clock, lease_seconds).explain_one(lambda: None, stop)


def price_one(
    session_factory: sessionmaker[Session],
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Callable[[], bool] = lambda: False,
    lease_seconds: float = 30.0,
) -> int | None:
    """Work out what fairness costs in the newest plan that waits for it; its id, or None where none waits."""
    with SolverProcess() as solver:
        return Background(session_factory, solver, owner, clock, lease_seconds).price_one(lambda: None, stop)


@dataclass
class Background:
    """The means of one runner: database, child, clock, and how long it may be silent."""

    sessions: sessionmaker[Session]
    solver: SolverProcess
    owner: str
    clock: Callable[[], datetime]
    lease_seconds: float
    _deaths: Counter[int] = field(default_factory=Counter, init=False)

    def work(self, show_life: Callable[[], None], stop: Callable[[], bool]) -> int | None:
        """Do what is most urgent of all that waits; the plan it was done for, None where nothing waits."""
        return self.explain_one(show_life, stop) or (None if stop() else self.price_one(show_life, stop))

    def explain_one(self, show_life: Callable[[], None], stop: Callable[[], bool]) -> int | None:
        """Explain the rest of the newest draft that waits for it; its plan's id, or None where none waits.

        Ends early where a run is queued or `stop` answers true.
        """
        waiting = self._claim()
        if waiting is None:
            return None
        try:
            self._explain(waiting, show_life, stop)
        except SolverDied:
            self._deaths[waiting.plan_id] += 1
            logger.warning("The solver process died over explaining plan %s.", waiting.plan_id)
        finally:
            with self.sessions.begin() as session:
                leases.release(session, explaining.lease_of(waiting.plan_id), self.owner)
        return waiting.plan_id

    def price_one(self, show_life: Callable[[], None], stop: Callable[[], bool]) -> int | None:
        """Work out what fairness costs in the newest plan that waits for it; its id, or None where none waits.

        Ends early where a run is queued or `stop` answers true.
        """
        claimed = self._claim_price()
        if claimed is None:
            return None
        plan_id, problem = claimed
        try:
            self._price(plan_id, problem, show_life, stop)
        except SolverDied:
            self._deaths[plan_id] += 1
            logger.warning("The solver process died over the price of fairness in plan %s.", plan_id)
        finally:
            with self.sessions.begin() as session:
                leases.release(session, fairness_price.lease_of(plan_id), self.owner)
        return plan_id

    def _claim_price(self) -> tuple[int, Problem] | None:
        """The newest plan to price fairness in that no other runner is at."""
        with self.sessions.begin() as session:
            for plan_id in fairness_price.waiting_plans(session, calendar.local_day(self.clock())):
                lease = fairness_price.lease_of(plan_id)
                if self._deaths[plan_id] < MOST_DEATHS and leases.acquire(
                    session, lease, self.owner, self.lease_seconds
                ):
                    problem = fairness_price.problem_of(session, plan_id)
                    if problem is not None:
                        return plan_id, problem
                    leases.release(session, lease, self.owner)
        return None

    def _price(self, plan_id: int, problem: Problem, show_life: Callable[[], None], stop: Callable[[], bool]) -> None:
        self.solver.price_fairness(problem, seconds=fairness_price.SECONDS)
        while self._goes_on(stop):
            show_life()
            answer = self.solver.receive(WAIT_SECONDS)
            with self.sessions.begin() as session:
                if not leases.acquire(session, fairness_price.lease_of(plan_id), self.owner, self.lease_seconds):
                    return
                if isinstance(answer, FairnessPriced):
                    fairness_price.store(session, plan_id, answer.steps, now=self.clock())
                    return

    def _claim(self) -> Waiting | None:
        """The newest draft to explain that no other runner is at."""
        with self.sessions.begin() as session:
            for plan_id in explaining.waiting_plans(session, calendar.local_day(self.clock())):
                lease = explaining.lease_of(plan_id)
                if self._deaths[plan_id] < MOST_DEATHS and leases.acquire(
                    session, lease, self.owner, self.lease_seconds
                ):
                    waiting = explaining.read_waiting(session, plan_id, now=self.clock())
                    if waiting is not None:
                        return waiting
                    leases.release(session, lease, self.owner)
        return None

    def _explain(self, waiting: Waiting, show_life: Callable[[], None], stop: Callable[[], bool]) -> None:
        self.solver.explain(waiting.problem, waiting.plan, waiting.means, waiting.visits, seconds=explaining.SECONDS)
        answer = None
        while not isinstance(answer, ExplainedAll) and self._goes_on(stop):
            show_life()
            answer = self.solver.receive(WAIT_SECONDS)
            if not self._keep(waiting.plan_id, answer):
                return

    def _goes_on(self, stop: Callable[[], bool]) -> bool:
        """Whether nothing more urgent is to be done."""
        with self.sessions() as session:
            return not stop() and not runs.is_any_queued(session)

    def _keep(self, plan_id: int, answer: object) -> bool:
        """Store an explanation and renew the lease; False where the plan needs none or another runner has it."""
        with self.sessions.begin() as session:
            if not leases.acquire(session, explaining.lease_of(plan_id), self.owner, self.lease_seconds):
                return False
            if not isinstance(answer, Explained):
                return True
            return explaining.store_explanation(session, plan_id, answer.visit, answer.document, now=self.clock())
