"""What a page of the desk is told of others' changes, and that asking is no sign of anybody sitting there."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules import audit, decisions
from schedules.models import AuditRow, RequestState, Service, Shift, Venue
from tests.factories import make_request
from tests.van_service.conftest import Clock, District, make_account
from tests.van_service.page_calls import signed_in
from van_service.accounts import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    return signed_in(app, "coordinator")


@pytest.fixture
def mark(district: District, session_factory: Sessions) -> int:
    """Up to where a page shows everything."""
    with session_factory() as session:
        return session.scalar(select(func.max(AuditRow.id))) or 0


def change(session_factory: Sessions, district: District, clock: Clock, actor: str) -> str:
    """Somebody accepts a request; its number."""
    with session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        shift = session.get_one(Shift, district.shift)
        asked = make_request(
            session, [(shift.day, 480, 720)], now=clock(), venue=venue, service=service, state=RequestState.SUBMITTED
        )
        session.flush()
        decisions.accept(session, asked.id, actor=actor, now=clock())
        return asked.number


def test_a_page_carries_its_mark(desk: FlaskClient, mark: int) -> None:
    assert f'data-live="/desk/news?after={mark}"' in desk.get("/desk").text


def test_what_others_changed_is_said_with_their_name(
    desk: FlaskClient, mark: int, district: District, session_factory: Sessions, clock: Clock
) -> None:
    with session_factory.begin() as session:
        make_account(session, "zhou", Role.COORDINATOR, clock()).name = "周敏"
    number = change(session_factory, district, clock, "zhou")
    answer = desk.get(f"/desk/news?after={mark}").json
    assert answer["number"] == 1
    assert answer["said"] == f"周敏 has changed a request ({number})."


def test_ones_own_changes_and_those_of_before_are_no_news(
    desk: FlaskClient, mark: int, district: District, session_factory: Sessions, clock: Clock
) -> None:
    change(session_factory, district, clock, "coordinator")
    assert desk.get(f"/desk/news?after={mark}").json == {"number": 0, "said": ""}
    change(session_factory, district, clock, "scheduler")
    assert desk.get(f"/desk/news?after={mark}").json["said"].startswith("The system has changed a request")
    with session_factory() as session:
        newest = session.scalar(select(func.max(AuditRow.id)))
    assert desk.get(f"/desk/news?after={newest}").json["number"] == 0


def test_many_changes_are_counted_and_what_concerns_nobody_else_is_left_out(
    desk: FlaskClient, mark: int, session_factory: Sessions, clock: Clock
) -> None:
    with session_factory.begin() as session:
        for number in range(6):
            audit.record(session, actor="zhou", now=clock(), verb="edited", noun="plan", noun_id=number)
        audit.record(session, actor="zhou", now=clock(), verb="revealed", noun="request_contact", noun_id=1)
    answer = desk.get(f"/desk/news?after={mark}").json
    assert answer["number"] == 6
    assert answer["said"].endswith("And 3 things more.")


@pytest.mark.parametrize("after", ["x", "-3", "9" * 40])
def test_a_mark_that_is_none_does_no_harm(desk: FlaskClient, mark: int, after: str) -> None:
    assert desk.get(f"/desk/news?after={after}").status_code == 200


def test_asking_keeps_no_sign_in_alive_and_fills_no_log(
    desk: FlaskClient, mark: int, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="van_service"):
        for _ in range(4):
            clock.forward(minutes=9)
            answer = desk.get(f"/desk/news?after={mark}")
    assert answer.status_code in (302, 303, 401)
    assert "desk.news 200" not in caplog.text
