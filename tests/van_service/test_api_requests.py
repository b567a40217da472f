"""A request over the API: filed, read, changed with its ETag, decided; never by or before the wrong eyes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import AuditRow, VisitRequest
from tests.van_service.conftest import District

AsRole = Callable[[str], FlaskClient]


@pytest.fixture
def filed(as_role: AsRole, wish: dict[str, Any]) -> str:
    """The address of a request that the town has filed."""
    answer = as_role("town").post("/api/v1/requests", json=wish)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def test_a_filed_request_can_be_read_where_the_answer_says(as_role: AsRole, filed: str) -> None:
    read = as_role("town").get(filed).json
    assert read is not None
    assert (read["state"], read["session"], read["kits"], read["version"]) == ("submitted", 120, 24, 1)
    assert read["windows"] == [{"day": "2026-06-02", "opens": 540, "closes": 720, "preferred": False}]
    assert read["submitted_at"] == "2026-06-01T08:00:00+08:00"


def test_its_own_town_sees_the_contact_others_see_a_mask(as_role: AsRole, filed: str) -> None:
    contacts = {role: as_role(role).get(filed).json["contact"] for role in ("town", "coordinator")}
    assert contacts["town"]["phone"] == "13800005678"
    assert contacts["coordinator"] == {
        "name": "陆*",
        "phone": "138****5678",
        "email": "l***@example.org",
        "masked": True,
    }


def test_revealing_a_contact_is_written_down(
    as_role: AsRole, filed: str, session_factory: sessionmaker[Session]
) -> None:
    answer = as_role("coordinator").post(f"{filed}/contact")
    assert answer.json is not None
    assert answer.json["phone"] == "13800005678"
    with session_factory() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.verb == "revealed")).all()
    assert [(row.actor, row.noun, row.origin) for row in rows] == [("coordinator", "request", "127.0.0.1")]


@pytest.mark.parametrize(
    ("method", "end"), [("get", ""), ("put", ""), ("post", "/withdraw"), ("post", "/contact")], ids=lambda part: part
)
def test_a_foreign_town_finds_nothing(method: str, end: str, as_role: AsRole, filed: str, wish: dict[str, Any]) -> None:
    body = wish if method == "put" else {}
    answer = getattr(as_role("other_town"), method)(filed + end, json=body, headers={"If-Match": '"1"'})
    assert answer.status_code == 404


def test_a_list_shows_a_town_only_its_own(as_role: AsRole, filed: str, district: District) -> None:
    assert len(as_role("town").get("/api/v1/requests").json["items"]) == 1
    assert as_role("other_town").get("/api/v1/requests").json["items"] == []
    # naming the other town changes nothing
    assert as_role("other_town").get(f"/api/v1/requests?town_id={district.town}").json["items"] == []
    assert len(as_role("coordinator").get(f"/api/v1/requests?town_id={district.town}").json["items"]) == 1


def test_pages_of_a_list_follow_each_other(as_role: AsRole, wish: dict[str, Any]) -> None:
    town = as_role("town")
    for _ in range(5):
        town.post("/api/v1/requests", json=wish)
    pages, after = [], ""
    while after is not None:
        page = town.get(f"/api/v1/requests?limit=2{after and f'&after={after}'}").json
        pages.append([row["id"] for row in page["items"]])
        after = page["next"]
    assert pages == [[5, 4], [3, 2], [1]]


def test_a_list_can_be_asked_for_states(as_role: AsRole, filed: str) -> None:
    town = as_role("town")
    assert len(town.get("/api/v1/requests?state=submitted&state=planned").json["items"]) == 1
    assert town.get("/api/v1/requests?state=planned").json["items"] == []
    assert town.get("/api/v1/requests?state=lost").status_code == 422


def test_a_change_names_the_version_it_changes(as_role: AsRole, filed: str, wish: dict[str, Any]) -> None:
    town = as_role("town")
    tag = town.get(filed).headers["ETag"]
    wish["people"] = 90
    assert town.put(filed, json=wish).status_code == 428
    assert town.put(filed, json=wish, headers={"If-Match": '"77"'}).status_code == 412
    assert town.put(filed, json=wish, headers={"If-Match": "nonsense"}).status_code == 412
    changed = town.put(filed, json=wish, headers={"If-Match": tag})
    assert (changed.status_code, changed.json["people"]) == (200, 90)
    assert changed.headers["ETag"] != tag
    overtaken = town.put(filed, json=wish, headers={"If-Match": tag})
    assert (overtaken.status_code, overtaken.json["code"]) == (412, "changed_meanwhile")


def test_of_two_who_change_one_version_at_once_one_is_told(
    as_role: AsRole, filed: str, wish: dict[str, Any], session_factory: sessionmaker[Session]
) -> None:
    start = threading.Barrier(2)
    statuses: list[int] = []

    def change(client: FlaskClient, people: int) -> None:
        start.wait()
        answer = client.put(filed, json=wish | {"people": people}, headers={"If-Match": '"1"'})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=change, args=(as_role("town"), people)) for people in (90, 91)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412]
    with session_factory() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.verb == "amended")).all()) == 1


def test_what_is_known_already_is_not_sent_again(as_role: AsRole, filed: str) -> None:
    town = as_role("town")
    tag = town.get(filed).headers["ETag"]
    again = town.get(filed, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_coordinator_decides_and_a_town_does_not(as_role: AsRole, filed: str) -> None:
    assert as_role("town").post(f"{filed}/accept").status_code == 403
    accepted = as_role("coordinator").post(f"{filed}/accept")
    assert accepted.json["state"] == "accepted"
    again = as_role("coordinator").post(f"{filed}/accept")
    assert (again.status_code, again.json["code"]) == (409, "move_not_allowed")
    declined = as_role("coordinator").post(f"{filed}/decline", json={"reason": "The hall is being rebuilt"})
    assert (declined.json["state"], declined.json["decline_reason"]) == ("declined", "The hall is being rebuilt")


def test_a_decision_on_what_one_has_not_seen_is_refused(as_role: AsRole, filed: str) -> None:
    answer = as_role("coordinator").post(f"{filed}/accept", headers={"If-Match": '"9"'})
    assert answer.status_code == 412


def test_a_pin_is_set_where_the_request_allows_it(as_role: AsRole, filed: str, district: District) -> None:
    coordinator = as_role("coordinator")
    coordinator.post(f"{filed}/accept")
    wrong = coordinator.post(f"{filed}/pin", json={"shift_id": district.next_shift})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "shift_id")
    pinned = coordinator.post(f"{filed}/pin", json={"shift_id": district.shift, "starts": 550})
    assert (pinned.json["pinned_shift_id"], pinned.json["pinned_starts"]) == (district.shift, 550)
    assert coordinator.post(f"{filed}/unpin").json["pinned_shift_id"] is None


def test_a_coordinator_files_for_a_town_that_it_names(
    as_role: AsRole, wish: dict[str, Any], district: District
) -> None:
    coordinator = as_role("coordinator")
    unnamed = coordinator.post("/api/v1/requests", json=wish)
    assert (unnamed.status_code, unnamed.json["errors"][0]["field"]) == (422, "town_id")
    named = coordinator.post("/api/v1/requests", json=wish | {"town_id": district.town, "priority": "urgent"})
    assert (named.status_code, named.json["priority"]) == (201, "urgent")


def test_crew_members_see_no_requests(as_role: AsRole, filed: str) -> None:
    assert as_role("crew").get(filed).status_code == 403


def test_withdrawing_twice_is_withdrawing_once(
    as_role: AsRole, filed: str, session_factory: sessionmaker[Session]
) -> None:
    states = [as_role("town").post(f"{filed}/withdraw", json={"reason": "rain"}).json["state"] for _ in range(2)]
    assert states == ["withdrawn", "withdrawn"]
    with session_factory() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.verb == "withdrawn")).all()) == 1
        assert len(session.scalars(select(VisitRequest)).all()) == 1
