"""Bad days in a real browser: every kind of disruption from its entry to the published difference, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from schedules.db import Base
from schedules.messages import text_of
from schedules.models import Disruption, DisruptionKind, DisruptionState, Message, Plan, PlanState, Visit, VisitState
from tests.browser.chromium import PHONE
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.upset import Week, entry_of, make_plans, make_week
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

FIRST_OF_JUNE = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
DAWN = datetime(2026, 6, 8, 22, 30, tzinfo=UTC)  # Tuesday 9 June, 6:30 in Shanghai

OpenPage = Callable[..., Page]

# What each kind does to the promises if the day is kept: by request of the week, the word of the change.
SAME_DAY = {
    DisruptionKind.VAN_OUT: {"first": "改时间"},
    DisruptionKind.CREW_ILL: {"first": "改时间"},
    DisruptionKind.TOWN_CANCELS: {"first": "已取消"},
    DisruptionKind.VENUE_CLOSED: {"first": "已取消"},
    DisruptionKind.HEAT: {"outdoors": "改时间"},
    DisruptionKind.STORM: {"outdoors": "已取消"},
    DisruptionKind.CREW_LATE: {"first": "改时间"},
    DisruptionKind.URGENT_VISIT: {"waiting": "新增"},
}


@dataclass(frozen=True)
class Served:
    """The served week: the app, its address, the coordinator's password, ids and entries by kind."""

    app: Flask
    url: str
    password: str
    requests: dict[str, int]
    entries: dict[DisruptionKind, dict[str, str]]

    def plan_now(self) -> None:
        """Do what the planning runner does."""
        with self.app.app_context():
            make_plans(db.session, now=DAWN)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path / 'bad-day.sqlite'}"
    app = create_app(Settings(database_url=url, secret_key="only for tests", instance_path=tmp_path))
    app.extensions["clock"] = lambda: DAWN
    with app.app_context():
        Base.metadata.create_all(db.engine)
        week = make_week(db.session, now=FIRST_OF_JUNE)
        _, password = create_account(db.session, username="zhou", name="周敏", role=Role.COORDINATOR, now=FIRST_OF_JUNE)
        requests = {name: getattr(week, name).id for name in ("first", "second", "outdoors", "waiting")}
        entries = {kind: typed(week, kind) for kind in DisruptionKind}
        db.session.commit()
    with serve(app) as address:
        yield Served(app, address, password, requests, entries)


def typed(week: Week, kind: DisruptionKind) -> dict[str, str]:
    """What somebody fills into the form of this kind, by the id of its control."""
    entry = entry_of(db.session, week, kind)
    names = ("van_id", "crew_member_id", "venue_id", "visit_id", "shift_id", "request_id", "minutes")
    form = {name: str(getattr(entry, name)) for name in names if getattr(entry, name) is not None}
    if entry.first_day is not None:
        form["first_day"] = entry.first_day.isoformat()
    for name in ("opens", "closes"):
        minute = getattr(entry, name)
        if minute is not None:
            form[name] = f"{minute // 60:02d}:{minute % 60:02d}"
    return form


