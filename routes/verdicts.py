"""What would happen if a visit went to this shift or that: a verdict for every lane while somebody drags a visit.

Each verdict is that of an edit by hand (`routes.edits.place`), but worked out on the few shifts it touches instead of
the whole plan, so that all lanes can be answered at once. A test holds every verdict against the edit it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from routes.checker import Violation
from routes.edits import NEGOTIABLE, place
from routes.offers import Calendar
from routes.plan import Plan
from routes.problem import Pin, Problem, Town, Weights
from routes.score import score, score_parts


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a visit would begin on a shift, which rules that breaks, and what it does to the plan.

    `points` is added to the plan's value, `driving` to its minutes on the road. `moved` names the other visits that
    get another minute, `told` the visits, this one included, whose promise is changed by it: by the minute, the van
    or the day. `spans` are the minutes, first and last, at which the session may begin while all others stand still.
    """

    shift: str
    starts: int
    violations: tuple[Violation, ...]
    points: int
    driving: int
    moved: tuple[str, ...]
    told: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def negotiable(self) -> bool:
        """Whether nothing but what people may agree on is broken."""
        return all(violation.rule in NEGOTIABLE for violation in self.violations)


def verdicts(
    problem: Problem, plan: Plan, visit: str, shifts: Iterable[str], starts: int | None = None
) -> Iterator[Verdict]:
    """A verdict for each of these shifts, the visit's own among them or not; at this minute or the best one."""
    for shift in shifts:
        part, before = _touched(problem, plan, visit, shift)
        edited = place(part, before, visit, shift, starts)
        was, becomes = _slots(before), _slots(edited.plan)
        changed = [name for name in becomes if becomes[name] != was.get(name)]
        yield Verdict(
            shift=shift,
            starts=becomes[visit][1],
            violations=edited.violations,
            points=edited.points,
            driving=_driving(part, edited.plan) - _driving(part, before),
            moved=tuple(name for name in changed if name != visit),
            told=tuple(name for name in changed if _is_broken(part, name, becomes[name], was.get(name))),
            spans=() if edited.violations else tuple(_spans(part, was, visit, shift)),
        )


def _touched(problem: Problem, plan: Plan, visit: str, shift: str) -> tuple[Problem, Plan]:
    """The problem and the plan cut down to the shifts that matter: this one, the visit's own, and its rivals'."""
    rivals = {name for group in problem.exclusive if visit in group for name in group}
    tours = [
        tour
        for tour in plan.tours
        if tour.shift == shift or any(stop.visit == visit or stop.visit in rivals for stop in tour.stops)
    ]
    driven = {stop.visit for tour in tours for stop in tour.stops}
    kept = [each for each in problem.visits if each.id in driven or each.id == visit]
    names = {each.id for each in kept}
    named = {told.shift for each in kept for told in (each.pin, each.promise) if told is not None}
    ids = {shift, *named, *(tour.shift for tour in tours)}
    own_shifts = [each for each in problem.shifts if each.id in ids]
    places = sorted(
        {each.place for each in kept} | {end for each in own_shifts for end in (each.start_place, each.end_place)}
    )
    index = {place: number for number, place in enumerate(places)}
    part = Problem(
        name=problem.name,
        places=tuple(problem.places[place] for place in places),
        travel=tuple(tuple(problem.travel[here][there] for there in places) for here in places),
        shifts=tuple(
            replace(each, start_place=index[each.start_place], end_place=index[each.end_place]) for each in own_shifts
        ),
        visits=tuple(replace(each, place=index[each.place]) for each in kept),
        # Every group keeps its number, by which the checker names it.
        exclusive=tuple(tuple(name for name in group if name in names) for group in problem.exclusive),
        towns=tuple(_still_due(problem, plan, driven)),
        weights=problem.weights,
    )
    before = replace(plan, tours=tuple(tours), bound=None)
    return part, replace(before, value=score(part, before))


def _still_due(problem: Problem, plan: Plan, driven: set[str]) -> Iterator[Town]:
    """The towns with what they are due besides the visits of all other shifts."""
    elsewhere = Counter(problem.visit_by_id[name].town for name in plan.served - driven)
    for town in problem.towns:
        yield replace(town, due=max(0, town.due - elsewhere[town.id]))


def _slots(plan: Plan) -> dict[str, tuple[str, int]]:
    return {stop.visit: (tour.shift, stop.starts) for tour, stop in plan.stops()}


def _driving(problem: Problem, plan: Plan) -> int:
    return score_parts(problem, plan).driving_minutes


def _is_broken(problem: Problem, name: str, slot: tuple[str, int], was: tuple[str, int] | None) -> bool:
    """Whether this slot is another than was promised, and that is news beside the plan as it is."""
    promise = problem.visit_by_id[name].promise
    return promise is not None and slot != (promise.shift, promise.starts) and slot != was


def _spans(part: Problem, was: dict[str, tuple[str, int]], visit: str, shift: str) -> Iterator[tuple[int, int]]:
    """The free minutes of the visit between the shift's other visits, each of which stays at its minute."""
    standing = tuple(
        replace(part.visit_by_id[name], pin=Pin(shift, starts), promise=None, town=None)
        for name, (where, starts) in was.items()
        if where == shift and name != visit
    )
    asked = replace(part.visit_by_id[visit], pin=None, promise=None, town=None)
    shifts = (part.shift_by_id[shift],)
    alone = replace(part, shifts=shifts, visits=standing, exclusive=(), towns=(), weights=Weights())
    yield from sorted((offer.first, offer.last) for offer in Calendar(alone).offers(asked))
