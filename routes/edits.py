"""Changing a plan by hand: where a visit goes is a person's word, the exact minutes of its tour follow from it.

An edit is never refused here. The tour is timed lawfully where it can be; else with the rules of `NEGOTIABLE` let go,
so that what is broken is just what people may agree on; else as wished for, so that the checker can name whatever is
in the way. What stood in the tour before keeps its minutes where that is possible. No solver: one shift's few orders
are tried one by one. The verdict is the independent checker's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from routes.checker import Violation, check
from routes.compiled import compile_problem
from routes.plan import Plan, Stop, Tour
from routes.problem import Pin, Problem, Shift, Visit, Window
from routes.score import best_bonus, score
from routes.timetable import best_order, best_timing, tour_of

NEGOTIABLE = frozenset({"window", "crew", "equipment", "kits", "max_visits", "pin"})
"""Rules that people may agree to break. All others are about safety or about what a van can do at all."""

_MOST_PERMUTED = 5
_STAYS = 1_000_000
"""Points for a session that keeps its minute: more than all else, so that it moves only if it must."""
_LATEST_MINUTE = 1440


@dataclass(frozen=True, slots=True)
class Edited:
    """The plan after an edit, and every rule that it breaks; `points` is what the edit does to the plan's value."""

    plan: Plan
    violations: tuple[Violation, ...]
    points: int

    @property
    def negotiable(self) -> bool:
        """Whether nothing but what people may agree on is broken."""
        return all(violation.rule in NEGOTIABLE for violation in self.violations)


@dataclass(frozen=True, slots=True)
class Spot:
    """A lawful place for a visit; `points` is what going there does to the plan's value."""

    shift: str
    starts: int
    points: int


def place(problem: Problem, plan: Plan, visit: str, shift: str, starts: int | None = None) -> Edited:
    """Serve the visit by this shift, its session starting at `starts` or whenever is best."""
    return _edited(problem, plan, {visit: (shift, starts)})


def drop(problem: Problem, plan: Plan, visit: str) -> Edited:
    """Leave the visit out."""
    return _edited(problem, plan, {visit: None})


def swap(problem: Problem, plan: Plan, one: str, other: str) -> Edited:
    """Let two visits change places: each takes the other's shift and, where both can, the other's minute."""
    at = {stop.visit: (tour.shift, stop.starts) for tour, stop in plan.stops()}
    exact = _edited(problem, plan, {one: at[other], other: at[one]})
    if not exact.violations:
        return exact
    loose = _edited(problem, plan, {one: (at[other][0], None), other: (at[one][0], None)})
    return loose if len(loose.violations) < len(exact.violations) else exact


def cheapest_spot(problem: Problem, plan: Plan, visit: str, near: str | None = None) -> Spot | None:
    """The lawful place that costs least: on the day of the shift `near` if there is one, else on any; None for none."""
    found = list(_spots(problem, plan, visit))
    day = None if near is None else problem.shift_by_id[near].day
    close = [spot for spot in found if problem.shift_by_id[spot.shift].day == day]
    return max(close or found, key=lambda spot: (spot.points, spot.shift), default=None)


def _spots(problem: Problem, plan: Plan, visit: str) -> Iterator[Spot]:
    days = {window.day for window in problem.visit_by_id[visit].windows}
    before = score(problem, plan)
    for shift in problem.shifts:
        if shift.day not in days:
            continue
        tours = _tours(problem, plan, {visit: (shift.id, None)}, only_lawful=True)
        if tours is None:
            continue
        after = replace(plan, tours=tours, bound=None)
        after = replace(after, value=score(problem, after))
        if not check(problem, after):
            starts = next(stop.starts for _, stop in after.stops() if stop.visit == visit)
            yield Spot(shift.id, starts, after.value - before)


# The plan after an edit -----------------------------------------------------------------------------------------------

Goal = tuple[str, int | None] | None
"""The shift and, where it matters, the minute at which a visit is wished for; None: not at all."""


def _edited(problem: Problem, plan: Plan, goals: Mapping[str, Goal]) -> Edited:
    tours = _tours(problem, plan, goals)
    assert tours is not None  # some times can always be written down, lawful or not
    after = replace(plan, tours=tours, bound=None)
    after = replace(after, value=score(problem, after))
    return Edited(after, tuple(check(problem, after)), after.value - score(problem, plan))


