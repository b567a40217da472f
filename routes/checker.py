"""The law: which rules a plan breaks, one function per rule, named as in the contract.

Reads nothing but the problem and the plan's own minutes, and knows none of the makers of plans nor their libraries, so
that a maker's mistake cannot hide here. Whatever `check` finds no violation in, a van can really drive.

Besides the contract's twelve `RULES` there are two on the plan's form (`FORM`) and three on what it says of itself
(`CLAIMS`). Any plan can be checked: what cannot be judged because a name is unknown is reported as `known` and
passed over by the other rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from routes.plan import Plan, Stop, Tour
from routes.problem import Lunch, Pin, Problem, Shift, Visit
from routes.score import driving_minutes, score


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: where (None: the plan as a whole) and the numbers that show it; words are the edge's to add."""

    rule: str
    shift: str | None = None
    visit: str | None = None
    detail: Mapping[str, int | str] = field(default_factory=dict)


Rule = Callable[[Problem, Plan], Iterator[Violation]]


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Every violation of the plan, in the order of the rules; an empty list means lawful and honest.

    `bound` and `proven` are judged only of a lawful plan: an unlawful one may well exceed a true bound.
    """
    broken = [violation for rule in FORM + RULES for violation in rule(problem, plan)]
    claims = (value,) if broken else CLAIMS
    return broken + [violation for claim in claims for violation in claim(problem, plan)]


# The plan's form -----------------------------------------------------------------------------------------------------


def known(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The plan is for this problem, and every shift and visit that it names is the problem's."""
    if plan.problem != problem.name:
        yield Violation("known", detail={"problem": problem.name, "stated": plan.problem})
    for tour in plan.tours:
        if tour.shift not in problem.shift_by_id:
            yield Violation("known", tour.shift)
        for stop in tour.stops:
            if stop.visit not in problem.visit_by_id:
                yield Violation("known", tour.shift, stop.visit)


