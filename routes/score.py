"""The points that a plan is worth, in all and piece by piece, so that a coordinator can be told why.

Counts by the formula of the contract ("Value, in points") and shares no code with whoever makes plans. A plan need not
be lawful to be priced: stops and tours that name nothing known are worth nothing and drive nowhere, and a visit that
is served twice counts by its first stop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from routes.plan import Plan, Stop, Tour
from routes.problem import Problem, Shift, Town, Visit


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """What breaking one promise costs, in points, by the way in which it is broken; all 0 where it is kept."""

    drop: int = 0
    other_day: int = 0
    other_van: int = 0
    retime: int = 0

    @property
    def points(self) -> int:
        return self.drop + self.other_day + self.other_van + self.retime


@dataclass(frozen=True, slots=True)
class VisitScore:
    """The points that one visit brings (prize, bonus) and costs (a broken promise); `shift` is None where unserved."""

    visit: str
    shift: str | None
    prize: int
    bonus: int
    broken: BrokenPromise

    @property
    def points(self) -> int:
        return self.prize + self.bonus - self.broken.points


@dataclass(frozen=True, slots=True)
class TownScore:
    """What a town was due and got, and the points that the missing visits cost."""

    town: str
    due: int
    served: int
    missing: int
    points: int


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """A plan's value taken apart; `driving`, `shortfall` and `broken_promises` are costs and are subtracted.

    `driving` is in points, `driving_minutes` in minutes (of each known shift's tour in `minutes_by_shift`).
    """

    prizes: int
    bonuses: int
    driving: int
    shortfall: int
    broken_promises: int
    driving_minutes: int
    minutes_by_shift: Mapping[str, int]
    visits: tuple[VisitScore, ...]
    towns: tuple[TownScore, ...]

    @property
    def value(self) -> int:
        return self.prizes + self.bonuses - self.driving - self.shortfall - self.broken_promises


def score(problem: Problem, plan: Plan) -> int:
    """The value of the plan in points, whatever value it states."""
    return score_parts(problem, plan).value


def score_parts(problem: Problem, plan: Plan) -> ScoreParts:
    """The value of the plan taken apart by kind, by visit, by town and by shift."""
    served = _served(problem, plan)
    visits = tuple(_score_visit(problem, visit, served.get(visit.id)) for visit in problem.visits)
    served_in = Counter(problem.visit_by_id[visit].town for visit in served)
    towns = tuple(_score_town(town, served_in[town.id]) for town in problem.towns)
    minutes = _minutes_by_shift(problem, plan)
    return ScoreParts(
        prizes=sum(visit.prize for visit in visits),
        bonuses=sum(visit.bonus for visit in visits),
        driving=problem.weights.travel * sum(minutes.values()),
        shortfall=sum(town.points for town in towns),
        broken_promises=sum(visit.broken.points for visit in visits),
        driving_minutes=sum(minutes.values()),
        minutes_by_shift=minutes,
        visits=visits,
        towns=towns,
    )


def driving_minutes(problem: Problem, tour: Tour) -> int:
    """The matrix's minutes of all legs of the tour, from the shift's start place to its end place.

    Stops of unknown visits are passed over; a tour of an unknown shift drives nowhere.
    """
    shift = problem.shift_by_id.get(tour.shift)
    if shift is None:
        return 0
    visits = [problem.visit_by_id[stop.visit] for stop in tour.stops if stop.visit in problem.visit_by_id]
    places = [shift.start_place, *(visit.place for visit in visits), shift.end_place]
    return sum(problem.travel[here][there] for here, there in pairwise(places))


def best_bonus(visit: Visit, shift: Shift, starts: int) -> int:
    """The bonus of the best window that a session starting at this minute lies in; 0 where it lies in none."""
    ends = starts + visit.session
    fitting = (
        window.bonus
        for window in visit.windows
        if window.day == shift.day and window.opens <= starts and ends <= window.closes
    )
    return max(fitting, default=0)


def _served(problem: Problem, plan: Plan) -> dict[str, tuple[Shift, Stop]]:
    """The first stop of each known visit on a known shift."""
    served: dict[str, tuple[Shift, Stop]] = {}
    for tour, stop in plan.stops():
        shift = problem.shift_by_id.get(tour.shift)
        if shift is not None and stop.visit in problem.visit_by_id:
            served.setdefault(stop.visit, (shift, stop))
    return served


def _minutes_by_shift(problem: Problem, plan: Plan) -> dict[str, int]:
    minutes: Counter[str] = Counter()
    for tour in plan.tours:
        if tour.shift in problem.shift_by_id:
            minutes[tour.shift] += driving_minutes(problem, tour)
    return dict(minutes)


def _score_visit(problem: Problem, visit: Visit, served: tuple[Shift, Stop] | None) -> VisitScore:
    broken = _broken_promise(problem, visit, served)
    if served is None:
        return VisitScore(visit.id, None, 0, 0, broken)
    shift, stop = served
    return VisitScore(visit.id, shift.id, visit.prize, best_bonus(visit, shift, stop.starts), broken)


def _broken_promise(problem: Problem, visit: Visit, served: tuple[Shift, Stop] | None) -> BrokenPromise:
    weights = problem.weights
    if visit.promise is None:
        return BrokenPromise()
    if served is None:
        return BrokenPromise(drop=weights.drop)
    shift, stop = served
    told = problem.shift_by_id[visit.promise.shift]
    same_day = shift.day == told.day
    late_or_early = abs(stop.starts - visit.promise.starts) > weights.tolerance
    return BrokenPromise(
        other_day=0 if same_day else weights.other_day,
        other_van=0 if shift.van == told.van else weights.other_van,
        retime=weights.retime if same_day and late_or_early else 0,
    )


def _score_town(town: Town, served: int) -> TownScore:
    missing = max(0, town.due - served)
    return TownScore(town.id, town.due, served, missing, town.shortfall * missing)
