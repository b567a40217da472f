"""Local time and working days. The only module that knows the time zone.

Planning counts minutes after midnight of a local day; the database keeps instants in UTC. Both ways to cross over
are here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_zone = ZoneInfo("Asia/Shanghai")


def use_zone(name: str) -> None:
    """Set the zone that all local days and minutes belong to; called once, by the composition root."""
    global _zone
    _zone = ZoneInfo(name)


def zone() -> ZoneInfo:
    """The zone in force."""
    return _zone


def local_day(now: datetime) -> date:
    """The local date of an instant."""
    return now.astimezone(_zone).date()


def local_minutes(now: datetime) -> int:
    """Whole minutes after local midnight of an instant."""
    local = now.astimezone(_zone)
    return local.hour * 60 + local.minute


def instant(day: date, minutes: int) -> datetime:
    """The instant at which the wall clock shows `minutes` after midnight of `day` (24 h = next midnight), in UTC.

    Where the clock skips that minute, the moment it would have been without the change (02:30 becomes 03:30); where it
    comes twice, the first. In UTC because Python compares and subtracts times of one zone by their wall clocks, which
    is an hour off over a change.
    """
    later = day + timedelta(days=minutes // 1440)
    wall = datetime.combine(later, time(minutes % 1440 // 60, minutes % 60), tzinfo=_zone)
    return wall.astimezone(UTC)
