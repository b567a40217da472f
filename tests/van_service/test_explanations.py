"""What helps a request that a draft leaves out: read and applied over the API and on the desk, told to the town."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from routes.explain import explain
from routes.explanations import Explainer, write_explanation
from routes.planner import plan_visits
from schedules import explaining, publishing, runs
from schedules.drafts import store_draft
from schedules.models import AuditRow, Explanation, RequestWindow, Shift, VisitRequest
from schedules.planning import snapshot
from tests.factories import make_request, make_shift, make_van
from tests.van_service.conftest import District, make_account
from tests.van_service.page_calls import send, signed_in
from van_service.accounts import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]


@dataclass(frozen=True)
class Left:
    """A draft that leaves out one of two requests for the same short morning."""

    plan_id: int
    request_id: int
    served_id: int
    shift_id: int


@pytest.fixture
def coordinator(as_role: Callable[[str], FlaskClient]) -> FlaskClient:
    return as_role("coordinator")


@pytest.fixture
def left(session: Session, district: District, now: datetime) -> Left:
    """Explained as a runner would, but in this process."""
    van = make_van(session)
    first = district.tuesday + timedelta(days=14)
    shift = make_shift(session, first, van=van)
    make_shift(session, first + timedelta(days=1), van=van)
    window = [(first, 540, 660)]
    ids = [make_request(session, window, now=now).id for _ in range(2)]
    plan = runs.queue_plan(session, first, first + timedelta(days=4), seconds=5, actor="zhou", now=now)
    runs.claim_run(session, owner="o", now=now, lease_seconds=30)
    taken = snapshot(session, plan.first_day, plan.last_day, now=now)
    solution = plan_visits(taken.problem, seconds=5, work=2000, seed=1)
    reasons = explain(taken.problem, solution)
    store_draft(session, plan.id, taken, solution, reasons, owner="o", attempt=1, now=now)
    session.commit()
    waiting = explaining.read_waiting(session, plan.id, now=now)
    assert waiting is not None
    explainer = Explainer(waiting.problem, waiting.plan, waiting.means)
    for visit in waiting.visits:
        document = write_explanation(explainer.explain(visit))
        assert explaining.store_explanation(session, plan.id, visit, document, now=now)
    session.commit()
    [row] = plan.unserved
    return Left(plan.id, row.request_id, next(each for each in ids if each != row.request_id), shift.id)


def test_the_api_lists_what_helps_in_numbers_and_words(coordinator: FlaskClient, left: Left) -> None:
    answer = coordinator.get(f"/api/v1/plans/{left.plan_id}/explanations?lang=en").get_json()
    [explanation] = answer["explanations"]
    assert (answer["waiting"], answer["stale"]) == (0, [])
    assert explanation["request_id"] == left.request_id
    assert explanation["reason"]["class"] == "outranked"
    changes = {change["kind"]: change for change in explanation["changes"]}
    assert changes["other_day"]["displaces"] == []
    assert changes["other_day"]["words"].startswith("Add ")
    assert "leaves nobody out" in changes["other_day"]["cost_in_words"]
    assert all("@" not in change["words"] + change["cost_in_words"] for change in explanation["changes"])


def test_applying_over_the_api_alters_the_request_once_and_leaves_its_trace(
    coordinator: FlaskClient, left: Left, session: Session
) -> None:
    address = f"/api/v1/plans/{left.plan_id}/explanations/{left.request_id}"
    changes = coordinator.get(address).get_json()["changes"]
    number = next(change["number"] for change in changes if change["kind"] == "other_day")
    before = len(windows_of(session, left.request_id))
    assert coordinator.post(f"{address}/apply", json={"number": 99}).status_code == 422
    assert coordinator.post(f"{address}/apply", json={"number": number}).get_json()["applied"] == number
    assert coordinator.post(f"{address}/apply", json={"number": number}).status_code == 409
    session.expire_all()
    assert len(windows_of(session, left.request_id)) == before + 1
    asked = session.get_one(VisitRequest, left.request_id)
    shift = session.get_one(Shift, asked.pinned_shift_id)
    assert f"{shift.code}" == changes[number]["shift_code"]
    verbs = session.scalars(select(AuditRow.verb).where(AuditRow.noun_id == str(asked.id))).all()
    assert {"pinned", "change_applied"} <= set(verbs)


def test_nothing_is_applied_to_data_that_have_changed(coordinator: FlaskClient, left: Left, session: Session) -> None:
    session.get_one(Shift, left.shift_id).kits += 1
    session.commit()
    address = f"/api/v1/plans/{left.plan_id}/explanations"
    assert coordinator.get(address).get_json()["stale"] != []
    refused = coordinator.post(f"{address}/{left.request_id}/apply", json={"number": 0})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "change_gone")
    assert session.scalar(select(Explanation.applied)) is None


def test_a_stop_says_what_the_next_best_place_would_cost(coordinator: FlaskClient, left: Left) -> None:
    why = coordinator.get(f"/api/v1/plans/{left.plan_id}/stops/{left.served_id}/why").get_json()
    assert why["request_id"] == left.served_id
    assert why["next_best"] == []
    assert coordinator.get(f"/api/v1/plans/{left.plan_id}/stops/{left.request_id}/why").status_code == 404


def test_a_town_reads_no_explanations(as_role: Callable[[str], FlaskClient], left: Left) -> None:
    assert as_role("town").get(f"/api/v1/plans/{left.plan_id}/explanations").status_code == 403


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_the_desk_shows_what_helps_and_applies_it_in_one_step(app: Flask, left: Left, locale: str) -> None:
    desk = signed_in(app, "coordinator", locale=locale)
    page = desk.get(f"/desk/plans/{left.plan_id}").text
    [address] = set(re.findall(r'action="(/desk/plans/\d+/requests/\d+/apply)"', page))
    assert "@" not in page.partition('class="remedies"')[2].partition("</ol>")[0]
    answer = send(desk, address, {"number": "0"}, page=f"/desk/plans/{left.plan_id}")
    assert answer.status_code == 303
    after = desk.get(answer.location).text
    assert {"en": "1 change is applied. The next plan serves it.", "zh_CN": "已采用 1 项改动"}[locale] in after
    assert "/apply" not in after


def test_the_desk_says_why_a_stop_is_here(app: Flask, left: Left) -> None:
    desk = signed_in(app, "coordinator")
    assert f"/requests/{left.served_id}/why" in desk.get(f"/desk/plans/{left.plan_id}").text
    assert "No other shift can take it." in desk.get(f"/desk/plans/{left.plan_id}/requests/{left.served_id}/why").text
    assert desk.get(f"/desk/plans/{left.plan_id}/requests/{left.request_id}/why").status_code == 404


def test_the_town_reads_the_cheapest_change_that_is_its_own_to_make(
    app: Flask, left: Left, session: Session, now: datetime
) -> None:
    publishing.publish(session, left.plan_id, actor="zhou", now=now)
    asked = session.get_one(VisitRequest, left.request_id)
    [account] = [make_account(session, "asker", Role.TOWN, now, town_id=asked.town_id)]
    session.commit()
    page = signed_in(app, account.username).get(f"/town/requests/{left.request_id}").text
    said = page.partition("What would have served it")[2].partition("</p>")[0]
    assert re.search(r"(Add|Widen|Wait until|Leave out) ", said)


def windows_of(session: Session, request_id: int) -> list[RequestWindow]:
    return list(session.scalars(select(RequestWindow).where(RequestWindow.request_id == request_id)))
