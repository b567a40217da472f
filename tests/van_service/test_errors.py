"""Errors: one shape for programs, a page for people, and words for every code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import InternalServerError

from routes import checker
from schedules import errors as schedule_errors
from schedules.errors import Conflict, Refused, ScheduleError
from van_service import create_app, errors, words
from van_service.errors import field_errors, status_of
from van_service.settings import Settings


@pytest.fixture
def database_url() -> str:
    """No test of this module reads a row."""
    return "sqlite://"


def _family(kind: type[ScheduleError]) -> Iterator[type[ScheduleError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)


def _code(kind: type[ScheduleError]) -> str:
    return kind.__new__(kind).code


@pytest.mark.parametrize("kind", sorted(set(_family(ScheduleError)), key=lambda kind: kind.__name__))
def test_every_error_has_words_and_a_status(kind: type[ScheduleError]) -> None:
    assert _code(kind) in words.ERRORS
    assert 400 <= status_of(kind.__new__(kind)) < 500


def test_no_two_errors_share_a_code() -> None:
    codes = [_code(kind) for kind in set(_family(ScheduleError))]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("name", [rule.__name__ for rule in (*checker.FORM, *checker.RULES, *checker.CLAIMS)])
def test_every_rule_of_the_checker_has_words(name: str) -> None:
    assert name in words.RULES


@pytest.mark.parametrize("kind", words.STATES, ids=lambda kind: kind.__name__)
def test_every_state_and_kind_has_a_word(kind: type) -> None:
    assert set(words.STATES[kind]) == {member.value for member in kind}


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"least": 1, "most": 200}, "Enter 1 to 200."),
        ({"least": 1, "most": None}, "The number is outside what is possible here."),
        ({}, "The number is outside what is possible here."),
    ],
)
def test_an_error_says_its_numbers_where_it_has_them(detail: dict[str, int], said: str, app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert words.error_in_words(schedule_errors.BadCount(**detail)) == said


def test_the_special_error_decides_over_the_general_one() -> None:
    assert status_of(schedule_errors.ChangedMeanwhile()) == 412
    assert status_of(schedule_errors.StalePlan()) == status_of(Conflict()) == 409
    assert status_of(schedule_errors.WindowInPast()) == status_of(Refused()) == 422


def test_the_paths_of_fields_read_as_they_are_written() -> None:
    messages = {"json": {"windows": {0: {"day": ["Not a valid date."]}}, "_schema": ["Invalid input type."]}}
    assert [error["field"] for error in field_errors(messages)] == ["windows[0].day", ""]


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/requests")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
    assert answer.mimetype == "application/problem+json"


def test_what_is_not_there_is_a_problem_for_programs_and_a_page_for_people(client: FlaskClient) -> None:
    assert client.get("/api/v1/nowhere").mimetype == "application/problem+json"
    page = client.get("/nowhere")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "没有找到" in page.text


def test_a_crash_tells_nothing_of_its_inside(app: Flask, client: FlaskClient) -> None:
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    @app.get("/api/crash")
    def crash() -> str:
        raise ZeroDivisionError("13800005678")

    answer = client.get("/api/crash")
    assert answer.status_code == InternalServerError.code
    assert "13800005678" not in answer.text
    assert answer.json is not None
    assert answer.json["code"] == "internal_error"


def test_even_a_broken_error_page_says_what_went_wrong(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(errors, "render_template", broken)
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert "没有找到" in answer.text


def test_a_database_that_is_away_is_said_in_both_shapes(tmp_path: Path) -> None:
    away = Settings(
        database_url=f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}",
        secret_key="only for tests",
        instance_path=tmp_path,
    )
    client = create_app(away).test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "1:1"
    called, read, watched = client.get("/api/v1/services"), client.get("/town"), client.get("/healthz")
    assert (called.status_code, called.mimetype) == (503, "application/problem+json")
    assert read.status_code == 503
    assert "系统正忙" in read.text
    assert (watched.status_code, watched.json and watched.json["failing"]) == (503, ["database"])
