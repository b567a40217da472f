"""What helps a request that a draft leaves out: read and applied over the API and on the desk, told to the town."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from routes.explain import explain
from routes.explanations import Explainer, write_explanation
from routes.planner import plan_visits
from schedules import explaining, publishing, runs
from schedules.drafts import store_draft
from schedules.models import AuditRow, Explanation, Hold, HoldState, RequestWindow, Shift, VisitRequest
from schedules.planning import snapshot
from tests.factories import make_request, make_shift, make_van
from tests.van_service.conftest import District, make_account
from tests.van_service.page_calls import send, signed_in, value_of
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
    assert spans_of(session, left.request_id) != before
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


@pytest.fixture
def asker(app: Flask, left: Left, session: Session, now: datetime) -> str:
    """The account of the town whose request the plan, now published, leaves out."""
    publishing.publish(session, left.plan_id, actor="zhou", now=now)
    asked = session.get_one(VisitRequest, left.request_id)
    username = make_account(session, "asker", Role.TOWN, now, town_id=asked.town_id).username
    session.commit()
    return username


def test_the_town_makes_the_cheapest_change_that_is_its_own_with_one_button(
    app: Flask, left: Left, asker: str, session: Session
) -> None:
    town, address = signed_in(app, asker), f"/town/requests/{left.request_id}"
    page = town.get(address).text
    said = page.partition("This makes room for it")[2].partition("</p>")[0]
    assert re.search(r"(Add|Widen|Wait until|Leave out) ", said)
    before = spans_of(session, left.request_id)
    answer = send(town, f"{address}/own-change", {"number": value_of(page, "number")}, page=address)
    assert (answer.status_code, answer.location) == (303, address)
    after = town.get(address).text
    assert "Changed, and a time is free for you" in after
    assert "A time is free for you" in after
    assert "Apply this change" not in after
    session.expire_all()
    assert spans_of(session, left.request_id) != before
    kept = session.scalars(select(Hold).where(Hold.request_id == left.request_id)).one()
    assert kept.state is HoldState.HELD
    send(town, f"/town/offers/{kept.id}/pass", {"request": str(left.request_id)})
    assert "Changed since then" in town.get(address).text


def test_a_change_that_is_gone_is_said_kindly_and_changes_nothing(
    app: Flask, left: Left, asker: str, session: Session
) -> None:
    town, address = signed_in(app, asker), f"/town/requests/{left.request_id}"
    before, number = spans_of(session, left.request_id), value_of(town.get(address).text, "number")
    session.execute(update(Shift).values(out_of_service="repair"))
    session.commit()
    send(town, f"{address}/own-change", {"number": number}, page=address)
    page = town.get(address).text
    assert "that does not help any more" in page
    assert "What would have served it" in page
    assert "Apply this change" not in page
    session.expire_all()
    assert spans_of(session, left.request_id) == before


def test_another_town_and_the_desk_cannot_press_the_towns_button(app: Flask, left: Left, asker: str) -> None:
    address = f"/town/requests/{left.request_id}/own-change"
    assert send(signed_in(app, "town"), address, {"number": "0"}).status_code == 404
    assert send(signed_in(app, "coordinator"), address, {"number": "0"}).status_code == 403


def test_the_api_tells_and_makes_the_towns_own_change(
    as_role: Callable[[str], FlaskClient], left: Left, asker: str
) -> None:
    address = f"/api/v1/requests/{left.request_id}/own-change"
    assert as_role("town").get(address).status_code == 404
    assert as_role("crew").get(address).status_code == 403
    own = as_role(asker).get(f"{address}?lang=en").get_json()
    assert own.keys() == {"number", "kind", "detail", "words"}
    assert as_role("town").post(address, json={"number": own["number"]}).status_code == 404
    wrong = as_role(asker).post(address, json={"number": 99}).get_json()
    assert (wrong["status"], wrong["errors"][0]["field"]) == (422, "number")
    made = as_role(asker).post(address, json={"number": own["number"]}).get_json()
    assert made["request"]["state"] == "accepted"
    assert made["offer"]["request_id"] == left.request_id
    assert as_role(asker).post(address, json={"number": own["number"]}).status_code == 409
    assert as_role(asker).get(address).status_code == 404


def windows_of(session: Session, request_id: int) -> list[RequestWindow]:
    return list(session.scalars(select(RequestWindow).where(RequestWindow.request_id == request_id)))


def spans_of(session: Session, request_id: int) -> list[tuple[date, int, int]]:
    return [(each.day, each.opens, each.closes) for each in windows_of(session, request_id)]
