"""The API is what its description says: every operation is called with values made from the description."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import Shift, VisitRequest
from tests.van_service.conftest import District
from tests.van_service.promised import promise, published_plan

AsRole = Callable[[str], FlaskClient]

PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    allow_header_conformance,
    negative_data_rejection,
]

QUICK = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_description_is_openapi_3_1_and_names_every_operation_once(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    assert described is not None
    assert described["openapi"] == "3.1.0"
    methods = ("get", "post", "put", "delete")
    operations = [path[method] for path in described["paths"].values() for method in methods if method in path]
    assert len(operations) > 50
    assert all(operation["summary"] for operation in operations)
    assert not [name for name in described["components"]["schemas"] if re.search(r"\d|Schema", name)]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("role", "mode"),
    [
        ("coordinator", GenerationMode.POSITIVE),
        ("coordinator", GenerationMode.NEGATIVE),
        ("town", GenerationMode.POSITIVE),
    ],
)
def test_every_operation_keeps_what_the_description_promises(role: str, mode: GenerationMode, app: Flask) -> None:
    """Lawful calls name rows that exist, so that they reach the use cases."""
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    statuses: Counter[int] = Counter()
    for result in described.get_all_operations():
        operation = result.ok()

        @QUICK
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: schemathesis.Case) -> None:
            if mode is GenerationMode.POSITIVE:
                case.path_parameters = {name: _near(name, value) for name, value in case.path_parameters.items()}
            response = case.call(headers={"Authorization": f"Bearer token of {role}"})
            statuses[response.status_code] += 1
            case.validate_response(response, checks=PROMISES)

        call()
    assert statuses.total() > 200
    assert 401 not in statuses
    if mode is GenerationMode.POSITIVE and role == "coordinator":
        assert statuses[200] > 50, statuses


def _near(name: str, value: Any) -> Any:
    """An id of the first few rows; tokens are left alone, for the calls need one."""
    return value % 3 + 1 if isinstance(value, int) and name != "token_id" else value


@pytest.fixture
def full(
    as_role: AsRole, district: District, wish: dict[str, Any], session_factory: sessionmaker[Session], now: datetime
) -> None:
    """A row of every noun: requests, a visit of a published plan, a queued plan, messages."""
    for _ in range(3):
        assert as_role("town").post("/api/v1/requests", json=wish).status_code == 201
    assert as_role("coordinator").post("/api/v1/requests/1/accept").status_code == 200
    with session_factory.begin() as session:
        plan = published_plan(session, session.get_one(Shift, district.shift), now=now)
        promise(session, plan, session.get_one(VisitRequest, 1), starts=560, now=now)
    body = {"first_day": "2026-06-02", "last_day": "2026-06-05"}
    assert as_role("coordinator").post("/api/v1/plans", json=body).status_code == 202
