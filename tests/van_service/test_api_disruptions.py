"""Bad days over the API: entered, repaired by proposals with bounds, one chosen, or everything revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schedules.models import DisruptionKind
from tests.upset import Week, entry_of, make_plans, make_week
from tests.van_service.conftest import Clock, make_account
from van_service.accounts import Role
from van_service.extensions import db

DAWN = datetime(2026, 6, 8, 22, 30, tzinfo=UTC)  # Tuesday 9 June, 6:30 in Shanghai


@pytest.fixture
def entries(app: Flask, clock: Clock, now: datetime) -> dict[DisruptionKind, dict[str, Any]]:
    """A body for each kind, on a week with promises."""
    with app.app_context():
        week = make_week(db.session, now=now)
        make_account(db.session, "coordinator", Role.COORDINATOR, now)
        make_account(db.session, "town", Role.TOWN, now, town_id=week.first.town_id)
        bodies = {kind: body_of(week, kind) for kind in DisruptionKind}
        db.session.commit()
    clock.now = DAWN
    return bodies


def body_of(week: Week, kind: DisruptionKind) -> dict[str, Any]:
    entry = entry_of(db.session, week, kind)
    values = {name: getattr(entry, name) for name in entry.__slots__}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
        if value not in (None, False)
    }


@pytest.fixture
def call(app: Flask) -> Callable[..., Any]:
    """Call the API as a coordinator; status and body."""

    def call(method: str, path: str, body: dict[str, Any] | None = None, *, who: str = "coordinator") -> Any:
        client: FlaskClient = app.test_client()
        headers = {"Authorization": f"Bearer token of {who}"}
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
        return answer.status_code, answer.json

    return call


@pytest.mark.parametrize("kind", list(DisruptionKind))
def test_every_kind_is_entered_shown_and_revoked(
    entries: dict[DisruptionKind, dict[str, Any]], call: Callable[..., Any], kind: DisruptionKind
) -> None:
    status, made = call("POST", "/disruptions", entries[kind])
    assert (status, made["kind"], made["state"]) == (201, kind.value, "open")
    assert len(made["visits_hit"]) == (kind is not DisruptionKind.URGENT_VISIT)
    assert call("GET", f"/disruptions/{made['id']}")[1] == made
    assert [each["id"] for each in call("GET", "/disruptions?state=open")[1]] == [made["id"]]
    status, revoked = call("POST", f"/disruptions/{made['id']}/revoke")
    assert (status, revoked["state"]) == (200, "revoked")
    assert call("POST", f"/disruptions/{made['id']}/revoke")[0] == 409


def test_a_repair_shows_three_proposals_and_one_is_chosen_and_published(
    app: Flask, entries: dict[DisruptionKind, dict[str, Any]], call: Callable[..., Any]
) -> None:
    assert call("POST", "/repairs", {})[1]["code"] == "nothing_to_repair"
    disruption = call("POST", "/disruptions", entries[DisruptionKind.VAN_OUT])[1]["id"]
    status, repair = call("POST", "/repairs", {"seconds": 6})
    assert (status, [each["kind"] for each in repair["proposals"]]) == (202, ["keep_times", "same_day", "replan"])
    assert {each["plan"]["state"] for each in repair["proposals"]} == {"queued"}
    with app.app_context():
        make_plans(db.session, now=DAWN)
    proposals = call("GET", f"/repairs/{repair['id']}")[1]["proposals"]
    assert all(each["plan"]["gap"] == 0 and each["plan"]["proven"] for each in proposals)
    assert [each["counts"]["dropped"] for each in proposals] == [1, 0, 0]
    assert [each["people_to_tell"] for each in proposals] == [2, 2, 4]
    chosen = proposals[1]["plan"]["id"]
    assert call("POST", f"/repairs/{repair['id']}/choose", {"plan_id": chosen})[0] == 200
    assert call("POST", f"/plans/{proposals[0]['plan']['id']}/publish")[0] == 409
    assert call("POST", f"/plans/{chosen}/publish")[0] == 200
    assert call("GET", f"/disruptions/{disruption}")[1]["plan_id"] == chosen


def test_a_bad_entry_names_the_field(entries: object, call: Callable[..., Any]) -> None:
    status, answer = call("POST", "/disruptions", {"kind": "van_out", "reason": "x", "first_day": "2026-06-09"})
    assert (status, answer["errors"][0]["field"], answer["errors"][0]["code"]) == (422, "van_id", "missing")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/disruptions"), ("POST", "/disruptions/1/revoke"), ("GET", "/repairs/1")]
)
def test_towns_have_no_say_in_it(entries: object, call: Callable[..., Any], method: str, path: str) -> None:
    assert call(method, path, who="town")[0] == 403
