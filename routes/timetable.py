"""The best exact times of one shift's visits in a given order: sessions, waiting, lunch.

A label of the order is two ready times, lunch still to come and lunch behind, with the points gathered; within an
option earlier is never worse, so only the choice of options branches. Which leg carries the lunch needs no choice:
eating on arrival is ready sooner than eating before departure whenever it is lawful. Plain Python, no solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from routes.compiled import NEVER, Compiled, Option, ShiftClass
from routes.plan import Stop, Tour
from routes.problem import Problem


class Label(NamedTuple):
    """Ready to leave at `before` if lunch is still to come, at `after` if it is over (`NEVER`: cannot be)."""

    before: int
    after: int
    gain: int
    options: tuple[Option, ...]


class Timing(NamedTuple):
    """The worth of an order, driving paid, and the option in which each session starts."""

    value: int
    options: tuple[Option, ...]


def best_timing(shift_class: ShiftClass, order: Sequence[int], travel_weight: int) -> Timing | None:
    """The most valuable lawful times for visiting `order` (local indices), or None where there are none."""
    driving = _driving(shift_class, order)
    if not order or len(order) > shift_class.max_visits or driving > shift_class.max_driving:
        return None
    if sum(shift_class.minutes[place][2] for place in order) > shift_class.kits:
        return None
    labels = [first_label(shift_class)]
    last = 0
    for place in order:
        labels = non_dominated([child for label in labels for child in extend(shift_class, label, last, place)])
        last = place
    homes = [(label.gain, label.options) for label in labels if comes_home(shift_class, label, last)]
    if not homes:
        return None
    gain, options = max(homes, key=lambda home: home[0])
    return Timing(gain - travel_weight * driving, options)


def best_order(shift_class: ShiftClass, places: Sequence[int], travel_weight: int) -> tuple[int, ...] | None:
    """The order of these places (local indices) whose best times are worth most; None where none is lawful.

    The first of equals as `itertools.permutations` lists them. Orders share the labels of what they begin with, and a
    beginning that nobody can keep is not gone on with.
    """
    if not places or len(places) > shift_class.max_visits:
        return None
    if sum(shift_class.minutes[place][2] for place in places) > shift_class.kits:
        return None
    best: tuple[int, tuple[int, ...]] | None = None
    beginnings: list[tuple[tuple[int, ...], list[Label]]] = [((), [first_label(shift_class)])]
    while beginnings:
        order, labels = beginnings.pop()
        last = order[-1] if order else 0
        if len(order) == len(places):
            value = _worth(shift_class, order, labels, travel_weight)
            if value is not None and (best is None or value > best[0]):
                best = value, order
            continue
        for place in reversed([each for each in places if each not in order]):  # the stack turns them round again
            reached = non_dominated([child for label in labels for child in extend(shift_class, label, last, place)])
            if reached:
                beginnings.append(((*order, place), reached))
    return best[1] if best is not None else None


def _worth(shift_class: ShiftClass, order: tuple[int, ...], labels: list[Label], travel_weight: int) -> int | None:
    """The points of a whole order with the driving paid, None where the van is not back in time or drives too long."""
    driving = _driving(shift_class, order)
    gains = [label.gain for label in labels if comes_home(shift_class, label, order[-1])]
    return max(gains) - travel_weight * driving if gains and driving <= shift_class.max_driving else None


def first_label(shift_class: ShiftClass) -> Label:
    """Standing at the start place when the shift starts; without a lunch rule, lunch counts as over."""
    if shift_class.lunch.minutes < 0:
        return Label(NEVER, shift_class.starts, 0, ())
    return Label(shift_class.starts, NEVER, 0, ())


def arrivals(shift_class: ShiftClass, before: int, after: int, leg: int, closes: int) -> tuple[int, int]:
    """When the van can begin at the far end of a leg, lunch still to come or over; lunch may lie at either end."""
    fed = after + leg if after < NEVER else NEVER
    if before >= NEVER:
        return NEVER, fed
    opens, _, minutes = shift_class.lunch
    arrives = before + leg
    on_arrival = max(arrives, opens) + minutes
    if on_arrival <= closes:
        return arrives, min(fed, on_arrival)
    before_leaving = max(before, opens) + minutes
    if before_leaving <= shift_class.lunch.closes:
        return arrives, min(fed, before_leaving + leg)
    return arrives, fed


def extend(shift_class: ShiftClass, label: Label, last: int, place: int) -> list[Label]:
    """The labels after also visiting `place`, one for each option that an earlier one does not make pointless."""
    setup, post, _ = shift_class.minutes[place]
    leg = shift_class.legs[last][place]
    hungry, fed = arrivals(shift_class, label.before, label.after, leg, shift_class.lunch.closes)
    children = []
    best = -NEVER
    for option in shift_class.options[place]:
        before = max(hungry + setup, option.first)
        after = max(fed + setup, option.first)
        if before > option.last:
            before = NEVER
        if after > option.last:
            after = NEVER
        if (before >= NEVER and after >= NEVER) or option.gain <= best:
            continue
        if after < NEVER or fed >= NEVER:
            best = option.gain
        children.append(
            Label(
                before + post if before < NEVER else NEVER,
                after + post if after < NEVER else NEVER,
                label.gain + option.gain,
                (*label.options, option),
            )
        )
    return children


def non_dominated(labels: list[Label]) -> list[Label]:
    """Drop labels that another is at least as early and as valuable as."""
    if len(labels) < 2:
        return labels
    labels = sorted(labels, key=lambda label: (-label.gain, label.after, label.before))
    kept: list[Label] = []
    for label in labels:
        if not any(other.before <= label.before and other.after <= label.after for other in kept):
            kept.append(label)
    return kept


def comes_home(shift_class: ShiftClass, label: Label, last: int) -> bool:
    """Whether the van can be back in its hours with lunch eaten somewhere."""
    closes = min(shift_class.lunch.closes, shift_class.ends)
    _, fed = arrivals(shift_class, label.before, label.after, shift_class.legs[last][0], closes)
    return fed <= shift_class.ends


def tour_of(compiled: Compiled, shift_index: int, shift_class: ShiftClass, order: Sequence[int]) -> Tour:
    """The tour that serves `order` (visits of the problem) with its best times; the order must be lawful.

    Sessions start as early as their options allow, the van leaves as late as that permits, and drives on as soon as a
    visit (and a lunch after it) is over.
    """
    problem = compiled.problem
    places = [shift_class.local[visit] for visit in order]
    timing = best_timing(shift_class, places, problem.weights.travel)
    if timing is None:
        raise ValueError(f"Shift {problem.shifts[shift_index].id} has no lawful times for {list(order)}.")
    lunch_leg = _lunch_leg(shift_class, places, timing.options)
    return _dated(problem, shift_index, shift_class, places, timing.options, lunch_leg)


def _lunch_leg(shift_class: ShiftClass, places: list[int], options: tuple[Option, ...]) -> int | None:
    """The leg at whose ends lunch is eaten: of those that leave each session in its option, the one soonest home."""
    if shift_class.lunch.minutes < 0:
        return None
    homes = [(_home(shift_class, places, options, leg), leg) for leg in range(len(places) + 1)]
    return min(homes)[1]


def _home(shift_class: ShiftClass, places: list[int], options: tuple[Option, ...], lunch_leg: int) -> int:
    """When the tour is over if lunch goes with `lunch_leg`; `NEVER` if that leg cannot carry it."""
    ready, last = shift_class.starts, 0
    for leg, place in enumerate([*places, 0]):
        closes = shift_class.lunch.closes if place else min(shift_class.lunch.closes, shift_class.ends)
        hungry, fed = arrivals(shift_class, ready, NEVER, shift_class.legs[last][place], closes)
        begins = fed if leg == lunch_leg else hungry
        if place == 0:
            return begins if begins <= shift_class.ends else NEVER
        setup, post, _ = shift_class.minutes[place]
        starts = max(begins + setup, options[leg].first)
        if starts > options[leg].last:
            return NEVER
        ready, last = starts + post, place
    raise AssertionError("a tour ends at its depot")


def _dated(
    problem: Problem,
    shift_index: int,
    shift_class: ShiftClass,
    places: list[int],
    options: tuple[Option, ...],
    lunch_leg: int | None,
) -> Tour:
    """Write the minutes of a tour down, lunch at the given leg."""
    opens, closes, minutes = shift_class.lunch
    stops: list[Stop] = []
    ready, last, lunch, leaves = shift_class.starts, 0, None, shift_class.starts
    for leg, place in enumerate([*places, 0]):
        drive = shift_class.legs[last][place]
        latest = closes if place else min(closes, shift_class.ends)
        on_arrival = leg == lunch_leg and max(ready + drive, opens) + minutes <= latest
        if leg == lunch_leg and not on_arrival:
            lunch = max(ready, opens)
            ready = lunch + minutes
            if stops:
                stops[-1] = _departing(stops[-1], ready)
        arrives = ready + drive
        free = arrives
        if on_arrival:
            lunch = max(arrives, opens)
            free = lunch + minutes
        if place == 0:
            return Tour(problem.shifts[shift_index].id, leaves, arrives, lunch, tuple(stops))
        setup, post, _ = shift_class.minutes[place]
        starts = max(free + setup, options[leg].first)
        if leg == 0:
            if on_arrival and lunch is not None:
                lunch = min(starts - setup, closes) - minutes
                arrives = lunch
            else:
                arrives = starts - setup
            leaves = arrives - drive
        ready, last = starts + post, place
        stops.append(Stop(problem.visits[int(shift_class.visits[place])].id, arrives, starts, ready))
    raise AssertionError("a tour ends at its depot")


def _departing(stop: Stop, departs: int) -> Stop:
    return Stop(stop.visit, stop.arrives, stop.starts, departs)


def _driving(shift_class: ShiftClass, order: Sequence[int]) -> int:
    legs = shift_class.legs
    return sum(legs[here][there] for here, there in zip([0, *order], [*order, 0], strict=True))
