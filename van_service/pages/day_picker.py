"""The calendar on which a town ticks half-days: which may be asked for, and how much room the vans still have there.

Room is what the published visits leave of a shift, in minutes; whether a visit really fits is for the planner to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import calendar, requests
from schedules.models import Day, Shift, Visit, VisitState
from van_service.pages import formats

WEEKS = 5
NOON = 12 * 60
HALVES: Mapping[str, tuple[int, int]] = {"am": (0, NOON), "pm": (NOON, 24 * 60)}
USUAL_TIMES: Mapping[str, tuple[int, int]] = {"am": (8 * 60 + 30, 11 * 60 + 30), "pm": (13 * 60, 16 * 60)}
"""The times meant by a tick alone: three hours each, so that every service fits."""

ROOMY, SOME = 200, 120


@dataclass(frozen=True, slots=True)
class Cell:
    """Half a day; `room` is None where no shift is set up yet, `closed` says why it cannot be ticked."""

    key: str
    day: date
    half: str
    room: int | None = None
    closed: str = ""

    @property
    def tone(self) -> str:
        """The stylesheet's class of the cell."""
        if self.closed:
            return "no"
        if self.room is None:
            return "tight"
        return "good" if self.room >= ROOMY else "poss" if self.room >= SOME else "tight"


@dataclass(frozen=True, slots=True)
class Column:
    """A day of a week with its two halves."""

    day: date
    cells: dict[str, Cell]


def weeks(session: Session, *, now: datetime) -> list[list[Column]]:
    """The next five weeks, Monday first; Saturdays and Sundays only in weeks in which one of them can be asked for."""
    first = requests.earliest_day(session, now)
    monday = calendar.local_day(now) - timedelta(days=calendar.local_day(now).weekday())
    last = monday + timedelta(days=7 * WEEKS - 1)
    table = {row.date: row for row in session.scalars(select(Day).where(Day.date.between(monday, last)))}
    room = _room_left(session, monday, last)
    columns = [_column(monday + timedelta(days=offset), first, table, room, now) for offset in range(7 * WEEKS)]
    return [list(_without_idle_weekend(columns[start : start + 7])) for start in range(0, 7 * WEEKS, 7)]


def _without_idle_weekend(week: list[Column]) -> Iterator[Column]:
    for column in week:
        if column.day.weekday() < 5 or not all(cell.closed for cell in column.cells.values()):
            yield column


def _column(
    day: date, first: date, table: Mapping[date, Day], room: Mapping[date, dict[str, int]], now: datetime
) -> Column:
    closed = _why_closed(day, first, table.get(day), driven=day in room)
    cells = {}
    for half in HALVES:
        over = day == calendar.local_day(now) and USUAL_TIMES[half][0] <= calendar.local_minutes(now)
        reason = closed or (str(gettext("Over")) if over else "")
        cells[half] = Cell(f"{day.isoformat()}.{half}", day, half, room.get(day, {}).get(half), reason)
    return Column(day, cells)


def _why_closed(day: date, first: date, row: Day | None, *, driven: bool) -> str:
    if day < first:
        return str(gettext("Over"))
    if row is None or not row.announced:
        return str(gettext("Not set"))
    if row.works or driven:
        return ""
    name = formats.localized(row) if row.name_zh or row.name_en else ""
    return name or str(gettext("Day off"))


def _room_left(session: Session, first: date, last: date) -> dict[date, dict[str, int]]:
    """For each day with a shift and each half, the minutes that the emptiest van has left."""
    shifts = session.scalars(
        select(Shift).where(Shift.day.between(first, last), Shift.out_of_service.is_(None), Shift.reserve.is_(False))
    ).all()
    visits = session.scalars(
        select(Visit).where(
            Visit.day.between(first, last), Visit.state.not_in((VisitState.CANCELLED, VisitState.MISSED))
        )
    )
    taken: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for visit in visits:
        taken[visit.shift_id].append((visit.arrives, visit.departs))
    room: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(HALVES, 0))
    for shift in shifts:
        for half, bounds in HALVES.items():
            left = _overlap((shift.starts, shift.ends), bounds)
            left -= sum(_overlap(span, bounds) for span in taken[shift.id])
            room[shift.day][half] = max(room[shift.day][half], left)
    return dict(room)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
