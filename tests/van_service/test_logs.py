"""The logs hold ids, never names, phone numbers, addresses or secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from van_service.logs import MaskingFormatter


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("call 13800005678 now", "call 138****5678 now"),
        ("to lu.yan@example.org", "to ***@example.org"),
        ("password=hunter2hunter2", "password=***"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"),
        ("POST /cgi-bin/webhook/send?key=693a91f6-7abc HTTP/1.1", "POST /cgi-bin/webhook/send?key=*** HTTP/1.1"),
        ("/robot/send?access_token=0a1b2c3d&sign=a%2Bb%3D%3Dxx&x=1", "/robot/send?access_token=***&sign=***&x=1"),
        ("at /open-apis/bot/v2/hook/693a91f6-7abc refused", "at /open-apis/bot/v2/hook/*** refused"),
        ("plan 1380000567812 took 20 ms", "plan 1380000567812 took 20 ms"),
    ],
)
def test_what_looks_personal_is_masked(line: str, masked: str) -> None:
    record = logging.LogRecord("van_service", logging.INFO, "", 0, "%s", (line,), None)
    assert MaskingFormatter("%(message)s").format(record) == masked


def test_a_traceback_is_masked_too() -> None:
    try:
        raise ValueError("13800005678")
    except ValueError:
        record = logging.LogRecord("van_service", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    assert "13800005678" not in MaskingFormatter("%(message)s").format(record)


def test_a_request_leaves_one_line_with_ids_only(
    as_role: Callable[[str], FlaskClient], wish: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="van_service"):
        as_role("town").post("/api/v1/requests?town=13800005678", json=wish)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("van_service")]
    assert len(lines) == 1
    assert lines[0].startswith("POST Requests.file_request 201 ")
    assert lines[0].endswith(" ms account 2")
