"""Two coordinators at once, and a line that is cut: each sees the other's changes, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules.db import Base
from schedules.models import AuditRow, RequestState, VisitRequest
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.factories import make_days, make_request, make_service, make_shift, make_town, make_van, make_venue
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
TUESDAY = date(2026, 6, 9)

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """A served desk with a request to judge, and two coordinators with their passwords."""

    app: Flask
    url: str
    passwords: dict[str, str]
    request: int

    def state(self) -> RequestState:
        with self.app.app_context():
            return db.session.get_one(VisitRequest, self.request).state

    def acceptances(self) -> int:
        with self.app.app_context():
            accepted = select(func.count()).select_from(AuditRow).where(AuditRow.noun == "request")
            return db.session.scalar(accepted.where(AuditRow.verb == "accepted")) or 0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'two.sqlite'}", instance_path=tmp_path, secret_key="only for tests"
    )
    app = create_app(settings)
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        passwords, request = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, passwords, request)


def furnish(session: Session) -> tuple[dict[str, str], int]:
    make_days(session, date(2026, 6, 1))
    make_shift(session, TUESDAY, make_van(session))
    asked = make_request(
        session,
        [(TUESDAY, 480, 720)],
        now=NOW,
        venue=make_venue(session, make_town(session)),
        service=make_service(session),
        state=RequestState.SUBMITTED,
    )
    passwords = {
        username: create_account(session, username=username, name=name, role=Role.COORDINATOR, now=NOW)[1]
        for username, name in (("zhou", "周敏"), ("gu", "顾青"))
    }
    return passwords, asked.id


def open_request(served: Served, page: Page, username: str) -> Page:
    sign_in(page, served.url, username, served.passwords[username])
    page.goto(f"{served.url}/desk/requests/{served.request}")
    return page


def accept(page: Page) -> None:
    page.locator("form[action$='/accept'] button").click()


def test_each_sees_the_others_change_within_five_seconds_and_cannot_undo_it_unseen(
    served: Served, open_page: OpenPage
) -> None:
    mine = open_request(served, open_page(locale="en-GB"), "zhou")
    theirs = open_request(served, open_page(locale="en-GB"), "gu")
    accept(theirs)
    theirs.wait_for_load_state()
    expect(mine.locator("#live")).to_contain_text("顾青 has changed a request", timeout=5_000)
    accept(mine)  # what the page still offers is refused, and said
    expect(mine.locator(".flashed")).to_contain_text("not possible from the present state")
    assert served.acceptances() == 1


def test_the_page_is_loaded_again_only_when_asked_to(served: Served, open_page: OpenPage) -> None:
    mine = open_request(served, open_page(locale="en-GB"), "zhou")
    accept(open_request(served, open_page(locale="en-GB"), "gu"))
    link = mine.locator("#live a")
    expect(link).to_be_visible(timeout=5_000)
    expect(mine.locator("form[action$='/accept']")).to_have_count(1)
    link.click()
    mine.wait_for_load_state()
    expect(mine.locator("form[action$='/accept']")).to_have_count(0)
    expect(mine.locator("#live")).to_be_hidden()


def test_while_the_line_is_cut_nothing_is_sent_and_nothing_lost(served: Served, open_page: OpenPage) -> None:
    page = open_request(served, open_page(locale="en-GB"), "zhou")
    page.context.set_offline(True)
    expect(page.locator("#live")).to_contain_text("The line to the server is cut", timeout=10_000)
    for _ in range(3):
        accept(page)
    expect(page.locator("#live")).to_contain_text("What you entered is kept here")
    assert served.state() is RequestState.SUBMITTED
    page.context.set_offline(False)
    expect(page.locator("#live")).to_be_hidden(timeout=10_000)
    accept(page)
    page.wait_for_load_state()
    assert served.state() is RequestState.ACCEPTED
    assert served.acceptances() == 1


@in_four_guises
def test_the_notice_is_accessible_and_fits_the_screen(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True)
    open_request(served, page, "zhou")
    page.context.set_offline(True)
    expect(page.locator("#live")).to_be_visible(timeout=10_000)
    page.context.set_offline(False)
    assert faults(page) == []
