"""Planning runs as rows: asked for, claimed by one runner, kept alive, stopped, lost and picked up again."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from schedules import runs
from schedules.audit import rows_about
from schedules.errors import (
    BadChoice,
    BadCount,
    BadWindow,
    BeyondCalendar,
    CalendarMissing,
    MoveNotAllowed,
    NotFound,
    WindowInPast,
)
from schedules.models import Plan, PlanState
from tests.factories import make_day, make_days, make_van

MONDAY = date(2026, 6, 1)
LAST = MONDAY + timedelta(days=27)
LEASE = 30.0


@pytest.fixture
def queue(session, now):
    """Ask for a plan as a coordinator does; every day is announced."""
    make_days(session, MONDAY - timedelta(days=7), 90)

    def order(first: date = MONDAY, last: date = LAST, **given: Any) -> Plan:
        plan = runs.queue_plan(session, first, last, **{"seconds": 10, "actor": "c", "now": now, **given})
        session.commit()
        return plan

    return order


def claim(session, now, owner: str = "runner-1") -> Plan | None:
    plan = runs.claim_run(session, owner=owner, now=now, lease_seconds=LEASE)
    session.commit()
    return plan


def beat(session, plan: Plan, now, owner: str = "runner-1", attempt: int = 1, progress: Any = ()) -> bool:
    held = runs.beat(
        session, plan.id, owner=owner, attempt=attempt, now=now, lease_seconds=LEASE, phase="columns",
        progress=progress,
    )  # fmt: skip
    session.commit()
    session.refresh(plan)
    return held


# Asking for a plan ----------------------------------------------------------------------------------------------------


def test_a_plan_asked_for_waits_with_all_it_needs_and_says_who_asked(session, queue, now):
    van = make_van(session)
    plan = queue(seconds=7, seed=3, options={"vans": [van.code], "reserve": False})
    assert (plan.state, plan.first_day, plan.last_day) == (PlanState.QUEUED, MONDAY, LAST)
    assert (plan.seconds_allowed, plan.seed, plan.created_by) == (7.0, 3, "c")
    assert plan.options == {"vans": [van.code], "reserve": False}
    assert [row.verb for row in rows_about(session, "plan", plan.id)] == ["queued"]


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"first": LAST, "last": MONDAY}, BadWindow, "last_day"),
        ({"first": MONDAY - timedelta(days=5), "last": MONDAY - timedelta(days=1)}, WindowInPast, "last_day"),
        ({"last": MONDAY + timedelta(days=62)}, BadCount, "last_day"),
        ({"first": LAST + timedelta(days=300), "last": LAST + timedelta(days=301)}, BeyondCalendar, "first_day"),
        ({"seconds": 0}, BadCount, "seconds"),
        ({"seconds": 601}, BadCount, "seconds"),
        ({"seconds": float("nan")}, BadCount, "seconds"),
        ({"seed": -1}, BadCount, "seed"),
        ({"options": {"vans": ["van9"]}}, BadChoice, "options.vans"),
        ({"options": {"vans": []}}, BadChoice, "options.vans"),
        ({"options": {"vans": "van1"}}, BadChoice, "options.vans"),
        ({"options": {"vans": [{}]}}, BadChoice, "options.vans"),
        ({"options": {"reserve": 1}}, BadChoice, "options.reserve"),
        ({"options": {"colour": "red"}}, BadChoice, "options.colour"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_field(session, queue, given, error, field):
    with pytest.raises(error) as refused:
        queue(**given)
    assert refused.value.field == field
    session.rollback()
    assert runs.history(session) == []


def test_a_year_without_an_announced_holiday_table_is_refused_and_not_guessed(session, queue):
    make_day(session, MONDAY + timedelta(days=83), announced=False)
    with pytest.raises(CalendarMissing) as refused:
        queue(first=MONDAY + timedelta(days=70), last=MONDAY + timedelta(days=83))
    assert refused.value.detail["years"] == [2026]


# Claiming -------------------------------------------------------------------------------------------------------------


def test_runs_are_claimed_in_the_order_in_which_they_were_asked_for(session, queue, now):
    first, second = queue(), queue(now=now + timedelta(seconds=1))
    assert claim(session, now).id == first.id
    assert claim(session, now).id == second.id
    assert claim(session, now) is None


def test_a_claimed_run_is_held_under_a_lease(session, queue, now):
    queue()
    plan = claim(session, now)
    assert (plan.state, plan.lease_owner, plan.attempts, plan.phase) == (PlanState.SOLVING, "runner-1", 1, "reading")
    assert plan.lease_until == now + timedelta(seconds=LEASE)
    assert plan.started_at == plan.heartbeat_at == now


def test_of_two_runners_that_try_at_once_one_gets_the_run(session_factory, queue, now):
    plan = queue()
    with session_factory() as first, session_factory() as second:
        second.connection()
        found: list[Plan | None] = []
        assert runs.claim_run(first, owner="runner-1", now=now, lease_seconds=LEASE) is not None

        def try_as_well() -> None:
            found.append(runs.claim_run(second, owner="runner-2", now=now, lease_seconds=LEASE))
            second.commit()

        other = threading.Thread(target=try_as_well)
        other.start()
        other.join(0.3)  # it may look, but must wait for the first to commit
        first.commit()
        other.join(20)
        assert found == [None]
        assert first.get_one(Plan, plan.id, populate_existing=True).lease_owner == "runner-1"


def test_many_runners_share_many_runs_without_doing_one_twice(session_factory, queue, now):
    asked = {queue().id for _ in range(6)}
    start = threading.Barrier(3)
    claimed: list[tuple[str, int]] = []

    def work(owner: str) -> None:
        start.wait(10)
        while True:
            with session_factory.begin() as session:
                plan = runs.claim_run(session, owner=owner, now=now, lease_seconds=LEASE)
                if plan is None:
                    return
                claimed.append((owner, plan.id))

    runners = [threading.Thread(target=work, args=(f"runner-{number}",)) for number in range(3)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(60)
    assert sorted(plan_id for _, plan_id in claimed) == sorted(asked)


# While it runs --------------------------------------------------------------------------------------------------------


def test_a_beat_renews_the_lease_and_shows_the_curve(session, queue, now):
    queue()
    plan = claim(session, now)
    later = now + timedelta(seconds=20)
    assert beat(session, plan, later, progress=[[0.1, 5, None], [0.4, 90, 120.5]])
    assert plan.lease_until == later + timedelta(seconds=LEASE)
    assert (plan.phase, plan.progress) == ("columns", [[0.1, 5, None], [0.4, 90, 120.5]])
    assert (plan.value, plan.bound, round(plan.gap, 4)) == (90, 120.5, round(30.5 / 120.5, 4))


def test_a_long_curve_is_thinned_but_keeps_its_ends(session, queue, now):
    queue()
    plan = claim(session, now)
    beat(session, plan, now, progress=[[float(second), second, None] for second in range(1000)])
    assert len(plan.progress) <= runs.MOST_PROGRESS_ROWS + 1
    assert (plan.progress[0][0], plan.progress[-1][0]) == (0.0, 999.0)


@pytest.mark.parametrize(("owner", "attempt"), [("runner-2", 1), ("runner-1", 2)])
def test_whoever_does_not_hold_the_lease_changes_nothing(session, queue, now, owner, attempt):
    queue()
    plan = claim(session, now)
    assert not beat(session, plan, now, owner=owner, attempt=attempt)
    assert not runs.fail_run(session, plan.id, owner=owner, attempt=attempt, reason="x", now=now)
    assert not runs.give_back(session, plan.id, owner=owner, attempt=attempt, attempts=3, now=now)
    with pytest.raises(runs.LeaseLost):
        runs.end_solving(session, plan.id, owner=owner, attempt=attempt)
    session.refresh(plan)
    assert (plan.state, plan.lease_owner, plan.phase) == (PlanState.SOLVING, "runner-1", "reading")


def test_a_run_that_is_solved_already_cannot_be_solved_again(session, queue, now):
    queue()
    plan = claim(session, now)
    runs.end_solving(session, plan.id, owner="runner-1", attempt=1, value=7)
    with pytest.raises(runs.LeaseLost):
        runs.end_solving(session, plan.id, owner="runner-1", attempt=1, value=8)
    assert (plan.state, plan.value, plan.lease_owner) == (PlanState.DRAFT, 7, None)


# Stopping and failing -------------------------------------------------------------------------------------------------


def test_a_running_run_is_asked_to_stop(session, queue, now):
    queue()
    plan = claim(session, now)
    assert not runs.stop_requested(session, plan.id)
    runs.request_stop(session, plan.id, actor="c", now=now)
    assert runs.stop_requested(session, plan.id)
    assert plan.state is PlanState.SOLVING
    assert [row.verb for row in rows_about(session, "plan", plan.id)] == ["queued", "stopped"]


def test_a_run_that_has_not_begun_is_called_off(session, queue, now):
    plan = queue()
    runs.request_stop(session, plan.id, actor="c", now=now)
    assert (plan.state, plan.failure) == (PlanState.FAILED, "stopped")
    assert claim(session, now) is None


def test_what_has_ended_or_never_was_cannot_be_stopped(session, queue, now):
    queue()
    plan = claim(session, now)
    runs.fail_run(session, plan.id, owner="runner-1", attempt=1, reason="unlawful", now=now, detail={"rule": "crew"})
    with pytest.raises(MoveNotAllowed):
        runs.request_stop(session, plan.id, actor="c", now=now)
    with pytest.raises(NotFound):
        runs.request_stop(session, 999_999, actor="c", now=now)
    session.refresh(plan)
    assert (plan.state, plan.failure, plan.summary) == (PlanState.FAILED, "unlawful", {"failure": {"rule": "crew"}})


# Losing a runner ------------------------------------------------------------------------------------------------------


def test_a_run_whose_runner_went_silent_is_queued_again_and_done_by_another(session, queue, now):
    queue()
    plan = claim(session, now)
    later = now + timedelta(seconds=LEASE + 1)
    assert runs.requeue_lost(session, now=now + timedelta(seconds=LEASE - 1), attempts=3) == 0
    assert runs.requeue_lost(session, now=later, attempts=3) == 1
    session.refresh(plan)
    assert (plan.state, plan.lease_owner) == (PlanState.QUEUED, None)
    assert claim(session, later, "runner-2").attempts == 2
    assert not beat(session, plan, later, owner="runner-1", attempt=1), "the first runner has lost it"
    assert beat(session, plan, later, owner="runner-2", attempt=2)


def test_a_run_that_kills_every_runner_is_given_up(session, queue, now):
    plan = queue()
    for attempt in (1, 2):
        assert claim(session, now).attempts == attempt
        now += timedelta(seconds=LEASE + 1)
        assert runs.requeue_lost(session, now=now, attempts=2) == 1
    session.refresh(plan)
    assert (plan.state, plan.failure, plan.finished_at) == (PlanState.FAILED, "given_up", now)
    assert claim(session, now) is None


def test_a_runner_that_gives_up_a_run_leaves_it_for_the_next_at_once(session, queue, now):
    plan = queue()
    claim(session, now)
    assert runs.give_back(session, plan.id, owner="runner-1", attempt=1, attempts=3, now=now)
    assert claim(session, now, "runner-2").attempts == 2
    assert runs.give_back(session, plan.id, owner="runner-2", attempt=2, attempts=2, now=now)
    session.refresh(plan)
    assert (plan.state, plan.failure) == (PlanState.FAILED, "given_up")


def test_history_lists_the_latest_runs_first(session, queue):
    asked = [queue().id for _ in range(3)]
    assert [plan.id for plan in runs.history(session, limit=2)] == asked[:0:-1]
