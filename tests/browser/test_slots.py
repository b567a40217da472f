"""A town looks for a free time, holds it and sends; with and without scripts, on the desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import wait_list
from schedules.db import Base
from schedules.models import Hold, HoldState, RequestState, VisitRequest
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


class Served(NamedTuple):
    """The served app with the town's password, and the request that the wait list has offered a time."""

    app: Flask
    url: str
    password: str
    waiting: int


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A town whose van drives on four days of the next fortnight, and that waits for a visit to its market."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'slots.sqlite'}", secret_key="only for tests", instance_path=tmp_path
        )
    )
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        waiting, password = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, password, waiting)


def furnish(session: Session) -> tuple[int, str]:
    make_days(session, TODAY - timedelta(days=1))
    town = make_town(session, name_zh="四团镇", name_en="Situan")
    make_venue(session, town, name_zh="平安村党群服务中心", name_en="Pingan Centre")
    market = make_venue(session, town, name_zh="四团菜场", name_en="Situan market", latitude=30.93)
    service, van = make_service(session), make_van(session)
    shifts = [make_shift(session, TODAY + timedelta(days=ahead), van) for ahead in (2, 3, 7, 9)]
    asked = make_request(session, [(shifts[0].day, 480, 990)], now=NOW, venue=market, service=service)
    plan = published_plan(session, shifts[0], now=NOW)
    plan.tours.clear()
    leave_out(session, plan, asked, "outranked")
    wait_list.offer_freed(session, now=NOW)
    _, password = create_account(session, username="town", name="town", role=Role.TOWN, now=NOW, town_id=town.id)
    return asked.id, password


def look_for_times(page: Page, served: Served) -> None:
    """Fill in place and service, and press the button that shows the free times."""
    page.goto(f"{served.url}/town/requests/new")
    chinese = page.locator("html").get_attribute("lang") == "zh-CN"
    page.locator("#venue").fill("平安村党群服务中心" if chinese else "Pingan Centre")
    page.locator("#service-food_rapid_test").check()
    page.locator("#people").fill("80")
    page.locator("button[value=offers]").click()
    expect(page.locator("button[name=hold]").first).to_be_visible()


@in_four_guises
def test_free_times_and_what_is_held_are_accessible_and_fit_the_screen(
    served: Served,
    open_page: OpenPage,
    shoot: Callable[[Page, str], None],
    locale: str,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
    sign_in(page, served.url, "town", served.password)
    assert faults(page) == []
    look_for_times(page, served)
    assert faults(page) == []
    page.locator("button[name=hold]").first.click()
    expect(page.locator(".hold")).to_be_visible()
    assert faults(page) == []
    shoot(page, f"held-{locale}-{viewport['width']}")
    page.goto(f"{served.url}/town/requests/{served.waiting}")
    assert faults(page) == []
    shoot(page, f"offered-{locale}-{viewport['width']}")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_town_holds_a_time_and_sends_it(
    served: Served, open_page: OpenPage, viewport: dict[str, int], scripts: bool, shoot: Callable[[Page, str], None]
) -> None:
    page = open_page(viewport=viewport, locale="en-GB", java_script_enabled=scripts)
    sign_in(page, served.url, "town", served.password)
    look_for_times(page, served)
    shoot(page, f"slots-{page.viewport_size['width']}")
    page.locator("button[name=hold]").nth(1).click()
    expect(page.locator(".hold b")).to_contain_text("Held for you")
    expect(page.locator(".hold time")).to_have_text(re.compile(r"^(9:5\d|10:00)$" if scripts else "^08:40$"))
    assert page.locator("#people").input_value() == "80"
    shoot(page, f"held-{page.viewport_size['width']}")
    page.locator("#contact_name").fill("陆燕")
    page.locator("#contact_phone").fill("13800005678")
    page.locator(".send button").click()
    page.wait_for_url(re.compile(r"/town/requests/\d+$"))
    expect(page.locator("body")).to_contain_text("is filed")
    with served.app.app_context():
        kept = db.session.scalars(select(Hold).where(Hold.state == HoldState.TAKEN)).one()
        request = db.session.get_one(VisitRequest, kept.request_id)
        assert [(window.day, window.opens) for window in request.windows] == [(kept.day, kept.starts)]


def test_a_town_takes_the_time_that_became_free(served: Served, open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE, locale="en-GB")
    sign_in(page, served.url, "town", served.password)
    page.get_by_role("link", name="Take it or let it pass").click()
    page.get_by_role("button", name="Take this time").click()
    expect(page.locator("body")).to_contain_text("The visit is promised")
    with served.app.app_context():
        assert db.session.get_one(VisitRequest, served.waiting).state is RequestState.PLANNED
