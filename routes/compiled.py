"""A problem laid out for the makers: indices instead of ids, and alike shifts merged into classes.

Two shifts are alike when every order of visits is worth the same on both; they then share one set of tours, and the
plan only says how many of them drive which. For each class and visit the lawful session starts are cut into
`Option`s, stretches of minutes over which the points do not change, so that within an option earlier is never worse.
Knows no solver and no clock; the checker and the score never use it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.problem import Problem, Shift, Visit

NEVER = 1 << 30
"""A minute that no clock shows: the time of what cannot happen, and the limit of what is not limited."""

Integers = NDArray[np.int64]


class Option(NamedTuple):
    """Session starts from `first` to `last` (inclusive minutes), each worth `gain` points, the driving apart."""

    first: int
    last: int
    gain: int


class Break(NamedTuple):
    """The lunch rule of a class; a class without one has `minutes` < 0."""

    opens: int
    closes: int
    minutes: int


NO_BREAK = Break(0, 0, -1)


@dataclass(frozen=True)
class ShiftClass:
    """Shifts that are alike, with the visits any of them may serve.

    Local index 0 is the depot (row 0 of `travel`: from the start place; column 0: to the end place); local index k > 0
    is the visit `visits[k]` of the problem (`visits[0]` is -1). `post` is session and teardown, in minutes.
    """

    index: int
    shifts: tuple[int, ...]
    starts: int
    ends: int
    kits: int
    max_visits: int
    max_driving: int
    lunch: Break
    visits: Integers
    travel: Integers
    setup: Integers
    post: Integers
    load: Integers
    options: tuple[tuple[Option, ...], ...]
    conflicts: tuple[frozenset[int], ...]
    pinned: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many shifts are alike."""
        return len(self.shifts)

    @cached_property
    def local(self) -> dict[int, int]:
        """The local index of each visit."""
        return {int(visit): place for place, visit in enumerate(self.visits) if place}

    @cached_property
    def legs(self) -> list[list[int]]:
        """`travel` as plain lists, which plain Python reads faster than an array."""
        return [[int(minutes) for minutes in row] for row in self.travel]

    @cached_property
    def minutes(self) -> list[tuple[int, int, int]]:
        """(setup, post, kits) of each local index, as plain numbers."""
        return [(int(a), int(b), int(c)) for a, b, c in zip(self.setup, self.post, self.load, strict=True)]


@dataclass(frozen=True)
class Compiled:
    """The whole problem for the makers. `constant` is added to the sum of tour values less the shortfalls."""

    problem: Problem
    classes: tuple[ShiftClass, ...]
    groups: tuple[tuple[int, ...], ...]
    towns: tuple[tuple[int, int, tuple[int, ...]], ...]
    pinned: frozenset[int]
    constant: int

    @property
    def visits(self) -> int:
        """The number of visits asked for."""
        return len(self.problem.visits)

    @cached_property
    def town_of(self) -> list[int]:
        """The index into `towns` of each visit, or -1."""
        places = [-1] * self.visits
        for town, (_, _, members) in enumerate(self.towns):
            for member in members:
                places[member] = town
        return places

    @cached_property
    def towns_of(self) -> list[list[int]]:
        """The town of each visit as a list of one or none, in the form of `groups_of`."""
        return [[town] if town >= 0 else [] for town in self.town_of]

    @cached_property
    def groups_of(self) -> list[list[int]]:
        """The exclusive groups of each visit."""
        found: list[list[int]] = [[] for _ in range(self.visits)]
        for group, members in enumerate(self.groups):
            for member in members:
                found[member].append(group)
        return found

    @cached_property
    def rivals(self) -> list[frozenset[int]]:
        """For each visit, the others that an exclusive group forbids beside it."""
        return [
            frozenset(other for group in groups for other in self.groups[group] if other != visit)
            for visit, groups in enumerate(self.groups_of)
        ]

    @cached_property
    def classes_of(self) -> list[list[int]]:
        """The classes that may serve each visit."""
        found: list[list[int]] = [[] for _ in range(self.visits)]
        for shift_class in self.classes:
            for visit in shift_class.visits[1:]:
                found[visit].append(shift_class.index)
        return found


