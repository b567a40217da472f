"""The pages of messages in a real browser: accessible in four guises, and what people do there by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import reminders
from schedules.db import Base
from schedules.models import LetterText, Message, MessageRule, MessageState, RequestState, Shift
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.factories import make_days, make_request, make_service, make_shift, make_town, make_van, make_venue
from tests.van_service.promised import promise, published_plan
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
WEDNESDAY = date(2026, 6, 3)
LONG_NAME = "上海市奉贤区海湾旅游区管理委员会市场监督管理所消费者权益保护科联络员欧阳建国"

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """The served app, and the passwords of a coordinator, a town's office and a crew member."""

    app: Flask
    url: str
    passwords: dict[str, str]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Three visits on Wednesday: of one the messages wait, of the others they came to every possible end."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'messages.sqlite'}",
            secret_key="only for tests",
            instance_path=tmp_path,
        )
    )
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        passwords = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, passwords)


def furnish(session: Session) -> dict[str, str]:
    """The rows of the district; the passwords by name."""
    make_days(session, NOW.date())
    shift, service = make_shift(session, WEDNESDAY, make_van(session)), make_service(session)
    towns = [make_town(session), make_town(session, contact_name=LONG_NAME)]
    plan = published_plan(session, shift, now=NOW)
    for town, starts in zip((*towns, towns[1]), (500, 620, 840), strict=True):
        tell_of_visit(session, make_venue(session, town), service, plan, starts)
    ended = session.scalars(select(Message).where(Message.visit_id > 1).order_by(Message.id)).all()
    states = [state for state in MessageState if state not in (MessageState.QUEUED, MessageState.SENDING)]
    for number, message in enumerate(ended):
        message.state, message.attempts = states[number % len(states)], number
        message.last_error = ("550 5.1.1 no such user", "useful_time_over", "sender_died")[number % 3]
    return accounts(session, towns[1].id, shift)


def tell_of_visit(session, venue, service, plan, starts):
    """Promise a visit; its town is told of it and will be reminded."""
    windows = [(WEDNESDAY, 480, 1000)]
    asked = make_request(session, windows, now=NOW, venue=venue, service=service, state=RequestState.ACCEPTED)
    reminders.queue_visit_messages(session, promise(session, plan, asked, starts=starts, now=NOW), "published", now=NOW)


def accounts(session: Session, town_id: int, shift: Shift) -> dict[str, str]:
    """One account of every role."""
    given = {"zhou": (Role.COORDINATOR, {}), "lu": (Role.TOWN, {"town_id": town_id})}
    given["sun"] = (Role.CREW, {"crew_member_id": shift.crew[0].id})
    return {
        name: create_account(session, username=name, name=name, role=role, now=NOW, **more)[1]
        for name, (role, more) in given.items()
    }


def signed_in(served: Served, page: Page, name: str = "zhou") -> Page:
    return sign_in(page, served.url, name, served.passwords[name])


# How it looks ---------------------------------------------------------------------------------------------------------


@in_four_guises
def test_the_pages_of_messages_are_accessible_and_fit_the_screen(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    with served.app.app_context():
        waits = db.session.scalars(select(Message.id).where(Message.state == MessageState.QUEUED)).first()
        dead = db.session.scalars(select(Message.id).where(Message.state == MessageState.DEAD)).first()
    page = signed_in(served, open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True))
    for path in (
        "",
        f"/{waits}",
        f"/{dead}",
        "/past",
        "/past?state=dead&visit=2&from=2026-06-01",
        "/past?kind=offer",
        "/calls",
        "/rules",
        "/rules/day_before",
        "/rules/cancelled",
        "/wordings",
        "/wordings/moved/zh_CN",
    ):
        page.goto(f"{served.url}/desk/messages{path}")
        assert (path, faults(page)) == (path, [])


@in_four_guises
def test_what_people_want_is_accessible_and_fits_the_screen(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    for name in served.passwords:
        page = signed_in(
            served, open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True), name
        )
        page.goto(f"{served.url}/preferences")
        assert (name, faults(page)) == (name, [])


def test_a_refused_form_is_accessible_too(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(bypass_csp=True))
    page.goto(f"{served.url}/desk/messages/rules/day_before")
    for box in page.locator("input[name=audiences]").all():
        box.uncheck()
    page.get_by_role("button", name="保存规则").click()
    assert faults(page) == []


@pytest.mark.parametrize("width", [390, 700, 900, 1280])
def test_what_is_said_has_room_at_every_width(served: Served, open_page: OpenPage, width: int) -> None:
    page = signed_in(served, open_page(viewport={"width": width, "height": 900}))
    for path in ("", "/past", "/calls"):
        page.goto(f"{served.url}/desk/messages{path}")
        widths = page.eval_on_selector_all(".messagerow details.text", "all => all.map(each => each.clientWidth)")
        assert min(widths) >= 260, (path, widths)


