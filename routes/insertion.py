"""Quick insertion: a lawful plan at once, in plain Python, however large the problem.

Visits are taken by falling prize and put where they cost least driving and lose least bonus. The next makers start
from here, and a run that is stopped at once answers with this plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from routes.compiled import Compiled, ShiftClass
from routes.effort import Effort
from routes.timetable import best_timing
from routes.tours import Column


class Place(NamedTuple):
    """Where a visit can go: the column that a tour would become, and the points that the change is worth."""

    slot: int
    column: Column
    worth: int


def insert_greedily(compiled: Compiled, fixed: Iterable[Column], effort: Effort, width: int = 24) -> list[Column]:
    """Grow tours from `fixed` (the pinned ones), trying at most `width` lawful places for each visit."""
    slots, tours = empty_slots(compiled, fixed)
    of_class: dict[int, list[int]] = {}
    for slot, klass in enumerate(slots):
        of_class.setdefault(klass, []).append(slot)
    served = {visit for tour in tours if tour for visit in tour.order}
    lacking = [due - sum(visit in served for visit in members) for due, _, members in compiled.towns]
    for visit in sorted(range(compiled.visits), key=lambda visit: (-_prize(compiled, visit), visit)):
        if effort.over():
            break
        if visit in served or visit in compiled.pinned or not served.isdisjoint(compiled.rivals[visit]):
            continue
        town = compiled.town_of[visit]
        bonus = compiled.towns[town][1] if town >= 0 and lacking[town] > 0 else 0
        place = _best_place(compiled, of_class, tours, visit, width)
        effort.spend(0.5)
        if place is not None and place.worth + bonus > 0:
            tours[place.slot] = place.column
            served.add(visit)
            if town >= 0:
                lacking[town] -= 1
    return [tour for tour in tours if tour]


def empty_slots(compiled: Compiled, fixed: Iterable[Column]) -> tuple[list[int], list[Column | None]]:
    """A slot for every shift of every class, and the tour that fills it (None: empty)."""
    slots = [shift_class.index for shift_class in compiled.classes for _ in range(shift_class.count)]
    free: dict[int, list[int]] = {}
    for slot, klass in enumerate(slots):
        free.setdefault(klass, []).append(slot)
    tours: list[Column | None] = [None] * len(slots)
    for column in fixed:
        tours[free[column.klass].pop(0)] = column
    return slots, tours


def _prize(compiled: Compiled, visit: int) -> int:
    asked = compiled.problem.visits[visit]
    return asked.prize + (compiled.problem.weights.drop if asked.promise else 0)


def _best_place(
    compiled: Compiled, of_class: dict[int, list[int]], tours: list[Column | None], visit: int, width: int
) -> Place | None:
    """The place worth most among the first `width` lawful ones, those with the smallest detour first."""
    detours = []
    klass_of: dict[int, int] = {}
    for klass in compiled.classes_of[visit]:
        shift_class = compiled.classes[klass]
        empty_seen = False
        for slot in of_class[klass]:
            tour = tours[slot]
            if tour is None and empty_seen:
                continue
            empty_seen = empty_seen or tour is None
            klass_of[slot] = klass
            order = [] if tour is None else [shift_class.local[other] for other in tour.order]
            detours += [(minutes, slot, position) for position, minutes in _detours(shift_class, order, visit)]
    detours.sort()
    found = []
    for _, slot, position in detours:
        place = _inserted(compiled, klass_of[slot], tours[slot], slot, visit, position)
        if place is not None:
            found.append(place)
            if len(found) >= width:
                break
    return max(found, key=lambda place: (place.worth, -place.slot), default=None)


def _detours(shift_class: ShiftClass, order: list[int], visit: int) -> Iterable[tuple[int, int]]:
    place = shift_class.local[visit]
    if any(other in shift_class.conflicts[place] for other in order):
        return
    legs = shift_class.legs
    here = 0
    for position, there in enumerate([*order, 0]):
        skipped = legs[here][there] if order else 0
        yield position, legs[here][place] + legs[place][there] - skipped
        here = there


def _inserted(
    compiled: Compiled, klass: int, tour: Column | None, slot: int, visit: int, position: int
) -> Place | None:
    shift_class = compiled.classes[klass]
    order = list(tour.order) if tour else []
    order.insert(position, visit)
    timing = best_timing(shift_class, [shift_class.local[other] for other in order], compiled.problem.weights.travel)
    if timing is None:
        return None
    return Place(slot, Column(klass, tuple(order), timing.value), timing.value - (tour.value if tour else 0))
