"""Storing what a runner made: the plan as rows, judged once more, under the runner's lease or not at all.

Reasons for what is left out keep numbers only; words are the edge's to add. Besides the codes of the checker's rules
these say why days fell out: "day" (no van drives on the days asked), "out_of_service" (it broke down), "notice" (too
soon to tell the town), "venue_rest" (a visit to the venue is near) and "disrupted" (something happened that day).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from routes import Problem, check, score_parts, write_problem
from routes import plan as proposals
from routes.alone import RULES as ALONE
from routes.alone import Miss
from routes.explain import Impossible, Outranked, Reason
from schedules.eligibility import DISRUPTED, Held
from schedules.errors import UnlawfulPlan
from schedules.models import Plan, Stop, Tour, Unserved
from schedules.planning import Snapshot
from schedules.runs import end_solving

OBSTACLES = (
    *(rule for rule in ALONE if rule != "max_visits"),
    "out_of_service",
    "notice",
    "venue_rest",
    "pin",
    "once",
    DISRUPTED,
)
"""Every code under which an impossible request may count shifts."""


def store_draft(
    session: Session,
    plan_id: int,
    snapshot: Snapshot,
    solution: proposals.Plan,
    unserved: Sequence[Reason],
    *,
    owner: str,
    attempt: int,
    now: datetime,
) -> Plan:
    """Turn a held run into a draft with tours, stops and reasons.

    Raises:
        UnlawfulPlan: the checker refuses the solution; nothing is stored.
        LeaseLost: the run is no longer this runner's; nothing is stored.
    """
    problem = snapshot.problem
    violations = check(problem, solution)
    if violations:
        raise UnlawfulPlan(violations=[{"rule": each.rule, "shift": each.shift} for each in violations])
    plan = end_solving(
        session,
        plan_id,
        owner=owner,
        attempt=attempt,
        inputs=snapshot.inputs,
        problem=write_problem(problem),
        travel_source=snapshot.travel_source,
        value=solution.value,
        bound=solution.bound,
        proven=solution.proven,
        seconds=solution.seconds,
        finished_at=now,
        summary=_summary(snapshot, solution, unserved),
    )
    plan.tours = [tour_row(plan, problem, tour, snapshot.shift_ids[tour.shift]) for tour in solution.tours]
    plan.unserved = [_unserved(reason, snapshot) for reason in unserved]
    session.flush()
    return plan


def tour_row(plan: Plan, problem: Problem, tour: proposals.Tour, shift_id: int) -> Tour:
    """A tour of a stored plan, with its stops and their driving."""
    shift = problem.shift_by_id[tour.shift]
    visits = [problem.visit_by_id[stop.visit] for stop in tour.stops]
    places = [shift.start_place, *(visit.place for visit in visits), shift.end_place]
    drives = [problem.travel[here][there] for here, there in pairwise(places)]
    return Tour(
        shift_id=shift_id,
        leaves=tour.leaves,
        returns=tour.returns,
        lunch=tour.lunch,
        driving=sum(drives),
        stops=[
            Stop(
                plan_id=plan.id,
                request_id=request_id(stop.visit),
                position=position,
                drive=drive,
                arrives=stop.arrives,
                starts=stop.starts,
                departs=stop.departs,
            )
            for position, (stop, drive) in enumerate(zip(tour.stops, drives[:-1], strict=True))
        ],
    )


def request_id(visit: str) -> int:
    """The request that a visit of a problem ("r17") stands for."""
    return int(visit.removeprefix("r"))


# Reasons --------------------------------------------------------------------------------------------------------------


def _unserved(reason: Reason, snapshot: Snapshot) -> Unserved:
    asked = request_id(reason.visit)
    if isinstance(reason, Outranked):
        return Unserved(request_id=asked, reason="outranked", detail=_outranked(reason))
    detail = _impossible(reason, snapshot.problem, snapshot.held.get(asked, ()))
    return Unserved(request_id=asked, reason="impossible", detail=detail)


def _outranked(reason: Outranked) -> dict[str, Any]:
    """`exact` is false because a cheaper change may exist that was not looked for; `points` are an upper limit."""
    return {
        "displaces": [request_id(visit) for visit in reason.displaces],
        "points": reason.points,
        "shift": reason.shift,
        "shifts": reason.shifts,
        "rivals": [request_id(visit) for visit in reason.rivals],
        "exact": False,
    }


def _impossible(reason: Impossible, problem: Problem, held: Sequence[Held]) -> dict[str, Any]:
    """The rules with the days that were taken away before planning, counted by the shifts that drive on them."""
    days = {each.day: each for each in held}
    taken = [days[shift.day] for shift in problem.shifts if shift.day in days]
    if not taken:
        return {"rules": _rules(reason), "shifts": reason.shifts, "nearest": _nearest(reason.nearest)}
    rules = {} if "day" in reason.rules else _rules(reason)
    shifts = (0 if "day" in reason.rules else reason.shifts) + len(taken)
    for each in taken:
        rules[each.rule] = rules.get(each.rule, 0) + 1
    nearest = _nearest(reason.nearest) if "day" not in reason.rules else None
    latest = max(taken, key=lambda each: each.day)
    return {
        "rules": rules,
        "shifts": shifts,
        "nearest": nearest or {"rule": latest.rule, "day": latest.day.isoformat(), **latest.detail},
    }


def _rules(reason: Impossible) -> dict[str, int]:
    """A shift without room for a single visit is one that cannot drive (see `schedules.planning`)."""
    return {_without_room(rule): number for rule, number in reason.rules.items()}


def _without_room(rule: str) -> str:
    return "out_of_service" if rule == "max_visits" else rule


def _nearest(miss: Miss | None) -> dict[str, Any] | None:
    """A crew's lack of a set of skills ("presenter+tester") names the skills one by one."""
    if miss is None:
        return None
    numbers: dict[str, Any] = {
        "rule": _without_room(miss.rule),
        "shift": miss.shift,
        "short": miss.short,
        **miss.detail,
    }
    if "+" in str(numbers.get("skill", "")):
        numbers["skills"] = str(numbers.pop("skill")).split("+")
    return numbers


def _summary(snapshot: Snapshot, solution: proposals.Plan, unserved: Sequence[Reason]) -> dict[str, Any]:
    parts = score_parts(snapshot.problem, solution)
    return {
        "asked": len(snapshot.problem.visits),
        "served": len(solution.served),
        "impossible": sum(isinstance(reason, Impossible) for reason in unserved),
        "outranked": sum(isinstance(reason, Outranked) for reason in unserved),
        "shifts": len(snapshot.problem.shifts),
        "stops": len(solution.served),
        "driving": parts.driving_minutes,
        "parts": {
            "prizes": parts.prizes,
            "bonuses": parts.bonuses,
            "driving": parts.driving,
            "shortfall": parts.shortfall,
            "broken_promises": parts.broken_promises,
        },
        "towns": [{"code": town.town, "due": town.due, "served": town.served} for town in parts.towns],
        "prizes": {str(number): part.as_numbers() for number, part in snapshot.prizes.items()},
        "kept_free": list(snapshot.kept_free),
        "loosened": list(snapshot.loosened),
    }
