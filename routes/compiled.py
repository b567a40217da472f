"""A problem laid out for the makers: indices instead of ids, and alike shifts merged into classes.

The plan only says how many of the shifts of a class drive which tour. Knows no solver and no clock; the checker and
the score never use it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from routes.problem import Problem, Shift, Visit
from routes.session_starts import Reach, shortest, start_options
from routes.shift_classes import NEVER, NO_BREAK, Break, Integers, Option, ShiftClass

__all__ = [
    "NEVER",
    "NO_BREAK",
    "Break",
    "Compiled",
    "Integers",
    "Option",
    "ShiftClass",
    "compile_problem",
    "shortest",
    "start_options",
]


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
    def grain(self) -> int:
        """What the values of any two plans differ by a multiple of (at least 1)."""
        steps = {option.gain for klass in self.classes for options in klass.options for option in options}
        steps.update(shortfall for _, shortfall, _ in self.towns)
        if any(klass.travel.any() for klass in self.classes):
            steps.add(self.problem.weights.travel)
        return max(1, math.gcd(*steps))

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
