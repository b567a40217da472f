"""When the scheduler's ticks fall: at once, and then in the middle of every period.

Periods are the same for all processes, and a tick belongs to one: from the middle, neither a late tick nor a clock that
is a little off falls into the next one.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from apscheduler.triggers.base import BaseTrigger


class OncePerPeriod(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires in the middle of each period of so many seconds since 1970, and at once when it is new."""

    def __init__(self, seconds: float, zone: tzinfo) -> None:
        self.seconds, self.zone = seconds, zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The middle of the period after that of `previous`."""
        if previous is None:
            return now
        begins = (previous.timestamp() // self.seconds + 1) * self.seconds
        return datetime.fromtimestamp(begins + self.seconds / 2, self.zone)