def compile_problem(problem: Problem) -> Compiled:
    """Lay a problem out for the makers."""
    rivals = _exclusive_groups(problem)
    size = len(problem.places)
    matrix = np.array(problem.travel, dtype=np.int64).reshape(size, size)
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    reach = Reach(matrix)
    for place, (shift, eligible) in enumerate(_eligible(problem)):
        eligible = reach.clip(problem, shift, eligible)
        if eligible:
            alike[(_rules(shift), tuple(eligible.items()))].append(place)
    classes = tuple(
        _shift_class(problem, index, shifts, matrix, dict(key[1]), rivals)  # type: ignore[call-overload]
        for index, (key, shifts) in enumerate(alike.items())
    )
    return Compiled(
        problem=problem,
        classes=classes,
        groups=rivals,
        towns=tuple(_towns_due(problem)),
        pinned=frozenset(place for place, visit in enumerate(problem.visits) if visit.pin),
        constant=-problem.weights.drop * sum(visit.promise is not None for visit in problem.visits),
    )


def start_options(problem: Problem, visit: Visit, shift: Shift) -> tuple[Option, ...]:
    """The lawful session starts of a visit on a shift, in stretches of equal points (prize, bonus, promise kept)."""
    earliest, latest = shift.starts + visit.setup, shift.ends - visit.teardown - visit.session
    if visit.pin:
        if visit.pin.shift != shift.id:
            return ()
        if visit.pin.starts is not None:
            earliest, latest = max(earliest, visit.pin.starts), min(latest, visit.pin.starts)
    windows = [
        (max(window.opens, earliest), min(window.closes - visit.session, latest), window.bonus)
        for window in visit.windows
        if window.day == shift.day
    ]
    base, promised = _promise_points(problem, visit, shift)
    tolerance, late = problem.weights.tolerance, problem.weights.retime
    told = None if promised is None else (promised - tolerance, promised + tolerance, late)
    return tuple(_stretches(windows, visit.prize + base, told))


class Reach:
    """Shortest minutes from start places and to end places, by way of anywhere: what no tour can beat."""

    def __init__(self, matrix: Integers) -> None:
        self._matrix = matrix
        self._from: dict[int, Integers] = {}
        self._to: dict[int, Integers] = {}

    def clip(
        self, problem: Problem, shift: Shift, options: dict[int, tuple[Option, ...]]
    ) -> dict[int, tuple[Option, ...]]:
        """Cut off the starts that no tour of the shift can reach, and the visits that are left without any."""
        if shift.start_place not in self._from:
            self._from[shift.start_place] = shortest(self._matrix, shift.start_place)
        if shift.end_place not in self._to:
            self._to[shift.end_place] = shortest(self._matrix.T, shift.end_place)
        there, home = self._from[shift.start_place].tolist(), self._to[shift.end_place].tolist()
        clipped = {}
        for place, stretches in options.items():
            visit = problem.visits[place]
            earliest = shift.starts + there[visit.place] + visit.setup
            latest = shift.ends - home[visit.place] - visit.teardown - visit.session
            if shift.max_driving is not None and there[visit.place] + home[visit.place] > shift.max_driving:
                continue
            kept = tuple(
                Option(max(option.first, earliest), min(option.last, latest), option.gain)
                for option in stretches
                if option.last >= earliest and option.first <= latest
            )
            if kept:
                clipped[place] = kept
        return clipped


def shortest(matrix: Integers, source: int) -> Integers:
    """Minutes of the quickest way from one place to all others (Dijkstra 1959, on a dense matrix)."""
    minutes = matrix[source].copy()
    minutes[source] = 0
    open_places = np.ones(len(minutes), dtype=np.bool_)
    for _ in range(len(minutes)):
        nearest = int(np.argmin(np.where(open_places, minutes, NEVER)))
        open_places[nearest] = False
        np.minimum(minutes, minutes[nearest] + matrix[nearest], out=minutes)
    return np.asarray(minutes, dtype=np.int64)


def _stretches(windows: list[tuple[int, int, int]], base: int, told: tuple[int, int, int] | None) -> Iterator[Option]:
    """Cut the union of the windows wherever the points change."""
    windows = [window for window in windows if window[0] <= window[1]]
    cuts = {first for first, _, _ in windows} | {last + 1 for _, last, _ in windows}
    if told:
        cuts |= {told[0], told[1] + 1}
    ordered = sorted(cuts)
    open_option: Option | None = None
    for first, after in pairwise(ordered):
        bonuses = [bonus for opens, last, bonus in windows if opens <= first <= last]
        if not bonuses:
            continue
        gain = base + max(bonuses)
        if told and not told[0] <= first <= told[1]:
            gain -= told[2]
        if open_option and open_option.last + 1 == first and open_option.gain == gain:
            open_option = Option(open_option.first, after - 1, gain)
        else:
            if open_option:
                yield open_option
            open_option = Option(first, after - 1, gain)
    if open_option:
        yield open_option


