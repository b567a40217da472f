"""What the processes write down: one line per request with ids, never names, phone numbers or passwords.

The formatter masks what looks like personal data in any line, so that a careless message leaks nothing either.
"""

from __future__ import annotations

import logging
import re
import time

from flask import Flask, Response, g, request

from van_service.auth import ASKED_BY_PAGES
from van_service.settings import Settings

log = logging.getLogger(__name__)

# Mobile numbers, e-mail addresses, and whatever follows a word for a secret.
_PERSONAL = (
    (re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"[\w.+-]+@([\w-]+\.[\w.-]+)"), r"***@\1"),
    (re.compile(r"(?i)\b(password|token|bearer|secret)(\W{1,4})[\w.~+/-]{6,}"), r"\1\2***"),
    # The addresses of group bots and gateways hold keys.
    (re.compile(r"(?i)\b(key|access_token|sign|signature)=[\w.~%+/=-]{6,}"), r"\1=***"),
    (re.compile(r"(/bot/(?:v2/)?hook/)[\w-]+"), r"\1***"),
    # The address of a calendar is its key.
    (re.compile(r"(/calendar/)[\w%-]+(\.ics)"), r"\1***\2"),
)


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, with its arguments and its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        line = super().format(record)
        for pattern, mask in _PERSONAL:
            line = pattern.sub(mask, line)
        return line


def prepare(app: Flask, settings: Settings) -> None:
    """Write our own lines at the level of the settings, everybody else's from warnings on."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    if not any(isinstance(given, logging.StreamHandler) for given in root.handlers):
        root.addHandler(handler)
    for name in ("van_service", "schedules", "routes"):
        logging.getLogger(name).setLevel(settings.log_level)
    app.before_request(_start_watch)
    app.after_request(_write_line)


def _start_watch() -> None:
    g.began = time.perf_counter()


def _write_line(response: Response) -> Response:
    milliseconds = round((time.perf_counter() - g.began) * 1000) if "began" in g else 0
    account = g.get("account_id", "-")
    # What open pages ask every few seconds would bury the rest.
    level = logging.DEBUG if request.endpoint in ASKED_BY_PAGES and response.status_code < 400 else logging.INFO
    log.log(
        level,
        "%s %s %s %s ms account %s",
        request.method,
        request.endpoint,
        response.status_code,
        milliseconds,
        account,
    )
    return response
