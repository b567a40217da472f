"""Pinned visits: the tours that they force, or the two pins that contradict each other.

Pins of different shifts can only meet in an exclusive group, so the pins can be kept if each shift can drive its own
and no group holds two. Knows no solver.
"""

from __future__ import annotations

from itertools import combinations

from routes.compiled import Compiled, ShiftClass
from routes.timetable import Label, best_timing, comes_home, extend, first_label
from routes.tours import Column


class ContradictoryPins(ValueError):
    """Two pinned visits cannot both be kept."""

    def __init__(self, visits: tuple[str, ...], reason: str) -> None:
        super().__init__(f"The pins of {' and '.join(visits)} cannot be kept: {reason}.")
        self.visits = visits


def pinned_tours(compiled: Compiled) -> list[Column]:
    """The tours that serve exactly the pinned visits. Raises ContradictoryPins where there are none."""
    _refuse_rivals(compiled)
    tours = []
    homes = {visit: shift_class for shift_class in compiled.classes for visit in shift_class.pinned}
    for visit in sorted(compiled.pinned):
        if visit not in homes:
            raise _cannot(compiled, (visit,), "the shift can never serve it")
    for shift_class in compiled.classes:
        if shift_class.pinned:
            tours.append(_forced_tour(compiled, shift_class))
    return tours


def _refuse_rivals(compiled: Compiled) -> None:
    for group in compiled.groups:
        both = [visit for visit in group if visit in compiled.pinned]
        if len(both) > 1:
            raise _cannot(compiled, (both[0], both[1]), "they exclude each other")


def _forced_tour(compiled: Compiled, shift_class: ShiftClass) -> Column:
    pinned = shift_class.pinned
    order = _order_through(compiled, shift_class, pinned)
    if order is None:
        for size in range(1, len(pinned)):
            for few in combinations(pinned, size):
                if _order_through(compiled, shift_class, few) is None:
                    raise _cannot(compiled, few, "no tour of the shift can serve them")
        raise _cannot(compiled, pinned, "no tour of the shift can serve them")
    timing = best_timing(shift_class, order, compiled.problem.weights.travel)
    if timing is None:
        raise AssertionError("a lawful order has lawful times")
    return Column(shift_class.index, tuple(int(shift_class.visits[place]) for place in order), timing.value)


def _order_through(compiled: Compiled, shift_class: ShiftClass, visits: tuple[int, ...]) -> list[int] | None:
    """A lawful order of these visits; where none is, perhaps one with a visit between that shortens the way."""
    places = [shift_class.local[visit] for visit in visits]
    order = lawful_order(shift_class, places)
    if order is None:
        for extra in range(1, len(shift_class.visits)):
            if extra not in places and not any(extra in shift_class.conflicts[place] for place in places):
                order = lawful_order(shift_class, [*places, extra])
                if order is not None:
                    break
    return order


def lawful_order(shift_class: ShiftClass, places: list[int]) -> list[int] | None:
    """An order of all these visits that has lawful times, by dynamic programming over their subsets."""
    if (
        len(places) > shift_class.max_visits
        or sum(shift_class.minutes[place][2] for place in places) > shift_class.kits
    ):
        return None
    states: dict[tuple[frozenset[int], int], list[tuple[Label, tuple[int, ...], int]]] = {
        (frozenset(), 0): [(first_label(shift_class), (), 0)]
    }
    for _ in places:
        longer: dict[tuple[frozenset[int], int], list[tuple[Label, tuple[int, ...], int]]] = {}
        for (seen, last), reached in states.items():
            for place in places:
                if place in seen:
                    continue
                fresh = [
                    (child, (*order, place), driving + shift_class.legs[last][place])
                    for label, order, driving in reached
                    for child in extend(shift_class, label, last, place)
                ]
                if fresh:
                    longer.setdefault((seen | {place}, place), []).extend(fresh)
        states = {state: _earliest(reached) for state, reached in longer.items()}
    for (_, last), reached in states.items():
        for label, order, driving in reached:
            if driving + shift_class.legs[last][0] <= shift_class.max_driving and comes_home(shift_class, label, last):
                return list(order)
    return None


def _earliest(reached: list[tuple[Label, tuple[int, ...], int]]) -> list[tuple[Label, tuple[int, ...], int]]:
    """Keep what no other is as early and as short as; points do not matter here."""
    kept: list[tuple[Label, tuple[int, ...], int]] = []
    for label, order, driving in sorted(reached, key=lambda item: (item[0].after, item[0].before, item[2])):
        if not any(
            other.before <= label.before and other.after <= label.after and shorter <= driving
            for other, _, shorter in kept
        ):
            kept.append((label, order, driving))
    return kept


def _cannot(compiled: Compiled, visits: tuple[int, ...], reason: str) -> ContradictoryPins:
    return ContradictoryPins(tuple(compiled.problem.visits[visit].id for visit in visits), reason)
