"""Times held by towns on the desk: who holds what until when, and ending one."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import holds, wait_list
from schedules.models import AuditRow, Hold, HoldState, Service, Shift, Town, Venue, VisitRequest
from schedules.wishes import WishService
from tests.factories import make_request
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import send, signed_in
from tests.van_service.promised import leave_out, published_plan

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    return signed_in(app, "coordinator")


@pytest.fixture
def booking(app: Flask, district: District, session_factory: Sessions, now: datetime) -> int:
    """A time that a town holds for ten minutes."""
    need = holds.Need(district.venue, [WishService("food_rapid_test", 120)])
    with app.app_context(), session_factory.begin() as session:
        slot = holds.slots(session, district.town, need, now=now)[0]
        return holds.hold(session, district.town, need, slot.shift.id, slot.starts, actor="town", now=now).id


@pytest.fixture
def offer(app: Flask, district: District, session_factory: Sessions, now: datetime) -> int:
    """A time that the wait list holds for a town's request."""
    with app.app_context(), session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        shift = session.get_one(Shift, district.next_shift)
        asked = make_request(session, [(shift.day, 480, 990)], now=now, venue=venue, service=service)
        plan = published_plan(session, shift, now=now)
        plan.tours.clear()
        leave_out(session, plan, asked, "outranked")
        [offered] = wait_list.offer_freed(session, now=now)
        return offered.id


def panel(page: str) -> str:
    """The panel of held times."""
    found = re.search(r'<section[^>]*aria-labelledby="held".*?</section>', page, re.S)
    assert found is not None
    return found[0]


def test_nothing_held_is_said(desk: FlaskClient) -> None:
    assert "No town holds a time now" in panel(desk.get("/desk").text)


def test_a_held_time_is_shown_with_town_van_day_and_its_end(
    desk: FlaskClient, booking: int, session_factory: Sessions
) -> None:
    with session_factory() as session:
        kept = session.get_one(Hold, booking)
        told = [kept.town.name_en, kept.venue.name_en, kept.shift.van.name_en]
    shown = panel(desk.get("/desk").text)
    assert all(name in shown for name in told)
    assert "Tue 2 June" in shown
    assert "08:10" in shown  # held at eight for ten minutes
    assert "Booking" in shown


def test_an_offer_of_the_wait_list_names_its_request(desk: FlaskClient, offer: int, session_factory: Sessions) -> None:
    with session_factory() as session:
        asked = session.get_one(Hold, offer).request
        assert asked is not None
        number, request_id = asked.number, asked.id
    shown = panel(desk.get("/desk").text)
    assert "Wait list" in shown
    assert re.search(rf'href="/desk/requests/{request_id}"[^>]*>[^<]*{number}', shown)


def test_ending_one_frees_it_and_is_logged(desk: FlaskClient, booking: int, session_factory: Sessions) -> None:
    answer = send(desk, f"/desk/holds/{booking}/end")
    assert (answer.status_code, answer.location) == (303, "/desk#held")
    page = desk.get("/desk").text
    assert "is no longer held" in page
    assert "No town holds a time now" in panel(page)
    with session_factory() as session:
        assert session.get_one(Hold, booking).state is HoldState.RELEASED
        told = select(AuditRow).where(AuditRow.noun == "hold", AuditRow.verb == "released")
        assert session.scalars(told).one().actor == "coordinator"


def test_an_ended_offer_leaves_the_request_waiting_and_asks_for_a_call(
    desk: FlaskClient, offer: int, session_factory: Sessions
) -> None:
    send(desk, f"/desk/holds/{offer}/end")
    page = desk.get("/desk").text
    assert "may have read the offer" in page
    with session_factory() as session:
        asked = session.get_one(VisitRequest, session.get_one(Hold, offer).request_id)
        assert (asked.pinned_shift_id, asked.pinned_starts) == (None, None)


def test_one_that_is_over_already_is_said_so(
    desk: FlaskClient, booking: int, clock: Clock, session_factory: Sessions, now: datetime
) -> None:
    clock.forward(minutes=11)
    send(desk, f"/desk/holds/{booking}/end")
    assert "was over already" in desk.get("/desk").text
    with session_factory() as session:
        assert session.get_one(Hold, booking).state is HoldState.HELD  # the tick notes its end as what it is


def test_a_hold_that_is_not_there_is_not_found_and_towns_may_not_end_any(
    app: Flask, desk: FlaskClient, booking: int, session_factory: Sessions
) -> None:
    assert send(desk, "/desk/holds/999/end").status_code == 404
    assert send(signed_in(app, "town"), f"/desk/holds/{booking}/end").status_code == 403
    with session_factory() as session:
        assert session.get_one(Hold, booking).state is HoldState.HELD
        assert session.get_one(Town, session.get_one(Hold, booking).town_id)


def test_a_chinese_reader_reads_chinese(app: Flask, booking: int) -> None:
    shown = panel(signed_in(app, "coordinator", locale="zh_CN").get("/desk").text)
    assert "街镇保留的时间" in shown
