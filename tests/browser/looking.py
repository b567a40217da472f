"""What browser tests do on every page: sign in, and look for what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import DESK, PHONE

AXE = Path("node_modules/axe-core/axe.min.js")

in_four_guises = pytest.mark.parametrize(
    ("locale", "viewport", "scheme"),
    [("zh-CN", DESK, "light"), ("zh-CN", PHONE, "dark"), ("en-GB", DESK, "dark"), ("en-GB", PHONE, "light")],
    ids=["Chinese desk light", "Chinese phone dark", "English desk dark", "English phone light"],
)


def sign_in(page: Page, url: str, username: str, password: str) -> Page:
    """The page, signed in through the form."""
    page.goto(f"{url}/login")
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("form.panel button").click()
    page.wait_for_url(lambda address: "/login" not in address)
    return page


def faults(page: Page) -> list[str]:
    """What axe finds wrong, and whether the page is wider than the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found["violations"]] + (
        [f"{wider} px wider than the screen"] if wider > 0 else []
    )
