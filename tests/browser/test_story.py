"""The whole way once, in a real browser: asked for, planned, published, reminded, driven, reported, read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from schedules import calendar
from schedules.models import RequestState, Visit, VisitRequest, VisitState
from tests.browser.chromium import PHONE
from tests.browser.district import District, served_district
from tests.browser.looking import sign_in
from tests.hard_county import fill
from van_service.accounts import Account, Role, create_account

pytestmark = pytest.mark.browser

TOWN = "town-situan"
CONTACT = "lu.yan@example.org"
COUNTS = {"people": 86, "leaflets": 120, "consultations": 31, "samples_tested": 24, "kits_used": 24}
MONDAY = datetime(2026, 6, 1, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
OpenPage = Callable[..., Page]


@pytest.fixture
def district(database_url: str, tmp_path: Path) -> Iterator[District]:
    with served_district(tmp_path, database_url, MONDAY) as district:
        yield district


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_request_becomes_a_planned_published_reminded_driven_and_reported_visit(
    district: District, open_page: OpenPage, shoot: Callable[[Page, str], None]
) -> None:
    town = signed_in(district, open_page(), TOWN)
    request_id = file_a_request(district, town)
    shoot(town, "1-filed")

    coordinator = signed_in(district, open_page(locale="en-GB"), "coordinator")
    accept(district, coordinator, request_id)
    shoot(coordinator, "2-accepted")
    plan_four_weeks(coordinator, shoot)
    publish(coordinator, shoot)

    visit = promised_visit(district, request_id)
    town.goto(f"{district.url}/town/requests/{request_id}")
    expect(town.locator("main")).to_contain_text(calendar_words(visit))
    shoot(town, "6-promised")
    assert reminded_when_due(district, visit)

    crew = signed_in(district, open_page(viewport=PHONE), crew_of(district, visit))
    drive_and_report(district, crew, visit, shoot)

    town = signed_in(district, open_page(), TOWN)
    town.goto(f"{district.url}/town/requests/{request_id}")
    expect(town.locator("main")).to_contain_text("86")
    expect(town.locator("main")).to_contain_text("疑似阳性")
    shoot(town, "9-results")
    with district.sessions() as session:
        assert session.get_one(Visit, visit.id).state == VisitState.DONE
        assert session.get_one(VisitRequest, request_id).state == RequestState.DONE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_bar_moves_while_a_hard_plan_is_made_and_the_best_so_far_can_be_kept(
    database_url: str, tmp_path: Path, open_page: OpenPage, shoot: Callable[[Page, str], None]
) -> None:
    with served_district(tmp_path, database_url, MONDAY, demo=False) as county:
        with county.sessions.begin() as session:
            fill(session, MONDAY)
            _account, county.passwords["coordinator"] = create_account(
                session, username="coordinator", name="周敏", role=Role.COORDINATOR, now=MONDAY
            )
        started = time.monotonic()
        county.app.extensions["clock"] = lambda: MONDAY + timedelta(seconds=time.monotonic() - started)
        page = signed_in(county, open_page(locale="en-GB"), "coordinator")
        page.get_by_role("link", name="Planning").first.click()
        page.locator("#seconds").select_option("60")
        page.locator("form .btn.main.lg").click()
        bar = page.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]"))
        first = int(bar.get_attribute("aria-valuenow") or 0)
        expect(bar).not_to_have_attribute("aria-valuenow", str(first))
        assert int(bar.get_attribute("aria-valuenow") or 0) > first
        expect(page.locator("#progress svg").first).to_be_visible()
        shoot(page, "bar-moves")
        page.get_by_role("button", name="Keep this one").click()
        page.wait_for_url(re.compile(r"/desk/plans/\d+$"), timeout=30_000)
        expect(page.locator(".proof").first).to_be_visible()


def signed_in(district: District, page: Page, username: str) -> Page:
    """The page, signed in with the account's one-time password."""
    return sign_in(page, district.url, username, district.passwords[username])


def file_a_request(district: District, page: Page) -> int:
    """A community morning with a rapid test, on any half-day that is open from the second week on."""
    page.get_by_role("link", name="申请服务").first.click()
    venue = page.locator("#venues option[data-has~=power][data-has~=parking][data-has~=indoor]").first
    page.locator("#venue").fill(venue.get_attribute("value") or "")
    page.locator("#service-food_rapid_test").check()
    page.locator("#people").fill("80")
    slots = page.locator("input[name=slot]")
    for number in range(10, min(slots.count(), 20)):
        page.locator(f"label[for='{slots.nth(number).get_attribute('id')}']").click()
    page.locator("#contact_name").fill("陆燕")
    page.locator("#contact_phone").fill("13800005678")
    page.locator("#contact_email").fill(CONTACT)
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_url(re.compile(r"/town/requests/\d+"))
    return int(re.findall(r"/requests/(\d+)", page.url)[0])


