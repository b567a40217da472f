"""A real Chromium for the tests that look at pages as people do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import CHROMIUM_FLAGS, DESK, chromium
from tests.conftest import lack

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests of this process."""
    executable = chromium()
    if executable is None:
        lack("Chromium (Debian: apt install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of its own sign-in: `open_page(viewport=PHONE, locale="en")`; script errors fail the test."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(*, viewport: dict[str, int] | None = None, locale: str = "zh-CN", **options: Any) -> Page:
        context = browser.new_context(
            viewport=viewport or DESK, locale=locale, timezone_id="Asia/Shanghai", reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Keep a picture of a step for whoever looks, where STORY_SHOTS names a folder."""
    folder = os.environ.get("STORY_SHOTS")

    def shoot(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return shoot
