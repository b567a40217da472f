"""Calendar feeds over the API: each role makes, sees and ends its own; the address is told once and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import Shift
from tests.van_service import rfc5545
from tests.van_service.conftest import District
from van_service.idempotency import IdempotencyKey

AsRole = Callable[[str], FlaskClient]
ADDRESS = "/api/v1/calendar-feeds"


def made(client: FlaskClient, kind: str, **given: Any) -> dict[str, Any]:
    answer = client.post(ADDRESS, json={"kind": kind, "label": "office"} | given)
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    return answer.json


def test_an_address_is_told_once_and_opens_the_calendar(as_role: AsRole, client: FlaskClient) -> None:
    answer = as_role("town").post(ADDRESS, json={"kind": "town", "label": "office", "locale": "en"})
    feed = answer.json
    assert answer.headers["Location"] == f"{ADDRESS}/{feed['id']}"
    assert feed["address"].startswith("http://localhost/calendar/")
    read = client.get(feed["address"].removeprefix("http://localhost"))
    assert rfc5545.read(read.data).text("NAME").startswith("Service van in Trial Town")
    [listed] = as_role("town").get(ADDRESS).json
    assert "address" not in listed
    assert (listed["id"], listed["label"], listed["created_by"]) == (feed["id"], "office", "town")


def test_a_town_and_a_crew_member_have_their_own_and_a_coordinator_all(as_role: AsRole, district: District) -> None:
    coordinator = as_role("coordinator")
    with_ids = {
        "town": made(as_role("town"), "town")["id"],
        "crew": made(as_role("crew"), "crew")["id"],
        "other_town": made(coordinator, "town", town_id=district.other_town)["id"],
    }
    made(coordinator, "public")
    for role, feed_id in with_ids.items():
        assert [feed["id"] for feed in as_role(role).get(ADDRESS).json] == [feed_id]
    assert len(coordinator.get(ADDRESS).json) == 4


@pytest.mark.parametrize(
    ("role", "kind", "given"),
    [
        ("town", "town", {"town_id": "other_town"}),
        ("town", "crew", {"crew_member_id": "crew_member"}),
        ("town", "van", {"van_id": "van"}),
        ("town", "public", {}),
        ("crew", "town", {"town_id": "town"}),
        ("crew", "van", {"van_id": "van"}),
        ("crew", "public", {}),
    ],
)
def test_nobody_makes_the_calendar_of_somebody_else(
    role: str,
    kind: str,
    given: dict[str, str],
    as_role: AsRole,
    district: District,
    session_factory: sessionmaker[Session],
) -> None:
    with session_factory() as session:
        van = session.get_one(Shift, district.shift).van_id
    ids = {name: van if row == "van" else getattr(district, row) for name, row in given.items()}
    answer = as_role(role).post(ADDRESS, json={"kind": kind, "label": "office", **ids})
    assert answer.status_code == 403
    assert as_role("coordinator").get(ADDRESS).json == []


def test_a_revoked_address_is_gone_and_still_listed(as_role: AsRole, client: FlaskClient) -> None:
    feed = made(as_role("town"), "town")
    path = feed["address"].removeprefix("http://localhost")
    assert as_role("other_town").delete(f"{ADDRESS}/{feed['id']}").status_code == 404
    assert client.get(path).status_code == 200
    for _ in range(2):
        assert as_role("town").delete(f"{ADDRESS}/{feed['id']}").status_code == 204
    assert client.get(path).status_code == 410
    [listed] = as_role("town").get(ADDRESS).json
    assert listed["revoked_by"] == "town"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "town", "label": "office"}, "town_id"),
        ({"kind": "van", "label": "office", "van_id": 999}, "van_id"),
        ({"kind": "moon", "label": "office"}, "kind"),
        ({"kind": "public", "label": " "}, "label"),
        ({"kind": "public", "label": "x" * 61}, "label"),
        ({"kind": "public", "label": "office", "locale": "de"}, "locale"),
    ],
)
def test_bad_words_are_named(body: dict[str, Any], field: str, as_role: AsRole) -> None:
    answer = as_role("coordinator").post(ADDRESS, json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_repeated_call_makes_no_second_feed_and_tells_no_address(
    as_role: AsRole, session_factory: sessionmaker[Session]
) -> None:
    client, body = as_role("coordinator"), {"kind": "public", "label": "website"}
    first, second = (client.post(ADDRESS, json=body, headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json | {"address": None}
    token = first.json["address"].rpartition("/")[2].removesuffix(".ics")
    with session_factory() as session:
        assert token not in (session.scalars(select(IdempotencyKey.body)).one() or "")
    assert len(client.get(ADDRESS).json) == 1
