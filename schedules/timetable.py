"""How often each tick of the scheduler comes round, and how long it may be silent before that is a fault.

Knows neither what the ticks do nor what runs them, so that the health check can ask without either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PERIODS_OF_PATIENCE = 3
MOST_SECONDS: Mapping[str, float] = {"deliver": 60.0, "wait_list": 60.0, "retention": 60.0}
"""How long a tick may rightly take, where that is more than a moment."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A tick comes every so many seconds, and one should have succeeded in the last `patience` seconds."""

    every: float
    patience: float


def rhythms(*, tick_seconds: float, lease_seconds: float) -> dict[str, Rhythm]:
    """The rhythm of every tick."""
    every = {
        "heartbeat": min(tick_seconds, lease_seconds / 3),
        "deliver": tick_seconds,
        "reminders": 60.0,
        "office_news": 60.0,
        "plan_runs": max(tick_seconds, 5.0),
        "requests": 300.0,
        "wait_list": 60.0,
        "nightly_plan": 60.0,
        "retention": 3600.0,
    }
    return {
        name: Rhythm(seconds, PERIODS_OF_PATIENCE * seconds + MOST_SECONDS.get(name, lease_seconds))
        for name, seconds in every.items()
    }


def period_of(moment: datetime, seconds: float) -> datetime:
    """When the period of so many seconds began that this moment belongs to; the same for every process."""
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
