"""Venues, towns, days, fleet and tokens over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.van_service.conftest import District

AsRole = Callable[[str], FlaskClient]

VENUE = {"kind_code": "community", "name_zh": "曙光社区", "latitude": 30.93, "longitude": 121.47, "capacity": 60}


def test_a_town_adds_and_finds_its_own_venues(as_role: AsRole, district: District) -> None:
    town = as_role("town")
    added = town.post("/api/v1/venues", json=VENUE | {"power": True})
    assert (added.status_code, added.json["name_en"], added.json["power"]) == (201, "曙光社区", True)
    assert town.get(added.headers["Location"]).json["town"]["id"] == district.town
    assert [row["id"] for row in town.get("/api/v1/venues?text=曙光").json["items"]] == [added.json["id"]]
    assert as_role("other_town").get(added.headers["Location"]).status_code == 404
    assert len(as_role("coordinator").get("/api/v1/venues").json["items"]) == 3


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"latitude": 51.5}, 422, "latitude"),
        ({"latitude": "30.9"}, 422, "latitude"),
        ({"longitude": 999}, 422, "longitude"),
        ({"capacity": 0}, 422, "capacity"),
        ({"kind_code": "moon"}, 422, "kind_code"),
        ({"name_zh": "  "}, 422, "name_zh"),
        ({"power": "yes"}, 422, "power"),
        ({"town_id": 2}, 403, "town_id"),
    ],
    ids=str,
)
def test_a_venue_that_cannot_be_is_named(
    change: dict[str, Any], status: int, field: str, as_role: AsRole, district: District
) -> None:
    answer = as_role("town").post("/api/v1/venues", json=VENUE | change)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (status, field)


def test_everybody_reads_the_catalogue(as_role: AsRole) -> None:
    for role in ("town", "crew", "coordinator"):
        (service,) = as_role(role).get("/api/v1/services").json
        assert service["skills"] == [{"skill": "tester", "number": 2}]


def test_a_town_office_is_masked_for_other_towns(as_role: AsRole, district: District) -> None:
    phones = {row["id"]: row["contact"]["phone"] for row in as_role("town").get("/api/v1/towns").json}
    assert phones == {district.town: "13800005678", district.other_town: "138****5678"}


def test_a_coordinator_says_what_a_day_is(as_role: AsRole, district: District) -> None:
    address = f"/api/v1/days/{district.saturday}"
    body = {"kind": "make_up", "name_zh": "调休", "name_en": "Make-up day"}
    assert as_role("town").put(address, json=body).status_code == 403
    assert as_role("coordinator").put(address, json=body).json["works"] is True
    days = as_role("town").get(f"/api/v1/days?first={district.saturday}&last={district.saturday}").json
    assert [(day["kind"], day["source"]) for day in days] == [("make_up", "coordinator")]
    assert as_role("coordinator").put("/api/v1/days/2026-02-30", json=body).status_code == 404


def test_the_crews_phones_are_masked(as_role: AsRole, district: District) -> None:
    assert [row["phone"] for row in as_role("coordinator").get("/api/v1/crew").json] == ["139****1234"] * 2
    assert as_role("town").get("/api/v1/crew").status_code == 403


def test_the_roster_names_van_day_and_riders(as_role: AsRole, district: District) -> None:
    first, second = as_role("crew").get("/api/v1/shifts").json
    assert (first["day"], second["day"]) == ("2026-06-02", "2026-06-03")
    assert district.crew_member in [rider["id"] for rider in first["crew"]]
    assert [van["id"] for van in as_role("crew").get("/api/v1/vans").json] == [first["van_id"]]


def test_a_token_is_made_used_and_ended(as_role: AsRole, client: FlaskClient) -> None:
    made = as_role("town").post("/api/v1/tokens", json={"label": "sheet"})
    header = {"Authorization": f"Bearer {made.json['secret']}"}
    assert client.get("/api/v1/requests", headers=header).status_code == 200
    assert "secret" not in as_role("town").get("/api/v1/tokens").json[0]
    assert as_role("other_town").delete(made.headers["Location"]).status_code == 404
    assert as_role("town").delete(made.headers["Location"]).status_code == 204
    assert client.get("/api/v1/requests", headers=header).status_code == 401


@pytest.mark.parametrize("span", ["first=2026-06-02&last=2026-06-01", "first=2026-01-01&last=2030-01-01", "last=soon"])
def test_a_span_of_days_has_an_order_and_an_end(span: str, as_role: AsRole) -> None:
    for path in ("days", "shifts", "visits", "coverage", "reports/totals"):
        answer = as_role("coordinator").get(f"/api/v1/{path}?{span}")
        assert answer.status_code == 422
        assert "last" in [error["field"] for error in answer.json["errors"]]
