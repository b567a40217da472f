"""The whole way over the API alone: request, plan, publish, drive, report, result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from routes import check, read_plan, read_problem
from schedules import runner
from tests.van_service.conftest import Clock, District

AsRole = Callable[[str], FlaskClient]


@pytest.fixture
def drafted(
    as_role: AsRole, wish: dict[str, Any], clock: Clock, session_factory: sessionmaker[Session]
) -> dict[str, Any]:
    """A draft made by the runner of two requests; the second asks for an evening, when no van drives."""
    town, coordinator = as_role("town"), as_role("coordinator")
    for change in ({}, {"windows": [{"day": "2026-06-03", "opens": 1080, "closes": 1300}]}):
        filed = town.post("/api/v1/requests", json=wish | change)
        assert coordinator.post(f"{filed.headers['Location']}/accept").status_code == 200
    body = {"first_day": "2026-06-02", "last_day": "2026-06-05", "seconds": 2}
    queued = coordinator.post("/api/v1/plans", json=body)
    assert (queued.status_code, queued.json["state"]) == (202, "queued")
    assert runner.run_one(session_factory, owner="test", clock=clock, threads=1) == queued.json["id"]
    plan = coordinator.get(queued.headers["Location"]).json
    assert plan is not None
    assert plan["state"] == "draft", plan
    return plan


def test_a_request_becomes_a_visit_with_a_report(as_role: AsRole, drafted: dict[str, Any], clock: Clock) -> None:
    town, coordinator, crew = as_role("town"), as_role("coordinator"), as_role("crew")
    address = f"/api/v1/plans/{drafted['id']}"

    assert drafted["value"] <= drafted["bound"]
    (tour,) = coordinator.get(f"{address}/tours").json
    assert [stop["request_id"] for stop in tour["stops"]] == [1]
    (left_out,) = coordinator.get(f"{address}/unserved?lang=en").json
    assert (left_out["request_id"], left_out["reason"]) == (2, "impossible")
    assert left_out["words"].startswith("Impossible on ")

    problem = read_problem(coordinator.get(f"{address}/problem").json)
    assert check(problem, read_plan(coordinator.get(f"{address}/document").json)) == []

    difference = coordinator.get(f"{address}/difference").json
    assert difference["counts"]["added"] == 1
    assert difference["people_to_tell"] >= 1
    assert difference["stale"] == []
    assert town.get(f"{address}/tours").status_code == 403

    assert coordinator.post(f"{address}/publish").json["state"] == "published"
    again = coordinator.post(f"{address}/publish")
    assert (again.status_code, again.json["code"]) == (409, "move_not_allowed")
    assert coordinator.get("/api/v1/messages/upcoming").json
    assert coordinator.get("/api/v1/messages?limit=1").json["items"][0]["recipient_name"].endswith("*")

    (visit,) = town.get("/api/v1/visits").json
    assert visit["starts_at"].startswith("2026-06-02T")
    assert visit["starts_at"].endswith("+08:00")
    assert as_role("other_town").get("/api/v1/visits").json == []
    assert as_role("other_town").get(f"/api/v1/visits/{visit['id']}").status_code == 404
    assert crew.get(f"/api/v1/visits/{visit['id']}").json["contact"]["masked"] is True

    clock.now = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)  # 09:00 on the day
    assert crew.get(f"/api/v1/visits/{visit['id']}").json["contact"]["phone"] == "13800005678"
    here = f"/api/v1/visits/{visit['id']}"
    assert town.post(f"{here}/set-off", json={}).status_code == 403
    assert town.post(f"{here}/confirm", json={}).json["state"] == "confirmed"
    for step, state in (("set-off", "on_the_way"), ("arrive", "on_the_way"), ("open", "open"), ("close", "open")):
        for _ in range(2):  # said twice, heard once
            said = crew.post(f"{here}/{step}", json={"at": "2026-06-02T09:00:00+08:00"})
            assert (said.status_code, said.json["state"]) == (200, state), said.text
    assert said.json["version"] == visit["version"] + 5

    report = {"people": 86, "samples_tested": 20, "samples": [{"food": "虾", "item": "甲醛", "result": "negative"}]}
    assert town.put(f"{here}/report", json=report).status_code == 403
    assert crew.put(f"{here}/report", json=report).status_code == 200
    assert town.get(f"{here}/report").json["people"] == 86
    assert town.get("/api/v1/requests/1").json["state"] == "done"
    totals = town.get("/api/v1/reports/totals?first=2026-06-01&last=2026-06-30").json
    assert (totals["visits"], totals["people"], totals["samples_tested"]) == (1, 86, 20)
    covered = {
        row["town"]["id"]: row for row in coordinator.get("/api/v1/coverage?first=2026-06-01&last=2026-06-30").json
    }
    assert [covered[visit["town"]["id"]][name] for name in ("done", "days_since_last")] == [1, 0]


def test_a_plan_made_from_data_that_changed_is_not_published(
    as_role: AsRole, drafted: dict[str, Any], wish: dict[str, Any]
) -> None:
    assert as_role("town").post("/api/v1/requests/1/withdraw", json={}).status_code == 200
    refused = as_role("coordinator").post(f"/api/v1/plans/{drafted['id']}/publish")
    assert (refused.status_code, refused.json["code"]) == (409, "stale_plan")
    assert refused.json["numbers"]["changes"]
    assert as_role("town").get("/api/v1/visits").json == []


def test_a_run_that_waits_can_be_called_off(as_role: AsRole, district: District) -> None:
    coordinator = as_role("coordinator")
    body = {"first_day": "2026-06-02", "last_day": "2026-06-05"}
    address = coordinator.post("/api/v1/plans", json=body).headers["Location"]
    assert coordinator.post(f"{address}/stop").json["state"] == "failed"
    assert coordinator.post(f"{address}/stop").status_code == 409
    assert coordinator.post(f"{address}/discard").json["state"] == "discarded"
    assert [plan["state"] for plan in coordinator.get("/api/v1/plans").json] == ["discarded"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first_day": "2026-05-01", "last_day": "2026-05-02"}, "last_day"),
        ({"last_day": "2026-05-02"}, "last_day"),
        ({"last_day": "2031-05-02"}, "last_day"),
        ({"seconds": 0}, "seconds"),
        ({"options": {"vans": ["van 99"]}}, "options.vans"),
        ({"options": {"speed": 3}}, "options.speed"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_made_is_not_queued(
    change: dict[str, Any], field: str, as_role: AsRole, district: District
) -> None:
    coordinator = as_role("coordinator")
    body = {"first_day": "2026-06-02", "last_day": "2026-06-05"} | change
    answer = coordinator.post("/api/v1/plans", json=body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert coordinator.get("/api/v1/plans").json == []
