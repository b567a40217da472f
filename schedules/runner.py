"""The planning runner: a process that takes queued runs one by one and has its child solve them.

No session is open while the child solves. The row stays the truth: every half second the runner renews its lease and
shows the progress; should it die, another runner starts the run anew, and should it lose its lease, its result is
thrown away by the guard in `schedules.drafts`.

When no run waits, the child explains what drafts leave out and prices fairness (`schedules.background`).
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from routes import Progress
from routes.travel import TravelUnavailable
from schedules import health, runs
from schedules.background import Background
from schedules.drafts import store_draft
from schedules.errors import UnlawfulPlan
from schedules.planning import Snapshot, TravelMaker, gather, with_travel
from schedules.runs import Claim, LeaseLost
from schedules.solver_jobs import Solved, Unsolvable
from schedules.solver_process import SolverDied, SolverProcess

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
IDLE_BEAT_SECONDS = 2.0
GRACE_SECONDS = 60.0
"""How much longer than allowed a solver may take, explaining included, before it counts as stuck."""
STORE_TRIES = 5
STORE_PAUSE_SECONDS = 1.0

Stop = Callable[[], bool]


def stop_on_signals() -> Stop:
    """Answer true once SIGTERM or SIGINT has come; from then on the process ends by itself instead of at once."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return asked.is_set


def run_forever(
    session_factory: sessionmaker[Session],
    *,
    owner: str,
    stop: Stop,
    clock: Callable[[], datetime],
    travel: TravelMaker | None = None,
    lease_seconds: float = 30.0,
    attempts: int = 3,
    threads: int = 2,
    poll_seconds: float = 0.5,
) -> None:
    """Take runs until `stop` answers true. `attempts` is how often a run may be begun before it counts as failed."""
    with SolverProcess() as solver:
        runner = Runner(session_factory, solver, owner, clock, travel, lease_seconds, attempts, threads)
        background = Background(session_factory, solver, owner, clock, lease_seconds)
        while not stop():
            try:
                solver.start()
                runner.show_life()
                if runner.run_one(stop) is None and not stop() and not background.work(runner.show_life, stop):
                    solver.receive(poll_seconds)
            except SolverDied:
                logger.warning("The idle solver process died; starting another.")
            except DBAPIError:
                logger.exception("The database is out of reach; trying again.")
                _pause(solver, poll_seconds)


def run_one(
    session_factory: sessionmaker[Session],
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Stop = lambda: False,
    travel: TravelMaker | None = None,
    lease_seconds: float = 30.0,
    attempts: int = 3,
    threads: int = 2,
) -> int | None:
    """Carry out the run that has waited longest; its plan's id, or None where none waits."""
    with SolverProcess() as solver:
        return Runner(session_factory, solver, owner, clock, travel, lease_seconds, attempts, threads).run_one(stop)


def _pause(solver: SolverProcess, seconds: float) -> None:
    try:
        solver.receive(seconds)
    except SolverDied:
        time.sleep(seconds)