def _tours(
    problem: Problem, plan: Plan, goals: Mapping[str, Goal], *, only_lawful: bool = False
) -> tuple[Tour, ...] | None:
    """The plan's tours with the visits of `goals` where they are wished for, touched ones timed anew."""
    orders = {tour.shift: [stop.visit for stop in tour.stops] for tour in plan.tours}
    at = {stop.visit: (tour.shift, stop.starts) for tour, stop in plan.stops()}
    touched = {goal[0] for goal in goals.values() if goal} | {at[visit][0] for visit in goals if visit in at}
    tours = {tour.shift: tour for tour in plan.tours}
    for shift in sorted(touched):
        stays = [visit for visit in orders.get(shift, ()) if visit not in goals]
        comes = {visit: goal[1] for visit, goal in goals.items() if goal and goal[0] == shift}
        tours.pop(shift, None)
        if stays or comes:
            told = {visit: at[visit][1] for visit in stays}
            tour = _timed(problem, problem.shift_by_id[shift], told, comes, only_lawful=only_lawful)
            if tour is None:
                return None
            tours[shift] = tour
    order = {shift.id: index for index, shift in enumerate(problem.shifts)}
    return tuple(sorted(tours.values(), key=lambda tour: order[tour.shift]))


def _timed(
    problem: Problem, shift: Shift, stays: Mapping[str, int], comes: Mapping[str, int | None], *, only_lawful: bool
) -> Tour | None:
    """The shift's tour through what stays (with its minutes until now) and what comes (with those wished for)."""
    lawful = _best_tour(_one_shift(problem, shift, stays, comes))
    if lawful is not None or only_lawful:
        return lawful
    agreed = _best_tour(_without_negotiable(_one_shift(problem, shift, stays, comes), comes))
    return agreed if agreed is not None else _as_wished(problem, shift, stays, comes)


def _one_shift(problem: Problem, shift: Shift, stays: Mapping[str, int], comes: Mapping[str, int | None]) -> Problem:
    """The problem of this shift alone with just these visits, minutes wished for pinned and minutes kept rewarded."""
    asked = [problem.visit_by_id[name] for name in (*stays, *comes)]
    places = sorted({shift.start_place, shift.end_place, *(visit.place for visit in asked)})
    index = {place: number for number, place in enumerate(places)}
    visits = []
    for visit in asked:
        visit = replace(visit, place=index[visit.place], town=None)
        starts = comes.get(visit.id)
        if visit.id in stays:
            visit = replace(visit, windows=(*visit.windows, *_stay(visit, shift, stays[visit.id])))
        elif starts is not None and (visit.pin is None or visit.pin.shift == shift.id):
            visit = replace(visit, pin=Pin(shift.id, starts))
        if visit.promise is not None and visit.promise.shift != shift.id:
            visit = replace(visit, promise=None)
        visits.append(visit)
    return Problem(
        name=problem.name,
        places=tuple(problem.places[place] for place in places),
        travel=tuple(tuple(problem.travel[here][there] for there in places) for here in places),
        shifts=(replace(shift, start_place=index[shift.start_place], end_place=index[shift.end_place]),),
        visits=tuple(_pinned_nowhere_else(visit, shift) for visit in visits),
        weights=problem.weights,
    )


def _stay(visit: Visit, shift: Shift, starts: int) -> Iterator[Window]:
    """The minute until now as a window of its own, if it is lawful."""
    ends = starts + visit.session
    if any(each.day == shift.day and each.opens <= starts and ends <= each.closes for each in visit.windows):
        yield Window(shift.day, starts, ends, best_bonus(visit, shift, starts) + _STAYS)


def _pinned_nowhere_else(visit: Visit, shift: Shift) -> Visit:
    """A visit pinned to another shift has no lawful time on this one."""
    if visit.pin is not None and visit.pin.shift != shift.id:
        return replace(visit, pin=None, windows=())
    return visit


