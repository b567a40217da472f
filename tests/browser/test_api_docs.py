"""The page that describes the API works under the strict policy and asks nobody else for anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from van_service import create_app
from van_service.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The app served on a free port; the page needs no row."""
    app = create_app(Settings(database_url="sqlite://", secret_key="only for tests", instance_path=tmp_path))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_docs_show_every_noun_and_ask_nobody_else(open_page: Callable[..., Page], address: str) -> None:
    page = open_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/api/v1/docs")
    page.get_by_text("Ask for a visit of the van.").wait_for()
    for noun in ("Requests", "Plans", "Visits", "Reports", "Messages"):
        assert page.locator(f"#operations-tag-{noun}").is_visible()
    assert page.get_by_text("OAS 3.1").is_visible()
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert complaints == []
