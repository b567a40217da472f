"""A POST with an Idempotency-Key happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import VisitRequest
from tests.van_service.conftest import Clock
from van_service.idempotency import IdempotencyKey

AsRole = Callable[[str], FlaskClient]
KEY = {"Idempotency-Key": "5b1f"}


def _number_of_requests(session_factory: sessionmaker[Session]) -> int:
    with session_factory() as session:
        return session.scalars(select(func.count()).select_from(VisitRequest)).one()


def test_the_second_time_the_first_answer_comes_again(
    as_role: AsRole, wish: dict[str, Any], session_factory: sessionmaker[Session]
) -> None:
    first, second = (as_role("town").post("/api/v1/requests", json=wish, headers=KEY) for _ in range(2))
    assert (second.status_code, second.data) == (first.status_code, first.data)
    assert [second.headers[name] for name in ("Location", "ETag", "Content-Type")] == [
        first.headers[name] for name in ("Location", "ETag", "Content-Type")
    ]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert _number_of_requests(session_factory) == 1


def test_a_key_stands_for_one_body(as_role: AsRole, wish: dict[str, Any]) -> None:
    as_role("town").post("/api/v1/requests", json=wish, headers=KEY)
    other = as_role("town").post("/api/v1/requests", json=wish | {"people": 70}, headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "key_reused")


def test_the_same_key_of_somebody_else_is_another(
    as_role: AsRole, wish: dict[str, Any], session_factory: sessionmaker[Session]
) -> None:
    town = as_role("town").get("/api/v1/towns").json[0]["id"]
    assert as_role("town").post("/api/v1/requests", json=wish, headers=KEY).status_code == 201
    body = wish | {"town_id": town}
    assert as_role("coordinator").post("/api/v1/requests", json=body, headers=KEY).status_code == 201
    assert _number_of_requests(session_factory) == 2


def test_what_was_refused_may_be_mended_under_the_same_key(as_role: AsRole, wish: dict[str, Any]) -> None:
    assert as_role("town").post("/api/v1/requests", json=wish | {"people": 0}, headers=KEY).status_code == 422
    assert as_role("town").post("/api/v1/requests", json=wish, headers=KEY).status_code == 201


def test_a_key_is_forgotten_after_a_day(
    as_role: AsRole, wish: dict[str, Any], clock: Clock, session_factory: sessionmaker[Session]
) -> None:
    as_role("town").post("/api/v1/tokens", json={"label": "sheet"}, headers=KEY)
    clock.forward(hours=25)
    answer = as_role("town").post("/api/v1/tokens", json={"label": "another"}, headers=KEY)
    assert answer.status_code == 201
    with session_factory() as session:
        assert len(session.scalars(select(IdempotencyKey)).all()) == 1


def test_of_two_at_once_one_does_the_work(
    as_role: AsRole, wish: dict[str, Any], session_factory: sessionmaker[Session]
) -> None:
    """Both are sent at the same moment; whichever comes second waits, is told to, or gets the first one's answer."""
    start = threading.Barrier(2)
    statuses: list[int] = []

    def send(client: FlaskClient) -> None:
        start.wait()
        statuses.append(client.post("/api/v1/requests", json=wish, headers=KEY).status_code)

    threads = [threading.Thread(target=send, args=(as_role("town"),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 201 in statuses
    assert set(statuses) <= {201, 409}
    assert _number_of_requests(session_factory) == 1


def test_a_key_that_cannot_be_kept_is_refused(as_role: AsRole, wish: dict[str, Any]) -> None:
    answer = as_role("town").post("/api/v1/requests", json=wish, headers={"Idempotency-Key": "x" * 300})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
