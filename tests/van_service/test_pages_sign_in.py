"""Signing in and out, the language, and who may open which page."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import AuditRow
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import send, signed_in, token_on
from van_service import accounts
from van_service.accounts import Account
from van_service.pages.tabs import TABS

# Pages call use cases that are tested on both databases; here one is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who reads English and has not signed in."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def password(session_factory: sessionmaker[Session], district: District) -> str:
    """The password of the town's account."""
    with session_factory.begin() as session:
        account = accounts.find_account(session, "town")
        assert account is not None
        return accounts.reset_password(session, account)


def sign_in(client: FlaskClient, password: str, **also: str):
    return send(client, "/login", {"username": "town", "password": password, **also})


def test_the_right_password_leads_to_the_page_that_was_asked_for(client: FlaskClient, password: str) -> None:
    asked = client.get("/town/results")
    assert asked.location == "/login?next=/town/results"
    assert sign_in(client, password, next="/town/results").location == "/town/results"
    assert client.get("/town/results").status_code == 200


def test_a_sign_in_leaves_an_audit_row(
    client: FlaskClient, password: str, session_factory: sessionmaker[Session]
) -> None:
    sign_in(client, password)
    with session_factory() as session:
        verbs = session.scalars(select(AuditRow.verb).where(AuditRow.actor == "town")).all()
    assert "sign_in" in verbs


def test_a_wrong_password_is_said_without_saying_which_was_wrong(client: FlaskClient, password: str) -> None:
    wrong = sign_in(client, "guess")
    unknown = send(client, "/login", {"username": "nobody", "password": "guess"})
    assert wrong.status_code == unknown.status_code == 422
    assert "The user name or the password is wrong" in wrong.text
    assert "The user name or the password is wrong" in unknown.text
    assert 'value="nobody"' in unknown.text


def test_after_five_wrong_passwords_the_right_one_is_refused_until_the_time_named(
    client: FlaskClient, password: str, clock: Clock
) -> None:
    for _ in range(5):
        sign_in(client, "guess")
    locked = sign_in(client, password)
    assert locked.status_code == 429
    assert "opens again at 08:15" in locked.text
    clock.forward(minutes=16)
    assert sign_in(client, password).status_code == 303


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "/\\example.org", "javascript:a()", "x"])
def test_nobody_is_led_to_another_site_by_signing_in(client: FlaskClient, password: str, target: str) -> None:
    assert sign_in(client, password, next=target).location == "/"


def test_signing_out_needs_the_token_and_ends_the_session(client: FlaskClient, password: str) -> None:
    sign_in(client, password)
    assert client.post("/logout").status_code == 400
    assert client.get("/town").status_code == 200
    out = send(client, "/logout", page="/town")
    assert out.status_code == 303
    assert "You are signed out." in client.get(out.location).text
    assert client.get("/town").status_code == 302


def test_an_idle_session_ends(app: Flask, district: District, clock: Clock) -> None:
    browser = signed_in(app, "town")
    assert browser.get("/town").status_code == 200
    clock.forward(minutes=31)
    assert browser.get("/town").location == "/login?next=/town"


def test_a_crews_phone_stays_signed_in_over_a_long_session_but_not_over_night(
    app: Flask, district: District, clock: Clock
) -> None:
    browser = signed_in(app, "crew")
    assert browser.get("/crew").status_code == 200
    clock.forward(hours=4)
    assert browser.get("/crew").status_code == 200
    clock.forward(hours=13)
    assert browser.get("/crew").location == "/login?next=/crew"


def test_the_language_switch_stays_on_the_page_and_is_kept_with_the_account(
    app: Flask, district: District, session_factory: sessionmaker[Session]
) -> None:
    browser = signed_in(app, "town", locale="en")
    page = browser.get("/town/results?year=2025")
    assert 'lang="en"' in page.text
    form = {"csrf_token": token_on(page.text), "locale": "zh_CN", "next": "/town/results?year=2025"}
    assert browser.post("/language", data=form).location == "/town/results?year=2025"
    assert '<html lang="zh-CN">' in browser.get("/town/results?year=2025").text
    with session_factory() as session:
        assert session.scalar(select(Account.locale).where(Account.username == "town")) == "zh_CN"


def test_an_unknown_language_is_refused(client: FlaskClient) -> None:
    assert send(client, "/language", {"locale": "fr"}).status_code == 404


PAGES = {"town": "/town", "crew": "/crew", "coordinator": "/desk"}


@pytest.mark.parametrize("role", PAGES)
@pytest.mark.parametrize("page", ["/town", "/town/requests/new", "/town/results", "/crew"])
def test_each_page_opens_only_to_its_role(app: Flask, district: District, role: str, page: str) -> None:
    expected = 200 if page.startswith(PAGES[role]) else 403
    assert signed_in(app, role).get(page).status_code == expected


@pytest.mark.parametrize("page", ["/town", "/town/requests/1", "/crew", "/crew/visits/1/report"])
def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(client: FlaskClient, page: str) -> None:
    assert client.get(page).location == f"/login?next={page}"


@pytest.mark.parametrize("role", ["town", "crew"])
def test_the_start_leads_to_the_roles_own_page(app: Flask, district: District, role: str) -> None:
    assert signed_in(app, role).get("/").location == PAGES[role]


def test_every_tab_leads_to_a_page_that_exists(app: Flask) -> None:
    assert {tab.endpoint for tabs in TABS.values() for tab in tabs} <= set(app.view_functions)


def test_a_page_that_does_not_exist_says_so_in_the_readers_language(client: FlaskClient) -> None:
    page = client.get("/nowhere", headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 404
    assert "没有找到" in page.text


def test_no_page_carries_an_inline_script(app: Flask, district: District) -> None:
    for path in ("/town", "/town/requests/new"):
        page = signed_in(app, "town").get(path)
        assert "<script>" not in page.text
        assert " onclick=" not in page.text
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
