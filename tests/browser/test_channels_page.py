"""The channels page in a real browser: accessible, fitting the screen, with tests whose outcome appears by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import sessionmaker

from schedules import recipients
from schedules.channels import channels_for
from schedules.db import Base
from schedules.delivery import deliver_once
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.schedules.post_office import open_post_office
from tests.schedules.services import Reply, Service, always, open_service
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
KEY = "693a91f6-7abc-4bc4-97a0-0ec2a1fa5aaa"
REFUSAL = Reply(200, {"errcode": 93000, "errmsg": "invalid webhook url"})

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """The served app with a WeCom group, a gateway that works and a DingTalk group that refuses."""

    app: Flask
    url: str
    password: str
    wecom: Service

    def deliver(self) -> None:
        """Send what is due, as the scheduler would."""
        with self.app.app_context():
            deliver_once(sessionmaker(db.engine), channels_for(self.app.extensions["ways"]), now=NOW, owner="test")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with ExitStack() as stack:
        wecom = stack.enter_context(open_service(always(Reply(fields={"errcode": 0, "errmsg": "ok"}))))
        gateway = stack.enter_context(open_service(always(Reply(202, {"id": "sms-1"}))))
        _, mail = stack.enter_context(open_post_office())
        app = create_app(
            Settings(
                database_url=f"sqlite:///{tmp_path / 'desk.sqlite'}",
                secret_key="only for tests",
                instance_path=tmp_path,
                mail_host=mail.host,
                mail_port=mail.port,
                mail_from=mail.sender,
                wecom_bot_url=f"{wecom.url}/cgi-bin/webhook/send?key={KEY}",
                sms_webhook_url=f"{gateway.url}/sms",
                sms_webhook_secret="between us",
            )
        )
        app.extensions["clock"] = lambda: NOW
        with app.app_context():
            Base.metadata.create_all(db.engine)
            _, password = create_account(
                db.session, username="zhou", name="周敏", role=Role.COORDINATOR, now=NOW, email="zhou.min@example.org"
            )
            db.session.commit()
        yield Served(app, stack.enter_context(serve(app)), password, wecom)
    recipients.use_channels({"email"})


def opened(served: Served, page: Page) -> Page:
    sign_in(page, served.url, "zhou", served.password)
    page.goto(f"{served.url}/desk/messages/channels")
    return page


@in_four_guises
def test_the_channels_are_accessible_and_fit_the_screen(
    served: Served,
    open_page: OpenPage,
    shoot: Callable[[Page, str], None],
    locale: str,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = opened(served, open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True))
    page.locator("form[action$='/email/test'] button").click()
    page.locator("#sms").fill("138 1234 5678")
    page.locator("form[action$='/sms/test'] button").click()
    served.wecom.judge = always(REFUSAL)
    page.locator("form[action$='/wecom/test'] button").click()
    served.deliver()
    page.goto(f"{served.url}/desk/messages/channels")
    shoot(page, f"channels-{locale}-{viewport['width']}")
    assert faults(page) == []
    page.locator("#sms").fill("twelve")
    page.locator("form[action$='/sms/test'] button").click()
    expect(page.locator("#sms-error")).to_be_visible()
    assert faults(page) == []


def test_the_outcome_of_a_test_appears_without_loading_the_page(served: Served, open_page: OpenPage) -> None:
    page = opened(served, open_page(locale="en-GB"))
    page.locator("form[action$='/wecom/test'] button").click()
    row = page.locator(".channelrow", has_text="WeCom")
    expect(row.locator(".tested .chip")).to_have_text("Waiting")
    served.deliver()
    expect(row.locator(".tested .chip")).to_have_text("Sent")
    expect(row.locator(".chip").first).to_have_text("in order")


def test_the_page_is_found_from_the_messages(served: Served, open_page: OpenPage) -> None:
    page = open_page(locale="zh-CN")
    sign_in(page, served.url, "zhou", served.password)
    page.goto(f"{served.url}/desk/messages")
    page.get_by_role("link", name="发送渠道").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("发送渠道")
