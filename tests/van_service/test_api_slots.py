"""Slots over the API: offered, held, booked, offered by the wait list; by twenty towns at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import wait_list
from schedules.models import Shift, Visit, VisitRequest
from tests.factories import make_town, make_venue
from tests.van_service.conftest import Clock, District, make_account
from tests.van_service.promised import leave_out, published_plan
from van_service.accounts import Role

AsRole = Callable[[str], FlaskClient]
CLIENTS = 20


@pytest.fixture
def need(district: District) -> dict[str, Any]:
    return {"venue_id": district.venue, "services": [{"code": "food_rapid_test"}]}


@pytest.fixture
def booking() -> dict[str, Any]:
    return {"people": 60, "contact_name": "陆燕", "contact_phone": "13800005678", "contact_email": "lu@example.org"}


def hold_best(client: FlaskClient, need: dict[str, Any]) -> dict[str, Any]:
    """Hold the best slot of those offered."""
    best = client.post("/api/v1/offers", json=need).json["items"][0]
    answer = client.post("/api/v1/holds", json={**need, "shift_id": best["shift_id"], "starts": best["starts"]})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def test_a_town_sees_slots_with_their_grade_before_it_asks(as_role: AsRole, need: dict[str, Any]) -> None:
    items = as_role("town").post("/api/v1/offers", json=need).json["items"]
    assert {item["day"] for item in items} == {"2026-06-02", "2026-06-03"}
    assert {item["grade"] for item in items} <= {"good", "possible", "tight"}
    assert items[0]["first"] <= items[0]["starts"] <= items[0]["last"]


def test_a_coordinator_says_for_which_town(as_role: AsRole, need: dict[str, Any], district: District) -> None:
    desk = as_role("coordinator")
    assert desk.post("/api/v1/offers", json=need).status_code == 422
    assert desk.post("/api/v1/offers", json={**need, "town_id": district.town}).status_code == 200
    assert as_role("town").post("/api/v1/offers", json={**need, "town_id": district.other_town}).status_code == 403


def test_a_hold_says_until_when_and_is_repeated_under_its_key(as_role: AsRole, need: dict[str, Any]) -> None:
    town = as_role("town")
    best = town.post("/api/v1/offers", json=need).json["items"][0]
    body = {**need, "shift_id": best["shift_id"], "starts": best["starts"]}
    answers = [town.post("/api/v1/holds", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[0].json["expires_at"] == "2026-06-01T08:10:00+08:00"
    assert len(town.get("/api/v1/holds").json["items"]) == 1
    assert town.post("/api/v1/holds", json=body).json["code"] == "slot_gone"


def test_a_held_slot_is_sent_as_a_request_that_prefers_it(
    as_role: AsRole, need: dict[str, Any], booking: dict[str, Any]
) -> None:
    town = as_role("town")
    kept = hold_best(town, need)
    answer = town.post(f"/api/v1/holds/{kept['id']}/book", json=booking)
    assert answer.status_code == 201
    assert answer.json["state"] == "submitted"
    [window] = answer.json["windows"]
    assert (window["day"], window["opens"], window["preferred"]) == (kept["day"], kept["starts"], True)
    assert town.post(f"/api/v1/holds/{kept['id']}/book", json=booking).json["code"] == "hold_over"


def test_a_town_allowed_to_books_by_itself(
    as_role: AsRole, need: dict[str, Any], booking: dict[str, Any], district: District
) -> None:
    allow = f"/api/v1/towns/{district.town}/self-booking"
    assert as_role("town").post(allow, json={"allowed": True}).status_code == 403
    assert as_role("coordinator").post(allow, json={"allowed": True}).json["self_booking"] is True
    town = as_role("town")
    kept = hold_best(town, need)
    answer = town.post(f"/api/v1/holds/{kept['id']}/book", json=booking)
    assert answer.json["state"] == "planned"
    [visit] = town.get("/api/v1/visits?first=2026-06-01&last=2026-06-30").json
    assert (visit["day"], visit["starts"]) == (kept["day"], kept["starts"])


def test_a_hold_is_its_towns_own_and_ends_by_the_clock(
    as_role: AsRole, need: dict[str, Any], booking: dict[str, Any], clock: Clock
) -> None:
    kept = hold_best(as_role("town"), need)
    place = f"/api/v1/holds/{kept['id']}"
    assert as_role("other_town").get(place).status_code == 404
    assert as_role("other_town").post(f"{place}/release").status_code == 404
    assert as_role("town").get(place).json["live"] is True
    clock.forward(minutes=10)
    assert as_role("town").get(place).json["live"] is False
    assert as_role("town").post(f"{place}/book", json=booking).status_code == 409


def test_a_released_slot_can_be_held_by_another(as_role: AsRole, need: dict[str, Any], district: District) -> None:
    kept = hold_best(as_role("town"), need)
    theirs = {**need, "venue_id": district.other_venue, "shift_id": kept["shift_id"], "starts": kept["starts"]}
    assert as_role("other_town").post("/api/v1/holds", json=theirs).status_code == 409
    assert as_role("town").post(f"/api/v1/holds/{kept['id']}/release").json["state"] == "released"
    assert as_role("other_town").post("/api/v1/holds", json=theirs).status_code == 201


@pytest.fixture
def offered(
    as_role: AsRole, district: District, wish: dict[str, Any], session_factory: sessionmaker[Session], clock: Clock
) -> int:
    """The id of an offer of the wait list to the town's only request."""
    wish["windows"] = [{"day": "2026-06-03", "opens": 480, "closes": 960}]
    assert as_role("town").post("/api/v1/requests", json=wish).status_code == 201
    assert as_role("coordinator").post("/api/v1/requests/1/accept").status_code == 200
    with session_factory.begin() as session:
        plan = published_plan(session, session.get_one(Shift, district.next_shift), now=clock())
        plan.tours.clear()
        leave_out(session, plan, session.get_one(VisitRequest, 1), "outranked")
        [made] = wait_list.offer_freed(session, now=clock())
        return made.id