def _without_negotiable(problem: Problem, comes: Mapping[str, int | None]) -> Problem:
    """The problem with all that people may agree on let go of, for the visits that come and for the shift."""
    [shift] = problem.shifts
    crew = dict(shift.crew)
    for visit in problem.visits:
        for skill, people in visit.crew.items():
            crew[skill] = max(crew.get(skill, 0), people)
    visits = []
    for visit in problem.visits:
        if visit.id in comes or not any(window.day == shift.day for window in visit.windows):
            starts = comes.get(visit.id)
            pin = None if starts is None else Pin(shift.id, starts)
            visit = replace(visit, windows=(Window(shift.day, 0, _LATEST_MINUTE), *visit.windows), pin=pin)
        visits.append(visit)
    open_to_all = replace(
        shift,
        crew=crew,
        equipment=shift.equipment.union(*(visit.equipment for visit in problem.visits)),
        kits=max(shift.kits, sum(visit.kits for visit in problem.visits)),
        max_visits=None,
    )
    return replace(problem, shifts=(open_to_all,), visits=tuple(visits))


def _best_tour(problem: Problem) -> Tour | None:
    """The most valuable lawful tour through all visits of a problem of one shift, or None where there is none."""
    compiled = compile_problem(problem)
    if not compiled.classes:
        return None
    [klass] = compiled.classes
    names = range(len(problem.visits))
    if any(visit not in klass.local for visit in names):
        return None
    weight = problem.weights.travel
    if len(names) > _MOST_PERMUTED:
        timed = [
            (best_timing(klass, [klass.local[visit] for visit in order], weight), order) for order in _orders(names)
        ]
        found = [(timing.value, order) for timing, order in timed if timing is not None]
        return tour_of(compiled, 0, klass, max(found, key=lambda each: each[0])[1]) if found else None
    visit_at = {klass.local[visit]: visit for visit in names}
    best = best_order(klass, [klass.local[visit] for visit in names], weight)
    return None if best is None else tour_of(compiled, 0, klass, [visit_at[place] for place in best])


def _orders(names: range) -> Iterator[tuple[int, ...]]:
    """The last one (which comes) at every place among the others."""
    *others, last = names
    for position in range(len(names)):
        yield (*others[:position], last, *others[position:])


# A tour as it is wished for, lawful or not ----------------------------------------------------------------------------


def _as_wished(problem: Problem, shift: Shift, stays: Mapping[str, int], comes: Mapping[str, int | None]) -> Tour:
    """The visits in the order of their minutes, each as soon as the van can be there, lunch where it fits."""
    wished = {**stays, **{visit: _wish(problem, shift, visit, starts) for visit, starts in comes.items()}}
    order = sorted(wished, key=lambda visit: (wished[visit], visit))
    stops: list[Stop] = []
    here, ready = shift.start_place, shift.starts
    leaves = shift.starts
    for name in order:
        visit = problem.visit_by_id[name]
        leg = problem.travel[here][visit.place]
        starts = max(ready + leg + visit.setup, wished[name])
        arrives = ready + leg
        if not stops:
            starts = wished[name]
            arrives = max(0, starts - visit.setup)
            leaves = max(0, arrives - leg)
            arrives = leaves + leg
        ready = starts + visit.session + visit.teardown
        stops.append(Stop(name, arrives, starts, ready))
        here = visit.place
    returns = ready + problem.travel[here][shift.end_place]
    return Tour(shift.id, leaves, returns, _lunch(problem, shift, leaves, stops, returns), tuple(stops))


def _wish(problem: Problem, shift: Shift, visit: str, starts: int | None) -> int:
    """The minute wished for; else the first that the visit's windows or the shift's hours allow."""
    if starts is not None:
        return starts
    opens = [window.opens for window in problem.visit_by_id[visit].windows if window.day == shift.day]
    return max(shift.starts, min(opens, default=shift.starts))


def _lunch(problem: Problem, shift: Shift, leaves: int, stops: Sequence[Stop], returns: int) -> int | None:
    """The first minute at which lunch fits into a stretch in which the crew is free, else the first it may begin at."""
    if shift.lunch is None:
        return None
    free = [(shift.starts, leaves)]
    free += [(stop.arrives, stop.starts - problem.visit_by_id[stop.visit].setup) for stop in stops]
    free.append((returns, shift.ends))
    for begins, ends in free:
        lunch = max(begins, shift.lunch.opens)
        if lunch + shift.lunch.minutes <= min(ends, shift.lunch.closes):
            return lunch
    return shift.lunch.opens
