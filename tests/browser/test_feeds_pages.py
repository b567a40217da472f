"""The pages of calendar addresses in a real browser: accessible, as wide as the screen, copied with one press."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from schedules import feeds
from schedules.db import Base
from schedules.models import FeedKind
from tests.browser.chromium import PHONE
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.factories import make_crew_member, make_town, make_van
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 2, 0, 30, tzinfo=UTC)
PAGES = {"town": "/town/calendar", "crew": "/crew/calendar", "coordinator": "/desk/feeds"}

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    url: str
    passwords: dict[str, str]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A town, a van and a crew member, each with an address in use, and an account of every role."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'feeds.sqlite'}", secret_key="only for tests", instance_path=tmp_path
        )
    )
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        passwords = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(url, passwords)


def furnish(session: Session) -> dict[str, str]:
    town, member, van = (
        make_town(session, name_zh="四团镇", name_en="Situan"),
        make_crew_member(session),
        make_van(session),
    )
    for kind, owner, label in (
        (FeedKind.TOWN, town, "办公室 Outlook"),
        (FeedKind.CREW, member, "我的手机"),
        (FeedKind.VAN, van, "值班室的大屏幕，放在门口右边那一台，和市场监管所共用"),
        (FeedKind.PUBLIC, None, "the district's public web site and its app"),
    ):
        feed, _ = feeds.make_feed(
            session, kind, label, locale="zh_CN", actor="zhou", now=NOW, owner_id=owner.id if owner else None
        )
        feeds.note_reading(session, feed, now=NOW)
    accounts = (
        ("town", Role.TOWN, {"town_id": town.id}),
        ("crew", Role.CREW, {"crew_member_id": member.id}),
        ("coordinator", Role.COORDINATOR, {}),
    )
    return {
        username: create_account(session, username=username, name=username, role=role, now=NOW, **whose)[1]
        for username, role, whose in accounts
    }


def opened(served: Served, page: Page, username: str) -> Page:
    sign_in(page, served.url, username, served.passwords[username])
    page.goto(served.url + PAGES[username])
    return page


@in_four_guises
@pytest.mark.parametrize("username", PAGES)
def test_the_pages_are_accessible_and_fit_the_screen(
    served: Served,
    open_page: OpenPage,
    shoot: Callable[[Page, str], None],
    username: str,
    locale: str,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = opened(served, open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True), username)
    page.locator("details summary").click()
    assert ("in use", faults(page)) == ("in use", [])
    name = f"feeds-{username}-{locale}-{viewport['width']}-{scheme}"
    shoot(page, name)
    page.locator("main form.pad button, main form.mt button").click()
    assert ("refused", faults(page)) == ("refused", [])
    page.locator("#label").fill("Wohnzimmer")
    page.locator("main form.pad button, main form.mt button").click()
    expect(page.locator("#address")).to_be_visible()
    assert ("shown once", faults(page)) == ("shown once", [])
    shoot(page, f"{name}-made")


@pytest.mark.parametrize("permissions", [["clipboard-read", "clipboard-write"], []], ids=["clipboard", "no clipboard"])
def test_the_address_is_copied_with_one_press(served: Served, open_page: OpenPage, permissions: list[str]) -> None:
    page = open_page(viewport=PHONE, permissions=permissions)
    if not permissions:  # as on an office page served by plain http
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    opened(served, page, "crew")
    page.locator("#label").fill("手机")
    page.get_by_role("button", name="生成地址").click()
    address = page.locator("#address").input_value()
    assert address.startswith(f"{served.url}/calendar/")
    page.get_by_role("button", name="复制地址").click()
    expect(page.locator("#address-copied")).to_have_text("已复制")
    if permissions:
        assert page.evaluate("navigator.clipboard.readText()") == address
    webcal = page.get_by_role("link", name="用本机日历打开").get_attribute("href")
    assert webcal == address.replace("http://", "webcal://")


def test_an_address_is_made_and_ended_without_scripts(served: Served, open_page: OpenPage) -> None:
    page = opened(served, open_page(java_script_enabled=False), "town")
    page.locator("#label").fill("档案室")
    page.get_by_role("button", name="生成地址").click()
    address = page.locator("#address").input_value()
    assert page.request.get(address).status == 200
    expect(page.get_by_role("button", name="复制地址")).to_be_hidden()
    page.get_by_role("button", name="停用 档案室").click()
    expect(page.locator("main")).to_contain_text("地址已停用")
    assert page.request.get(address).status == 410


def test_the_buttons_are_large_enough_for_thumbs(served: Served, open_page: OpenPage) -> None:
    page = opened(served, open_page(viewport=PHONE), "crew")
    page.locator("#label").fill("手机")
    page.get_by_role("button", name="生成地址").click()
    heights = page.locator("main .btn:visible").evaluate_all(
        "all => all.map(each => Math.round(each.getBoundingClientRect().height))"
    )
    assert min(heights) >= 44