def note(page: Page, served: Served, kind: DisruptionKind) -> None:
    """Enter what happened, as a coordinator does."""
    page.goto(f"{served.url}/desk/bad-day?kind={kind.value}")
    for name, value in served.entries[kind].items():
        control = page.locator(f"#{name}")
        if control.evaluate("control => control.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    page.locator("#reason").fill("早上来电说明")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator(".flashed")).to_contain_text("已登记")


def find_ways_out(page: Page, served: Served) -> None:
    """Ask for the proposals and wait until the page shows all three by itself."""
    page.get_by_role("button", name="找调整方案").click()
    expect(page.locator("#ways")).to_contain_text("等待求解")
    served.plan_now()
    expect(page.locator("#ways .proof")).to_have_count(3)


@pytest.mark.parametrize("kind", list(DisruptionKind))
def test_every_disruption_walks_from_its_entry_to_the_published_difference(
    served: Served, open_page: OpenPage, shoot: Callable[[Page, str], None], kind: DisruptionKind
) -> None:
    page = sign_in(open_page(), served.url, "zhou", served.password)
    with served.app.app_context():
        before = set(db.session.scalars(select(Message.key)))
    note(page, served, kind)
    shoot(page, f"bad-day-{kind.value}")
    find_ways_out(page, served)
    shoot(page, f"ways-out-{kind.value}")
    page.locator("#ways .panel").nth(1).get_by_role("button", name="用这个").click()
    page.wait_for_url("**/publish")
    shoot(page, f"review-{kind.value}")
    headings = page.locator("table.diff tr.grp th").all_text_contents()
    assert page.locator("table.diff tbody tr:not(.grp)").count() == len(SAME_DAY[kind])
    assert [heading.split()[0] for heading in headings] == list(SAME_DAY[kind].values())
    drafted = sorted(text.strip() for text in page.locator("section[aria-labelledby=people] .msg").all_text_contents())
    page.get_by_role("button", name="发布并告知").click()
    expect(page.locator(".flashed")).to_contain_text("已发布")
    with served.app.app_context():
        news = [
            message
            for message in db.session.scalars(select(Message))
            if message.key not in before and message.kind in ("published", "moved", "cancelled")
        ]
        sent = sorted("".join(text_of(message)) for message in news)
        concerned = {message.request_id or message.visit.request_id for message in news}
        disruption = db.session.scalars(select(Disruption)).one()
        assert [flat(text) for text in sent] == [flat(text) for text in drafted]
        assert concerned == {served.requests[name] for name in SAME_DAY[kind]}
        assert disruption.state is DisruptionState.REPAIRED
    page.goto(f"{served.url}/desk/bad-day")
    expect(page.locator("section[aria-labelledby=past]")).to_contain_text("已调整")


def flat(text: str) -> str:
    """The text without the line breaks and spaces that a page puts between subject and body."""
    return "".join(text.split())


def test_everything_is_undone_until_it_is_published(served: Served, open_page: OpenPage) -> None:
    page = sign_in(open_page(), served.url, "zhou", served.password)
    with served.app.app_context():
        before = set(db.session.scalars(select(Message.key)))
    note(page, served, DisruptionKind.VAN_OUT)
    find_ways_out(page, served)
    page.locator("#ways .panel").nth(2).get_by_role("button", name="用这个").click()
    page.wait_for_url("**/publish")
    page.get_by_role("link", name="突发情况").last.click()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".flashed")).to_contain_text("已撤销")
    expect(page.locator("section[aria-labelledby=open]")).to_contain_text("没有突发情况")
    with served.app.app_context():
        assert set(db.session.scalars(select(Message.key))) == before
        assert set(db.session.scalars(select(Visit.state))) == {VisitState.PROMISED}
        proposals = db.session.scalars(select(Plan.state).where(Plan.repair_id.is_not(None)))
        assert set(proposals) == {PlanState.DISCARDED}


def test_a_bad_day_is_mended_on_a_phone_without_scripts(served: Served, open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE, java_script_enabled=False)
    sign_in(page, served.url, "zhou", served.password)
    note(page, served, DisruptionKind.HEAT)
    page.get_by_role("button", name="找调整方案").click()
    address = page.url
    served.plan_now()
    page.goto(address)
    page.locator("#ways .panel").nth(1).get_by_role("button", name="用这个").click()
    page.get_by_role("button", name="发布并告知").click()
    expect(page.locator(".flashed")).to_contain_text("已发布")


def test_a_draft_is_changed_by_hand_and_a_broken_rule_is_named(served: Served, open_page: OpenPage) -> None:
    page = sign_in(open_page(), served.url, "zhou", served.password)
    note(page, served, DisruptionKind.VAN_OUT)
    find_ways_out(page, served)
    page.locator("#ways .panel").nth(1).get_by_role("button", name="用这个").click()
    page.wait_for_url("**/publish")
    page.goto(page.url.replace("/publish", f"/edit?visit={served.requests['first']}"))
    page.locator("#starts").fill("14:10")
    page.get_by_role("button", name="移动", exact=True).click()
    expect(page.locator(".note.bad")).to_contain_text("没有改。违反了")
    page.get_by_text("仍然这样改，说明原因").click()
    page.locator("#reason").fill("电话里说好了")
    page.get_by_role("button", name="仍然这样改", exact=True).click()
    expect(page.locator("section[aria-labelledby=done]")).to_contain_text("电话里说好了")
    page.get_by_role("button", name="撤回最后一次").click()
    expect(page.locator("section[aria-labelledby=done]")).to_contain_text("没有手工改动")
    with served.app.app_context():
        assert set(db.session.scalars(select(Visit.state))) == {VisitState.PROMISED}


@in_four_guises
def test_the_pages_of_a_bad_day_are_accessible_and_fit_the_screen(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=viewport, locale="zh-CN", color_scheme=scheme, bypass_csp=True)
    sign_in(page, served.url, "zhou", served.password)
    note(page, served, DisruptionKind.VAN_OUT)
    find_ways_out(page, served)
    ways = page.url
    with served.app.app_context():
        plan = db.session.scalars(select(Plan.id).where(Plan.proposal == "same_day")).one()
    looking = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
    sign_in(looking, served.url, "zhou", served.password)
    paths = [
        *(f"/desk/bad-day?kind={kind.value}" for kind in DisruptionKind),
        ways.removeprefix(served.url),
        f"/desk/plans/{plan}/edit?visit={served.requests['first']}",
        f"/desk/plans/{plan}/publish",
        "/desk",
    ]
    for path in paths:
        looking.goto(served.url + path)
        assert (path, faults(looking)) == (path, [])
