"""The runner and its child: from a queued run to a lawful draft, through stops, lost leases and kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from routes import Plan as Solution
from routes import Problem
from routes.explain import explain
from routes.planner import plan_visits
from routes.travel import RouterFailed
from schedules import health, runs
from schedules.drafts import store_draft
from schedules.errors import UnlawfulPlan
from schedules.models import Heartbeat, Plan, PlanState, RequestState, Stop, Unserved, VisitRequest
from schedules.planning import snapshot
from schedules.publishing import violations
from schedules.runner import run_forever, run_one
from schedules.solver_jobs import Solved
from schedules.solver_process import SolverProcess
from tests.schedules.districts import LAST, MONDAY, busy_district, small_district

ROOT = Path(__file__).parents[2]


def clock_from(now: datetime) -> Callable[[], datetime]:
    return lambda: now


def eventually(fact: Callable[[], object], seconds: float = 90) -> object:
    """What the fact says once it holds; fails after so many seconds."""
    ends = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < ends, f"{fact} never held"
        time.sleep(0.05)
    return found


def queue(session, now, seconds: float = 10) -> int:
    plan = runs.queue_plan(session, MONDAY, LAST, seconds=seconds, actor="c", now=now)
    session.commit()
    return plan.id


def accounted(session, plan: Plan) -> tuple[set[int], set[int]]:
    """The requests that the plan serves, and those that it explains."""
    served = session.scalars(select(Stop.request_id).where(Stop.plan_id == plan.id))
    explained = session.scalars(select(Unserved.request_id).where(Unserved.plan_id == plan.id))
    return set(served), set(explained)


def has_window(request: VisitRequest) -> bool:
    return any(MONDAY <= window.day <= LAST for window in request.windows)


# Storing --------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_district_every_accepted_request_is_served_or_explained(session, now, seed):
    session.rollback()
    small_district(session, seed, now=now)
    plan = runs.queue_plan(session, MONDAY, LAST, seconds=5, actor="c", now=now)
    runs.claim_run(session, owner="o", now=now, lease_seconds=30)
    taken = snapshot(session, MONDAY, LAST, now=now)
    solution = plan_visits(taken.problem, seconds=5, work=3000, seed=1)
    reasons = explain(taken.problem, solution)
    store_draft(session, plan.id, taken, solution, reasons, owner="o", attempt=1, now=now)
    session.expire_all()
    assert violations(session, plan) == []
    served, explained = accounted(session, plan)
    waiting = session.scalars(select(VisitRequest).where(VisitRequest.state == RequestState.ACCEPTED)).all()
    assert {request.id for request in waiting if has_window(request)} <= served | explained
    assert served.isdisjoint(explained)
    assert plan.summary["asked"] == len(served) + len(explained)
    assert plan.summary["served"] == len(served)
    for unserved in plan.unserved:
        rules = unserved.detail.get("rules", {})
        assert unserved.reason == "outranked" or sum(rules.values()) == unserved.detail["shifts"]
    session.rollback()


def test_an_unlawful_plan_is_never_stored(session, now):
    small_district(session, 1, now=now)
    plan_id = queue(session, now)
    runs.claim_run(session, owner="o", now=now, lease_seconds=30)
    taken = snapshot(session, MONDAY, LAST, now=now)
    boastful = Solution(taken.problem.name, (), 10**6)
    with pytest.raises(UnlawfulPlan):
        store_draft(session, plan_id, taken, boastful, (), owner="o", attempt=1, now=now)
    session.rollback()
    assert session.get_one(Plan, plan_id).state is not PlanState.DRAFT


# One run --------------------------------------------------------------------------------------------------------------


def test_a_queued_run_becomes_a_draft_with_tours_reasons_and_a_bound(session, session_factory, now):
    small_district(session, 4, now=now)
    plan_id = queue(session, now)
    assert run_one(session_factory, owner="runner", clock=clock_from(now)) == plan_id
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert (plan.state, plan.failure, plan.lease_owner, plan.phase) == (PlanState.DRAFT, None, None, None)
    assert plan.value is not None
    assert plan.bound is not None
    assert plan.value <= plan.bound
    assert plan.progress[-1][1:] == [plan.value, plan.bound]
    assert plan.tours
    assert all(tour.driving == sum_of_drives(tour, plan) for tour in plan.tours)
    assert violations(session, plan) == []
    assert session.get_one(Heartbeat, health.RUNNER).owner == "runner"


def sum_of_drives(tour, plan: Plan) -> int:
    """The legs of the stops and the way home, by the stored minutes."""
    return sum(stop.drive for stop in tour.stops) + tour.returns - tour.stops[-1].departs


def test_without_a_queued_run_there_is_nothing_to_do(session_factory, now):
    assert run_one(session_factory, owner="runner", clock=clock_from(now)) is None


def test_an_empty_district_has_an_empty_plan(session, session_factory, now):
    small_district(session, 1, now=now)
    session.execute(update(VisitRequest).values(state=RequestState.SUBMITTED))
    plan_id = queue(session, now)
    run_one(session_factory, owner="runner", clock=clock_from(now))
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert (plan.state, plan.tours, plan.summary["asked"]) == (PlanState.DRAFT, [], 0)


def test_pins_that_contradict_each_other_fail_the_run_by_name(session, session_factory, now):
    busy_district(session, now=now, requests=2, shifts=1)
    first, second = session.scalars(select(VisitRequest).order_by(VisitRequest.id))
    shift_id = session.scalar(select(func.min(runs.Plan.metadata.tables["shift"].c.id)))
    for request in (first, second):
        request.pinned_shift_id, request.pinned_starts = shift_id, 600
    plan_id = queue(session, now)
    run_one(session_factory, owner="runner", clock=clock_from(now))
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert (plan.state, plan.failure) == (PlanState.FAILED, "contradictory_pins")
    assert set(plan.summary["failure"]["visits"]) == {f"r{first.id}", f"r{second.id}"}


def test_without_travel_times_a_run_fails_and_nothing_is_guessed(session, session_factory, now):
    small_district(session, 1, now=now)
    plan_id = queue(session, now)

    class Broken:
        def times(self, places):
            raise RouterFailed("no answer")

    run_one(session_factory, owner="runner", clock=clock_from(now), travel=lambda _: Broken())
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert (plan.state, plan.failure, plan.tours) == (PlanState.FAILED, "travel_unavailable", [])


class Unsteady:
    """A session factory whose database is out of reach for the transactions of the given numbers, counted from 0."""

    def __init__(self, sessions, away: set[int]) -> None:
        self.sessions, self.away, self.count = sessions, away, -1

    def __call__(self):
        return self.sessions()

    @contextmanager
    def begin(self):
        self.count += 1
        with self.sessions.begin() as session:
            yield session
            if self.count in self.away:
                raise OperationalError("COMMIT", {}, Exception("connection lost"))


def test_a_database_that_is_away_for_a_moment_costs_no_run(session, session_factory, now):
    small_district(session, 4, now=now)
    plan_id = queue(session, now)
    unsteady = Unsteady(session_factory, away=set(range(1, 5)))  # all but the claim: beats, and the draft itself
    assert run_one(unsteady, owner="runner", clock=clock_from(now)) == plan_id
    assert unsteady.count >= 5
    assert column(session_factory, plan_id, "state") is PlanState.DRAFT


def test_a_job_that_nobody_waits_for_any_more_is_dropped_with_its_child():
    problem = Problem("none", (), (), (), ())
    with SolverProcess() as solver:
        first = solver.pid
        solver.start()
        assert solver.pid == first
        solver.solve(problem, seconds=5, seed=1, threads=1)
        solver.start()
        assert solver.pid != first
        solver.solve(problem, seconds=5, seed=1, threads=1)
        answers = [eventually(lambda: solver.receive(1)) for _ in range(2)]
        while not isinstance(answers[-1], Solved):
            answers.append(eventually(lambda: solver.receive(1)))
        last = solver.pid
        solver.start()
        assert solver.pid == last, "a child that has answered stays"


# While it solves ------------------------------------------------------------------------------------------------------


@contextmanager
def running(work: Callable[[], object]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(60)
        assert not thread.is_alive()


def column(session_factory, plan_id: int, name: str) -> object:
    with session_factory() as session:
        return session.scalar(select(getattr(Plan, name)).where(Plan.id == plan_id))


def test_a_run_told_to_stop_keeps_the_best_plan_so_far(session, session_factory, now):
    busy_district(session, now=now)
    plan_id = queue(session, now, seconds=120)
    with running(lambda: run_one(session_factory, owner="runner", clock=clock_from(now))):
        eventually(lambda: column(session_factory, plan_id, "value"))
        with session_factory.begin() as other:
            runs.request_stop(other, plan_id, actor="c", now=now)
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert plan.state is PlanState.DRAFT
    assert plan.seconds < 100
    assert plan.tours
    assert violations(session, plan) == []


def test_a_runner_that_lost_its_lease_throws_its_result_away(session, session_factory, now):
    busy_district(session, now=now)
    plan_id = queue(session, now, seconds=120)
    with running(lambda: run_one(session_factory, owner="slow", clock=clock_from(now))):
        eventually(lambda: column(session_factory, plan_id, "value"))
        with session_factory.begin() as other:
            other.execute(update(Plan).where(Plan.id == plan_id).values(lease_owner="quick", attempts=2))
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert (plan.state, plan.lease_owner, plan.tours) == (PlanState.SOLVING, "quick", [])


# Real processes -------------------------------------------------------------------------------------------------------

# The imports are inside because the spawned child imports this file as well and needs none of them.
RUNNER = """
import sys

