"""The cheapest changes that would serve a visit: every kind tried on every shift, the best carried out and judged.

A trial squeezes the visit, as the change makes it, into one shift of the present plan. What comes out best of a kind
is cut down to the minutes and kits that its tour really needs, carried out on the changed problem, and passed by the
checker; only then it is a remedy. Knows no solver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from routes.changes import ANYWAY, KINDS, Change, Means, changed, parts_of
from routes.plan import Plan, Tour
from routes.problem import Problem, Shift, Visit
from routes.squeezing import PresentPlan, Squeeze
from routes.trials import Trials, widening

_SIZE_PER_POINT = 5
_MOST_FINISHED = 3
"""So many trials of a kind are carried out at the most, until one holds."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that serves the visit, carried out and found lawful.

    The plan then gains `points`, a loss where negative (the visit's own not counted where it waits for a later plan),
    leaves out the visits in `displaces`, serves those in `adds` that it left out so far, and gives others another shift
    or time than promised (`moves`). The session begins at `starts`.
    """

    change: Change
    points: int
    starts: int
    displaces: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    change: Change
    squeeze: Squeeze
    size: int

    @property
    def rank(self) -> tuple[float, int, str]:
        """The most points first, of the like the smallest change: what it asks of people counts a little too."""
        return self.size / _SIZE_PER_POINT - self.squeeze.worth, self.size, self.change.shift


@dataclass(frozen=True, slots=True)
class Search:
    """The remedies of one visit, the cheapest first, and how many changes of each kind were tried.

    `hopeless` says that each of them failed by a rule on an otherwise empty shift, so that none can help at all.
    """

    remedies: tuple[Remedy, ...]
    tried: Mapping[str, int]
    hopeless: bool


class Remedies:
    """Looks for changes on one plan, drawing on the means given."""

    def __init__(self, present: PresentPlan, means: Means) -> None:
        self.present, self.means = present, means
        self._trials = Trials(present, means)
        self.problem = present.problem

    def of(self, visit: Visit, anyway: Remedy | None) -> Search:
        """The cheapest change of each kind that is of use beside serving the visit `anyway`, where that can be done."""
        found: list[Remedy] = []
        tried = {}
        hopeless = True
        for kind in KINDS:
            changes = list(self._trials.of(kind, visit))
            tried[kind] = len(changes)
            fitting = [each for each in changes if self._fits(each[0])]
            hopeless = hopeless and not fitting
            trials = (trial for change in fitting if (trial := self._try(*change)) is not None)
            # Who waits wants to wait no longer than needed: of later days the first that does.
            found += self._finished(list(islice(trials, 1 if kind == "later_day" else None)))
        useful = [remedy for remedy in found if anyway is None or _is_of_use(remedy, anyway)]
        ranked = tuple(sorted(useful, key=lambda remedy: (-remedy.points, remedy.change.kind)))
        return Search(ranked, tried, hopeless)

    def anyway(self, visit: Visit) -> Remedy | None:
        """The visit squeezed in where that costs least, nothing changed."""
        trials = [
            trial
            for shift in self.problem.shifts
            for change in (Change(ANYWAY, visit.id, shift.id),)
            if self._fits(change) and (trial := self._try(change, 0)) is not None
        ]
        return next(iter(self._finished(trials)), None)

    def carried_out(self, change: Change) -> tuple[Remedy, Plan] | None:
        """The change made on the present plan, with the plan that results; None where that is not lawful."""
        parts = parts_of(self.problem, self.means, change)
        squeeze = self.present.squeeze(parts.visit, parts.shift, parts.freed, alone=parts.alone)
        if squeeze is None:
            return None
        after = changed(self.problem, self.means, change)
        done = self.present.carried_out(squeeze, after)
        if done is None:
            return None
        plan, points = done
        if change.kind == "later_day":  # what the visit is worth, another plan will count
            points -= self.present.worth_of(parts.visit) + self.means.waiting * change.number("days")
        return self.remedy(change, plan, points, after), plan

    def remedy(self, change: Change, plan: Plan, points: int, after: Problem) -> Remedy:
        """What a change comes to, given the plan made of it."""
        starts = next(stop.starts for _, stop in plan.stops() if stop.visit == change.visit)
        now, then = self.present.served, plan.served - {change.visit}
        displaced, added = tuple(sorted(now - plan.served)), tuple(sorted(then - now))
        return Remedy(change, points, starts, displaced, added, self._moves(plan, after))

    def _moves(self, plan: Plan, after: Problem) -> tuple[str, ...]:
        """The visits whose promise the present plan keeps, and this one of the changed problem serves but breaks."""
        then = {stop.visit: (tour.shift, stop.starts) for tour, stop in plan.stops()}
        now = {stop.visit: (tour.shift, stop.starts) for tour, stop in self.present.plan.stops()}
        return tuple(
            visit.id
            for visit in after.visits
            if visit.promise and visit.id in then and _breaks(after, visit, *then[visit.id])
            if visit.id in now and not _breaks(after, visit, *now[visit.id])
        )

    def _fits(self, change: Change) -> bool:
        """Whether the shift could host the visit with nothing else on it."""
        parts = parts_of(self.problem, self.means, change)
        return self.present.judge.miss(parts.visit, parts.shift) is None

    def _try(self, change: Change, size: int) -> Trial | None:
        parts = parts_of(self.problem, self.means, change)
        squeeze = self.present.squeeze(parts.visit, parts.shift, parts.freed, alone=parts.alone)
        return None if squeeze is None else Trial(change, squeeze, size)

    def _finished(self, trials: list[Trial]) -> list[Remedy]:
        """The most promising trial that holds when it is carried out, on no more than it really needs."""
        for trial in sorted(trials, key=lambda trial: trial.rank)[:_MOST_FINISHED]:
            found = self.carried_out(trial.change)
            if found is not None:
                slim = self._trimmed(trial.change, found[1])
                if slim is None or slim.detail.get("minutes") != 0:
                    better = None if slim is None else self.carried_out(slim)
                    return [(better or found)[0]]
        return []

    def _trimmed(self, change: Change, plan: Plan) -> Change | None:
        """The same change with no more minutes or kits than the tour that came of it needs; None for other kinds."""
        tour = next(tour for tour in plan.tours if tour.shift == change.shift)
        if change.kind == "wider_window":
            return _window_around(change, tour, self.problem.visit_by_id[change.visit])
        shift = self.problem.shift_by_id.get(change.shift)
        if shift is not None and change.kind == "overtime":
            return _hours_of(change, tour, shift)
        if shift is not None and change.kind == "extra_kits":
            needs = sum(self.problem.visit_by_id[stop.visit].kits for stop in tour.stops)
            return replace(change, detail={"kits": max(1, needs - shift.kits)})
        return None


def _is_of_use(remedy: Remedy, anyway: Remedy) -> bool:
    """Whether a change costs less than serving the visit without any, or spares all those whom that would displace."""
    return remedy.points > anyway.points or bool(anyway.displaces and not remedy.displaces)


def _window_around(change: Change, tour: Tour, visit: Visit) -> Change:
    """The old window, widened just as far as the session that came of it needs."""
    starts = next(stop.starts for stop in tour.stops if stop.visit == change.visit)
    was = change.number("was_opens"), change.number("was_closes")
    now = min(was[0], starts), max(was[1], starts + visit.session)
    return replace(change, detail=widening(str(change.detail["day"]), was, now))


def _hours_of(change: Change, tour: Tour, shift: Shift) -> Change:
    """The old hours, longer just as far as the tour needs; lunch may come before leaving or after coming back."""
    first, last = tour.leaves, tour.returns
    if tour.lunch is not None and shift.lunch is not None:
        first, last = min(first, tour.lunch), max(last, tour.lunch + shift.lunch.minutes)
    starts, ends = min(shift.starts, first), max(shift.ends, last)
    minutes = shift.starts - starts + ends - shift.ends
    return replace(change, detail={"starts": starts, "ends": ends, "minutes": minutes})


def _breaks(problem: Problem, visit: Visit, shift: str, starts: int) -> bool:
    """Whether a session on this shift at this minute is another than was promised."""
    assert visit.promise is not None
    return shift != visit.promise.shift or abs(starts - visit.promise.starts) > problem.weights.tolerance
