"""Why a plan leaves visits out: each is impossible, with the rules that say so, or outranked, with what it would cost.

Impossible is a certificate: every shift was tried with nothing else on it, and none can host the visit. Outranked means
that some shift could; the change named is the cheapest found on one shift and nothing says that no cheaper one exists,
so its points are an upper limit. Records and numbers, no words. May use the timetable, never a solver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from routes.alone import Judge, Miss
from routes.compiled import Compiled, ShiftClass, compile_problem
from routes.plan import Plan, Tour
from routes.problem import Problem, Visit
from routes.score import score
from routes.timetable import best_timing, tour_of

_MOST_DISPLACED = 2
"""A tour longer than this is also tried with all its visits displaced, nothing between."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """No shift can host the visit even in an empty calendar.

    `rules` says on how many of the `shifts` on the days asked for each rule was the first to fail; where no van drives
    on those days, all the problem's shifts are counted under "day" and `nearest` is None. Otherwise `nearest` is the
    shift that came nearest.
    """

    visit: str
    shifts: int
    rules: Mapping[str, int]
    nearest: Miss | None


@dataclass(frozen=True, slots=True)
class Outranked:
    """Some of the `shifts` asked for could host the visit, were they empty.

    Serving it on `shift` would leave out the visits in `displaces` and change the plan's value by -`points`; None where
    nothing was found that pins allow. `rivals` are the served visits of its exclusive groups: while one of them is
    served, this one may not be.
    """

    visit: str
    shifts: int
    displaces: tuple[str, ...] = ()
    points: int | None = None
    shift: str | None = None
    rivals: tuple[str, ...] = ()


Reason = Impossible | Outranked


def explain(problem: Problem, plan: Plan) -> tuple[Reason, ...]:
    """The reason for each visit that the plan leaves out, in the order of the problem. The plan must be lawful."""
    served = plan.served
    unserved = [place for place, visit in enumerate(problem.visits) if visit.id not in served]
    if not unserved:
        return ()
    judge, displacing = Judge(problem), _Displacing(problem, plan)
    return tuple(_reason(judge, displacing, place) for place in unserved)


def _reason(judge: Judge, displacing: _Displacing, place: int) -> Reason:
    found = alone(judge, judge.problem.visits[place])
    return found if isinstance(found, Impossible) else displacing.reason(place, found)


def alone(judge: Judge, visit: Visit) -> Impossible | int:
    """On how many shifts the visit fits with nothing else on them, or the certificate that it fits on none."""
    misses = [judge.miss(visit, shift) for shift in judge.problem.shifts]
    fitting = sum(miss is None for miss in misses)
    if fitting:
        return fitting
    found = [miss for miss in misses if miss is not None]
    asked = [miss for miss in found if miss.rule != "day"]
    if not asked:
        return Impossible(visit.id, len(found), {"day": len(found)} if found else {}, None)
    rules = Counter(miss.rule for miss in asked)
    return Impossible(visit.id, len(asked), dict(rules), max(asked, key=lambda miss: miss.nearness))


@dataclass(frozen=True, slots=True)
class _Change:
    """One shift's tour with the visit in it and others out of it."""

    shift: int
    order: tuple[int, ...]
    displaces: tuple[int, ...]
    worth: int


