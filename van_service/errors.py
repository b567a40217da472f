"""How an error becomes an answer: the only table of statuses, problem documents for the API, a page for people."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from routes.travel import TravelUnavailable
from schedules.errors import (
    ChangedMeanwhile,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    ScheduleError,
    TooManyTests,
)
from van_service import words
from van_service.accounts import AccountLocked, TooManyAttempts
from van_service.extensions import db

log = logging.getLogger(__name__)


class NotSignedIn(ScheduleError):
    """Sign in first."""


class PreconditionRequired(ScheduleError):
    """Say which version you are changing: send the ETag of what you read as If-Match."""


# The most special class that an error belongs to decides.
STATUS: dict[type[Exception], int] = {
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    ChangedMeanwhile: 412,
    Refused: 422,
    PreconditionRequired: 428,
    AccountLocked: 429,
    TooManyAttempts: 429,
    TooManyTests: 429,
    ScheduleError: 400,
}


def prepare(app: Flask) -> None:
    """Answer every error in one shape."""
    answers: dict[type[Exception], Callable[[Any], ResponseReturnValue]] = {
        ScheduleError: _answer_schedule_error,
        StaleDataError: _answer_overtaken,
        IntegrityError: _answer_overtaken,
        OperationalError: _answer_database_trouble,
        TravelUnavailable: _answer_travel_trouble,
        HTTPException: _answer_http_error,
    }
    for kind, answer in answers.items():
        app.register_error_handler(kind, _after_rollback(answer))


def _after_rollback(answer: Callable[[Any], ResponseReturnValue]) -> Callable[[Exception], ResponseReturnValue]:
    """Drop what was not committed before anything is said: even the caller's language is read from the database."""

    def rolled_back(error: Exception) -> ResponseReturnValue:
        db.session.rollback()
        return answer(error)

    return rolled_back


def status_of(error: ScheduleError) -> int:
    """The HTTP status of an error from below."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _answer_schedule_error(error: ScheduleError) -> ResponseReturnValue:
    sentence = words.error_in_words(error)
    problems = error.problems if isinstance(error, Invalid) else [error]
    fields = [_field_problem(problem) for problem in problems if problem.field]
    response = _answer(status_of(error), error.code, sentence, fields, error.detail)
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _field_problem(problem: ScheduleError) -> dict[str, str]:
    return {"field": problem.field or "", "code": problem.code, "message": words.error_in_words(problem)}


def _answer_overtaken(trouble: StaleDataError | IntegrityError) -> ResponseReturnValue:
    """A row changed or appeared between our reading and writing; nothing of ours was kept."""
    log.warning("Overtaken: %s", type(trouble).__name__)
    error = ChangedMeanwhile()
    status = status_of(error) if "If-Match" in request.headers else 409
    return _answer(status, error.code, words.error_in_words(error))


def _answer_travel_trouble(error: TravelUnavailable) -> ResponseReturnValue:
    log.error("No road times: %s", error)
    return _answer_http_error(ServiceUnavailable())


def _answer_database_trouble(error: OperationalError) -> ResponseReturnValue:
    log.error("The database did not answer: %s", type(error.orig).__name__, exc_info=error)
    return _answer_http_error(ServiceUnavailable())


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    """What Flask, Werkzeug, webargs or a crash raised. Their headers (Allow, Retry-After) are kept."""
    status = error.code or InternalServerError.code
    if status < 400:  # a redirect is no error
        return error
    code, sentence = words.http_error_in_words(status)
    invalid = getattr(error, "data", {}).get("messages", {})
    response = _answer(status, code, sentence, list(field_errors(invalid)))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def field_errors(messages: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten the nested messages of marshmallow: {"windows": {0: {"day": [...]}}} -> windows[0].day."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from field_errors(inner, _longer(path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from field_errors(message, path)
    else:
        code, sentence = words.field_error_in_words(messages)
        yield {"field": path, "code": code, "message": sentence}


# Where webargs found the value, and marshmallow's name for "the whole": neither belongs into a path.
_NOT_A_STEP = ("json", "query", "headers", "form", "_schema")


def _longer(path: str, key: Any) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key == "_schema" or (not path and key in _NOT_A_STEP):
        return path
    return f"{path}.{key}" if path else str(key)


def _answer(
    status: int,
    code: str,
    sentence: str,
    fields: list[dict[str, str]] | None = None,
    numbers: dict[str, Any] | None = None,
) -> Response:
    if request.path.startswith("/api/") or request.path == "/healthz":
        return _problem(status, code, sentence, fields or [], numbers or {})
    return _page(status, code, sentence, fields or [])


def _problem(status: int, code: str, sentence: str, fields: list[dict[str, str]], numbers: dict[str, Any]) -> Response:
    """An RFC 9457 document; `code` is stable for clients, `detail` is for people."""
    document: dict[str, Any] = {
        "type": f"urn:van-service:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": code,
        "errors": fields,
    }
    if numbers:
        document["numbers"] = numbers
    response = jsonify(document)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def _page(status: int, code: str, sentence: str, fields: list[dict[str, str]]) -> Response:
    """The error page; if even that fails (the database is away), the bare sentence."""
    try:
        body = render_template("error.html", status=status, code=code, title=sentence, errors=fields)
        return Response(body, status=status)
    except Exception:
        log.exception("The error page itself failed")
        return Response(sentence, status=status, mimetype="text/plain")