def test_an_offer_of_the_wait_list_is_taken(as_role: AsRole, offered: int) -> None:
    town = as_role("town")
    [item] = town.get("/api/v1/holds?kind=wait_list").json["items"]
    assert (item["id"], item["request_id"]) == (offered, 1)
    assert as_role("other_town").post(f"/api/v1/holds/{offered}/accept").status_code == 404
    assert town.post(f"/api/v1/holds/{offered}/accept").json["state"] == "planned"
    assert town.post(f"/api/v1/holds/{offered}/accept").json["code"] == "hold_over"


def test_an_offer_of_the_wait_list_is_let_pass(as_role: AsRole, offered: int) -> None:
    town = as_role("town")
    assert town.post(f"/api/v1/holds/{offered}/pass").json["state"] == "passed"
    assert town.get("/api/v1/requests/1").json["state"] == "accepted"
    assert town.post(f"/api/v1/holds/{offered}/accept").json["code"] == "hold_over"


def test_twenty_towns_over_the_api_get_each_slot_once(
    app: Flask, session_factory: sessionmaker[Session], district: District, booking: dict[str, Any], clock: Clock
) -> None:
    with session_factory.begin() as session:
        session.delete(session.get_one(Shift, district.next_shift))
        bodies = []
        for number in range(CLIENTS):
            town = make_town(session, self_booking=True)
            make_account(session, f"rush{number}", Role.TOWN, clock(), town_id=town.id)
            bodies.append({"venue_id": make_venue(session, town).id, "services": [{"code": "food_rapid_test"}]})
    outcomes: Counter[str] = Counter()
    troubles: list[Exception] = []
    ready = threading.Barrier(CLIENTS)

    def rush(number: int) -> None:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer token of rush{number}"
        try:
            ready.wait()
            outcomes[book(client, bodies[number], booking)] += 1
        except Exception as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=rush, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert outcomes == {"booked": 2, "nothing left": CLIENTS - 2}
    with session_factory() as session:
        first, second = session.scalars(select(Visit).order_by(Visit.starts)).all()
        assert first.day == second.day == date(2026, 6, 2)
        assert first.departs <= second.arrives


def book(client: FlaskClient, need: dict[str, Any], booking: dict[str, Any]) -> str:
    """Hold the best slot left and book it, trying again where somebody was faster."""
    while True:
        items = client.post("/api/v1/offers", json=need).json["items"]
        if not items:
            return "nothing left"
        slot = {"shift_id": items[0]["shift_id"], "starts": items[0]["starts"]}
        answer = client.post("/api/v1/holds", json={**need, **slot})
        if answer.status_code == 409 and answer.json["code"] == "slot_gone":
            continue
        assert answer.status_code == 201, answer.text
        booked = client.post(f"/api/v1/holds/{answer.json['id']}/book", json=booking)
        assert booked.status_code == 201, booked.text
        assert booked.json["state"] == "planned"
        return "booked"