def tours(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A shift makes at most one tour, and a tour has at least one stop."""
    for shift, count in Counter(tour.shift for tour in plan.tours).items():
        if count > 1:
            yield Violation("tours", shift, detail={"tours": count})
    for tour in plan.tours:
        if not tour.stops:
            yield Violation("tours", tour.shift, detail={"stops": 0})


# The twelve rules ----------------------------------------------------------------------------------------------------


def shift_hours(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The van leaves no earlier than the shift starts and is back no later than it ends."""
    for tour, shift in _tours(problem, plan):
        if tour.leaves < shift.starts:
            yield Violation("shift_hours", shift.id, detail={"leaves": tour.leaves, "starts": shift.starts})
        if tour.returns > shift.ends:
            yield Violation("shift_hours", shift.id, detail={"returns": tour.returns, "ends": shift.ends})


def travel_time(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Each leg takes exactly the matrix's minutes from the moment the van drives off."""
    for tour, shift in _tours(problem, plan):
        left, here = tour.leaves, shift.start_place
        for stop in tour.stops:
            visit = problem.visit_by_id.get(stop.visit)
            if visit is None:
                break  # nobody knows where the van is from here on
            yield from _leg(shift, stop.visit, left, stop.arrives, problem.travel[here][visit.place])
            left, here = stop.departs, visit.place
        else:
            yield from _leg(shift, None, left, tour.returns, problem.travel[here][shift.end_place])


def _leg(shift: Shift, visit: str | None, left: int, arrives: int, minutes: int) -> Iterator[Violation]:
    if arrives - left != minutes:
        numbers: dict[str, int | str] = {"leaves": left, "arrives": arrives, "minutes": minutes}
        yield Violation("travel_time", shift.id, visit, numbers)


def on_site(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Setup fits between arrival and session, the session and teardown before the van drives off."""
    for shift, stop, visit in _stops(problem, plan):
        if stop.starts - stop.arrives < visit.setup:
            numbers = {"arrives": stop.arrives, "starts": stop.starts, "setup": visit.setup}
            yield Violation("on_site", shift.id, visit.id, numbers)
        if stop.departs - stop.starts < visit.session + visit.teardown:
            needs = {"session": visit.session, "teardown": visit.teardown}
            yield Violation("on_site", shift.id, visit.id, {"starts": stop.starts, "departs": stop.departs, **needs})


def window(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The session lies wholly in one window of its visit on the shift's day."""
    for shift, stop, visit in _stops(problem, plan):
        ends = stop.starts + visit.session
        today = [frame for frame in visit.windows if frame.day == shift.day]
        if not any(frame.opens <= stop.starts and ends <= frame.closes for frame in today):
            numbers: dict[str, int | str] = {"day": shift.day.isoformat(), "starts": stop.starts, "ends": ends}
            yield Violation("window", shift.id, visit.id, numbers | {"windows_that_day": len(today)})


def lunch(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A tour with a stop has its break inside the lunch hours and inside one stretch in which the crew is free."""
    for tour, shift in _tours(problem, plan):
        if shift.lunch is None or not tour.stops:
            continue
        hours = {"opens": shift.lunch.opens, "closes": shift.lunch.closes, "minutes": shift.lunch.minutes}
        if tour.lunch is None:
            yield Violation("lunch", shift.id, detail=hours)
        elif not _is_free(problem, tour, shift, shift.lunch, tour.lunch):
            yield Violation("lunch", shift.id, detail={"lunch": tour.lunch, **hours})


def _is_free(problem: Problem, tour: Tour, shift: Shift, rule: Lunch, begins: int) -> bool:
    ends = begins + rule.minutes
    inside_hours = rule.opens <= begins and ends <= rule.closes
    free = _free_stretches(problem, tour, shift)
    return inside_hours and any(first <= begins and ends <= last for first, last in free)


def _free_stretches(problem: Problem, tour: Tour, shift: Shift) -> Iterator[tuple[int, int]]:
    """When the crew neither drives nor works: before leaving, while waiting at a stop, and once back."""
    yield shift.starts, tour.leaves
    for stop in tour.stops:
        visit = problem.visit_by_id.get(stop.visit)
        if visit is not None:
            yield stop.arrives, stop.starts - visit.setup
            yield stop.starts + visit.session + visit.teardown, stop.departs
    yield tour.returns, shift.ends


def crew(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Of each skill the shift has as many people as each single visit needs; they work one visit at a time."""
    for shift, _, visit in _stops(problem, plan):
        for skill, needs in visit.crew.items():
            if shift.crew.get(skill, 0) < needs:
                has = shift.crew.get(skill, 0)
                yield Violation("crew", shift.id, visit.id, {"skill": skill, "needs": needs, "has": has})


def equipment(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Every item that a visit needs is on the van."""
    for shift, _, visit in _stops(problem, plan):
        for item in sorted(visit.equipment - shift.equipment):
            yield Violation("equipment", shift.id, visit.id, {"item": item})


def kits(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The kits that the shift's visits use up do not exceed what rides on the van."""
    needs: Counter[str] = Counter()
    for shift, _, visit in _stops(problem, plan):
        needs[shift.id] += visit.kits
    for shift_id, number in needs.items():
        has = problem.shift_by_id[shift_id].kits
        if number > has:
            yield Violation("kits", shift_id, detail={"needs": number, "has": has})


def max_visits(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The tour has no more stops than the shift allows."""
    for tour, shift in _tours(problem, plan):
        if shift.max_visits is not None and len(tour.stops) > shift.max_visits:
            yield Violation("max_visits", shift.id, detail={"visits": len(tour.stops), "limit": shift.max_visits})


def max_driving(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """All legs of the tour, the way home included, take no longer than the shift allows."""
    for tour, shift in _tours(problem, plan):
        minutes = driving_minutes(problem, tour)
        if shift.max_driving is not None and minutes > shift.max_driving:
            yield Violation("max_driving", shift.id, detail={"minutes": minutes, "limit": shift.max_driving})


def once(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A visit is served at most once, and of an exclusive group at most one."""
    times = Counter(visit.id for _, _, visit in _stops(problem, plan))
    for visit_id, number in times.items():
        if number > 1:
            yield Violation("once", visit=visit_id, detail={"times": number})
    for index, group in enumerate(problem.exclusive):
        served = [member for member in group if member in times]
        for member in served[1:]:
            yield Violation("once", visit=member, detail={"group": index, "served": served[0]})


def pin(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Every pinned visit is served by its shift and, where the pin says so, at its minute."""
    served: dict[str, list[tuple[Shift, Stop]]] = {}
    for shift, stop, visit in _stops(problem, plan):
        served.setdefault(visit.id, []).append((shift, stop))
    for visit in problem.visits:
        if visit.pin is None:
            continue
        if visit.id not in served:
            yield Violation("pin", visit.pin.shift, visit.id, _pinned(visit.pin))
        for shift, stop in served.get(visit.id, []):
            if shift.id != visit.pin.shift or visit.pin.starts not in (None, stop.starts):
                yield Violation("pin", shift.id, visit.id, {**_pinned(visit.pin), "starts": stop.starts})


def _pinned(wish: Pin) -> dict[str, int | str]:
    return {"pinned_shift": wish.shift} | ({} if wish.starts is None else {"pinned_starts": wish.starts})


# What the plan says of itself ----------------------------------------------------------------------------------------


def value(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The stated value is what the plan is worth."""
    worth = score(problem, plan)
    if plan.value != worth:
        yield Violation("value", detail={"stated": plan.value, "recomputed": worth})


def bound(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """No plan is worth more than the bound, so neither is this one; a bound above it cannot be judged here."""
    worth = score(problem, plan)
    if plan.bound is not None and plan.bound < worth:
        yield Violation("bound", detail={"stated": str(plan.bound), "recomputed_value": worth})


def proven(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A plan that was read says it is proven if and only if its bound is less than a point above its worth."""
    worth = score(problem, plan)
    met = plan.bound is not None and plan.bound - worth < 1
    if plan.stated_proven not in (None, met):
        stated = str(plan.stated_proven).lower()
        yield Violation("proven", detail={"stated": stated, "recomputed_value": worth, "bound": str(plan.bound)})


FORM: tuple[Rule, ...] = (known, tours)
RULES: tuple[Rule, ...] = (
    shift_hours,
    travel_time,
    on_site,
    window,
    lunch,
    crew,
    equipment,
    kits,
    max_visits,
    max_driving,
    once,
    pin,
)
CLAIMS: tuple[Rule, ...] = (value, bound, proven)


def _tours(problem: Problem, plan: Plan) -> Iterator[tuple[Tour, Shift]]:
    """The tours of known shifts."""
    for tour in plan.tours:
        shift = problem.shift_by_id.get(tour.shift)
        if shift is not None:
            yield tour, shift


def _stops(problem: Problem, plan: Plan) -> Iterator[tuple[Shift, Stop, Visit]]:
    """The stops of known visits in tours of known shifts."""
    for tour, shift in _tours(problem, plan):
        for stop in tour.stops:
            visit = problem.visit_by_id.get(stop.visit)
            if visit is not None:
                yield shift, stop, visit
