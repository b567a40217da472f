"""A clock for real processes that runs through days in minutes, slowly where much happens.

It is a table of moments of the machine's monotonic clock, which all processes of a machine share, and the moments of
the driven time that they stand for. Whoever reads the file has the same clock.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

BUSY_HOURS = {7: 4.0, 8: 4.0, 16: 4.0, 18: 4.0, 19: 2.0}
"""Hours of the day that get so many times their share of the real time: those in which reminders fall due."""


@dataclass(frozen=True)
class DrivenClock:
    """Knots of (monotonic seconds, driven seconds since 1970); straight between them, and on beyond the last two."""

    knots: tuple[tuple[float, float], ...]

    def __call__(self) -> datetime:
        return self.at(time.monotonic())

    def at(self, monotonic: float) -> datetime:
        """The driven time at a moment of the monotonic clock."""
        index = min(max(bisect_right(self.knots, (monotonic, float("inf"))), 1), len(self.knots) - 1)
        (real, driven), (next_real, next_driven) = self.knots[index - 1], self.knots[index]
        passed = (monotonic - real) / (next_real - real) * (next_driven - driven)
        return datetime.fromtimestamp(driven + max(passed, 0.0), UTC)

    def reached(self, moment: datetime) -> float:
        """The moment of the monotonic clock at which the driven time is `moment`."""
        wanted = moment.timestamp()
        for (real, driven), (next_real, next_driven) in pairwise(self.knots):
            if wanted <= next_driven or (next_real, next_driven) == self.knots[-1]:
                return real + (wanted - driven) / (next_driven - driven) * (next_real - real)
        raise ValueError("A clock needs two knots.")

    def write(self, path: Path) -> None:
        """Keep the clock for other processes."""
        path.write_text(json.dumps(self.knots), encoding="ascii")

    @classmethod
    def read(cls, path: Path) -> DrivenClock:
        """The clock that was kept there."""
        return cls(tuple((real, driven) for real, driven in json.loads(path.read_text(encoding="ascii"))))


def drive(begins: datetime, *, hours: int, seconds: float, zone_hours: int, wait: float = 0.0) -> DrivenClock:
    """From `begins` through so many hours in so many seconds of real time, beginning in `wait` seconds.

    `zone_hours` is what people's clocks are ahead of UTC, by which the busy hours are meant.
    """
    weights = list(_weights(begins + timedelta(hours=zone_hours), hours))
    real, driven = time.monotonic() + wait, begins
    knots = [(real, driven.timestamp())]
    for weight in weights:
        real += seconds * weight / sum(weights)
        driven += timedelta(hours=1)
        knots.append((real, driven.timestamp()))
    return DrivenClock(tuple(knots))


def _weights(local: datetime, hours: int) -> Iterator[float]:
    for ahead in range(hours):
        yield BUSY_HOURS.get((local + timedelta(hours=ahead)).hour, 1.0)
