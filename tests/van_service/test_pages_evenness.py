"""The coverage page's evenness, price of fairness and days of the vans, beside the rows they are read off."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from routes.fairness_price import Rule
from schedules import fairness_price
from schedules.models import Plan, PlanState, Service, Shift, Venue, VisitState
from tests.factories import make_request, make_visit
from tests.van_service.conftest import District
from tests.van_service.page_calls import signed_in
from van_service.pages.desk.evenness import lorenz_path, price_of, year_before

STEPS = [
    {"rule": "none", "points": 1000, "served": 9, "missing": 3, "without": 2, "gap": 0.0},
    {"rule": "one", "points": 980, "served": 9, "missing": 2, "without": 0, "gap": 0.004},
    {"rule": "in_force", "points": 950, "served": 8, "missing": 1, "without": 0, "gap": 0.0},
    {"rule": "firm", "points": 800, "served": 8, "missing": 0, "without": 0, "gap": 0.0},
]


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    """The coordinator, reading English."""
    return signed_in(app, "coordinator")


def a_priced_plan(session: Session, now) -> Plan:
    plan = Plan(
        state=PlanState.PUBLISHED, first_day=date(2026, 6, 1), last_day=date(2026, 6, 26), seconds_allowed=1.0,
        created_at=now, created_by="desk",
    )  # fmt: skip
    session.add(plan)
    session.flush()
    fairness_price.store(session, plan.id, STEPS, now=now)
    return plan


def test_the_price_is_what_the_rule_in_force_gives_up_against_no_floor(session, now) -> None:
    plan = a_priced_plan(session, now)
    price = price_of(session)
    assert price is not None
    assert (price.plan.id, price.given_up, price.share) == (plan.id, 50, 0.05)
    assert (price.towns, price.visits, price.gap) == (2, 2, 0.004)
    heights = [point.y for point in price.points]
    assert heights == sorted(heights)
    assert [point.rule for point in price.points if point.in_force] == [Rule.IN_FORCE]


def test_the_page_says_the_price_in_words(desk: FlaskClient, session_factory: sessionmaker[Session], now) -> None:
    with session_factory.begin() as session:
        plan_id = a_priced_plan(session, now).id
    page = desk.get("/desk/coverage").text
    assert "worth 50 points less than no floor, 5.0%" in page
    assert "2 towns get a visit that would have none." in page
    assert "2 due visits more take place." in page
    assert "gap at most 0.4%" in page
    assert f'href="/desk/plans/{plan_id}"' in page


def test_without_rows_each_panel_says_when_it_fills(desk: FlaskClient) -> None:
    page = desk.get("/desk/coverage?span=year").text
    assert "No visit yet this year" in page
    assert "Not worked out yet" in page
    assert "1 January–31 December" in page


def test_a_visit_that_took_place_makes_a_coefficient(
    desk: FlaskClient, district: District, session_factory: sessionmaker[Session], now
) -> None:
    with session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        shift = session.get_one(Shift, district.shift)
        asked = make_request(session, [(shift.day, 480, 720)], now=now, venue=venue, service=service)
        make_visit(session, asked, shift, 540, state=VisitState.DONE, day=now.date())
    page = desk.get("/desk/coverage").text
    assert 'class="lor"' in page
    assert "a town has had none" in page


def test_the_same_days_of_the_year_before() -> None:
    assert year_before(date(2026, 7, 23)) == (date(2025, 1, 1), date(2025, 7, 23))
    assert year_before(date(2028, 2, 29)) == (date(2027, 1, 1), date(2027, 2, 28))


def test_the_curve_is_drawn_from_corner_to_corner() -> None:
    assert lorenz_path([(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]) == "M8.0 142.0L75.0 108.5L142.0 8.0Z"
    assert lorenz_path([]) == ""
