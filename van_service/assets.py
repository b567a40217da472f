"""The front-end libraries: chosen files of node_modules served under /assets, and nothing else of that folder."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, send_from_directory, url_for

FOLDER = Path(__file__).resolve().parent.parent / "node_modules"

# Package -> folder within it -> the files that may be asked for, by their path below that folder.
ALLOWED: dict[str, tuple[str, frozenset[str]]] = {
    "htmx.org": ("dist", frozenset({"htmx.min.js"})),
    "leaflet": (
        "dist",
        frozenset(
            {
                "leaflet.js",
                "leaflet.css",
                "images/layers.png",
                "images/layers-2x.png",
                "images/marker-icon.png",
                "images/marker-icon-2x.png",
                "images/marker-shadow.png",
            }
        ),
    ),
    "swagger-ui-dist": ("", frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})),
}

YEAR = 365 * 24 * 3600
HOUR = 3600

blueprint = Blueprint("assets", __name__, url_prefix="/assets")


@blueprint.get("/<package>/<path:file>")
def library_file(package: str, file: str) -> Response:
    """A library's file; kept for a year where the address names its version."""
    folder, files = ALLOWED.get(package, ("", frozenset()))
    if file not in files:
        abort(404)
    named = request.args.get("v") == version_of(package)
    response = send_from_directory(FOLDER / package / folder, file, max_age=YEAR if named else HOUR)
    response.cache_control.public = True
    response.cache_control.no_cache = None
    return response


@cache
def version_of(package: str) -> str:
    """The version installed, as its package.json says."""
    path = FOLDER / package / "package.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["version"]) if path.exists() else "none"


def asset(package: str, file: str) -> str:
    """The address of a library's file for a page, with the version that lets a browser keep it."""
    return url_for("assets.library_file", package=package, file=file, v=version_of(package))


def prepare(app: Flask) -> None:
    """Give templates `asset(...)`, and give our own static files an address that changes with their content."""
    app.jinja_env.globals["asset"] = asset
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and "v" not in values:
            path = Path(app.static_folder or "") / str(values.get("filename", ""))
            if path.is_file():
                values["v"] = f"{path.stat().st_mtime_ns:x}"
