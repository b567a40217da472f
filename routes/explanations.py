"""Explanations in full: how certain a reason is, what serving the visit would cost, and which changes would serve it.

`routes.explain` gives a reason at once; here the visit is forced in with a bound (`routes.forcing`), changes are looked
for (`routes.remedies`), and of a served visit it is asked what the next best places would cost. Records and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from routes.changes import ANYWAY, Change, Means
from routes.checker import check
from routes.compiled import compile_problem
from routes.effort import Effort
from routes.explain import Impossible, Outranked, Reason, alone
from routes.plan import Plan
from routes.problem import Problem, Visit
from routes.remedies import Remedies, Remedy, Search
from routes.score import score
from routes.squeezing import PresentPlan

_MOST_REMEDIES = 6
_NEXT_BEST = 2


@dataclass(frozen=True, slots=True)
class NothingHelps:
    """No change of the listed kinds makes the visit cheaper to serve; `tried` counts the changes of each kind.

    `proven` where each of them fails by a rule on an otherwise empty shift; else none was found and nothing is proven.
    """

    tried: Mapping[str, int]
    proven: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a visit is left out, and what can be done.

    Of an outranked visit `anyway` is the best plan found that serves it nevertheless, `displaces` and `points` of the
    reason are its own, and no plan that serves it costs fewer than `at_least` points (None: not known); where the two
    agree, the cost is exact. Negative points are a gain that the planner had not found. `remedies` come cheapest first;
    where there are none, `nothing` says how far that is certain.
    """

    reason: Reason
    at_least: int | None
    anyway: Remedy | None
    remedies: tuple[Remedy, ...]
    nothing: NothingHelps | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another shift for a visit: the plan would be worth `points` less, and leave out the visits in `displaces`."""

    shift: str
    starts: int
    points: int
    displaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhyHere:
    """Where a visit is served, and the next best places found; a pinned one has none."""

    visit: str
    shift: str
    starts: int
    pinned: bool
    next_best: tuple[Elsewhere, ...]


class Explainer:
    """Explains the visits of one lawful plan; what it works out for one it keeps for the others.

    `seconds` is the time for all visits together; when it is over, what is left is explained without forcing.
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        means: Means | None = None,
        *,
        seconds: float = 30.0,
        work: int | None = None,
    ) -> None:
        self.problem, self.plan = problem, plan
        self.present = PresentPlan(problem, plan)
        self._remedies = Remedies(self.present, means or Means())
        self._effort = Effort(seconds, work=round(1000 * seconds))
        self._forcing: Any = None

    def unserved(self) -> Iterator[Explanation]:
        """The explanation of each visit that the plan leaves out, in the order of the problem."""
        for visit in self.problem.visits:
            if visit.id not in self.present.served:
                yield self.explain(visit.id)

    def explain(self, name: str) -> Explanation:
        """The explanation of one visit that the plan leaves out."""
        visit = self.problem.visit_by_id[name]
        reason = alone(self.present.judge, visit)
        if isinstance(reason, Impossible):
            return _explanation(reason, None, None, self._remedies.of(visit, None))
        anyway = self._remedies.anyway(visit)
        anyway, bound = self._forced(visit, anyway)
        search = self._remedies.of(visit, anyway)
        outranked = Outranked(visit.id, reason, rivals=self.present.rivals(name))
        if anyway is not None:
            displaced, shift = anyway.displaces, anyway.change.shift
            outranked = replace(outranked, displaces=displaced, points=-anyway.points, shift=shift)
        return _explanation(outranked, bound, anyway, search)

    def why_here(self, name: str) -> WhyHere:
        """Why a served visit is where it is: what the next best places would cost."""
        visit = self.problem.visit_by_id[name]
        home = self.present.home_of[name]
        starts = next(stop.starts for _, stop in self.plan.stops() if stop.visit == name)
        if visit.pin is not None:
            return WhyHere(name, home, starts, True, ())
        others = [shift for shift in self.problem.shifts if shift.id != home]
        found = [
            self.present.squeeze(visit, shift) for shift in others if self.present.judge.miss(visit, shift) is None
        ]
        ranked = sorted((each for each in found if each is not None), key=lambda each: (-each.worth, each.shift.id))
        places = []
        for squeeze in ranked[: 2 * _NEXT_BEST]:
            done = self._remedies.carried_out(Change(ANYWAY, name, squeeze.shift.id))
            if done is not None:
                remedy = done[0]
                places.append(Elsewhere(squeeze.shift.id, remedy.starts, -remedy.points, remedy.displaces))
        places.sort(key=lambda place: (place.points, place.shift))
        return WhyHere(name, home, starts, False, tuple(places[:_NEXT_BEST]))

    def _forced(self, visit: Visit, anyway: Remedy | None) -> tuple[Remedy | None, int | None]:
        """The best plan that serves the visit, as a remedy, and the least that any such plan costs."""
        known = None if self.plan.bound is None else self.present.value - int(self.plan.bound // 1)
        if anyway is None:
            return None, known
        if self._forcing is None:
            from routes.forcing import Forcing  # here, so that asking for the next best places needs no solver

            self._forcing = Forcing(compile_problem(self.problem), self._effort)
        done = self._remedies.carried_out(anyway.change)
        forced = None if done is None else self._forcing.force(visit.id, done[1])
        if forced is None:
            return anyway, known
        least = self.present.value - forced.bound
        best = self._as_remedy(visit, forced.plan, anyway)
        return best, least if known is None else max(least, known)

    def _as_remedy(self, visit: Visit, plan: Plan, anyway: Remedy) -> Remedy:
        points = score(self.problem, plan) - self.present.value
        if points <= anyway.points or check(self.problem, plan):
            return anyway
        shift = next(tour.shift for tour, stop in plan.stops() if stop.visit == visit.id)
        return self._remedies.remedy(Change(ANYWAY, visit.id, shift), plan, points, self.problem)


def _explanation(reason: Reason, least: int | None, anyway: Remedy | None, search: Search) -> Explanation:
    nothing = None
    if not search.remedies:
        nothing = NothingHelps(search.tried, isinstance(reason, Impossible) and search.hopeless)
    return Explanation(reason, least, anyway, search.remedies[:_MOST_REMEDIES], nothing)


def write_explanation(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data for JSON."""
    reason = explanation.reason
    return {
        "class": "impossible" if isinstance(reason, Impossible) else "outranked",
        **asdict(reason),
        "at_least": explanation.at_least,
        "anyway": None if explanation.anyway is None else asdict(explanation.anyway),
        "remedies": [asdict(remedy) for remedy in explanation.remedies],
        "nothing_helps": None if explanation.nothing is None else asdict(explanation.nothing),
    }
