"""Coordinators look after held times, planning numbers and towns' own changes; looked at as people do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import holds, wait_list
from schedules.db import Base
from schedules.models import (
    Explanation,
    Hold,
    HoldKind,
    HoldState,
    Plan,
    RequestState,
    Service,
    Shift,
    Town,
    VisitRequest,
)
from schedules.prizes import planning_numbers
from schedules.wishes import WishService
from tests.browser.chromium import DESK, PHONE
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.factories import make_days, make_request, make_service, make_shift, make_town, make_van, make_venue
from tests.van_service.promised import leave_out, published_plan
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 2, 0, 30, tzinfo=UTC)  # Tuesday, 08:30 in Shanghai
TODAY = date(2026, 6, 2)

OpenPage = Callable[..., Page]
Shoot = Callable[[Page, str], None]


class Served(NamedTuple):
    """The served app with the passwords of its accounts, and a request that a change of its own would serve."""

    app: Flask
    url: str
    passwords: dict[str, str]
    helped: int


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A town that holds one time and is offered another, and a coordinator."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'holds.sqlite'}", secret_key="only for tests", instance_path=tmp_path
        )
    )
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        passwords, helped = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, passwords, helped)


def furnish(session: Session) -> tuple[dict[str, str], int]:
    make_days(session, TODAY - timedelta(days=1))
    town = make_town(session, name_zh="四团镇", name_en="Situan")
    centre = make_venue(session, town, name_zh="平安村党群服务中心", name_en="Pingan Centre")
    market = make_venue(session, town, name_zh="四团菜场", name_en="Situan market", latitude=30.93)
    service, van = make_service(session), make_van(session)
    shifts = [make_shift(session, TODAY + timedelta(days=ahead), van) for ahead in (2, 3, 7, 9)]
    asked = make_request(session, [(shifts[0].day, 480, 990)], now=NOW, venue=market, service=service)
    plan = published_plan(session, shifts[0], now=NOW)
    plan.tours.clear()
    leave_out(session, plan, asked, "outranked")
    wait_list.offer_freed(session, now=NOW)
    need = holds.Need(centre.id, [WishService(service.code, 120)])
    slot = next(each for each in holds.slots(session, town.id, need, now=NOW) if each.shift.id == shifts[2].id)
    holds.hold(session, town.id, need, slot.shift.id, slot.starts, actor="town", now=NOW)
    passwords = {
        name: create_account(session, username=name, name=name, role=role, now=NOW, **given)[1]
        for name, role, given in (
            ("town", Role.TOWN, {"town_id": town.id}),
            ("zhou", Role.COORDINATOR, {}),
        )
    }
    return passwords, left_out_but_for_a_day(session, plan, town, service, shifts[0].day, shifts[3])


def left_out_but_for_a_day(
    session: Session, plan: Plan, town: Town, service: Service, asked_for: date, free: Shift
) -> int:
    """A request whose hour is too short, and whom one more day would serve."""
    school = make_venue(session, town, name_zh="四团小学", name_en="Situan School")
    asked = make_request(session, [(asked_for, 480, 540)], now=NOW, venue=school, service=service)
    leave_out(session, plan, asked, "outranked")
    detail = {"day": free.day.isoformat(), "opens": 510, "closes": 690, "days": 7}
    change = {"kind": "later_day", "shift": free.code, "detail": detail, "points": -28, "starts": 510,
              "displaces": [], "adds": [], "moves": []}  # fmt: skip
    session.add(Explanation(plan_id=plan.id, request_id=asked.id, changes=[change], made_at=NOW))
    return asked.id


@in_four_guises
def test_held_times_are_accessible_and_fit_the_screen(
    served: Served, open_page: OpenPage, shoot: Shoot, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
    sign_in(page, served.url, "zhou", served.passwords["zhou"])
    page.locator("section[aria-labelledby=held] summary").first.click()
    shoot(page, f"desk-holds-{locale}-{viewport['width']}")
    assert faults(page) == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_coordinator_ends_a_hold_after_a_second_look(
    served: Served, open_page: OpenPage, viewport: dict[str, int], scripts: bool
) -> None:
    page = open_page(viewport=viewport, locale="en-GB", java_script_enabled=scripts)
    sign_in(page, served.url, "zhou", served.passwords["zhou"])
    row = page.locator("section[aria-labelledby=held] .rows > li", has_text="Booking")
    expect(row.get_by_role("button", name="End the hold")).to_be_hidden()
    row.locator("summary").click()
    row.get_by_role("button", name="End the hold").click()
    expect(page.locator("body")).to_contain_text("is no longer held for Situan")
    expect(page.locator("section[aria-labelledby=held] .rows > li")).to_have_count(1)
    with served.app.app_context():
        kept = db.session.scalars(select(Hold).where(Hold.kind == HoldKind.BOOKING)).one()
        assert (kept.state, kept.ended_at) == (HoldState.RELEASED, NOW)


@in_four_guises
def test_the_numbers_of_planning_are_accessible_and_fit_the_screen(
    served: Served, open_page: OpenPage, shoot: Shoot, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
    sign_in(page, served.url, "zhou", served.passwords["zhou"])
    page.goto(f"{served.url}/desk/masters/points")
    assert faults(page) == []
    page.locator("#hold_minutes").fill("0")
    page.locator("form.stack .btn.main").click()
    expect(page.locator("#hold_minutes")).to_have_attribute("aria-invalid", "true")
    assert faults(page) == []
    shoot(page, f"desk-points-{locale}-{viewport['width']}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_coordinator_lets_towns_hold_times_for_longer(served: Served, open_page: OpenPage, scripts: bool) -> None:
    page = open_page(viewport=PHONE, locale="en-GB", java_script_enabled=scripts)
    sign_in(page, served.url, "zhou", served.passwords["zhou"])
    page.goto(f"{served.url}/desk/masters/points")
    page.get_by_label("minutes for which a town holds a time").fill("25")
    page.get_by_role("button", name="Save the numbers").click()
    expect(page.locator("body")).to_contain_text("The numbers are in force.")
    expect(page.locator("body")).to_contain_text("by zhou")
    with served.app.app_context():
        assert planning_numbers(db.session)["hold_minutes"] == 25


@in_four_guises
def test_a_towns_own_change_is_accessible_and_fits_the_screen(
    served: Served, open_page: OpenPage, shoot: Shoot, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
    sign_in(page, served.url, "town", served.passwords["town"])
    page.goto(f"{served.url}/town/requests/{served.helped}")
    expect(page.locator("form[action$=own-change] button")).to_be_visible()
    assert faults(page) == []
    shoot(page, f"town-own-change-{locale}-{viewport['width']}")
    page.locator("form[action$=own-change] button").click()
    expect(page.locator("form[action$=own-change]")).to_have_count(0)
    assert faults(page) == []
    shoot(page, f"town-changed-{locale}-{viewport['width']}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_town_changes_its_request_with_one_button(served: Served, open_page: OpenPage, scripts: bool) -> None:
    page = open_page(viewport=PHONE, locale="en-GB", java_script_enabled=scripts)
    sign_in(page, served.url, "town", served.passwords["town"])
    page.goto(f"{served.url}/town/requests/{served.helped}")
    page.get_by_role("button", name="Apply this change").click()
    expect(page.locator("body")).to_contain_text("the next plan counts with it too")  # no plan covers that day yet
    with served.app.app_context():
        asked = db.session.get_one(VisitRequest, served.helped)
        assert asked.state is RequestState.ACCEPTED
        assert [(each.day, each.opens) for each in asked.windows][1:] == [(TODAY + timedelta(days=9), 510)]
