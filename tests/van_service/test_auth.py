"""Who is calling, and may they: sessions, tokens, CSRF, idle time, and the headers every answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from tests.van_service.conftest import Clock, District
from van_service import accounts, create_app
from van_service.accounts import Account
from van_service.headers import content_security_policy
from van_service.settings import Settings


@pytest.fixture
def password(session_factory: sessionmaker[Session], district: District) -> str:
    """The password of the town's account."""
    with session_factory.begin() as session:
        account = accounts.find_account(session, "town")
        assert account is not None
        return accounts.reset_password(session, account)


@pytest.fixture
def browser(client: FlaskClient, password: str) -> FlaskClient:
    """A browser in which the town's office has signed in."""
    assert _sign_in(client, password).status_code == 303
    return client


def _csrf_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login", follow_redirects=True).text)
    assert found is not None
    return found[1]


def _sign_in(client: FlaskClient, password: str, **headers: str):
    form = {"username": "town", "password": password, "csrf_token": _csrf_token(client)}
    return client.post("/login", data=form, headers=headers)


def test_a_session_opens_the_api_to_the_pages_own_calls(browser: FlaskClient) -> None:
    assert browser.get("/api/v1/requests").status_code == 200


def test_a_change_by_session_needs_the_csrf_token(browser: FlaskClient) -> None:
    assert browser.post("/api/v1/tokens", json={"label": "sheet"}).status_code == 400
    token = _csrf_token(browser)
    answer = browser.post("/api/v1/tokens", json={"label": "sheet"}, headers={"X-CSRFToken": token})
    assert answer.status_code == 201


def test_a_sign_in_without_the_csrf_token_is_refused(client: FlaskClient, password: str) -> None:
    assert client.post("/login", data={"username": "town", "password": password}).status_code == 400


def test_a_token_needs_no_csrf_token_and_opens_no_page(as_role: Callable[[str], FlaskClient]) -> None:
    client = as_role("town")
    assert client.post("/api/v1/tokens", json={"label": "sheet"}).status_code == 201
    assert client.get("/town").status_code == 302


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic dG93bjp0b3du", "token of town"])
def test_a_wrong_token_opens_nothing(header: str, client: FlaskClient, district: District) -> None:
    answer = client.get("/api/v1/requests", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_sign_in_ends_after_half_an_hour_of_silence_and_not_before(browser: FlaskClient, clock: Clock) -> None:
    for _ in range(3):
        clock.forward(minutes=29)
        assert browser.get("/api/v1/requests").status_code == 200
    clock.forward(minutes=31)
    assert browser.get("/api/v1/requests").status_code == 401


def test_a_new_password_ends_the_sign_in_at_once(browser: FlaskClient, session_factory: sessionmaker[Session]) -> None:
    with session_factory.begin() as session:
        account = accounts.find_account(session, "town")
        assert account is not None
        accounts.reset_password(session, account)
    assert browser.get("/api/v1/requests").status_code == 401


def test_five_wrong_passwords_lock_the_account(
    client: FlaskClient, password: str, session_factory: sessionmaker[Session]
) -> None:
    for _ in range(5):
        assert _sign_in(client, "wrong").status_code == 422
    assert _sign_in(client, password).status_code == 429
    with session_factory() as session:
        account = accounts.find_account(session, "town")
        assert account is not None
        assert account.locked_until is not None


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, password: str) -> None:
    cookie = _sign_in(client, password).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_page_sends_a_stranger_to_the_sign_in_and_back(client: FlaskClient) -> None:
    answer = client.get("/town?state=planned")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/town%3Fstate%3Dplanned")


def test_htmx_is_sent_by_a_header(client: FlaskClient) -> None:
    answer = client.get("/town", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


@pytest.mark.parametrize("path", ["/desk", "/crew"])
def test_a_town_sees_no_page_of_others(path: str, browser: FlaskClient) -> None:
    assert browser.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/login", "/api/v1/docs", "/nowhere", "/api/v1/requests", "/static/docs.js"])
def test_every_answer_carries_the_headers(path: str, client: FlaskClient) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_what_people_see_is_not_kept_by_the_browser(browser: FlaskClient) -> None:
    assert browser.get("/api/v1/requests").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("tile_url", "pictures"),
    [
        ("", "img-src 'self' data:"),
        ("https://tiles.example.org/{z}/{x}/{y}.png", "img-src 'self' data: https://tiles.example.org"),
        ("https://{s}.example.org:8443/{z}/{x}/{y}.png", "img-src 'self' data: https://*.example.org:8443"),
    ],
)
def test_pictures_come_from_here_and_from_the_tile_address(tile_url: str, pictures: str) -> None:
    assert pictures in content_security_policy(tile_url).split("; ")


@pytest.mark.parametrize(
    ("accept", "account_locale", "address", "shown"),
    [
        ("zh-CN,zh;q=0.9", None, "/login", "zh-CN"),
        ("en-GB", None, "/login", "en"),
        ("fr", None, "/login", "zh-CN"),
        ("zh-CN", None, "/login?lang=en", "en"),
        ("en-GB", None, "/login?lang=xx", "en"),
    ],
)
def test_the_language_follows_the_choice_then_the_browser(
    accept: str, account_locale: str | None, address: str, shown: str, client: FlaskClient
) -> None:
    assert f'<html lang="{shown}">' in client.get(address, headers={"Accept-Language": accept}).text


def test_an_account_keeps_its_language(
    app: Flask, browser: FlaskClient, session_factory: sessionmaker[Session], now: datetime
) -> None:
    with session_factory.begin() as session:
        account = accounts.find_account(session, "town")
        assert isinstance(account, Account)
        account.locale = "en"
    answer = browser.get("/nowhere", headers={"Accept-Language": "zh-CN"})
    assert '<html lang="en">' in answer.text


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "192.0.2.7"), (2, "198.51.100.4")])
def test_the_callers_address_is_believed_of_as_many_proxies_as_are_known(
    proxies: int, address: str, settings: Settings
) -> None:
    app = create_app(replace(settings, trusted_proxies=proxies))

    @app.get("/whence")
    def whence() -> str:
        return str(request.remote_addr)

    said = app.test_client().get("/whence", headers={"X-Forwarded-For": "198.51.100.4, 192.0.2.7"}).text
    assert said == address


@pytest.mark.parametrize("secure", [True, False])
def test_a_site_on_https_says_so(secure: bool, settings: Settings) -> None:
    answer = create_app(replace(settings, session_cookie_secure=secure)).test_client().get("/login")
    assert ("Strict-Transport-Security" in answer.headers) is secure
    assert ("Secure" in answer.headers["Set-Cookie"]) is secure