def _promise_points(problem: Problem, visit: Visit, shift: Shift) -> tuple[int, int | None]:
    """Points of serving a promised visit on this shift (the drop is already in the constant), and the promised minute
    where it counts: on the promised day, by whichever van."""
    if visit.promise is None:
        return 0, None
    weights, told = problem.weights, problem.shift_by_id[visit.promise.shift]
    points = weights.drop
    if told.van != shift.van:
        points -= weights.other_van
    if told.day != shift.day:
        return points - weights.other_day, None
    return points, visit.promise.starts


def _eligible(problem: Problem) -> Iterator[tuple[Shift, dict[int, tuple[Option, ...]]]]:
    """Each shift with the options of the visits that it may serve by its crew, equipment, kits and windows."""
    by_day: dict[date, list[int]] = defaultdict(list)
    for place, visit in enumerate(problem.visits):
        for day in {window.day for window in visit.windows}:
            by_day[day].append(place)
    plain: dict[tuple[object, ...], tuple[Option, ...]] = {}
    for shift in problem.shifts:
        options: dict[int, tuple[Option, ...]] = {}
        for place in by_day[shift.day]:
            visit = problem.visits[place]
            if not _equipped(visit, shift):
                continue
            if visit.pin or visit.promise:
                found = start_options(problem, visit, shift)
            else:
                key = (place, shift.day, shift.starts, shift.ends)
                if key not in plain:
                    plain[key] = start_options(problem, visit, shift)
                found = plain[key]
            if found:
                options[place] = found
        yield shift, options


def _equipped(visit: Visit, shift: Shift) -> bool:
    return (
        visit.kits <= shift.kits
        and visit.equipment <= shift.equipment
        and all(shift.crew.get(skill, 0) >= needed for skill, needed in visit.crew.items())
    )


def _rules(shift: Shift) -> tuple[object, ...]:
    """What makes two shifts with the same options alike."""
    return (
        shift.starts,
        shift.ends,
        shift.start_place,
        shift.end_place,
        shift.kits,
        shift.max_visits,
        shift.max_driving,
        shift.lunch,
    )


def _shift_class(
    problem: Problem,
    index: int,
    shifts: Sequence[int],
    matrix: Integers,
    options: dict[int, tuple[Option, ...]],
    groups: tuple[tuple[int, ...], ...],
) -> ShiftClass:
    shift = problem.shifts[shifts[0]]
    members = list(options)
    visits = [problem.visits[place] for place in members]
    places = [visit.place for visit in visits]
    return ShiftClass(
        index=index,
        shifts=tuple(shifts),
        starts=shift.starts,
        ends=shift.ends,
        kits=shift.kits,
        max_visits=len(members) if shift.max_visits is None else shift.max_visits,
        max_driving=NEVER if shift.max_driving is None else shift.max_driving,
        lunch=NO_BREAK if shift.lunch is None else Break(shift.lunch.opens, shift.lunch.closes, shift.lunch.minutes),
        visits=np.array([-1, *members], dtype=np.int64),
        travel=np.ascontiguousarray(matrix[np.ix_([shift.start_place, *places], [shift.end_place, *places])]),
        setup=_column([0, *(visit.setup for visit in visits)]),
        post=_column([0, *(visit.session + visit.teardown for visit in visits)]),
        load=_column([0, *(visit.kits for visit in visits)]),
        options=((), *options.values()),
        conflicts=_conflicts(members, groups),
        pinned=tuple(place for place, visit in zip(members, visits, strict=True) if visit.pin),
    )


def _conflicts(members: list[int], groups: tuple[tuple[int, ...], ...]) -> tuple[frozenset[int], ...]:
    local = {member: place for place, member in enumerate(members, start=1)}
    found: list[set[int]] = [set() for _ in range(len(members) + 1)]
    for group in groups:
        inside = [local[member] for member in group if member in local]
        for member in inside:
            found[member].update(other for other in inside if other != member)
    return tuple(frozenset(others) for others in found)


def _column(numbers: Iterable[int]) -> Integers:
    return np.array(list(numbers), dtype=np.int64)


def _exclusive_groups(problem: Problem) -> tuple[tuple[int, ...], ...]:
    place_of = {visit.id: place for place, visit in enumerate(problem.visits)}
    return tuple(tuple(sorted(place_of[member] for member in group)) for group in problem.exclusive if len(group) > 1)


def _towns_due(problem: Problem) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """(due, shortfall, visits) of each town whose dues cost anything."""
    members: dict[str | None, list[int]] = defaultdict(list)
    for place, visit in enumerate(problem.visits):
        members[visit.town].append(place)
    for town in problem.towns:
        if town.due and town.shortfall:
            yield town.due, town.shortfall, tuple(members[town.id])
