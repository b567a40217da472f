"""The problems that repair a plan in force, each of the usual kind, and what their plans change. No solver here.

What is forbidden is already in the problem: shifts that cannot drive have room for nothing, windows are cut. What was
promised is its promises. Each proposal narrows what may change and asks for the best of what is left:

- *keep times*: promised visits only, each at its time or within the tolerance, by whatever van; of all lawful plans
  those that drop the fewest promises, and of these the most valuable;
- *same day*: promised visits only, each on its day; other times and vans at the price of the contract's weights;
- *replan*: everything, other days too, at those prices.

`wanted` visits (an urgent one) take part in all three although nobody promised them. A session that stays at its very
minute earns a little, so that nobody is told of a shift that helps nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from routes.compiled import compile_problem
from routes.pins import ContradictoryPins, pinned_tours
from routes.plan import Plan
from routes.problem import Pin, Problem, Promise, Shift, Visit, Window
from routes.score import best_bonus, score_parts


class ProposalKind(StrEnum):
    """What a proposal may change, from the least to the most."""

    KEEP_TIMES = "keep_times"
    SAME_DAY = "same_day"
    REPLAN = "replan"


@dataclass(frozen=True, slots=True)
class Difference:
    """Visits by what becomes of their promise, and the minutes of driving of all tours.

    `retimed` are sessions that move by however little; `other_van` keep day and minute.
    """

    kept: tuple[str, ...] = ()
    retimed: tuple[str, ...] = ()
    other_van: tuple[str, ...] = ()
    other_day: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    driving: int = 0


# What is in force and what is hit -------------------------------------------------------------------------------------


def promise_all(problem: Problem, plan: Plan) -> Problem:
    """The problem in which everything that the plan serves is promised just so, and nothing else is."""
    told = {stop.visit: Promise(tour.shift, stop.starts) for tour, stop in plan.stops()}
    return replace(problem, visits=tuple(replace(visit, promise=told.get(visit.id)) for visit in problem.visits))


def without_shifts(problem: Problem, lost: Collection[str]) -> Problem:
    """The problem in which these shifts cannot drive; they stay in it, because promises name them."""
    shifts = tuple(replace(shift, max_visits=0) if shift.id in lost else shift for shift in problem.shifts)
    return replace(problem, shifts=shifts)


def hold_still(problem: Problem, fixed: Collection[str]) -> tuple[Problem, frozenset[str]]:
    """Pin the promises of these visits; the visits that are hit, whose pins cannot be kept, are let go and named.

    Other pins that cannot be kept any more are let go too: they name a shift or a minute that is lost.
    """
    pinned = tuple(
        replace(visit, pin=Pin(visit.promise.shift, visit.promise.starts))
        if visit.promise is not None and visit.id in fixed
        else visit
        for visit in problem.visits
    )
    return let_go(replace(problem, visits=pinned))


def let_go(problem: Problem) -> tuple[Problem, frozenset[str]]:
    """Unpin as many visits as it takes for the other pins to be kept together; those unpinned are named."""
    loosened: set[str] = set()
    while True:
        try:
            pinned_tours(compile_problem(problem))
            return problem, frozenset(loosened)
        except ContradictoryPins as error:
            loosened |= set(error.visits)
            visits = tuple(replace(each, pin=None) if each.id in loosened else each for each in problem.visits)
            problem = replace(problem, visits=visits)


# The proposals --------------------------------------------------------------------------------------------------------


def proposal_problem(problem: Problem, kind: ProposalKind, *, wanted: Collection[str] = ()) -> Problem:
    """The problem that this proposal solves."""
    if kind is not ProposalKind.REPLAN:
        problem = _of_visits(problem, [each for each in problem.visits if each.promise or each.id in wanted])
    visits = tuple(
        visit if visit.promise is None else replace(visit, windows=tuple(_windows(problem, visit, kind)))
        for visit in problem.visits
    )
    problem = replace(problem, visits=visits)
    if kind is ProposalKind.KEEP_TIMES:
        problem = replace(problem, weights=replace(problem.weights, drop=_above_all_else(problem)))
    return problem


def _of_visits(problem: Problem, kept: list[Visit]) -> Problem:
    """The problem with fewer visits, and the groups of what is left of them."""
    ids = {visit.id for visit in kept}
    groups = (tuple(member for member in group if member in ids) for group in problem.exclusive)
    return replace(problem, visits=tuple(kept), exclusive=tuple(group for group in groups if len(group) > 1))


def _windows(problem: Problem, visit: Visit, kind: ProposalKind) -> Iterator[Window]:
    """The times that a promised visit may have in a proposal, its very minute first where that is still lawful."""
    told = visit.promise
    assert told is not None
    shift = problem.shift_by_id[told.shift]
    ends = told.starts + visit.session
    frames = [each for each in visit.windows if kind is ProposalKind.REPLAN or each.day == shift.day]
    if any(each.day == shift.day and each.opens <= told.starts and ends <= each.closes for each in frames):
        stays = best_bonus(visit, shift, told.starts) + stay_bonus(problem)
        yield Window(shift.day, told.starts, ends, stays)
    for frame in frames:
        if kind is not ProposalKind.KEEP_TIMES:
            yield frame
            continue
        opens = max(frame.opens, told.starts - problem.weights.tolerance)
        closes = min(frame.closes, ends + problem.weights.tolerance)
        if opens <= closes:
            yield replace(frame, opens=opens, closes=closes)


def stay_bonus(problem: Problem) -> int:
    """The points for staying at the very minute promised: an eighth of a re-timing, since any shift must be told."""
    return max(1, problem.weights.retime // 8)


def _above_all_else(problem: Problem) -> int:
    """More points than everything but dropped promises can come to, so that fewer of these always win."""
    weights = problem.weights
    gains = sum(visit.prize + max((each.bonus for each in visit.windows), default=0) for visit in problem.visits)
    shortfalls = sum(town.due * town.shortfall for town in problem.towns)
    driving = sum(
        shift.ends - shift.starts if shift.max_driving is None else min(shift.max_driving, shift.ends - shift.starts)
        for shift in problem.shifts
        if shift.max_visits != 0
    )
    moves = sum(1 for visit in problem.visits if visit.promise) * weights.other_van
    return 1 + gains + shortfalls + weights.travel * driving + moves


# What changes ---------------------------------------------------------------------------------------------------------


def difference(problem: Problem, plan: Plan) -> Difference:
    """What the plan makes of the problem's promises."""
    served = {stop.visit: (problem.shift_by_id[tour.shift], stop.starts) for tour, stop in plan.stops()}
    found: dict[str, list[str]] = {}
    for visit in problem.visits:
        if visit.promise is not None or visit.id in served:
            found.setdefault(_change(problem, visit, served), []).append(visit.id)
    return Difference(
        kept=tuple(found.get("kept", ())),
        retimed=tuple(found.get("retimed", ())),
        other_van=tuple(found.get("other_van", ())),
        other_day=tuple(found.get("other_day", ())),
        dropped=tuple(found.get("dropped", ())),
        added=tuple(found.get("added", ())),
        driving=score_parts(problem, plan).driving_minutes,
    )


def _change(problem: Problem, visit: Visit, served: Mapping[str, tuple[Shift, int]]) -> str:
    if visit.promise is None:
        return "added"
    if visit.id not in served:
        return "dropped"
    told = problem.shift_by_id[visit.promise.shift]
    shift, starts = served[visit.id]
    if shift.day != told.day:
        return "other_day"
    if starts != visit.promise.starts:
        return "retimed"
    return "kept" if shift.id == told.id else "other_van"