def test_the_lists_fit_the_paper(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 between its margins
    for path in ("", "/past", "/calls"):
        page.goto(f"{served.url}/desk/messages{path}")
        widths = page.eval_on_selector_all(".messagerow details.text", "all => all.map(each => each.clientWidth)")
        assert min(widths) >= 400, (path, widths)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


# What people do -------------------------------------------------------------------------------------------------------


def test_a_message_is_called_off_by_keys(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/messages")
    name = page.locator(".messagerow .people a").first
    name.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/messages/*")
    button = page.locator("section[aria-labelledby=call-off] button")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".flashed")).to_contain_text("消息已撤销")
    expect(page.locator("section[aria-labelledby=call-off]")).to_have_count(0)
    with served.app.app_context():
        stopped = select(Message).where(Message.visit_id == 1, Message.state == MessageState.CANCELLED)
        assert len(db.session.scalars(stopped).all()) == 1


def test_a_call_is_ticked_off_after_the_number_was_shown(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/messages/calls")
    rows = page.locator(".messagerow.call")
    number = rows.count()
    row = page.locator(f"#{rows.first.get_attribute('id')}")
    row.get_by_role("button", name="显示电话").click()
    expect(row.locator("a[href^='tel:']")).to_contain_text("138000")
    row.get_by_role("button", name="已打").click()
    expect(page.locator(".flashed")).to_contain_text("已电话告知")
    expect(rows).to_have_count(number - 1)
    page.locator(".messagerow.called").get_by_role("button", name="没打").click()
    expect(rows).to_have_count(number)


def test_the_list_on_paper_shows_numbers_and_nothing_to_press(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(bypass_csp=True))
    page.goto(f"{served.url}/desk/messages/calls")
    page.get_by_role("button", name="打印").click()
    expect(page.locator("td", has_text="13800005678").first).to_be_visible()
    assert faults(page) == []
    page.emulate_media(media="print")
    expect(page.locator("[data-print]")).to_be_hidden()
    expect(page.locator(".appbar")).to_be_hidden()
    assert page.evaluate("document.querySelector('.sheet-page table').scrollWidth <= innerWidth")


def test_the_effect_of_a_rule_is_shown_while_it_is_filled_in(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/messages/rules/day_before")
    before = page.locator("button.main").bounding_box()
    page.locator("#at").fill("15:00")
    page.locator("#at").press("Tab")
    expect(page.locator("#effect")).to_contain_text("2 条等待中的消息改了时间")
    assert page.locator("button.main").bounding_box() == before  # nothing jumped
    page.locator("#at").fill("noon")
    page.locator("#at").press("Tab")
    expect(page.locator("#effect")).to_contain_text("填完整后")
    with served.app.app_context():
        assert db.session.get(MessageRule, "day_before") is None


def test_a_rule_is_changed_and_a_refused_one_says_why_at_its_field(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(java_script_enabled=False))
    page.goto(f"{served.url}/desk/messages/rules/day_before")
    page.locator("#at").fill("下午四点")
    page.get_by_role("button", name="保存规则").click()
    expect(page.locator("#at-error")).to_contain_text("填一个时间，如 16:00。")
    expect(page.locator("#at")).to_have_value("下午四点")
    expect(page.locator("#at")).to_have_attribute("aria-invalid", "true")
    page.locator("#at").fill("15:00")
    page.get_by_role("button", name="保存规则").click()
    expect(page.locator(".flashed")).to_contain_text("2 条等待中的消息改了时间")
    expect(page.locator("#day_before")).to_contain_text("前一工作日 15:00")


def test_a_wording_is_read_while_it_is_typed_and_then_used(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/messages/wordings/day_before/zh_CN")
    page.locator("#subject").fill("明天见：{{ venue }}")
    expect(page.locator("#preview")).to_contain_text("明天见：杏园社区")
    page.locator("#body").fill("{{ phone }}")
    expect(page.locator("#preview .errmsg")).to_contain_text("这里没有“phone”")
    page.locator("#body").fill("{{ day | moment(starts) }}")
    expect(page.locator("#preview")).to_contain_text("6月16日 周二 09:30")
    page.get_by_role("button", name="用这个措辞").click()
    expect(page.locator(".flashed")).to_contain_text("已改用新措辞")
    with served.app.app_context():
        assert db.session.get_one(LetterText, ("day_before", "zh_CN")).subject == "明天见：{{ venue }}"


def test_the_name_in_the_bar_leads_to_what_one_wants(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(), "lu")
    page.locator(".appbar a.who").click()
    page.locator("#wanted-morning_of").uncheck()
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flashed")).to_contain_text("已保存")
    expect(page.locator("#wanted-morning_of")).not_to_be_checked()