def main(url, owner, begins):
    from datetime import UTC, datetime
    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker
    from schedules.runner import run_forever, stop_on_signals
    ahead = datetime.fromisoformat(begins) - datetime.now(UTC)
    sessions = sessionmaker(create_engine(url))
    stop = stop_on_signals()
    run_forever(sessions, owner=owner, stop=stop, lease_seconds=5.0, clock=lambda: datetime.now(UTC) + ahead)

if __name__ == "__main__":
    main(*sys.argv[1:])
"""


@pytest.fixture
def start_runner(database_url, tmp_path, now) -> Iterator[Callable[[str, datetime], subprocess.Popen[bytes]]]:
    """Start a runner as a process of its own whose clock begins at the given instant."""
    script = tmp_path / "runner_process.py"
    script.write_text(RUNNER, encoding="utf-8")
    started: list[subprocess.Popen[bytes]] = []

    def start(owner: str, begins: datetime) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(script), database_url, owner, begins.isoformat()]
        started.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this machine lacks /proc")


@pytest.mark.process
@needs_proc
def test_a_runner_killed_while_it_solves_leaves_no_child_and_another_completes_the_run(
    session, session_factory, now, start_runner
):
    busy_district(session, now=now)
    plan_id = queue(session, now, seconds=120)
    first = start_runner("first", now)
    eventually(lambda: column(session_factory, plan_id, "value"))
    children = children_of(first.pid)
    assert children
    first.send_signal(signal.SIGKILL)
    first.wait()
    eventually(lambda: not any(is_alive(child) for child in children), 20)
    assert column(session_factory, plan_id, "state") is PlanState.SOLVING

    start_runner("second", now + timedelta(minutes=10))
    eventually(lambda: column(session_factory, plan_id, "lease_owner") == "second")
    eventually(lambda: column(session_factory, plan_id, "value"))
    with session_factory.begin() as other:
        runs.request_stop(other, plan_id, actor="c", now=now)
    eventually(lambda: column(session_factory, plan_id, "state") is PlanState.DRAFT)
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert plan.attempts == 2
    assert plan.tours
    assert violations(session, plan) == []


@pytest.mark.process
@needs_proc
def test_a_runner_told_to_end_gives_its_run_back_and_leaves_no_child(session, session_factory, now, start_runner):
    busy_district(session, now=now)
    plan_id = queue(session, now, seconds=120)
    runner = start_runner("first", now)
    eventually(lambda: column(session_factory, plan_id, "value"))
    children = children_of(runner.pid)
    runner.send_signal(signal.SIGTERM)
    assert runner.wait(30) == 0
    eventually(lambda: not any(is_alive(child) for child in children), 20)
    plan = session.get_one(Plan, plan_id, populate_existing=True)
    assert (plan.state, plan.lease_owner) == (PlanState.QUEUED, None)


@needs_proc
def test_an_idle_child_that_dies_is_replaced_and_the_next_run_succeeds(session, session_factory, now):
    small_district(session, 2, now=now)
    session.commit()
    done = threading.Event()
    known = set(children_of_this_process())

    def work() -> None:
        run_forever(session_factory, owner="runner", stop=done.is_set, clock=clock_from(now))

    with running(work):
        try:
            [child] = eventually(lambda: solvers(known))
            os.kill(child, signal.SIGKILL)
            eventually(lambda: [pid for pid in solvers(known) if pid != child])
            plan_id = queue(session, now)
            eventually(lambda: column(session_factory, plan_id, "state") is PlanState.DRAFT)
        finally:
            done.set()
    eventually(lambda: not solvers(known), 10)


def children_of_this_process() -> list[int]:
    tasks = Path("/proc/self/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def solvers(known: set[int]) -> list[int]:
    """The children that are new and still live, but for the one that tracks shared resources."""
    new = [pid for pid in children_of_this_process() if pid not in known and is_alive(pid)]
    return [pid for pid in new if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]
