"""From a peer's order of visits on each shift to a plan that can really be driven, with the project's exact times.

A peer's clock is not trusted (breaks inside drives, halved days, merged windows), only whom it sends where and in what
order. Every order is timed anew for the most points. What cannot be driven is dropped, the visit that costs least
first; a pin that was lost is put back, because a plan without it is worth nothing to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from routes import Plan, Problem, score
from routes.compiled import Compiled, ShiftClass, compile_problem
from routes.timetable import best_timing, tour_of

Orders = Mapping[str, Sequence[str]]
"""For each shift's id, the ids of its visits in the order in which they are served."""


class Retimed(NamedTuple):
    """The plan, and what of the order had to be dropped or put back."""

    plan: Plan
    dropped: list[str]
    restored: list[str]


def retime(problem: Problem, orders: Orders) -> Retimed:
    """A plan of the orders with their best times; visits dropped until each tour is lawful."""
    compiled = compile_problem(problem)
    number = {visit.id: index for index, visit in enumerate(problem.visits)}
    wanted = [[number[visit] for visit in orders.get(shift.id, ())] for shift in problem.shifts]
    asked = [visit for order in wanted for visit in order]
    restored = _restore_pins(problem, wanted)
    _drop_second_servings(compiled, wanted)
    shift_class = {shift: found for found in compiled.classes for shift in found.shifts}
    tours = []
    for shift, order in enumerate(wanted):
        lawful = _lawful_part(compiled, shift_class[shift], order) if shift in shift_class else []
        wanted[shift] = lawful
        if lawful:
            tours.append(tour_of(compiled, shift, shift_class[shift], lawful))
    kept = {visit for order in wanted for visit in order}
    plan = Plan(problem.name, tuple(tours), 0)
    return Retimed(
        Plan(problem.name, tuple(tours), score(problem, plan)),
        sorted({problem.visits[visit].id for visit in asked} - {problem.visits[visit].id for visit in kept}),
        [problem.visits[visit].id for visit in restored],
    )


def _restore_pins(problem: Problem, wanted: list[list[int]]) -> list[int]:
    """Take pinned visits off other shifts; put lost ones at the head of their own, `_lawful_part` finds the place."""
    shift_number = {shift.id: index for index, shift in enumerate(problem.shifts)}
    restored = []
    for index, visit in enumerate(problem.visits):
        if visit.pin is None:
            continue
        own = shift_number[visit.pin.shift]
        for shift, order in enumerate(wanted):
            if shift != own:
                wanted[shift] = [other for other in order if other != index]
        if index not in wanted[own]:
            wanted[own].insert(0, index)
            restored.append(index)
    return restored


def _drop_second_servings(compiled: Compiled, wanted: list[list[int]]) -> None:
    """Keep the first serving of a visit, and of an exclusive group the pinned or dearest member."""
    servings = [(shift, visit) for shift, order in enumerate(wanted) for visit in order]
    prize = [visit.prize for visit in compiled.problem.visits]
    servings.sort(key=lambda serving: (serving[1] not in compiled.pinned, -prize[serving[1]]))
    kept: dict[int, int] = {}
    for shift, visit in servings:
        if visit not in kept and not compiled.rivals[visit] & kept.keys():
            kept[visit] = shift
    for shift, order in enumerate(wanted):
        wanted[shift] = [visit for visit in dict.fromkeys(order) if kept.get(visit) == shift]


def _lawful_part(compiled: Compiled, shift_class: ShiftClass, order: Sequence[int]) -> list[int]:
    """The order without the visits that keep it from being lawful; pinned ones stay wherever they fit."""
    travel = compiled.problem.weights.travel
    left = [visit for visit in order if visit in shift_class.local]
    while left and _value(shift_class, left, travel) is None:
        moved = _with_pins_moved(compiled, shift_class, left)
        if moved is not None:
            return moved
        free = [visit for visit in left if visit not in compiled.pinned] or left
        without = [[other for other in left if other != visit] for visit in free]
        values = [_value(shift_class, rest, travel) for rest in without]
        lawful = [(value, rest) for value, rest in zip(values, without, strict=True) if value is not None]
        if lawful:
            return max(lawful)[1]
        cheapest = min(free, key=lambda visit: compiled.problem.visits[visit].prize)
        left.remove(cheapest)
    return left


def _with_pins_moved(compiled: Compiled, shift_class: ShiftClass, order: list[int]) -> list[int] | None:
    """The best lawful order with one pinned visit at another place of it, or None."""
    travel = compiled.problem.weights.travel
    found = []
    for pinned in [visit for visit in order if visit in compiled.pinned]:
        rest = [visit for visit in order if visit != pinned]
        for place in range(len(order)):
            moved = [*rest[:place], pinned, *rest[place:]]
            value = _value(shift_class, moved, travel)
            if value is not None:
                found.append((value, moved))
    return max(found)[1] if found else None


def _value(shift_class: ShiftClass, order: Sequence[int], travel: int) -> int | None:
    timing = best_timing(shift_class, [shift_class.local[visit] for visit in order], travel)
    return None if timing is None else timing.value
