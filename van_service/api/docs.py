"""The page that shows the API's description, from files of ours only."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint("docs", __name__, url_prefix="/api/v1")


@blueprint.get("/docs")
def show_docs() -> str:
    """Swagger UI on our own description, without an inline script and without a request to elsewhere."""
    return render_template("api/docs.html")
