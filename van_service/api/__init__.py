"""The API under /api/v1: one module for each noun, every view a guard, a load, a call, a commit and a dump.

`van_service.schemas` has the words in and out; errors become problem documents in `van_service.errors`.
"""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from werkzeug.routing import BaseConverter, IntegerConverter, ValidationError

from van_service import auth
from van_service.api import (
    channels,
    days,
    disruptions,
    docs,
    edits,
    explanations,
    feeds,
    fleet,
    letter_texts,
    message_preferences,
    message_rules,
    messages,
    own_changes,
    planning_numbers,
    plans,
    repairs,
    reports,
    requests,
    services,
    slots,
    tokens,
    towns,
    venues,
    visits,
)
from van_service.schemas.fields import LARGEST_ID
from van_service.schemas.problems import ProblemSchema

PREFIX = "/api/v1"
MODULES = (
    requests,
    slots,
    services,
    venues,
    towns,
    days,
    fleet,
    plans,
    edits,
    explanations,
    own_changes,
    disruptions,
    repairs,
    visits,
    reports,
    messages,
    message_rules,
    letter_texts,
    message_preferences,
    channels,
    planning_numbers,
    tokens,
    feeds,
)


class RowIdConverter(IntegerConverter):
    """A row's id in an address: a number that fits into a column."""

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


class DateConverter(BaseConverter):
    """A date in an address, such as 2026-06-16."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """What is no date is no address of ours."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: date) -> str:
        """The date as it stands in an address."""
        return value.isoformat()


class VanApi(Api):
    """flask-smorest with our errors: problem documents, and a 405 that keeps its Allow header."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `van_service.errors`."""

    def _register_responses(self) -> None:
        """Describe every error as a problem document."""
        names = {status.name: status.phrase for status in HTTPStatus if status >= 400}
        for name, phrase in {**names, self.DEFAULT_ERROR_RESPONSE_NAME: "Any other error"}.items():
            response = {"description": phrase, "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, "application/problem+json")
            self.spec.components.response(name, response, lazy=True)


def prepare(app: Flask) -> None:
    """Register the API's blueprints, each behind the guard that reads the roles off the view."""
    app.url_map.converters |= {"id": RowIdConverter, "date": DateConverter}
    app.config.update(
        API_TITLE="Roving service van",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        API_SPEC_OPTIONS=_DESCRIPTION,
    )
    api = VanApi(app)
    api.register_converter(DateConverter, lambda _: {"type": "string", "format": "date"})
    app.extensions["guards"]["api-docs"] = auth.public
    app.before_request_funcs.setdefault("api-docs", []).append(auth.public)
    auth.register(app, docs.blueprint, auth.public)
    for module in MODULES:
        auth.register(app, module.blueprint, auth.roles_of_endpoint, by=api)
    app.after_request(_answer_unchanged)


def _answer_unchanged(response: Response) -> Response:
    """Turn an answer whose ETag the caller has already into a 304."""
    if request.path.startswith(PREFIX) and request.method == "GET" and "ETag" in response.headers:
        response.make_conditional(request)
    return response


_DESCRIPTION = {
    "info": {
        "description": (
            "Towns file requests and follow them, coordinators plan and publish, crews drive and report.\n\n"
            "Call with a bearer token, or from a signed-in page with its session and X-CSRFToken. Times are ISO 8601 "
            "with offset; numbers called minutes, opens, starts and the like count from local midnight. Errors are "
            "problem documents (RFC 9457). Lists come in pages: pass `next` as `after`. POST takes an "
            "Idempotency-Key; PUT needs If-Match with the ETag that was read."
        ),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "/"}],
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "van_service"},
        }
    },
    "security": [{"token": []}, {"session": []}],
}