class _Displacing:
    """Finds, for one plan, the cheapest way to squeeze a visit into one shift."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.compiled: Compiled = compile_problem(problem)
        place_of = {visit.id: place for place, visit in enumerate(problem.visits)}
        index_of = {shift.id: index for index, shift in enumerate(problem.shifts)}
        self.tours = {index_of[tour.shift]: tour for tour in plan.tours}
        self.orders = {shift: tuple(place_of[stop.visit] for stop in tour.stops) for shift, tour in self.tours.items()}
        self.class_of = {shift: klass for klass in self.compiled.classes for shift in klass.shifts}
        self.home_of = {visit: shift for shift, order in self.orders.items() for visit in order}
        self.value = score(problem, plan)

    def reason(self, place: int, fitting: int) -> Outranked:
        visit = self.problem.visits[place]
        rivals = tuple(sorted(rival for rival in self.compiled.rivals[place] if rival in self.home_of))
        names = tuple(self.problem.visits[rival].id for rival in rivals)
        changes = [] if self._any_pinned(rivals) else list(self._changes(place, rivals))
        for change in sorted(changes, key=lambda change: (-change.worth, change.shift, change.displaces)):
            applied = self._apply(change, rivals)
            if applied is not None:
                displaced = tuple(self.problem.visits[other].id for other in sorted({*change.displaces, *rivals}))
                points = self.value - score(self.problem, applied)
                return Outranked(visit.id, fitting, displaced, points, self.problem.shifts[change.shift].id, names)
        return Outranked(visit.id, fitting, rivals=names)

    def _changes(self, place: int, rivals: Sequence[int]) -> Iterator[_Change]:
        for klass in self.compiled.classes_of[place]:
            shift_class = self.compiled.classes[klass]
            for shift in shift_class.shifts:
                yield from self._on_shift(shift_class, shift, place, rivals)

    def _on_shift(self, shift_class: ShiftClass, shift: int, place: int, rivals: Sequence[int]) -> Iterator[_Change]:
        """Changes of one shift, none of which displaces more than another that works already."""
        order = self.orders.get(shift, ())
        before = self._value(shift_class, order)
        movable = [other for other in order if other not in self.compiled.pinned]
        done: list[set[int]] = []
        for displaced in _few(movable):
            kept = tuple(other for other in order if other not in displaced and other not in rivals)
            if any(less <= set(displaced) for less in done):
                continue
            best = self._best_insertion(shift_class, kept, place)
            if best is not None:
                done.append(set(displaced))
                gone = self._also_lost([*displaced, *rivals], place)
                yield _Change(shift, best[1], tuple(displaced), best[0] - before - gone)

    def _best_insertion(
        self, shift_class: ShiftClass, kept: tuple[int, ...], place: int
    ) -> tuple[int, tuple[int, ...]] | None:
        orders = [(*kept[:position], place, *kept[position:]) for position in range(len(kept) + 1)]
        timed = [(self._timing(shift_class, order), order) for order in orders]
        return max(((value, order) for value, order in timed if value is not None), default=None)

    def _timing(self, shift_class: ShiftClass, order: Sequence[int]) -> int | None:
        places = [shift_class.local[visit] for visit in order]
        timing = best_timing(shift_class, places, self.problem.weights.travel)
        return None if timing is None else timing.value

    def _value(self, shift_class: ShiftClass, order: Sequence[int]) -> int:
        return (self._timing(shift_class, order) or 0) if order else 0

    def _also_lost(self, displaced: Sequence[int], place: int) -> int:
        """An estimate of the town dues lost and won, for ranking; the change chosen is priced by the score."""
        towns = self.compiled.town_of
        lost = sum(self.compiled.towns[towns[other]][1] for other in displaced if towns[other] >= 0)
        return lost - (self.compiled.towns[towns[place]][1] if towns[place] >= 0 else 0)

    def _any_pinned(self, visits: Sequence[int]) -> bool:
        return any(visit in self.compiled.pinned for visit in visits)

    def _apply(self, change: _Change, rivals: Sequence[int]) -> Plan | None:
        """The plan with the change made and the rivals gone from the other shifts, or None where that is unlawful."""
        orders = {change.shift: change.order}
        for shift in {self.home_of[rival] for rival in rivals} - {change.shift}:
            orders[shift] = tuple(other for other in self.orders[shift] if other not in rivals)
        tours = dict(self.tours)
        for shift, order in orders.items():
            tours.pop(shift, None)
            if order:
                tour = self._tour(shift, order)
                if tour is None:
                    return None
                tours[shift] = tour
        return replace(self.plan, tours=tuple(tours.values()))

    def _tour(self, shift: int, order: Sequence[int]) -> Tour | None:
        shift_class = self.class_of[shift]
        if self._timing(shift_class, order) is None:
            return None
        return tour_of(self.compiled, shift, shift_class, order)


def _few(visits: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """None, one, two, then all of the visits."""
    for size in range(min(_MOST_DISPLACED, len(visits)) + 1):
        yield from combinations(visits, size)
    if len(visits) > _MOST_DISPLACED:
        yield tuple(visits)
