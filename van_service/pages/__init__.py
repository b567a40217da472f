"""Pages for people: HTML rendered on the server, for town offices, crews and coordinators.

`init_app` gives templates their filters and what every page shows (account, tabs, language). Pages know the use cases
of `schedules` and nothing of the API.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_babel import gettext

from van_service import auth, words
from van_service.accounts import Account, Role
from van_service.pages import formats, marks
from van_service.pages.tabs import tabs_of


def init_app(app: Flask) -> None:
    """Give templates their filters and common values."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for name, function in formats.FILTERS.items():
        app.add_template_filter(function, name)
    app.add_template_filter(marks.tone, "tone")
    app.add_template_filter(words.word, "word")
    app.add_template_global(formats.is_chinese, "is_chinese")
    app.context_processor(_common)


def local_path(target: str | None, otherwise: str) -> str:
    """`target` if it is a path of this site, else `otherwise`: no link may lead a sign-in elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else otherwise


def _common() -> dict[str, Any]:
    account = auth.current_account()
    return {
        "account": account,
        "account_label": _label(account) if account else "",
        "tabs": tabs_of(account.role) if account else (),
        "demo": current_app.extensions["settings"].demo,
        "here": request.full_path.rstrip("?") if request.method == "GET" else request.path,
    }


def _label(account: Account) -> str:
    """Who is signed in: 四团镇 · 陆燕."""
    if account.town is not None:
        return f"{formats.localized(account.town)} · {account.name}"
    role = {Role.CREW: gettext("Crew"), Role.COORDINATOR: gettext("Coordinator"), Role.TOWN: gettext("Town office")}
    return f"{role[account.role]} · {account.name}"
