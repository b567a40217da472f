"""Squeezing one more visit into a plan, one shift at a time: what must give way there, and what the plan is worth then.

All tours of the shift over its present visits and the new one are listed, so for that shift the choice is the best one;
whoever is displaced is put on another shift where there is room. Whole plans are priced by the score and judged by the
checker, so what is handed out is true although nothing says that no better one exists. Knows no solver.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from routes.alone import Judge
from routes.checker import check
from routes.one_shift import OneShift, Order
from routes.plan import Plan, Tour
from routes.problem import Problem, Shift, Visit
from routes.score import score

_MOST_REHOUSED = 3
"""So many displaced visits at the most are offered other shifts; where more are, the change is a poor one anyhow."""


@dataclass(frozen=True, slots=True)
class Squeeze:
    """A tour of `shift` with the visit in it; `displaces` are in it no more, `worth` estimates what the plan gains."""

    shift: Shift
    visit: Visit
    order: Order
    displaces: tuple[str, ...]
    freed: frozenset[str]
    rivals: tuple[str, ...]
    worth: int


class PresentPlan:
    """A lawful plan of a problem, and the means to try changes on it."""

    def __init__(self, problem: Problem, plan: Plan, judge: Judge | None = None) -> None:
        self.problem, self.plan = problem, plan
        self.judge = judge or Judge(problem)
        self.value = score(problem, plan)
        self.served = plan.served
        self.tours = {tour.shift: tour for tour in plan.tours}
        self.home_of = {stop.visit: tour.shift for tour, stop in plan.stops()}
        self.rivals_of = _rivals(problem)
        self._served_in = Counter(problem.visit_by_id[visit].town for visit in self.served)
        self._worth_of: dict[str, int] = {}

    def on(self, shift: str) -> tuple[str, ...]:
        """The visits that a shift serves now."""
        tour = self.tours.get(shift)
        return tuple(stop.visit for stop in tour.stops) if tour else ()

    def rivals(self, visit: str) -> tuple[str, ...]:
        """The served visits that an exclusive group forbids beside this one."""
        return tuple(sorted(self.rivals_of[visit] & self.served))

    def squeeze(
        self, visit: Visit, shift: Shift, freed: frozenset[str] = frozenset(), *, alone: bool = False
    ) -> Squeeze | None:
        """The best tour of the shift that serves the visit and all that is pinned there; `freed` pins do not count.

        The visit's rivals give way, unless it is `alone` and has none.
        """
        rivals = set() if alone else set(self.rivals(visit.id))
        if any(self._is_pinned(rival, freed) for rival in rivals):
            return None
        present = [self._visit(name, freed) for name in self.on(shift.id) if name != visit.id]
        kept = [each for each in present if each.id not in rivals]
        musts = {visit.id, *(each.id for each in kept if each.pin)}
        candidates = [
            Squeeze(
                shift, visit, order, gone, freed, tuple(rivals), self._worth(shift.id, order, visit, {*gone, *rivals})
            )
            for order in OneShift(self.problem, shift, [*kept, replace(visit, pin=None)]).orders()
            if musts <= set(order.visits)
            for gone in (tuple(each.id for each in kept if each.id not in order.visits),)
        ]
        return max(candidates, key=lambda found: (found.worth, -len(found.displaces), found.order.visits), default=None)

    def carried_out(self, squeeze: Squeeze, changed: Problem) -> tuple[Plan, int] | None:
        """The plan of the changed problem with the visit squeezed in, and its value less that of the present plan.

        None where it would not be lawful.
        """
        tours = dict(self.tours)
        cut = OneShift(changed, squeeze.shift, [changed.visit_by_id[name] for name in squeeze.order.visits])
        tours[squeeze.shift.id] = cut.tour(squeeze.order.visits)
        homeless = list(squeeze.displaces)
        moving = {squeeze.visit.id} & self.home_of.keys()
        for rival in {*squeeze.rivals, *moving}:
            self._take_out(changed, tours, rival, squeeze.shift.id)
        if len(homeless) <= _MOST_REHOUSED:
            for name in sorted(homeless, key=lambda name: (-changed.visit_by_id[name].prize, name)):
                self._rehouse(changed, tours, name, squeeze.shift.id)
        plan = _as_plan(changed, tours.values())
        return None if check(changed, plan) else (plan, plan.value - self.value)

    def _take_out(self, problem: Problem, tours: dict[str, Tour], name: str, spared: str) -> None:
        """The tour of a shift without one of its visits, in its best order; the spared shift is settled already."""
        home = self.home_of[name]
        if home == spared:
            return
        rest = {stop.visit for stop in tours[home].stops} - {name}
        tours.pop(home)
        if rest:
            _drive(problem, tours, problem.shift_by_id[home], rest)

    def _rehouse(self, problem: Problem, tours: dict[str, Tour], name: str, spared: str) -> None:
        """Put a displaced visit where it costs least, if any other shift has room beside its own visits."""
        visit = problem.visit_by_id[name]
        found = [
            (order.value - before, shift.id, order, cut)
            for shift in problem.shifts
            if shift.id != spared and visit.pin is None and self.judge.miss(visit, shift) is None
            for before, order, cut in _with(problem, tours.get(shift.id), shift, visit)
        ]
        served = {stop.visit for tour in tours.values() for stop in tour.stops}
        if found and not self.rivals_of[name] & served:
            worth, shift, order, cut = max(found, key=lambda each: (each[0], each[1]))
            if worth + self._due(visit.town) > 0:
                tours[shift] = cut.tour(order.visits)

    def _worth(self, shift: str, order: Order, visit: Visit, gone: Collection[str]) -> int:
        """What the plan gains by this tour, the towns' dues included; rivals on other shifts are reckoned by prize."""
        elsewhere = sum(self.problem.visit_by_id[name].prize for name in gone if self.home_of[name] != shift)
        towns = Counter(self.problem.visit_by_id[name].town for name in gone)
        towns.subtract([visit.town] if visit.id not in self.served else [])
        dues = sum(self._dues_lost(town, number) for town, number in towns.items() if town is not None)
        return order.value - self._worth_now(shift) - elsewhere - dues

    def worth_of(self, visit: Visit) -> int:
        """The points of serving one visit more: its prize, and its town's due where one is missing."""
        return visit.prize - (0 if visit.town is None else self._dues_lost(visit.town, -1))

    def _worth_now(self, shift: str) -> int:
        """The points of the tour that the shift drives now."""
        if shift not in self._worth_of:
            names = self.on(shift)
            worth = 0
            if names:
                visits = [self.problem.visit_by_id[name] for name in names]
                orders = OneShift(self.problem, self.problem.shift_by_id[shift], visits).orders()
                worth = max((order.value for order in orders if set(order.visits) == set(names)), default=0)
            self._worth_of[shift] = worth
        return self._worth_of[shift]

    def _dues_lost(self, town: str, fewer: int) -> int:
        """The points lost where a town is served so many times less often than now."""
        asked, served = self.problem.town_by_id[town], self._served_in[town]
        missing_now, missing_then = max(0, asked.due - served), max(0, asked.due - served + fewer)
        return asked.shortfall * (missing_then - missing_now)

    def _due(self, town: str | None) -> int:
        return 0 if town is None else self.problem.town_by_id[town].shortfall

    def _visit(self, name: str, freed: Collection[str]) -> Visit:
        visit = self.problem.visit_by_id[name]
        return replace(visit, pin=None) if name in freed else visit

    def _is_pinned(self, name: str, freed: Collection[str]) -> bool:
        return self.problem.visit_by_id[name].pin is not None and name not in freed


