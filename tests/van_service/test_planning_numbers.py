"""The numbers of planning over the API and on the desk: who may change them, by which version, within which limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import Plan, PlanningSettings, Service, Shift, Venue
from schedules.prizes import DEFAULTS
from tests.drafts import draft
from tests.factories import make_request, make_shift
from tests.van_service.conftest import District
from tests.van_service.page_calls import error_beside, send, signed_in, token_on, value_of

AsRole = Callable[[str], FlaskClient]
Sessions = sessionmaker[Session]

API, PAGE = "/api/v1/settings", "/desk/masters/points"
TUESDAY = date(2026, 6, 9)


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    return signed_in(app, "coordinator")


@pytest.fixture
def plan_id(app: Flask, district: District, session_factory: Sessions, now: datetime) -> int:
    """A draft that serves one request."""
    with app.app_context(), session_factory() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        shift = make_shift(session, TUESDAY, session.get_one(Shift, district.shift).van)
        asked = make_request(session, [(TUESDAY, 480, 720)], now=now, venue=venue, service=service)
        return draft(session, [(asked, shift, 540)], now=now).id


def put(client: FlaskClient, tag: str | None = '"0"', **changed: object) -> object:
    headers = {} if tag is None else {"If-Match": tag}
    return client.put(API, json={**DEFAULTS, **changed}, headers=headers)


def test_a_coordinator_reads_them_and_nobody_else_does(as_role: AsRole) -> None:
    answer = as_role("coordinator").get(API)
    assert (answer.json, answer.headers["ETag"]) == (DEFAULTS, '"0"')
    for role in ("town", "crew"):
        assert as_role(role).get(API).status_code == 403
        assert put(as_role(role)).status_code == 403


def test_a_change_needs_the_version_that_was_read(as_role: AsRole) -> None:
    office = as_role("coordinator")
    assert put(office, None, hold_minutes=20).status_code == 428
    changed = put(office, hold_minutes=20)
    assert (changed.status_code, changed.headers["ETag"], changed.json["hold_minutes"]) == (200, '"1"', 20)
    overtaken = put(office, hold_minutes=30)
    assert (overtaken.status_code, overtaken.json["code"]) == (412, "changed_meanwhile")
    assert office.get(API).json == {**DEFAULTS, "hold_minutes": 20}


@pytest.mark.parametrize("wrong", [0, 61, "20", 7.5, True, None])
def test_what_is_no_lawful_number_is_refused_by_name(as_role: AsRole, wrong: object) -> None:
    answer = put(as_role("coordinator"), hold_minutes=wrong)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == ["hold_minutes"]


def test_one_left_out_or_unknown_is_named(as_role: AsRole) -> None:
    office = as_role("coordinator")
    some = {name: number for name, number in DEFAULTS.items() if name != "visit"}
    answer = office.put(API, json={**some, "luck": 7}, headers={"If-Match": '"0"'})
    assert {each["field"] for each in answer.json["errors"]} == {"visit", "luck"}


def test_the_page_says_what_a_draft_becomes(desk: FlaskClient, plan_id: int, session_factory: Sessions) -> None:
    page = desk.get(PAGE).text
    form = {name: value_of(page, name) for name in DEFAULTS}
    assert form == {name: str(number) for name, number in DEFAULTS.items()}
    answer = send(desk, PAGE, {**form, "visit": "310", "version": value_of(page, "version")})
    assert (answer.status_code, answer.location) == (303, PAGE)
    after = desk.get(PAGE).text
    assert "1 draft was made by others and cannot be published" in after
    assert "by coordinator" in after
    assert "Numbers of planning have changed" in desk.get(f"/desk/plans/{plan_id}/publish").text
    with session_factory() as session:
        assert session.get_one(PlanningSettings, 1).values == {"visit": 310}
        assert session.get_one(Plan, plan_id).published_at is None


@pytest.mark.parametrize("wrong", ["0", "61", "x", "", "7.5", "٣"])
def test_the_page_names_what_is_wrong_beside_it_and_stores_nothing(
    desk: FlaskClient, session_factory: Sessions, wrong: str
) -> None:
    form = {name: str(number) for name, number in DEFAULTS.items()}
    answer = send(desk, PAGE, {**form, "visit": "310", "hold_minutes": wrong, "version": "0"})
    assert answer.status_code == 422
    assert error_beside(answer.text, "hold_minutes") == "Enter 1 to 60."
    assert (value_of(answer.text, "visit"), value_of(answer.text, "hold_minutes")) == ("310", wrong)
    with session_factory() as session:
        assert session.get(PlanningSettings, 1) is None


def test_of_two_pages_the_second_is_told_that_it_was_overtaken(desk: FlaskClient, session_factory: Sessions) -> None:
    form = {name: str(number) for name, number in DEFAULTS.items()}
    send(desk, PAGE, {**form, "visit": "310", "version": "0"})
    send(desk, PAGE, {**form, "visit": "320", "version": "0"})
    page = desk.get(PAGE).text
    assert "Somebody changed the numbers meanwhile" in page
    assert value_of(page, "visit") == "310"
    assert token_on(page)
