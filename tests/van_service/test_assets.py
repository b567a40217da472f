"""Chosen files of the front-end libraries are served, and nothing else of their folder."""

from __future__ import annotations

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from tests.conftest import lack
from van_service import assets

LIBRARIES = [(package, file) for package, (_, files) in assets.ALLOWED.items() for file in sorted(files)]


@pytest.fixture
def database_url() -> str:
    """These files need no database."""
    return "sqlite://"


@pytest.fixture(autouse=True)
def libraries() -> None:
    if not assets.FOLDER.is_dir():
        lack("node_modules: run make install")


@pytest.mark.parametrize(("package", "file"), LIBRARIES)
def test_every_allowed_file_is_there(package: str, file: str, client: FlaskClient) -> None:
    with client.get(f"/assets/{package}/{file}") as answer:
        assert answer.status_code == 200
        assert len(answer.data) > 100
        assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_an_address_with_the_version_may_be_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = assets.asset("leaflet", "leaflet.js")
    with client.get(address) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000"


@pytest.mark.parametrize(
    "path",
    [
        "leaflet/package.json",
        "leaflet/../leaflet/package.json",
        "leaflet/%2e%2e/package.json",
        "axe-core/axe.min.js",
        "..%2fpyproject.toml/x",
        "leaflet/images/../../package.json",
    ],
)
def test_nothing_else_is_served(path: str, client: FlaskClient) -> None:
    assert client.get(f"/assets/{path}").status_code in (404, 308)


def test_our_own_files_have_an_address_that_changes_with_them(app: Flask) -> None:
    with app.test_request_context():
        assert "?v=" in url_for("static", filename="docs.js")
