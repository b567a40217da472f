"""Every verdict of a lane is that of the edit it stands for, on hundreds of random plans, and says whom it concerns."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from routes import Plan, Problem, Promise
from routes.edits import place
from routes.pins import ContradictoryPins
from routes.planner import plan_visits
from routes.score import score, score_parts
from routes.verdicts import Verdict, verdicts
from tests.routes.county import COUNTY, PLAN
from tests.routes.test_planner_properties import random_problem

SEEDS = range(60)


@cache
def judged(seed: int) -> tuple[Problem, Plan, dict[tuple[str, str], Verdict]] | None:
    """A random problem whose best plan is promised, and the verdict of every visit for every shift."""
    problem = random_problem(seed)
    try:
        plan = plan_visits(problem, seconds=20, threads=1)
    except ContradictoryPins:
        return None
    told = {stop.visit: Promise(tour.shift, stop.starts) for tour, stop in plan.stops()}
    visits = (replace(visit, promise=told.get(visit.id)) for visit in problem.visits)
    problem = replace(problem, visits=tuple(visits))
    plan = replace(plan, value=score(problem, plan), bound=None)
    shifts = [shift.id for shift in problem.shifts]
    found = {
        (visit.id, verdict.shift): verdict
        for visit in problem.visits
        for verdict in verdicts(problem, plan, visit.id, shifts)
    }
    return problem, plan, found


def every_verdict(seeds: range) -> list[tuple[Problem, Plan, str, Verdict]]:
    cases = [found for seed in seeds if (found := judged(seed)) is not None]
    return [(problem, plan, visit, verdict) for problem, plan, found in cases for (visit, _), verdict in found.items()]


@pytest.mark.parametrize("block", range(4))
def test_a_verdict_is_that_of_the_edit_it_stands_for(block: int) -> None:
    for problem, plan, visit, verdict in every_verdict(SEEDS[block::4]):
        edited = place(problem, plan, visit, verdict.shift)
        assert verdict.violations == edited.violations
        assert verdict.points == edited.points
        assert verdict.negotiable == edited.negotiable
        before, after = score_parts(problem, plan), score_parts(problem, edited.plan)
        assert verdict.driving == after.driving_minutes - before.driving_minutes
        was = {stop.visit: (tour.shift, stop.starts) for tour, stop in plan.stops()}
        becomes = {stop.visit: (tour.shift, stop.starts) for tour, stop in edited.plan.stops()}
        assert (verdict.shift, verdict.starts) == becomes[visit]
        assert set(verdict.moved) == {name for name in becomes if becomes[name] != was.get(name)} - {visit}
        promised = {each.id for each in problem.visits if each.promise is not None}
        assert set(verdict.told) == {name for name in promised & becomes.keys() if becomes[name] != was[name]}


@pytest.mark.parametrize("block", range(4))
def test_at_each_minute_of_a_span_the_visit_fits_without_moving_another(block: int) -> None:
    tried = 0
    for problem, plan, visit, verdict in every_verdict(SEEDS[block::4]):
        if problem.visit_by_id[visit].pin is not None:
            continue
        for first, last in verdict.spans:
            for starts in {first, (first + last) // 2, last}:
                [exact] = verdicts(problem, plan, visit, [verdict.shift], starts)
                assert (exact.starts, exact.violations) == (starts, ())
                on_lane = {stop.visit for tour in plan.tours if tour.shift == verdict.shift for stop in tour.stops}
                assert not on_lane & set(exact.moved)
                tried += 1
    assert tried > 20


def test_the_random_plans_show_lawful_and_broken_lanes_and_promises_that_move() -> None:
    cases = [verdict for *_, verdict in every_verdict(SEEDS)]
    assert len(cases) > 300
    assert any(not verdict.violations and verdict.moved for verdict in cases)
    assert any(not verdict.violations and verdict.told for verdict in cases)
    assert {"window", "crew", "travel_time", "shift_hours"} & {
        violation.rule for verdict in cases for violation in verdict.violations
    }


def test_where_a_visit_is_already_nothing_changes() -> None:
    [verdict] = verdicts(COUNTY, PLAN, "works-call", ["van2@mon"])
    assert (verdict.violations, verdict.points, verdict.driving, verdict.moved, verdict.told) == ((), 0, 0, (), ())


def test_a_rival_served_elsewhere_is_named_as_the_rule_it_breaks() -> None:
    [verdict] = verdicts(COUNTY, PLAN, "mall-stand", ["van1@tue"])
    assert "once" in {violation.rule for violation in verdict.violations}
    assert not verdict.negotiable
