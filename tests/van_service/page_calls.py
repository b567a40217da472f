"""How tests call pages: signed in by session, as a browser would, with the token that the pages themselves give out."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from van_service.accounts import Account
from van_service.extensions import db


def signed_in(app: Flask, username: str, *, locale: str = "en") -> FlaskClient:
    """A browser in which this account is signed in and reads this language."""
    with app.app_context():
        account = db.session.scalar(select(Account).where(Account.username == username))
        assert account is not None
        identity = account.get_id()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = identity
        session["_fresh"] = True
        session["seen"] = app.extensions["clock"]().timestamp()
        session["locale"] = locale
    return client


def token_on(page: str) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def send(client: FlaskClient, path: str, form: dict[str, Any] | None = None, *, page: str = "/login") -> TestResponse:
    """Post a form; lists become repeated fields. The token comes from `page`, as it does for a browser."""
    data = MultiDict({"csrf_token": token_on(client.get(page, follow_redirects=True).text)})
    for name, value in (form or {}).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return client.post(path, data=data)


def error_beside(page: str, field: str) -> str:
    """The sentence that stands beside a field, tied to it by its id; empty where there is none."""
    found = re.search(rf'id="{re.escape(field)}-error">.*?<span>(.*?)</span>', page, re.S)
    return unescape(found[1]) if found else ""


def value_of(page: str, name: str) -> str:
    """What stands in an input."""
    found = re.search(rf'<input[^>]*\bname="{re.escape(name)}"[^>]*?\bvalue="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])
