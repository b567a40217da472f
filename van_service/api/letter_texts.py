"""The wordings of messages: the product's and the coordinators' own, tried and kept."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import messages, wordings
from schedules.errors import Missing
from schedules.wordings import Wording
from van_service.accounts import Role
from van_service.api.answers import committed, etag, version_to_change
from van_service.auth import actor, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.message_rules import LetterTextInSchema, LetterTextSchema, PreviewQuerySchema, PreviewSchema

blueprint = Blueprint("Letters", __name__, url_prefix="/api/v1/letter-texts", description="How messages are worded")


@blueprint.get("")
@blueprint.response(200, LetterTextSchema(many=True))
@for_roles(Role.COORDINATOR)
def list_texts() -> list[Wording]:
    """The wording in force of every kind in every language."""
    return wordings.list_wordings(db.session)


@blueprint.get("/<string:kind>/<string:locale>")
@blueprint.response(200, LetterTextSchema)
@for_roles(Role.COORDINATOR)
def show_text(kind: str, locale: str) -> tuple[Wording, dict[str, str]]:
    """The wording in force of one kind in one language."""
    wording = wordings.get_wording(db.session, kind, locale)
    return wording, etag(wording)


@blueprint.put("/<string:kind>/<string:locale>")
@blueprint.arguments(LetterTextInSchema)
@blueprint.response(200, LetterTextSchema)
@for_roles(Role.COORDINATOR)
def change_text(values: dict[str, str], kind: str, locale: str) -> Response:
    """Word a kind anew; what waits to be sent is worded so too."""
    wording = wordings.change_wording(
        db.session, kind, locale, **values, version=version_to_change(), actor=actor(), now=utc_now()
    )
    return committed(LetterTextSchema(), wording)


@blueprint.delete("/<string:kind>/<string:locale>")
@blueprint.response(200, LetterTextSchema)
@for_roles(Role.COORDINATOR)
def restore_text(kind: str, locale: str) -> Response:
    """Go back to the wording that came with the product, which is the answer."""
    version = version_to_change(needed=False)
    wording = wordings.restore_wording(db.session, kind, locale, version=version, actor=actor(), now=utc_now())
    return committed(LetterTextSchema(), wording)


@blueprint.get("/<string:kind>/preview")
@blueprint.arguments(PreviewQuerySchema, location="query")
@blueprint.response(200, PreviewSchema(many=True))
@for_roles(Role.COORDINATOR)
def show_preview(query: dict[str, Any], kind: str) -> list[dict[str, str]]:
    """How the letters of a kind read, one for each case; by a wording to try where subject and body are given."""
    locale, subject, body = query["locale"], query["subject"], query["body"]
    if (subject is None) != (body is None):
        raise Missing(field="subject" if subject is None else "body")
    if subject is None:
        wording = wordings.get_wording(db.session, kind, locale)
        texts = messages.preview(kind, locale, (wording.subject, wording.body) if wording.own else None)
    else:
        texts = wordings.try_wording(kind, locale, subject, body)
    return [{"subject": subject, "body": body} for subject, body in texts]
