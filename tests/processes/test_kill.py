"""kill -9 of web, scheduler and runner at bad moments: nothing is lost or half-written, and the run completes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import Message, MessageState, Plan, PlanState, RequestState, Stop, Visit, VisitRequest
from tests.hard_county import REQUESTS, fill
from tests.processes.product import Product, wait_until
from van_service.accounts import Role, create_account, create_token
from van_service.clock import system_clock

pytestmark = pytest.mark.process

LONG_SECONDS, SHORT_SECONDS = 60, 2
MOST_KILLED_PUBLICATIONS = 6


class County:
    """A running product with a county too hard to plan in a moment, and a coordinator's way in."""

    def __init__(self, product: Product, sessions: sessionmaker[Session], token: str, days: list[date]) -> None:
        self.product, self.sessions, self.days = product, sessions, days
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **given: Any) -> Any:
        """The JSON answer of an API call that must succeed."""
        answer = self.http.request(method, f"{self.product.url}/api/v1{path}", timeout=60, **given)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def queue_plan(self, seconds: int) -> int:
        """Ask for a plan of all days."""
        given = {"first_day": str(self.days[0]), "last_day": str(self.days[-1]), "seconds": seconds}
        return int(self.call("POST", "/plans", json=given)["id"])

    def plan(self, plan_id: int) -> dict[str, Any]:
        """How the plan stands."""
        found: dict[str, Any] = self.call("GET", f"/plans/{plan_id}")
        return found

    def wait_for(self, plan_id: int, state: PlanState) -> dict[str, Any]:
        """The plan, once it is in this state."""
        wait_until(lambda: self.plan(plan_id)["state"] == state, f"plan {plan_id} {state}", seconds=90)
        return self.plan(plan_id)


@pytest.fixture
def county(database_url: str, tmp_path: Path) -> Iterator[County]:
    """The three processes on a database of either kind."""
    engine = create_engine(database_url)
    sessions = sessionmaker(engine)
    with sessions.begin() as session:
        days = fill(session, system_clock())
        account, _password = create_account(
            session, username="coordinator", name="周敏", role=Role.COORDINATOR, now=system_clock()
        )
        _token, secret = create_token(session, account, "test", now=system_clock())
    settings = {"PLAN_LEASE_SECONDS": "3", "TICK_SECONDS": "1", "DEMO": "0"}
    with Product(tmp_path, database_url=database_url, **settings) as product:
        product.flask("db", "stamp", "head")
        product.start()
        yield County(product, sessions, secret, days)
    engine.dispose()


def test_a_run_completes_although_every_process_is_killed_during_it(county: County) -> None:
    plan_id = county.queue_plan(LONG_SECONDS)
    wait_until(lambda: county.plan(plan_id)["progress"], "the first progress")
    solvers = psutil.Process(county.product.processes["runner"].pid).children(recursive=True)
    for name in ("web", "scheduler"):
        county.product.kill(name)
        county.product.start(name)
    county.product.kill("runner", alone=True)
    # The solver's process must not live on and plan for nobody.
    wait_until(lambda: not any(solver.is_running() for solver in solvers), "the end of the solver", seconds=15)
    assert county.plan(plan_id)["state"] == PlanState.SOLVING
    county.product.start("runner")
    wait_until(lambda: county.plan(plan_id)["attempts"] == 2, "the second attempt")
    county.call("POST", f"/plans/{plan_id}/stop")
    plan = county.wait_for(plan_id, PlanState.DRAFT)
    assert plan["attempts"] == 2
    assert plan["bound"] is None or plan["bound"] >= plan["value"]
    wait_until(county.product.healthy, "a healthy product")
    with county.sessions() as session:
        served = session.scalar(select(func.count(Stop.id)).where(Stop.plan_id == plan_id))
        unserved = len(session.get_one(Plan, plan_id).unserved)
        assert served + unserved == REQUESTS


def test_a_publication_is_whole_or_nothing_although_its_process_is_killed(county: County) -> None:
    plan_id = county.queue_plan(SHORT_SECONDS)
    county.wait_for(plan_id, PlanState.DRAFT)
    published, interrupted = False, 0
    for number in range(MOST_KILLED_PUBLICATIONS):
        interrupted += publish_and_kill(county, plan_id, seconds=0.02 * 2.4**number)
        county.product.start("web")
        published = whole_or_nothing(county, plan_id)
        if published:
            break
    assert interrupted >= 2
    if not published:
        county.call("POST", f"/plans/{plan_id}/publish")
    assert whole_or_nothing(county, plan_id)
    for name in ("scheduler", "runner"):
        county.product.kill(name)
        county.product.start(name)
    wait_until(lambda: not messages_due(county), "the messages that are due", seconds=60)
    wait_until(county.product.healthy, "a healthy product")


def publish_and_kill(county: County, plan_id: int, seconds: float) -> bool:
    """Ask for the publication and kill the web process, workers and all; whether that was before the answer."""
    try:
        county.http.post(f"{county.product.url}/api/v1/plans/{plan_id}/publish", timeout=seconds)
    except requests.RequestException:
        return True
    finally:
        county.product.kill("web")
    return False


def whole_or_nothing(county: County, plan_id: int) -> bool:
    """Whether the plan is published; either way the rows agree with each other."""
    with county.sessions() as session:
        plan = session.get_one(Plan, plan_id)
        stops = session.scalar(select(func.count(Stop.id)).where(Stop.plan_id == plan_id))
        visits = session.scalar(select(func.count(Visit.id)))
        told = session.scalar(select(func.count(func.distinct(Message.visit_id))).where(Message.kind == "published"))
        planned = session.scalar(select(func.count(VisitRequest.id)).where(VisitRequest.state == RequestState.PLANNED))
        whole = plan.state == PlanState.PUBLISHED
        assert whole or plan.state == PlanState.DRAFT
        assert (visits, told, planned) == ((stops, stops, stops) if whole else (0, 0, 0))
        return whole


def messages_due(county: County) -> int:
    """How many messages wait although their time has come; those that the killed scheduler held are looked at later."""
    with county.sessions() as session:
        waiting = Message.state == MessageState.QUEUED
        return session.scalar(select(func.count(Message.id)).where(waiting, Message.due_at < system_clock())) or 0
