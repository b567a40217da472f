"""Bad input: a problem document that names the field, and no row of any table changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules.db import Base
from tests.van_service.conftest import District

Spoil = Callable[[dict[str, Any], District], None]


def _set(*path: Any, to: Any) -> Spoil:
    """Put `to` at a path of the body; a callable is asked with the district."""

    def spoil(body: dict[str, Any], district: District) -> None:
        place: Any = body
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to(district) if callable(to) else to

    return spoil


def _drop(name: str) -> Spoil:
    return lambda body, _district: body.pop(name)


BAD: dict[str, tuple[Spoil, int, str]] = {
    "a window in the past": (_set("windows", 0, "day", to="2026-05-29"), 422, "windows[0].day"),
    "a window earlier today": (
        _set("windows", 0, to={"day": "2026-06-01", "opens": 420, "closes": 600}),
        422,
        "windows[0].opens",
    ),
    "a closed day": (_set("windows", 0, "day", to=lambda d: d.saturday.isoformat()), 422, "windows[0].day"),
    "a day beyond the calendar": (_set("windows", 0, "day", to="2031-01-06"), 422, "windows[0].day"),
    "a window too short": (_set("windows", 0, "closes", to=600), 422, "windows[0].closes"),
    "a window that closes before it opens": (_set("windows", 0, "closes", to=500), 422, "windows[0].closes"),
    "a window past midnight": (_set("windows", 0, "closes", to=1500), 422, "windows[0].closes"),
    "an unknown venue": (_set("venue_id", to=987_654), 422, "venue_id"),
    "a venue of another town": (_set("venue_id", to=lambda d: d.other_venue), 422, "venue_id"),
    "a venue beyond any id": (_set("venue_id", to=2**70), 422, "venue_id"),
    "0 minutes": (_set("services", 0, "minutes", to=0), 422, "services[0].minutes"),
    "2000 minutes": (_set("services", 0, "minutes", to=2000), 422, "services[0].minutes"),
    "an unknown service": (_set("services", 0, "code", to="haircut"), 422, "services[0].code"),
    "more people than fit in": (_set("people", to=5000), 422, "people"),
    "no people": (_set("people", to=0), 422, "people"),
    "people in words": (_set("people", to="eighty"), 422, "people"),
    "people as text": (_set("people", to="80"), 422, "people"),
    "people as true": (_set("people", to=True), 422, "people"),
    "windows that are no list": (_set("windows", to="Tuesday"), 422, "windows"),
    "a day that is no date": (_set("windows", 0, "day", to="2026-02-30"), 422, "windows[0].day"),
    "services that are numbers": (_set("services", to=[1, 2]), 422, "services[0]"),
    "no window": (_set("windows", to=[]), 422, "windows"),
    "a field missing": (_drop("contact_name"), 422, "contact_name"),
    "a field nobody knows": (_set("colour", to="red"), 422, "colour"),
    "a phone number that is none": (_set("contact_phone", to="12"), 422, "contact_phone"),
    "an e-mail address that is none": (_set("contact_email", to="lu.yan"), 422, "contact_email"),
    "a control sign": (_set("contact_name", to="陆\x00燕"), 422, "contact_name"),
    "half a sign": (_set("note", to="\ud83d"), 422, "note"),
    "a priority only coordinators give": (_set("priority", to="urgent"), 403, "priority"),
    "a foreign town": (_set("town_id", to=lambda d: d.other_town), 403, "town_id"),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_named_and_changes_nothing(
    bad: str,
    as_role: Callable[[str], FlaskClient],
    wish: dict[str, Any],
    district: District,
    session_factory: sessionmaker[Session],
) -> None:
    spoil, status, field = BAD[bad]
    spoil(wish, district)
    before = _rows(session_factory)
    answer = as_role("town").post("/api/v1/requests", json=wish, headers={"Idempotency-Key": "once"})
    _assert_problem(answer, status)
    assert field in [error["field"] for error in answer.json["errors"]]
    assert _rows(session_factory) == before


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"note": "' + b"x" * 10_000_000 + b'"}', "application/json", 413, "body_too_large"),
        (b'{"venue_id": ', "application/json", 400, "bad_request"),
        (b"\xff\xfe", "application/json", 400, "bad_request"),
        (b"[]", "application/json", 422, "invalid"),
        (b"venue_id=1", "application/x-www-form-urlencoded", 422, "invalid"),
    ],
    ids=["a body of 10 MB", "half a body", "no text", "a list", "a form"],
)
def test_an_unreadable_body_changes_nothing(
    body: bytes,
    content_type: str,
    status: int,
    code: str,
    as_role: Callable[[str], FlaskClient],
    session_factory: sessionmaker[Session],
) -> None:
    before = _rows(session_factory)
    answer = as_role("town").post("/api/v1/requests", data=body, content_type=content_type)
    _assert_problem(answer, status)
    assert answer.json["code"] == code
    assert _rows(session_factory) == before


def test_several_errors_are_named_together(as_role: Callable[[str], FlaskClient], wish: dict[str, Any]) -> None:
    wish["windows"][0]["day"] = "2026-05-29"
    wish["people"] = 5000
    answer = as_role("town").post("/api/v1/requests", json=wish)
    assert {error["field"] for error in answer.json["errors"]} == {"windows[0].day", "people"}


def test_the_message_is_in_the_callers_language(as_role: Callable[[str], FlaskClient], wish: dict[str, Any]) -> None:
    wish["windows"][0]["day"] = "2026-05-29"
    said = {
        language: as_role("town")
        .post("/api/v1/requests", json=wish, headers={"Accept-Language": language})
        .json["errors"][0]["message"]
        for language in ("zh-CN", "en")
    }
    assert said == {"zh-CN": "这个时段已经过去了。", "en": "The time given is already past."}


def _assert_problem(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["code"]
    assert answer.json["detail"]


def _rows(session_factory: sessionmaker[Session]) -> dict[str, int]:
    """How many rows every table has."""
    with session_factory() as session:
        return {
            table.name: session.scalars(select(func.count()).select_from(table)).one()
            for table in Base.metadata.sorted_tables
        }
