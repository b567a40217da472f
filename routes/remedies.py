"""The cheapest changes that would serve a visit: every kind tried on every shift, the best carried out and judged.

A trial squeezes the visit, as the change makes it, into one shift of the present plan. What comes out best of a kind
is cut down to the minutes and kits that its tour really needs, carried out on the changed problem, and passed by the
checker; only then it is a remedy. Knows no solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from routes.changes import ANYWAY, KINDS, Change, Detail, Joiner, Means, changed, parts_of
from routes.plan import Plan, Tour
from routes.problem import Problem, Shift, Visit
from routes.squeezing import PresentPlan, Squeeze

WIDER_STEPS = (15, 30, 60, 90, 120)
OVERTIME_STEPS = (15, 30, 45, 60, 90, 120)
_SIZE_PER_POINT = 5
_MOST_FINISHED = 2
"""So many trials of a kind are carried out, the most promising first."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that serves the visit, carried out and found lawful.

    The plan then gains `points` (a loss where negative), leaves out the visits in `displaces`, serves those in `adds`
    that it left out so far, and gives others another shift or time than promised (`moves`). The session begins at
    `starts`.
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
        self.problem = present.problem

    def of(self, visit: Visit, less_than: int | None) -> Search:
        """The cheapest change of each kind. Those that cost `less_than` points or more are left out, where given."""
        found: list[Remedy] = []
        tried = {}
        hopeless = True
        for kind in KINDS:
            changes = list(self._trials(kind, visit))
            tried[kind] = len(changes)
            fitting = [each for each in changes if self._fits(each[0])]
            hopeless = hopeless and not fitting
            trials = [trial for change in fitting if (trial := self._try(*change)) is not None]
            found += self._finished(trials)
        cheaper = [remedy for remedy in found if less_than is None or -remedy.points < less_than]
        ranked = tuple(sorted(cheaper, key=lambda remedy: (-remedy.points, remedy.change.kind)))
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
        squeeze = self.present.squeeze(parts.visit, parts.shift, parts.freed)
        if squeeze is None:
            return None
        after = changed(self.problem, self.means, change)
        done = self.present.carried_out(squeeze, after)
        return None if done is None else (self.remedy(change, done[0], done[1], after), done[0])

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
        squeeze = self.present.squeeze(parts.visit, parts.shift, parts.freed)
        return None if squeeze is None else Trial(change, squeeze, size)

    def _finished(self, trials: list[Trial]) -> list[Remedy]:
        """The best trial that holds when it is carried out on what it really needs."""
        done = []
        for trial in sorted(trials, key=lambda trial: trial.rank)[:_MOST_FINISHED]:
            found = self.carried_out(trial.change)
            if found is not None:
                slim = self._trimmed(trial.change, found[1])
                if slim is None or slim.detail.get("minutes") != 0:
                    done.append((slim and self.carried_out(slim)) or found)
        return [max(done, key=lambda each: (each[0].points, -len(each[0].displaces)))[0]] if done else []

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

    # What could be tried ----------------------------------------------------------------------------------------------

    def _trials(self, kind: str, visit: Visit) -> Iterator[tuple[Change, int]]:
        """Changes of one kind, each with its size, by which the smaller of two like ones is told."""
        makers: dict[str, Callable[[Visit], Iterable[tuple[Change, int]]]] = {
            "wider_window": self._wider_windows,
            "other_day": self._other_days,
            "fewer_services": self._versions_of("fewer_services"),
            "extra_crew": self._crews,
            "extra_kits": self._kits,
            "overtime": self._overtimes,
            "unpin": self._unpins,
            "reserve_shift": self._reserves,
            "later_day": self._later_days,
        }
        yield from makers[kind](visit)

    def _asked(self, visit: Visit) -> Iterator[Shift]:
        days = {window.day for window in visit.windows}
        return (shift for shift in self.problem.shifts if shift.day in days)

    def _wider_windows(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            for window in visit.windows:
                if window.day != shift.day:
                    continue
                was: dict[str, int | str] = {
                    "day": shift.day.isoformat(),
                    "was_opens": window.opens,
                    "was_closes": window.closes,
                }
                for step in WIDER_STEPS:
                    for opens, closes in ((window.opens - step, window.closes), (window.opens, window.closes + step)):
                        if step <= self.means.wider and opens >= 0:
                            detail = {**was, "opens": opens, "closes": closes, "minutes": step}
                            yield Change("wider_window", visit.id, shift.id, detail), step

    def _other_days(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        asked = {window.day for window in visit.windows}
        yield from self._on_days("other_day", visit, (each for each in self.problem.shifts if each.day not in asked))

    def _later_days(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        """Up to the first day on which it fits: who waits wants to wait no longer than needed."""
        for change, size in self._on_days("later_day", visit, self.means.later):
            yield change, size
            if self._fits(change) and self._try(change, size) is not None:
                return

    def _on_days(self, kind: str, visit: Visit, shifts: Iterable[Shift]) -> Iterator[tuple[Change, int]]:
        opens, closes = self._hours(visit)
        if opens >= closes:
            return
        asked = sorted(window.day for window in visit.windows)
        for shift in shifts:
            if shift.day not in self.means.closed.get(visit.id, ()):
                detail: Detail = {"day": shift.day.isoformat(), "opens": opens, "closes": closes}
                yield Change(kind, visit.id, shift.id, detail), _distance(shift.day, asked)

    def _hours(self, visit: Visit) -> tuple[int, int]:
        known = self.means.hours.get(visit.id)
        if known is not None:
            return known
        opens = (window.opens for window in visit.windows)
        return min(opens, default=0), max((window.closes for window in visit.windows), default=0)

    def _versions_of(self, kind: str) -> Callable[[Visit], Iterator[tuple[Change, int]]]:
        def trials(visit: Visit) -> Iterator[tuple[Change, int]]:
            for version in self.means.versions.get(visit.id, ()):
                for shift in self.problem.shifts:
                    if version.kind == kind and any(window.day == shift.day for window in version.visit.windows):
                        yield Change(kind, visit.id, shift.id, version.detail), visit.on_site - version.visit.on_site

        return trials

    def _crews(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            lacking = {
                skill
                for name, needs in visit.crew.items()
                if shift.crew.get(name, 0) < needs
                for skill in name.split("+")
            }
            for joiner in self._joiners(shift, lacking):
                if lacking & set(joiner.skills):
                    detail = {"member": joiner.member, "skills": "+".join(joiner.skills)}
                    yield Change("extra_crew", visit.id, shift.id, detail), len(joiner.skills)

    def _joiners(self, shift: Shift, lacking: set[str]) -> Iterable[Joiner]:
        if self.means.joiners is not None:
            return self.means.joiners.get(shift.id, ())
        return [Joiner("", (skill,)) for skill in sorted(lacking)]

    def _kits(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            taken = sum(self.problem.visit_by_id[name].kits for name in self.present.on(shift.id))
            lacking = taken + visit.kits - shift.kits
            if lacking > 0 and max(0, visit.kits - shift.kits) <= self.means.kits:
                number = min(lacking, self.means.kits)
                yield Change("extra_kits", visit.id, shift.id, {"kits": number}), number

    def _overtimes(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            for step in OVERTIME_STEPS:
                for starts, ends in ((shift.starts - step, shift.ends), (shift.starts, shift.ends + step)):
                    if step <= self.means.overtime and starts >= 0:
                        detail = {"starts": starts, "ends": ends, "minutes": step}
                        yield Change("overtime", visit.id, shift.id, detail), step

    def _unpins(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        yield from self._versions_of("unpin")(visit)
        for shift in self._asked(visit):
            for name in self.present.on(shift.id):
                if self.problem.visit_by_id[name].pin and name not in self.means.fixed:
                    yield Change("unpin", visit.id, shift.id, {"unpinned": name}), 1

    def _reserves(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        days = {window.day for window in visit.windows}
        for shift in self.means.reserve:
            if shift.day in days:
                yield Change("reserve_shift", visit.id, shift.id, {"day": shift.day.isoformat()}), 0


def _window_around(change: Change, tour: Tour, visit: Visit) -> Change:
    """The old window, widened just as far as the session that came of it needs."""
    starts = next(stop.starts for stop in tour.stops if stop.visit == change.visit)
    was = change.number("was_opens"), change.number("was_closes")
    now = min(was[0], starts), max(was[1], starts + visit.session)
    return replace(change, detail=_widening(str(change.detail["day"]), was, now))


def _widening(day: str, was: tuple[int, int], now: tuple[int, int]) -> Detail:
    minutes = was[0] - now[0] + now[1] - was[1]
    return {
        "day": day, "was_opens": was[0], "was_closes": was[1], "opens": now[0], "closes": now[1], "minutes": minutes,
    }  # fmt: skip


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


def _distance(day: date, asked: list[date]) -> int:
    """Days to the nearest one that was asked for."""
    return min((abs((day - each).days) for each in asked), default=0)
