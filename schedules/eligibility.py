"""Which shifts and requests take part in a plan, what stands still, and what is kept out and why.

Pure decisions on rows that were read before (`schedules.planning` states the rules in words); no query, no points.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from schedules.effects import Frame
from schedules.lifecycle import MOVABLE_VISITS
from schedules.models import Priority, RequestState, RequestWindow, Shift, Visit, VisitRequest
from schedules.planning_inputs import Rows

DISRUPTED = "disrupted"
"""The rule of a day on which something happened: the venue is closed, the weather is bad, the town called off."""


@dataclass(frozen=True, slots=True)
class Held:
    """A day that a request asks for and may not have: the rule, and what shows it."""

    day: date
    rule: str
    detail: dict[str, int | str]


@dataclass(frozen=True)
class Asked:
    """A request that takes part. `starts` without `pinned_to` is what was promised on the `visit`'s shift.

    `frozen` marks a pin that stands for a promise of the next days and not for a coordinator's word.
    """

    request: VisitRequest
    windows: Sequence[Frame | RequestWindow]
    visit: Visit | None = None
    pinned_to: Shift | None = None
    pinned_starts: int | None = None
    frozen: bool = False
    held: tuple[Held, ...] = ()

    @property
    def bound_to(self) -> int | None:
        """The id of the shift that the request is pinned or promised to."""
        if self.pinned_to is not None:
            return self.pinned_to.id
        return None if self.visit is None else self.visit.shift_id


@dataclass(frozen=True)
class Choice:
    """What takes part. `most_visits` limits shifts beyond their own rule; `kept_free` are reserve shifts."""

    shifts: list[Shift]
    asked: list[Asked]
    exclusive: list[tuple[int, ...]]
    most_visits: dict[int, int] = field(default_factory=dict)
    kept_free: list[Shift] = field(default_factory=list)


def choose(rows: Rows, *, reserve: bool) -> Choice:
    """Decide who takes part; with `reserve` the reserve shifts stay free."""
    under_way = {visit.shift_id for visit in rows.visits if visit.state not in MOVABLE_VISITS} - rows.rests.keys()
    waiting = [shift for shift in rows.shifts if shift.id not in under_way]
    drives = {shift.id: shift for shift in waiting if _drives(shift, rows)}
    present = {shift.id for shift in waiting}
    promised = {
        visit.request_id: visit
        for visit in rows.visits
        if visit.state in MOVABLE_VISITS and visit.shift_id in present and visit.id not in rows.assumed
    }  # fmt: skip
    bound = [one for request in rows.requests if (one := _bind(request, promised, drives, rows)) is not None]
    asked = [_without_held_days(one, rows, promised) for one in bound]
    load = Counter(one.bound_to for one in asked if one.bound_to is not None)
    kept_free = [shift for shift in drives.values() if reserve and shift.reserve and not load[shift.id]]
    free = {shift.id for shift in kept_free}
    return Choice(
        shifts=[shift for shift in waiting if shift.id not in free and (shift.id in drives or load[shift.id])],
        asked=asked,
        exclusive=list(_exclusive(asked, rows)),
        most_visits={
            **{shift.id: 0 for shift in waiting if shift.id not in drives},
            **{shift.id: load[shift.id] for shift in drives.values() if reserve and shift.reserve},
        },
        kept_free=kept_free,
    )


def _drives(shift: Shift, rows: Rows) -> bool:
    if shift.out_of_service is not None or not shift.van.active or shift.day not in rows.working_days:
        return False
    hours, rest = rows.effects.hours(shift), rows.rests.get(shift.id)
    return hours is not None and (rest is None or max(hours[0], rest.starts) < hours[1])


def frozen_until(rows: Rows) -> date | None:
    """The last day of the freeze, None where nothing is frozen."""
    number = rows.numbers["freeze_days"]
    ahead = [day for day in rows.working_days if day > rows.today][:number]
    return ahead[-1] if ahead else None


def _bind(request: VisitRequest, promised: dict[int, Visit], drives: dict[int, Shift], rows: Rows) -> Asked | None:
    """The request with what it is bound to, or None where it is left alone."""
    visit = promised.get(request.id)
    if visit is None and request.state is not RequestState.ACCEPTED:
        return None
    within = [window for window in request.windows if rows.start <= window.day <= rows.last]
    windows = rows.effects.frames(request, within)
    if visit is not None and rows.effects.cancels(visit):
        return Asked(request, [], visit, held=tuple(_all_held(within, DISRUPTED, {})))
    left = {window.day for window in windows}
    lost = tuple(_all_held([window for window in within if window.day not in left], DISRUPTED, {}))
    wish = drives.get(request.pinned_shift_id or 0)
    if request.pinned_shift_id is not None and wish is None:
        if visit is None:
            return Asked(request, [], held=tuple(_all_held(windows, "pin", {})))
        if visit.shift_id != request.pinned_shift_id:
            return None
    last_frozen = frozen_until(rows)
    frozen = visit is not None and last_frozen is not None and visit.day <= last_frozen
    if visit is not None and frozen and visit.shift_id in drives and wish in (None, drives[visit.shift_id]):
        starts = visit.starts if request.pinned_starts is None else request.pinned_starts
        return Asked(request, windows, visit, drives[visit.shift_id], starts, frozen=wish is None, held=lost)
    return Asked(request, windows, visit, wish, request.pinned_starts if wish is not None else None, held=lost)


def _all_held(windows: Iterable[Frame | RequestWindow], rule: str, detail: dict[str, int | str]) -> Iterator[Held]:
    for day in sorted({window.day for window in windows}):
        yield Held(day, rule, detail)


def _without_held_days(asked: Asked, rows: Rows, promised: dict[int, Visit]) -> Asked:
    """Take away the days that are too soon, and those that a visit to the venue or an alternative rules out."""
    request = asked.request
    if asked.bound_to is not None or not asked.windows:
        return asked
    if request.alternative_group is not None and (request.town_id, request.alternative_group) in rows.settled:
        return Asked(request, [], held=(*asked.held, *_all_held(asked.windows, "once", {})))
    if request.priority is Priority.URGENT or request.id in rows.effects.urgent:
        return asked
    rest = timedelta(days=rows.numbers["venue_rest_days"])
    visited = [
        visit.day
        for visit in rows.visits
        if visit.venue_id == request.venue_id and visit.request_id not in promised and visit.request_id != request.id
    ]
    soonest = rows.today + timedelta(days=rows.numbers["notice_days"])
    held = [held for window in asked.windows for held in _too_near(window.day, visited, rest)]
    held += [Held(window.day, "notice", {}) for window in asked.windows if window.day < soonest]
    days = {each.day for each in held}
    windows = [window for window in asked.windows if window.day not in days]
    return Asked(request, windows, held=(*asked.held, *{each.day: each for each in held}.values()))


def _too_near(day: date, visited: list[date], rest: timedelta) -> Iterator[Held]:
    near = [other for other in visited if abs(other - day) < rest]
    if near:
        yield Held(day, "venue_rest", {"visited": max(near).isoformat(), "days": rest.days})


def _exclusive(asked: list[Asked], rows: Rows) -> Iterator[tuple[int, ...]]:
    """Groups of request ids of which one may be served: alternatives, and requests for one venue.

    Two that are bound already may both be kept; the others then exclude each of them.
    """
    groups: dict[tuple[object, ...], list[Asked]] = defaultdict(list)
    for one in asked:
        request = one.request
        if request.alternative_group is not None:
            groups["alternatives", request.town_id, request.alternative_group].append(one)
        urgent = request.priority is Priority.URGENT or request.id in rows.effects.urgent
        if rows.numbers["venue_rest_days"] and (not urgent or one.bound_to is not None):
            groups["venue", request.venue_id].append(one)
    for members in groups.values():
        bound = [one.request.id for one in members if one.bound_to is not None]
        loose = [one.request.id for one in members if one.bound_to is None]
        if len(bound) < 2 and len(members) > 1:
            yield (*bound, *loose)
        elif loose:
            yield from ((each, *loose) for each in bound if len(bound) > 1)
