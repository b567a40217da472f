"""A time zone as calendars read it: a VTIMEZONE with the rule of each change of the clocks.

Written by hand because icalendar's own is an hour late in spring: it gives a change's time by the new clock, while RFC
5545 (3.6.5) wants it by the old one. Rules are said as such ("the last Sunday of March") where the zone keeps them,
because Outlook passes over lists of dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

FIRST_YEAR = 2025
LAST_YEAR = 2037
"""Beyond this year zone files hold a rule rather than dates; a rule found up to here goes on."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Turn:
    """The clocks change: `at` is the moment as the clock of before would have shown it."""

    at: datetime
    offset_from: timedelta
    offset_to: timedelta
    name: str
    daylight: bool

    @property
    def kind(self) -> tuple[Any, ...]:
        """What turns of one rule have in common, but for the day."""
        return self.daylight, self.name, self.offset_from, self.offset_to, self.at.month, self.at.time()


@cache
def timezone_of(zone: ZoneInfo) -> Timezone:
    """The zone's VTIMEZONE, right from the first day of `FIRST_YEAR` on."""
    component = Timezone()
    component.add("tzid", zone.key)
    begin = datetime(FIRST_YEAR, 1, 1, tzinfo=zone)
    offset = _offset(begin)
    component.add_component(
        _observance(Turn(begin.replace(tzinfo=None), offset, offset, begin.tzname() or "", bool(begin.dst())))
    )
    by_kind: dict[tuple[Any, ...], list[Turn]] = defaultdict(list)
    for turn in _turns(zone):
        by_kind[turn.kind].append(turn)
    for turns in by_kind.values():
        component.add_component(_repeated(turns))
    return component


def _repeated(turns: list[Turn]) -> TimezoneStandard | TimezoneDaylight:
    """Turns of one kind: by their rule where they have one, else by their dates."""
    component = _observance(turns[0])
    weekday = _weekday_of_month(turns)
    if len(turns) > LAST_YEAR - FIRST_YEAR and weekday is not None:
        component.add("rrule", {"freq": "yearly", "bymonth": turns[0].at.month, "byday": weekday})
    else:
        for turn in turns[1:]:
            component.add("rdate", turn.at)
    return component


def _weekday_of_month(turns: list[Turn]) -> str | None:
    """-1SU where all lie on the last Sunday of their months, 2SU on the second; None where there is no such rule."""
    weekdays = {WEEKDAYS[turn.at.weekday()] for turn in turns}
    if len(weekdays) != 1:
        return None
    [weekday] = weekdays
    if all((turn.at + timedelta(days=7)).month != turn.at.month for turn in turns):
        return f"-1{weekday}"
    numbers = {(turn.at.day - 1) // 7 + 1 for turn in turns}
    return f"{numbers.pop()}{weekday}" if len(numbers) == 1 else None


def _observance(turn: Turn) -> TimezoneStandard | TimezoneDaylight:
    component = TimezoneDaylight() if turn.daylight else TimezoneStandard()
    component.add("dtstart", turn.at)
    component.add("tzoffsetfrom", turn.offset_from)
    component.add("tzoffsetto", turn.offset_to)
    component.add("tzname", turn.name)
    return component


def _turns(zone: ZoneInfo) -> Iterator[Turn]:
    """Every change of the clocks from `FIRST_YEAR` to `LAST_YEAR`."""
    moment, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        following = moment + timedelta(days=1)
        if _offset(moment.astimezone(zone)) != _offset(following.astimezone(zone)):
            yield _turn_between(zone, moment, following)
        moment = following


def _turn_between(zone: ZoneInfo, before: datetime, after: datetime) -> Turn:
    """The one change between two moments, found to the minute by halving."""
    offset = _offset(before.astimezone(zone))
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        if _offset(middle.astimezone(zone)) == offset:
            before = middle
        else:
            after = middle
    local = after.astimezone(zone)
    return Turn((after + offset).replace(tzinfo=None), offset, _offset(local), local.tzname() or "", bool(local.dst()))


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None  # every moment here has a zone
    return offset
