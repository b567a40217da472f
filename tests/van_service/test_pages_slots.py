"""Free times on the pages: seen, held, sent; taken or let pass; a town allowed to book by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import wait_list
from schedules.models import Hold, HoldState, RequestState, Shift, Town, Venue, Visit, VisitRequest
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import error_beside, send, signed_in, value_of
from tests.van_service.promised import leave_out, published_plan

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]
ASK = "/town/requests/new"


@pytest.fixture
def office(app: Flask, district: District) -> FlaskClient:
    return signed_in(app, "town")


@pytest.fixture
def form(district: District, session_factory: Sessions) -> dict[str, Any]:
    """The form without a half-day ticked."""
    with session_factory() as session:
        venue = session.get_one(Venue, district.venue).name_en
    return {
        "venue": venue,
        "service": ["food_rapid_test"],
        "minutes-food_rapid_test": "120",
        "people": "80",
        "contact_name": "陆燕",
        "contact_phone": "13800005678",
    }


def buttons_on(page: str) -> list[str]:
    return re.findall(r'name="hold" value="([\d.]+)"', page)


def hold_first(office: FlaskClient, form: dict[str, Any]) -> str:
    """Look for slots and press the first; the page then."""
    looked = send(office, ASK, {**form, "step": "offers"}).text
    held = send(office, ASK, {**form, "hold": buttons_on(looked)[0]})
    assert held.status_code == 200
    return held.text


def test_the_free_times_are_shown_by_day_and_half_with_their_grade(office: FlaskClient, form: dict[str, Any]) -> None:
    page = send(office, ASK, {**form, "step": "offers"})
    assert page.status_code == 200
    assert len(buttons_on(page.text)) == 4  # Tuesday and Wednesday, each with a morning and an afternoon
    assert re.search(r"<b>(Good|Possible|Tight)</b><span>\d\d:\d\d<.*–\d\d:\d\d, Tue 2 June<", page.text)
    assert value_of(page.text, "people") == "80"


def test_what_is_missing_is_said_beside_its_field(office: FlaskClient, form: dict[str, Any]) -> None:
    page = send(office, ASK, {**form, "service": [], "step": "offers"})
    assert page.status_code == 422
    assert error_beside(page.text, "services") == "Tick at least one service."


def test_a_held_time_is_sent_without_ticking_anything_else(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions
) -> None:
    page = hold_first(office, form)
    assert 'data-left="600"' in page
    assert "held until 08:10" in page
    answer = send(office, ASK, {**form, "held": value_of(page, "held")})
    assert answer.status_code == 303
    with session_factory() as session:
        [request], [kept] = session.scalars(select(VisitRequest)).all(), session.scalars(select(Hold)).all()
        [window] = request.windows
        assert request.state is RequestState.SUBMITTED
        assert (window.day, window.opens, window.preferred) == (kept.day, kept.starts, True)


def test_pressing_another_time_gives_the_first_back(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions
) -> None:
    page = hold_first(office, form)
    other = buttons_on(page)[-1]
    send(office, ASK, {**form, "held": value_of(page, "held"), "hold": other})
    with session_factory() as session:
        assert list(session.scalars(select(Hold.state).order_by(Hold.id))) == [HoldState.RELEASED, HoldState.HELD]


def test_a_held_time_can_be_given_back(office: FlaskClient, form: dict[str, Any], session_factory: Sessions) -> None:
    page = hold_first(office, form)
    after = send(office, ASK, {**form, "held": value_of(page, "held"), "step": "release"})
    assert "Held for you" not in after.text
    with session_factory() as session:
        assert session.scalars(select(Hold.state)).all() == [HoldState.RELEASED]


def test_a_time_that_ran_out_is_said_and_what_is_free_now_shown(
    office: FlaskClient, form: dict[str, Any], clock: Clock, session_factory: Sessions
) -> None:
    page = hold_first(office, form)
    clock.forward(minutes=10)
    late = send(office, ASK, {**form, "held": value_of(page, "held")})
    assert late.status_code == 409
    assert "This time is no longer held for you." in late.text
    assert buttons_on(late.text)
    with session_factory() as session:
        assert session.scalars(select(VisitRequest)).all() == []


def test_a_wrong_field_keeps_the_held_time(office: FlaskClient, form: dict[str, Any]) -> None:
    page = hold_first(office, form)
    refused = send(office, ASK, {**form, "people": "800", "held": value_of(page, "held")})
    assert refused.status_code == 422
    assert value_of(refused.text, "held") == value_of(page, "held")


def test_another_towns_hold_is_as_good_as_none(app: Flask, office: FlaskClient, form: dict[str, Any]) -> None:
    page = hold_first(office, form)
    stranger = signed_in(app, "other_town")
    answer = send(stranger, ASK, {**form, "held": value_of(page, "held")})
    assert answer.status_code in (409, 422)


def test_a_town_that_books_by_itself_reads_that_the_visit_is_promised(
    app: Flask, office: FlaskClient, form: dict[str, Any], district: District, session_factory: Sessions
) -> None:
    desk = signed_in(app, "coordinator")
    assert send(desk, f"/desk/coverage/{district.town}/self-booking", {"allowed": "yes"}).status_code == 303
    with session_factory() as session:
        assert session.get_one(Town, district.town).self_booking
    page = hold_first(office, form)
    assert "Your town books by itself" in page
    answer = send(office, ASK, {**form, "held": value_of(page, "held")})
    assert "the visit promised" in office.get(answer.location).text
    with session_factory() as session:
        assert len(session.scalars(select(Visit)).all()) == 1


@pytest.fixture
def offered(
    district: District,
    wish: dict[str, Any],
    session_factory: Sessions,
    clock: Clock,
    as_role: Callable[[str], FlaskClient],
) -> int:
    """An offer of the wait list to the town's request 1."""
    wish["windows"] = [{"day": "2026-06-03", "opens": 480, "closes": 960}]
    as_role("town").post("/api/v1/requests", json=wish)
    as_role("coordinator").post("/api/v1/requests/1/accept")
    with session_factory.begin() as session:
        plan = published_plan(session, session.get_one(Shift, district.next_shift), now=clock())
        plan.tours.clear()
        leave_out(session, plan, session.get_one(VisitRequest, 1), "outranked")
        [made] = wait_list.offer_freed(session, now=clock())
        return made.id


def test_an_offered_time_is_shown_and_taken(office: FlaskClient, offered: int) -> None:
    assert "A time is free for you" in office.get("/town").text
    page = office.get("/town/requests/1").text
    assert "Wed 3 June" in page
    assert "Take this time" in page
    answer = send(office, f"/town/offers/{offered}/take", {"request": "1"})
    after = office.get(answer.location).text
    assert "Taken. The visit is promised" in after
    assert "Take this time" not in after


def test_an_offered_time_is_let_pass(office: FlaskClient, offered: int) -> None:
    answer = send(office, f"/town/offers/{offered}/pass", {"request": "1"})
    after = office.get(answer.location).text
    assert "goes on waiting" in after
    assert "Take this time" not in after
    again = send(office, f"/town/offers/{offered}/take", {"request": "1"})
    assert "no longer held" in office.get(again.location).text


def test_another_town_cannot_answer_an_offer(app: Flask, offered: int) -> None:
    assert send(signed_in(app, "other_town"), f"/town/offers/{offered}/take").status_code == 404
