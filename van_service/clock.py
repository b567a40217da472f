"""What time it is, for the edges of the app. Everything below takes the time as an argument.

The clock is the app's (`app.extensions["clock"]`), so that a test can drive a whole district through its days.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app


def system_clock() -> datetime:
    """The machine's time as an aware instant."""
    return datetime.now(UTC)


def utc_now() -> datetime:
    """The time of the running app's clock."""
    now: datetime = current_app.extensions["clock"]()
    return now
