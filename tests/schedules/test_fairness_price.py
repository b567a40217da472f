"""What fairness costs is worked out once for the newest plan, in the background, and given back with it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from routes.explain import explain
from routes.planner import plan_visits
from schedules import background, fairness_price, leases, publishing, runs
from schedules.drafts import store_draft
from schedules.models import FairnessPrice, Plan
from schedules.planning import snapshot
from tests.factories import make_days, make_request, make_shift, make_town, make_van, make_venue

MONDAY = date(2026, 6, 8)
FRIDAY = MONDAY + timedelta(days=4)


@pytest.fixture(autouse=True)
def two_towns_for_one_morning(session, now):
    """One town asks twice and better, the other once; the van's short day can take one of them."""
    make_days(session, MONDAY - timedelta(days=28), 90)
    make_shift(session, MONDAY, van=make_van(session))
    for town in (make_town(session), make_town(session)):
        make_request(session, [(MONDAY, 540, 660)], now=now, venue=make_venue(session, town))
    session.commit()


def drafted(session, now) -> Plan:
    plan = runs.queue_plan(session, MONDAY, FRIDAY, seconds=5, actor="c", now=now)
    runs.claim_run(session, owner="o", now=now, lease_seconds=30)
    taken = snapshot(session, MONDAY, FRIDAY, now=now)
    solution = plan_visits(taken.problem, seconds=5, work=2000, seed=1)
    store_draft(
        session, plan.id, taken, solution, explain(taken.problem, solution), owner="o", attempt=1, now=now
    )  # fmt: skip
    session.commit()
    return plan


def test_the_price_of_the_newest_plan_is_worked_out_once(session, session_factory, now):
    old, new = drafted(session, now), drafted(session, now)
    assert background.price_one(session_factory, owner="r", clock=lambda: now) == new.id
    [row] = session.scalars(select(FairnessPrice))
    assert row.plan_id == new.id != old.id
    assert [step["rule"] for step in row.steps] == ["none", "one", "in_force", "firm"]
    assert all(step["served"] == 1 and step["without"] == 1 and step["gap"] == 0 for step in row.steps)
    assert background.price_one(session_factory, owner="r", clock=lambda: now) is None
    assert leases.holder(session, fairness_price.lease_of(new.id)) is None
    found = fairness_price.newest(session)
    assert found is not None
    assert (found[0].id, found[1]) == (new.id, row.steps)


def test_a_run_that_waits_comes_first(session, session_factory, now):
    plan = drafted(session, now)
    runs.queue_plan(session, MONDAY, FRIDAY, seconds=5, actor="c", now=now)
    session.commit()
    assert background.price_one(session_factory, owner="r", clock=lambda: now) == plan.id
    assert session.scalars(select(FairnessPrice)).all() == []


def test_what_another_runner_prices_is_left_to_it(session, session_factory, now):
    plan = drafted(session, now)
    assert leases.acquire(session, fairness_price.lease_of(plan.id), "other", 60)
    session.commit()
    assert background.price_one(session_factory, owner="r", clock=lambda: now) is None


def test_neither_discarded_nor_past_plans_are_priced(session, session_factory, now):
    plan = drafted(session, now)
    assert fairness_price.waiting_plans(session, FRIDAY) == [plan.id]
    assert fairness_price.waiting_plans(session, FRIDAY + timedelta(days=1)) == []
    publishing.discard(session, plan.id, actor="c", now=now)
    session.commit()
    assert background.price_one(session_factory, owner="r", clock=lambda: now) is None
    assert fairness_price.newest(session) is None


def test_a_price_that_cannot_be_had_is_not_waited_for(session, now):
    plan = drafted(session, now)
    fairness_price.store(session, plan.id, [], now=now)
    session.commit()
    assert fairness_price.waiting_plans(session, MONDAY) == []
    assert fairness_price.newest(session) is None
