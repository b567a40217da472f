"""The pages of town offices and crews in a real browser: accessible, as wide as the screen, whole without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from schedules import visits
from schedules.db import Base
from tests.browser.chromium import PHONE
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.factories import (
    make_crew_member,
    make_days,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_van,
    make_venue,
)
from tests.van_service.promised import promise, published_plan
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 2, 0, 30, tzinfo=UTC)  # Tuesday, 08:30 in Shanghai
TODAY = date(2026, 6, 2)

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """The served app, its passwords by user name, and a promised visit of today."""

    app: Flask
    url: str
    passwords: dict[str, str]
    request_id: int
    visit_id: int


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A town with one visit promised for today, its office and a crew member, served on a free port."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'pages.sqlite'}", secret_key="only for tests", instance_path=tmp_path
        )
    )
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        request_id, visit_id, passwords = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, passwords, request_id, visit_id)


def furnish(session: Session) -> tuple[int, int, dict[str, str]]:
    """The rows of the town; the ids of the request and its visit, and the passwords."""
    make_days(session, TODAY - timedelta(days=1))
    town = make_town(session, name_zh="四团镇", name_en="Situan")
    venue = make_venue(session, town, name_zh="平安村党群服务中心", name_en="Pingan Centre")
    service = make_service(session)
    member = make_crew_member(session)
    shift = make_shift(session, TODAY, make_van(session), [member])
    asked = make_request(session, [(TODAY, 540, 720)], now=NOW, venue=venue, service=service)
    visit = promise(session, published_plan(session, shift, now=NOW), asked, starts=570, now=NOW)
    passwords = {}
    for username, role, whose in (
        ("town", Role.TOWN, {"town_id": town.id}),
        ("crew", Role.CREW, {"crew_member_id": member.id}),
    ):
        _, passwords[username] = create_account(session, username=username, name=username, role=role, now=NOW, **whose)
    return asked.id, visit.id, passwords


def signed_in(served: Served, page: Page, username: str) -> Page:
    return sign_in(page, served.url, username, served.passwords[username])


@in_four_guises
def test_the_pages_are_accessible_and_fit_the_screen(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    with served.app.app_context():
        for step in (visits.set_off, visits.arrive, visits.open_session):
            step(db.session, served.visit_id, actor="crew", now=NOW)
        db.session.commit()
    addresses = {
        "town": ["/town", "/town/requests/new", f"/town/requests/{served.request_id}", "/town/results"],
        "crew": ["/crew", "/crew?day=2026-06-07", f"/crew/visits/{served.visit_id}/report"],
    }
    for username, paths in addresses.items():
        page = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
        page.goto(f"{served.url}/login")
        assert faults(page) == []
        signed_in(served, page, username)
        for path in paths:
            page.goto(served.url + path)
            assert (path, faults(page)) == (path, [])


def test_a_refused_form_is_accessible_too(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(viewport=PHONE, bypass_csp=True), "town")
    page.goto(f"{served.url}/town/requests/new")
    page.locator("#people").fill("800")
    page.get_by_role("button", name="提交申请").click()
    expect(page.locator("#venue-error")).to_have_text("选一个场所。")
    assert faults(page) == []


def test_a_ticked_half_day_gets_its_times_at_once(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(), "town")
    page.goto(f"{served.url}/town/requests/new")
    page.locator("label[for='slot-2026-06-04.pm']").click()
    page.locator("label[for='slot-2026-06-03.am']").click()
    keys = page.locator(".timerow").evaluate_all("rows => rows.map(row => row.dataset.key)")
    assert keys == ["2026-06-03.am", "2026-06-04.pm"]
    expect(page.locator("[name='opens-2026-06-04.pm']")).to_have_value("13:00")
    page.locator("label[for='slot-2026-06-04.pm']").click()
    expect(page.locator(".timerow")).to_have_count(1)


def test_the_form_says_what_the_venue_lacks_before_it_is_sent(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(), "town")
    page.goto(f"{served.url}/town/requests/new")
    page.locator("#venue").fill("平安村党群服务中心")
    expect(page.locator("#venue-help")).to_contain_text("最多 200 人")
    page.locator("#service-food_rapid_test").check()
    expect(page.locator("#sum")).to_contain_text("现场共 120 分钟，另加布置 25 分钟")


def test_a_request_is_filed_with_exact_times_without_scripts(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(viewport=PHONE, java_script_enabled=False), "town")
    page.goto(f"{served.url}/town/requests/new")
    page.locator("#venue").fill("平安村")
    page.locator("#service-food_rapid_test").check()
    page.locator("#people").fill("60")
    page.locator("label[for='slot-2026-06-04.am']").click()
    page.locator("button[value=times]").click()
    page.locator("[name='opens-2026-06-04.am']").fill("09:00")
    page.get_by_role("button", name="提交申请").click()
    expect(page.locator("main")).to_contain_text("6月4日 周四 09:00–11:30")


def test_the_crew_drives_and_reports_without_scripts(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(viewport=PHONE, java_script_enabled=False), "crew")
    for button in ("出发了", "到了", "开场", "结束了"):
        page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("link", name="填服务记录").click()
    page.locator("#people").fill("86")
    page.locator("#samples_tested").fill("26")
    page.locator("#kits_used").fill("26")
    page.get_by_role("button", name="加一批样品").click()
    page.locator("#food-0").fill("咸鸡")
    page.locator("#item-0").fill("二氧化硫")
    page.get_by_role("button", name="提交服务记录").click()
    expect(page.locator("main")).to_contain_text("服务记录已提交")


def test_what_is_loaded_stays_ticked_on_this_phone(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(viewport=PHONE), "crew")
    page.locator(".kit input").first.check()
    page.reload()
    expect(page.locator(".kit input").first).to_be_checked()
    expect(page.locator("#loaded")).to_have_text("1 / 2 已装车")


def test_the_buttons_of_the_phone_are_large_enough_for_thumbs(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(viewport=PHONE), "crew")
    heights = page.locator(".btn, .daynav a, .kit .check").evaluate_all(
        "all => all.map(each => Math.round(each.getBoundingClientRect().height))"
    )
    assert min(heights) >= 44
    assert page.locator(".tap").evaluate("tap => tap.getBoundingClientRect().height") >= 60