def _with(problem: Problem, tour: Tour | None, shift: Shift, visit: Visit) -> Iterator[tuple[int, Order, OneShift]]:
    """The shift's tour with one visit more and none less, where there is one, beside what the tour is worth now."""
    names = {stop.visit for stop in tour.stops} if tour else set()
    busy = visit.on_site + sum(problem.visit_by_id[name].on_site for name in names)
    if busy + (shift.lunch.minutes if shift.lunch else 0) > shift.ends - shift.starts:
        return
    cut = OneShift(problem, shift, [*(problem.visit_by_id[name] for name in sorted(names)), visit])
    values = {frozenset(order.visits): order for order in cut.orders()}
    before = values.get(frozenset(names))
    after = values.get(frozenset({*names, visit.id}))
    if after is not None:
        yield (before.value if before else 0), after, cut


def _drive(problem: Problem, tours: dict[str, Tour], shift: Shift, names: Iterable[str]) -> None:
    """Give a shift the best tour over just these visits, if there is a lawful one."""
    wanted = set(names)
    cut = OneShift(problem, shift, [problem.visit_by_id[name] for name in sorted(wanted)])
    for order in cut.orders():
        if set(order.visits) == wanted:
            tours[shift.id] = cut.tour(order.visits)


def _as_plan(problem: Problem, tours: Iterable[Tour]) -> Plan:
    place = {shift.id: index for index, shift in enumerate(problem.shifts)}
    plan = Plan(problem.name, tuple(sorted(tours, key=lambda tour: place[tour.shift])), 0)
    return replace(plan, value=score(problem, plan))


def _rivals(problem: Problem) -> defaultdict[str, frozenset[str]]:
    """For each visit, the others that an exclusive group forbids beside it."""
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for group in problem.exclusive:
        for member in group:
            found[member] |= frozenset(group) - {member}
    return found
