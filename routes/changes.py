"""What could be changed so that a visit is served: the kinds, what may be drawn on, and the problem once it is done.

A change is a record of codes and numbers; `changed` makes the problem in which it holds and the visit is kept on the
shift that was found for it. Plain data, no search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from routes.problem import Pin, Problem, Shift, Visit, Window

KINDS = (
    "wider_window",
    "other_day",
    "fewer_services",
    "extra_crew",
    "extra_kits",
    "overtime",
    "unpin",
    "reserve_shift",
    "later_day",
)
"""Every kind of change that is looked for."""
ANYWAY = "anyway"
"""Nothing is changed but that the visit is kept on a shift, whatever that displaces."""

Detail = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Change:
    """One change for one visit, which then is to be served by `shift`. `detail` by kind, minutes after midnight:

    wider_window: day, was_opens, was_closes, opens, closes, minutes (by which it grows) · other_day: day, opens,
    closes · later_day: the same and days (of waiting since the last day asked for) · reserve_shift: day ·
    fewer_services: without, minutes (saved on site), session · extra_crew: member, skills ("presenter+tester") ·
    extra_kits: kits (that are added) · overtime: starts, ends, minutes · unpin: unpinned (a visit).
    """

    kind: str
    visit: str
    shift: str
    detail: Detail = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A detail that is a number."""
        return int(self.detail[name])


@dataclass(frozen=True, slots=True)
class Version:
    """Another form of a visit: with one service less ("fewer_services"), or freed of its own pin ("unpin")."""

    kind: str
    detail: Detail
    visit: Visit


@dataclass(frozen=True, slots=True)
class Joiner:
    """Somebody who could ride along on a shift, with the skills that this adds."""

    member: str
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Means:
    """What may be drawn on besides the problem itself.

    `closed` are days that a visit may not be given, `hours` those of the day in which it may lie on a day not asked
    for (else from its earliest to its latest window). `later` and `reserve` are empty shifts that the problem does not
    have, at its places. `joiners` are by shift; None means that anybody with a lacking skill may be found. `fixed` are
    visits whose pins are not lifted, `rigid` shifts whose hours stay as they are.
    A day of waiting costs `waiting` points; from `alone_from` on a visit excludes no other and none excludes it.
    """

    wider: int = 240
    overtime: int = 60
    kits: int = 48
    closed: Mapping[str, frozenset[date]] = field(default_factory=dict)
    hours: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    later: tuple[Shift, ...] = ()
    reserve: tuple[Shift, ...] = ()
    versions: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    joiners: Mapping[str, tuple[Joiner, ...]] | None = None
    fixed: frozenset[str] = frozenset()
    rigid: frozenset[str] = frozenset()
    waiting: int = 0
    alone_from: Mapping[str, date] = field(default_factory=dict)

    def shift(self, problem: Problem, name: str) -> Shift:
        """A shift of the problem or one that could be added."""
        found = problem.shift_by_id.get(name)
        return found or next(shift for shift in (*self.reserve, *self.later) if shift.id == name)


@dataclass(frozen=True, slots=True)
class Parts:
    """The visit and the shift as a change makes them, the visits whose pins it lifts, and whether it has no rivals."""

    visit: Visit
    shift: Shift
    freed: frozenset[str] = frozenset()
    alone: bool = False


def parts_of(problem: Problem, means: Means, change: Change) -> Parts:
    """What the change does to the visit and to the shift."""
    visit, shift = problem.visit_by_id[change.visit], means.shift(problem, change.shift)
    match change.kind:
        case "wider_window":
            return Parts(_widened(visit, change), shift)
        case "other_day" | "later_day":
            added = Window(shift.day, change.number("opens"), change.number("closes"))
            alone = change.kind == "later_day" and shift.day >= means.alone_from.get(visit.id, date.max)
            return Parts(replace(visit, windows=(*visit.windows, added)), shift, alone=alone)
        case "extra_crew":
            return Parts(visit, replace(shift, crew=_joined(shift, visit, str(change.detail["skills"]).split("+"))))
        case "extra_kits":
            return Parts(visit, replace(shift, kits=shift.kits + change.number("kits")))
        case "overtime":
            return Parts(visit, replace(shift, starts=change.number("starts"), ends=change.number("ends")))
        case "unpin" if change.detail["unpinned"] != change.visit:
            return Parts(visit, shift, frozenset({str(change.detail["unpinned"])}))
        case "fewer_services" | "unpin":
            versions = means.versions[change.visit]
            version = next(each for each in versions if each.kind == change.kind and each.detail == change.detail)
            return Parts(version.visit, shift)
    return Parts(visit, shift)


def changed(problem: Problem, means: Means, change: Change) -> Problem:
    """The problem with the change made, and the visit pinned to the shift that serves it."""
    parts = parts_of(problem, means, change)
    visit = replace(parts.visit, pin=Pin(parts.shift.id))
    shifts = tuple(parts.shift if shift.id == parts.shift.id else shift for shift in problem.shifts)
    if parts.shift.id not in problem.shift_by_id:
        shifts = (*shifts, parts.shift)
    visits = tuple(
        visit if each.id == visit.id else replace(each, pin=None) if each.id in parts.freed else each
        for each in problem.visits
    )
    exclusive = problem.exclusive
    if parts.alone:
        exclusive = tuple(tuple(member for member in group if member != visit.id) for group in exclusive)
    return replace(problem, shifts=shifts, visits=visits, exclusive=exclusive)


def _widened(visit: Visit, change: Change) -> Visit:
    was = (change.detail["day"], change.detail["was_opens"], change.detail["was_closes"])
    windows = tuple(
        replace(window, opens=change.number("opens"), closes=change.number("closes"))
        if (window.day.isoformat(), window.opens, window.closes) == was
        else window
        for window in visit.windows
    )
    return replace(visit, windows=windows)


def _joined(shift: Shift, visit: Visit, skills: list[str]) -> dict[str, int]:
    """The crew with one more; a set of skills ("presenter+tester") counts whoever has any of them."""
    names = {*shift.crew, *visit.crew}
    return {name: shift.crew.get(name, 0) + any(each in skills for each in name.split("+")) for name in names}
