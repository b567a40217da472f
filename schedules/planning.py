"""From the rows of the database to the planner's problem: who may be visited, by whom, for how many points.

What takes part, for the days from `first` to `last`:

- Shifts that have not begun, on working days, in service, of an active van. Reserve shifts (`Shift.reserve`, about one
  in ten by the roster) stay free for hotspots and rain unless the option `reserve` is false or something is promised or
  pinned there already, and then they take no more than that. A shift that cannot drive any more but carries promises
  stays in the problem with room for nothing, so that its promises are moved or knowingly dropped.
- Accepted requests with a window in these days, and promised ones whose visit lies on such a shift. The visits of the
  next working days (`freeze_days`), and what coordinators pinned, stand still; other promises may move at a price.
  Visits of shifts that have begun are left alone, and so is what is pinned to a shift that takes no part.
- Services of one request run side by side, so their crew needs add up, and nobody does two things at once: where crew
  members have several skills, sets of skills are counted as well ("presenter+tester"), which makes the count exact
  (Hall's theorem).
- Nobody gets a visit at shorter notice than `notice_days`, so that the town can be told and the crew prepare.
- A venue is visited once in `venue_rest_days`: windows too near to another visit there fall away, and of several
  requests for one venue a plan serves one. Of alternatives one is served. Urgent and pinned requests and promises are
  exempt from notice and rest.
- Disruptions of these days take effect (`schedules.effects`). A repair also takes in what is left of the shifts that
  have begun.
- A town is due what `schedules.fairness` says for these days, less the visits there that the plan does not decide.

A plan's `inputs` hold a fingerprint of every request, shift, venue and service, the version of every visit and the kind
of every day that it was made from (`schedules.planning_inputs`); shifts include what stands on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from routes import problem as planner
from routes.compiled import compile_problem
from routes.pins import ContradictoryPins, pinned_tours
from routes.proposals import ProposalKind, let_go, proposal_problem
from routes.travel import GreatCircle, Osrm, RoadClass, TravelSource
from schedules import fairness
from schedules.eligibility import Choice, Held, choose
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Plan
from schedules.planning_inputs import Rows, days_of, inputs_of, inputs_of_numbers, read_inputs, read_rows
from schedules.prizes import PrizeParts, prize_parts, weights
from schedules.problem_parts import Places, places_of, shift_of, skill_sets, visit_of

TravelMaker = Callable[[Mapping[str, RoadClass]], TravelSource]
"""Makes a source of travel times, given the road class of each place by its id."""


def travel_by(osrm_url: str = "") -> TravelMaker:
    """Travel times of a router where there is one, else of the great circle at usual speeds."""

    def make(road_classes: Mapping[str, RoadClass]) -> TravelSource:
        circle = GreatCircle(road_classes)
        return Osrm(osrm_url, fallback=circle) if osrm_url else circle

    return make


@dataclass(frozen=True)
class Gathered:
    """The problem but for its travel times, read in one short transaction; using it needs no session.

    `prizes` and `held` are by request id, `shift_ids` by the shift's code; `frozen` are visits of the problem, and
    `kept_free` the codes of the reserve shifts left out.
    """

    name: str
    places: Places
    shifts: tuple[planner.Shift, ...]
    visits: tuple[planner.Visit, ...]
    exclusive: tuple[tuple[str, ...], ...]
    towns: tuple[planner.Town, ...]
    weights: planner.Weights
    shift_ids: dict[str, int]
    inputs: dict[str, int]
    prizes: dict[int, PrizeParts]
    held: dict[int, tuple[Held, ...]]
    frozen: frozenset[str]
    kept_free: tuple[str, ...]
    proposal: ProposalKind | None = None
    urgent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """A problem to solve and what it was made from. `loosened` are promises of the freeze that cannot stand still."""

    problem: planner.Problem
    shift_ids: dict[str, int]
    inputs: dict[str, int]
    travel_source: str
    prizes: dict[int, PrizeParts]
    held: dict[int, tuple[Held, ...]]
    kept_free: tuple[str, ...] = ()
    loosened: tuple[int, ...] = ()


def snapshot(
    session: Session,
    first: date,
    last: date,
    *,
    now: datetime,
    options: Mapping[str, Any] | None = None,
    travel: TravelMaker | None = None,
) -> Snapshot:
    """The problem of the days from `first` to `last` as it stands.

    Options: `vans` (the codes of those that may drive, None: all), `reserve` (keep reserve shifts free; true unless
    said otherwise), `proposal` (the problem of that repair, with the shifts that have begun; see `routes.proposals`).
    Raises TravelUnavailable.
    """
    return with_travel(gather(session, first, last, now=now, options=options), travel)


def gather(
    session: Session, first: date, last: date, *, now: datetime, options: Mapping[str, Any] | None = None
) -> Gathered:
    """Read everything but the travel times."""
    options = options or {}
    proposal = options.get("proposal")
    rows = read_rows(session, first, last, now=now, vans=options.get("vans"), begun=proposal is not None)
    choice = choose(rows, reserve=options.get("reserve", True) is not False)
    requests = [asked.request for asked in choice.asked]
    standing_at = [rest.venue for rest in rows.rests.values() if rest.venue is not None]
    places = places_of(choice.shifts, requests, rows.towns, standing_at)
    sets = skill_sets(requests, choice.shifts, rows.effects)
    codes = {shift.id: shift.code for shift in choice.shifts}
    prizes = _prizes(session, choice, rows)
    numbers = rows.numbers
    return Gathered(
        name=f"{first.isoformat()}..{last.isoformat()}",
        places=places,
        shifts=tuple(
            shift_of(shift, places, sets, choice.most_visits.get(shift.id), rows.effects, rows.rests.get(shift.id))
            for shift in choice.shifts
        ),
        visits=tuple(
            visit_of(asked, codes, places, sets, prize=prizes[asked.request.id].total, preferred=numbers["preferred"])
            for asked in choice.asked
        ),
        exclusive=tuple(tuple(f"r{member}" for member in group) for group in choice.exclusive),
        towns=_dues(session, choice, rows),
        weights=weights(numbers),
        shift_ids={code: shift_id for shift_id, code in codes.items()},
        inputs=_inputs(choice, rows),
        prizes=prizes,
        held={asked.request.id: asked.held for asked in choice.asked if asked.held},
        frozen=frozenset(f"r{asked.request.id}" for asked in choice.asked if asked.frozen),
        kept_free=tuple(shift.code for shift in choice.kept_free),
        proposal=None if proposal is None else ProposalKind(proposal),
        urgent=frozenset(f"r{number}" for number in rows.effects.urgent),
    )


def with_travel(gathered: Gathered, travel: TravelMaker | None = None) -> Snapshot:
    """Complete the problem with the travel times of a source. Raises TravelUnavailable."""
    times = (travel or travel_by())(gathered.places.road_classes).times(gathered.places.places)
    problem = planner.Problem(
        name=gathered.name,
        places=gathered.places.places,
        travel=times.minutes,
        shifts=gathered.shifts,
        visits=gathered.visits,
        exclusive=gathered.exclusive,
        towns=gathered.towns,
        weights=gathered.weights,
    )
    problem, loosened = _loosen(problem, gathered.frozen)
    if gathered.proposal is not None:
        problem, lost = let_go(problem)
        loosened |= lost
        problem = proposal_problem(problem, gathered.proposal, wanted=gathered.urgent)
    return Snapshot(
        problem=problem,
        shift_ids=gathered.shift_ids,
        inputs=gathered.inputs,
        travel_source=times.source,
        prizes=gathered.prizes,
        held=gathered.held,
        kept_free=gathered.kept_free,
        loosened=tuple(sorted(int(name[1:]) for name in loosened)),
    )


def current_inputs(session: Session, plan: Plan) -> dict[str, int]:
    """What the plan was made from as it is now: what is gone is missing, requests accepted since are added."""
    return read_inputs(session, plan.inputs, newly_within=(plan.first_day, plan.last_day))


def _prizes(session: Session, choice: Choice, rows: Rows) -> dict[int, PrizeParts]:
    since = fairness.days_since_last_visit(session, rows.today)
    return {
        asked.request.id: prize_parts(
            asked.request,
            today=rows.today,
            days_since=since.get(asked.request.town_id),
            hotspot_points=rows.hotspots.get(asked.request.town_id, 0),
            settings=rows.numbers,
            urgent=asked.request.id in rows.effects.urgent,
        )
        for asked in choice.asked
    }


def _dues(session: Session, choice: Choice, rows: Rows) -> tuple[planner.Town, ...]:
    """What each town is due in these days, less the visits in them that took place or that the plan leaves alone."""
    decided = {asked.request.id for asked in choice.asked}
    had = [visit for visit in rows.visits if rows.first <= visit.day <= rows.last and visit.request_id not in decided]
    since = fairness.days_since_last_visit(session, rows.first - timedelta(days=1))
    length = (rows.last - rows.first).days + 1
    return tuple(
        planner.Town(
            id=town.code,
            due=max(
                0,
                fairness.due_with_history(town, length, since[town.id])
                - sum(visit.town_id == town.id for visit in had),
            ),
            shortfall=rows.numbers["town_shortfall"],
        )
        for town in rows.towns
    )


def _inputs(choice: Choice, rows: Rows) -> dict[str, int]:
    requests = [asked.request for asked in choice.asked]
    live = [visit for visit in rows.visits if visit.state in LIVE_VISITS]
    days, numbers = days_of(choice.shifts, rows.working_days), inputs_of_numbers(rows.numbers)
    return {**inputs_of(choice.shifts, requests, live), **days, **numbers, **rows.effects.inputs}


def _loosen(problem: planner.Problem, frozen: frozenset[str]) -> tuple[planner.Problem, set[str]]:
    """Let go of pins of the freeze that cannot be kept (a crew fell ill, a road closed): they are priced promises then.

    Pins of coordinators that contradict each other stay, for the planner to refuse by name.
    """
    loosened: set[str] = set()
    while True:
        try:
            pinned_tours(compile_problem(problem))
            return problem, loosened
        except ContradictoryPins as error:
            culprits = frozen & set(error.visits) - loosened
            if not culprits:
                return problem, loosened
            loosened |= culprits
            visits = tuple(replace(visit, pin=None) if visit.id in loosened else visit for visit in problem.visits)
            problem = replace(problem, visits=visits)
