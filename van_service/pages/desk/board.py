"""A week of a plan as a timetable on paper: for each day and van what happens from minute to minute.

Pure: rows in, segments out. How they are drawn is the stylesheet's and the template's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from schedules.differences import Change, ChangeKind, Slot
from schedules.models import Day, Shift, Stop, Tour, VisitRequest

EARLIEST, LATEST = 7 * 60, 17 * 60
"""The board shows at least these hours."""
ROOM_FOR_A_NUMBER = 12
ROOM_FOR_A_NAME = 75
ROOM_FOR_A_TIME = 30
"""From so many minutes on a line has room for its number, a block for a venue's name, a ghost for its time."""
SOLID = ("setup", "session", "tear", "lunch")


@dataclass(frozen=True, slots=True)
class Segment:
    """Something that lasts from `starts` for `minutes`: drive, slack, setup, session, tear, lunch or ghost.

    A ghost is `hidden` where something of the tour covers the place of its time.
    """

    kind: str
    starts: int
    minutes: int
    stop: Stop | None = None
    change: ChangeKind | None = None
    pinned: bool = False
    request: VisitRequest | None = None
    hidden: bool = False

    @property
    def ends(self) -> int:
        return self.starts + self.minutes

    @property
    def named(self) -> bool:
        """Whether there is room for a venue's name beside its town's."""
        return self.minutes >= ROOM_FOR_A_NAME

    @property
    def numbered(self) -> bool:
        """Whether there is room for the minutes above the line."""
        return self.minutes >= ROOM_FOR_A_NUMBER


@dataclass(frozen=True, slots=True)
class Lane:
    """One shift of a day; without a tour the van stays free."""

    shift: Shift
    tour: Tour | None
    segments: tuple[Segment, ...]
    kept_free: bool = False


@dataclass(frozen=True, slots=True)
class BoardDay:
    """A day of the board; without lanes no van drives. `frozen` promises of this day stand still."""

    date: date
    row: Day | None
    lanes: tuple[Lane, ...]
    frozen: bool = False


@dataclass(frozen=True)
class Marks:
    """What a plan says of its stops beyond their times: changes against the promises, pins, shifts kept free."""

    changes: Mapping[int, Change] = field(default_factory=dict)
    pinned: frozenset[int] = frozenset()
    kept_free: frozenset[str] = frozenset()
    frozen_until: date | None = None


def weeks_between(first: date, last: date) -> list[date]:
    """The Mondays of the weeks that the days from `first` to `last` touch."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=number) for number in range((last - monday).days // 7 + 1)]


def days_of_week(
    monday: date, shifts: Iterable[Shift], tours: Iterable[Tour], rows: Mapping[date, Day], marks: Marks
) -> list[BoardDay]:
    """The days of one week: Monday to Friday, and the weekend where people work or a van drives."""
    tour_of = {tour.shift_id: tour for tour in tours}
    ghosts = _ghosts(marks.changes.values())
    shown = []
    for day in (monday + timedelta(days=offset) for offset in range(7)):
        lanes = tuple(
            _lane(shift, tour_of.get(shift.id), ghosts.get(shift.id, ()), marks)
            for shift in sorted(shifts, key=lambda shift: shift.van.number)
            if shift.day == day
        )
        row = rows.get(day)
        if day.weekday() < 5 or lanes or (row is not None and row.works):
            frozen = marks.frozen_until is not None and day <= marks.frozen_until
            shown.append(BoardDay(day, row, lanes, frozen))
    return shown


def hours_of(days: Sequence[BoardDay]) -> tuple[int, int]:
    """The first and last full hour, in minutes, between which everything lies."""
    segments = [segment for day in days for lane in day.lanes for segment in lane.segments]
    first = min([EARLIEST, *(segment.starts for segment in segments)])
    last = max([LATEST, *(segment.ends for segment in segments)])
    return first // 60 * 60, -(-last // 60) * 60


def _lane(shift: Shift, tour: Tour | None, ghosts: Sequence[tuple[Slot, VisitRequest]], marks: Marks) -> Lane:
    driven = [] if tour is None else list(segments_of(tour, shift, marks))
    solid = [segment for segment in driven if segment.kind in SOLID]
    drawn = [
        Segment(
            "ghost",
            slot.starts,
            slot.closes - slot.starts,
            request=request,
            hidden=any(part.starts < slot.starts + ROOM_FOR_A_TIME and slot.starts < part.ends for part in solid),
        )
        for slot, request in ghosts
    ]
    drawn += driven  # drawn later, so that they cover the ghosts
    return Lane(shift, tour, tuple(drawn), shift.code in marks.kept_free)


def segments_of(tour: Tour, shift: Shift, marks: Marks | None = None) -> Iterator[Segment]:
    """The tour from minute to minute, in the order in which it happens."""
    marks = marks or Marks()
    lunch = None if tour.lunch is None else Segment("lunch", tour.lunch, shift.lunch_minutes or 0)
    here = tour.leaves
    for stop in tour.stops:
        drive = Segment("drive", stop.arrives - stop.drive, stop.drive)
        yield from _until(stop.starts - stop.request.setup, here, drive, lunch)
        yield from _at(stop, marks)
        here = stop.starts + stop.request.session + stop.request.teardown
    back = tour.driving - sum(stop.drive for stop in tour.stops)
    yield from _until(tour.returns, here, Segment("drive", tour.returns - back, back), lunch)
    if lunch is not None and (lunch.starts >= tour.returns or lunch.ends <= tour.leaves):
        yield lunch


def _until(there: int, here: int, drive: Segment, lunch: Segment | None) -> Iterator[Segment]:
    """What fills the minutes from `here` until the crew sets up or is back: the drive, lunch, and slack."""
    busy = [drive] if drive.minutes else []
    if lunch is not None and here <= lunch.starts < there:
        busy.append(lunch)
    for segment in sorted(busy, key=lambda segment: segment.starts):
        yield from _wait(here, segment.starts)
        yield segment
        here = segment.ends
    yield from _wait(here, there)


def _wait(since: int, until: int) -> Iterator[Segment]:
    if until > since:
        yield Segment("slack", since, until - since)


def _at(stop: Stop, marks: Marks) -> Iterator[Segment]:
    request = stop.request
    if request.setup:
        yield Segment("setup", stop.starts - request.setup, request.setup)
    change = marks.changes.get(request.id)
    yield Segment(
        "session",
        stop.starts,
        request.session,
        stop=stop,
        change=None if change is None or change.kind is ChangeKind.KEPT else change.kind,
        pinned=request.id in marks.pinned,
        request=request,
    )
    if request.teardown:
        yield Segment("tear", stop.starts + request.session, request.teardown)


def _ghosts(changes: Iterable[Change]) -> dict[int, list[tuple[Slot, VisitRequest]]]:
    """By shift the promised times that the plan moves away from."""
    found: dict[int, list[tuple[Slot, VisitRequest]]] = {}
    for change in changes:
        if change.kind not in (ChangeKind.KEPT, ChangeKind.OTHER_VAN, ChangeKind.ADDED) and change.old is not None:
            found.setdefault(change.old.shift.id, []).append((change.old, change.request))
    return found