def accept(district: District, page: Page, request_id: int) -> None:
    """Accept the request as an urgent one, so that a full month has room for it."""
    page.goto(f"{district.url}/desk/requests/{request_id}")
    page.locator("#chosen").select_option("urgent")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="Accept", exact=False).first.click()
    with district.sessions() as session:
        assert session.get_one(VisitRequest, request_id).state == RequestState.ACCEPTED


def plan_four_weeks(page: Page, shoot: Callable[[Page, str], None]) -> None:
    """Ask for a plan of both vans; the page leads to the plan by itself once the run has ended."""
    page.get_by_role("link", name="Planning").first.click()
    page.get_by_role("button", name="Plan these days").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    shoot(page, "3-planning")
    page.wait_for_url(re.compile(r"/desk/plans/\d+$"), timeout=90_000)
    expect(page.locator(".proof").first).to_be_visible()
    shoot(page, "4-plan")


def publish(page: Page, shoot: Callable[[Page, str], None]) -> None:
    """Look at what will change and whom it tells, then publish."""
    page.get_by_role("link", name="Review & publish").first.click()
    shoot(page, "5-publish")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.locator("body")).to_contain_text("Published")


def promised_visit(district: District, request_id: int) -> Visit:
    """The visit that publishing has promised."""
    with district.sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.request_id == request_id)).one()
        assert visit.state == VisitState.PROMISED
        session.expunge(visit)
        return visit


def calendar_words(visit: Visit) -> str:
    """The day as pages write it."""
    return f"{visit.day.month}月{visit.day.day}日"


def reminded_when_due(district: District, visit: Visit) -> bool:
    """Nothing a minute before the reminder is due, one reminder at its minute, no second one later."""
    district.at(district.now)  # the promise is told at once, so that the reminder need not wait for a digest with it
    before = visit.day - timedelta(days=1)
    while before.weekday() >= 5 or before in HOLIDAYS:
        before -= timedelta(days=1)
    district.at(calendar.instant(before, 15 * 60 + 59))
    assert reminders_to(district, CONTACT) == []
    district.at(calendar.instant(before, 16 * 60))
    district.at(calendar.instant(before, 16 * 60 + 5))
    [reminder] = reminders_to(district, CONTACT)
    assert f"{visit.starts // 60:02}:{visit.starts % 60:02}" in reminder
    district.at(calendar.instant(visit.day, 7 * 60))
    assert len(reminders_to(district, CONTACT)) == 2
    return True


HOLIDAYS = {datetime(2026, 6, 19, tzinfo=UTC).date()}


def reminders_to(district: District, address: str) -> list[str]:
    """The texts of the reminders that the mail server got for this address."""
    mails = [mail for mail in district.post_office.mails if address in str(mail["To"])]
    texts = [f"{mail['Subject']}\n{mail.get_content()}" for mail in mails]
    return [text for text in texts if "明天" in text or "今天" in text or "提醒" in text]


def crew_of(district: District, visit: Visit) -> str:
    """The account of somebody who rides that day."""
    with district.sessions() as session:
        members = [member.id for member in session.get_one(Visit, visit.id).shift.crew]
        return session.scalars(select(Account.username).where(Account.crew_member_id.in_(members))).first() or ""


def drive_and_report(district: District, page: Page, visit: Visit, shoot: Callable[[Page, str], None]) -> None:
    """One button per step at the true time, then the report."""
    steps = ("出发", visit.arrives - 30), ("到了", visit.arrives), ("开场", visit.starts), ("结束", visit.closes)
    for button, minutes in steps:
        district.now = calendar.instant(visit.day, minutes)
        page.goto(f"{district.url}/crew?day={visit.day}&visit={visit.id}")
        if button == "到了":
            shoot(page, "7-on-the-way")
        page.locator(".tapbar .btn.main").click()
    page.goto(f"{district.url}/crew/visits/{visit.id}/report")
    for name, number in {
        "people": 86,
        "leaflets": 120,
        "consultations": 31,
        "samples_tested": 24,
        "kits_used": 24,
    }.items():
        page.locator(f"#{name}").fill(str(number))
    page.get_by_role("button", name="加一批样品").click()
    page.locator("#food-0").fill("咸鸡")
    page.locator("#item-0").fill("二氧化硫")
    page.get_by_label("疑似阳性").check()
    page.locator("#referred_to-0").fill("四团市场监管所")
    shoot(page, "8-report")
    page.get_by_role("button", name="提交服务记录").click()
    page.wait_for_url("**/crew?*")