@dataclass
class Runner:
    """One runner's means: database, child, clock and limits."""

    sessions: sessionmaker[Session]
    solver: SolverProcess
    owner: str
    clock: Callable[[], datetime]
    travel: TravelMaker | None
    lease_seconds: float
    attempts: int
    threads: int
    _shown_at: float = field(default=float("-inf"), init=False)

    def show_life(self) -> None:
        """Now and then write the heartbeat that the health check reads, and queue again what other runners lost."""
        if time.monotonic() - self._shown_at < IDLE_BEAT_SECONDS:
            return
        with self.sessions.begin() as session:
            health.beat(session, health.RUNNER, self.owner, self.clock())
            runs.requeue_lost(session, now=self.clock(), attempts=self.attempts)
        self._shown_at = time.monotonic()

    def run_one(self, stop: Stop) -> int | None:
        """Carry out the run that has waited longest; its plan's id, or None where none waits."""
        with self.sessions.begin() as session:
            plan = runs.claim_run(session, owner=self.owner, now=self.clock(), lease_seconds=self.lease_seconds)
            claim = None if plan is None else runs.claim_of(plan)
        if claim is None:
            return None
        try:
            self._carry_out(claim, stop)
        except LeaseLost:
            logger.warning("Plan %s was taken over by another runner; this result is thrown away.", claim.plan_id)
        except SolverDied:
            logger.warning("The solver process died over plan %s.", claim.plan_id)
            self._give_back(claim, self.attempts)
        except DBAPIError:
            raise  # the lease runs out by itself
        except Exception:
            logger.exception("Plan %s failed.", claim.plan_id)
            self._fail(claim, "internal_error", {})
        return claim.plan_id

    def _carry_out(self, claim: Claim, stop: Stop) -> None:
        """Read, solve, store. Raises LeaseLost, SolverDied."""
        with self.sessions() as session:
            gathered = gather(
                session, claim.first_day, claim.last_day, now=self.clock(), options=claim.options
            )  # fmt: skip
        try:
            snapshot = with_travel(gathered, self.travel)
        except TravelUnavailable as error:
            self._fail(claim, "travel_unavailable", {"message": str(error)})
            return
        self.solver.solve(snapshot.problem, seconds=claim.seconds, seed=claim.seed, threads=self.threads)
        answer = self._wait(claim, stop)
        if isinstance(answer, Solved):
            self._store(claim, snapshot, answer)
        elif isinstance(answer, Unsolvable):
            self._fail(claim, answer.reason, answer.detail)

    def _wait(self, claim: Claim, stop: Stop) -> Solved | Unsolvable | None:
        """The child's last word, or None where this process is told to end and has given the run back."""
        watch = _Watch(claim.seconds)
        while not stop():
            answer = self.solver.receive(watch.until_beat())
            if isinstance(answer, Solved | Unsolvable):
                self._beat(claim, watch)
                return answer
            if isinstance(answer, Progress):
                watch.note(answer)
            if watch.is_due():
                if self._beat(claim, watch) and not watch.finishing:
                    watch.finishing = True
                    self.solver.finish()
                if watch.is_stuck():
                    self.solver.kill()
                    raise SolverDied
        self.solver.kill()
        self._give_back(claim, self.attempts + claim.attempt)
        return None

    def _beat(self, claim: Claim, watch: _Watch) -> bool:
        """Renew the lease and show progress; whether somebody wants the run to end.

        A database that is away for a moment costs a beat and no more. Raises LeaseLost.
        """
        watch.beaten()
        try:
            held, finish = self._write_beat(claim, watch)
        except DBAPIError:
            logger.warning("No beat of plan %s: the database is out of reach.", claim.plan_id, exc_info=True)
            return False
        if not held:
            self.solver.kill()
            raise LeaseLost(noun="plan", id=claim.plan_id)
        return finish

    def _write_beat(self, claim: Claim, watch: _Watch) -> tuple[bool, bool]:
        """Whether the lease is held, and whether somebody wants the run to end."""
        with self.sessions.begin() as session:
            held = runs.beat(
                session,
                claim.plan_id,
                owner=self.owner,
                attempt=claim.attempt,
                now=self.clock(),
                lease_seconds=self.lease_seconds,
                phase=watch.phase,
                progress=watch.curve,
            )
            health.beat(session, health.RUNNER, self.owner, self.clock())
            return held, runs.stop_requested(session, claim.plan_id)

    def _store(self, claim: Claim, snapshot: Snapshot, answer: Solved) -> None:
        """Store the draft, trying again while the database is out of reach. Raises LeaseLost, DBAPIError."""
        for left in reversed(range(STORE_TRIES)):
            try:
                self._write_draft(claim, snapshot, answer)
                return
            except DBAPIError:
                if not left:
                    raise
                logger.warning("Plan %s could not be stored yet.", claim.plan_id, exc_info=True)
                time.sleep(STORE_PAUSE_SECONDS)
            except UnlawfulPlan as error:
                logger.error("The checker refuses plan %s: %s", claim.plan_id, error.detail)
                self._fail(claim, "unlawful", error.detail)
                return

    def _write_draft(self, claim: Claim, snapshot: Snapshot, answer: Solved) -> None:
        with self.sessions.begin() as session:
            store_draft(
                session,
                claim.plan_id,
                snapshot,
                answer.plan,
                answer.unserved,
                owner=self.owner,
                attempt=claim.attempt,
                now=self.clock(),
            )

    def _fail(self, claim: Claim, reason: str, detail: dict[str, Any]) -> None:
        with self.sessions.begin() as session:
            runs.fail_run(
                session,
                claim.plan_id,
                owner=self.owner,
                attempt=claim.attempt,
                reason=reason,
                now=self.clock(),
                detail=detail,
            )

    def _give_back(self, claim: Claim, attempts: int) -> None:
        with self.sessions.begin() as session:
            runs.give_back(
                session,
                claim.plan_id,
                owner=self.owner,
                attempt=claim.attempt,
                attempts=attempts,
                now=self.clock(),
            )


class _Watch:
    """How far one solve is, and when the next beat is due."""

    def __init__(self, seconds: float) -> None:
        self.phase = "starting"
        self.curve: list[list[float | None]] = []
        self.finishing = False
        self._ends = time.monotonic() + seconds + GRACE_SECONDS
        self._next = time.monotonic()

    def note(self, progress: Progress) -> None:
        self.phase = progress.phase
        self.curve.append([round(progress.seconds, 2), progress.value, progress.bound])

    def until_beat(self) -> float:
        return max(0.0, self._next - time.monotonic())

    def is_due(self) -> bool:
        return time.monotonic() >= self._next

    def beaten(self) -> None:
        self._next = time.monotonic() + BEAT_SECONDS

    def is_stuck(self) -> bool:
        return time.monotonic() > self._ends
