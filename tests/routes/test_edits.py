"""Plans changed by hand, against brute force: lawful wherever some lawful time exists, honest about rules elsewhere."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from routes import edits
from routes.checker import check
from routes.plan import Plan
from routes.planner import plan_visits
from routes.problem import Problem
from routes.score import score
from tests.routes.county import COUNTY, PLAN
from tests.routes.test_planner_properties import best_values, random_problem


def unpinned(seed: int) -> tuple[Problem, Plan]:
    """A small random problem without pins, and its best plan."""
    problem = random_problem(seed)
    problem = replace(problem, visits=tuple(replace(visit, pin=None) for visit in problem.visits), exclusive=())
    return problem, plan_visits(problem, seconds=20, threads=1)


def masks_of(problem: Problem) -> dict[str, set[int]]:
    """For each shift the sets of visits (bit masks) that some lawful tour serves, minute by minute."""
    return {shift.id: set(best_values(problem, shift)) for shift in problem.shifts}


def mask(problem: Problem, visits: set[str]) -> int:
    return sum(1 << index for index, visit in enumerate(problem.visits) if visit.id in visits)


@pytest.mark.parametrize("block", range(4))
def test_a_visit_is_placed_lawfully_just_where_brute_force_finds_a_lawful_tour(block: int) -> None:
    for seed in range(5000 + 10 * block, 5000 + 10 * block + 10):
        problem, plan = unpinned(seed)
        lawful = masks_of(problem)
        for visit in problem.visits:
            for shift in problem.shifts:
                there = {stop.visit for tour, stop in plan.stops() if tour.shift == shift.id} | {visit.id}
                edited = edits.place(problem, plan, visit.id, shift.id)
                assert (not edited.violations) == (mask(problem, there) in lawful[shift.id]), (seed, visit.id, shift.id)
                assert edited.plan.value == score(problem, edited.plan)
                assert edited.points == edited.plan.value - plan.value


@pytest.mark.parametrize("block", range(4))
def test_the_cheapest_spot_is_lawful_and_no_shift_offers_a_cheaper_one(block: int) -> None:
    for seed in range(5000 + 10 * block, 5000 + 10 * block + 10):
        problem, plan = unpinned(seed)
        for visit in problem.visits:
            spot = edits.cheapest_spot(problem, plan, visit.id)
            placed = [edits.place(problem, plan, visit.id, shift.id) for shift in problem.shifts]
            points = [edited.points for edited in placed if not edited.violations]
            assert (None if spot is None else spot.points) == max(points, default=None), (seed, visit.id)


def test_a_visit_put_at_a_minute_starts_at_that_minute_or_names_a_rule() -> None:
    chance = random.Random(1)
    kept = 0
    for seed in range(5000, 5030):
        problem, plan = unpinned(seed)
        visit, shift = chance.choice(problem.visits), chance.choice(problem.shifts)
        starts = chance.randint(shift.starts, shift.ends)
        edited = edits.place(problem, plan, visit.id, shift.id, starts)
        at = next(stop.starts for _, stop in edited.plan.stops() if stop.visit == visit.id)
        assert edited.violations or at == starts
        kept += at == starts
    assert kept > 10


def test_dropping_leaves_the_others_at_their_minutes() -> None:
    for seed in range(5000, 5030):
        problem, plan = unpinned(seed)
        for _, stop in plan.stops():
            edited = edits.drop(problem, plan, stop.visit)
            assert edited.violations == ()
            before = {each.visit: each.starts for _, each in plan.stops() if each.visit != stop.visit}
            assert {each.visit: each.starts for _, each in edited.plan.stops()} == before


def test_a_swap_gives_each_the_shift_of_the_other() -> None:
    swapped = 0
    for seed in range(5000, 5060):
        problem, plan = unpinned(seed)
        at = {stop.visit: tour.shift for tour, stop in plan.stops()}
        pairs = [(one, other) for one in at for other in at if at[one] < at[other]]
        for one, other in pairs[:3]:
            edited = edits.swap(problem, plan, one, other)
            after = {stop.visit: tour.shift for tour, stop in edited.plan.stops()}
            assert (after[one], after[other]) == (at[other], at[one])
            assert list(check(problem, edited.plan)) == list(edited.violations)
            swapped += not edited.violations
    assert swapped > 5


def test_only_rules_that_people_may_agree_on_are_negotiable() -> None:
    assert {"window", "crew", "equipment", "kits", "max_visits", "pin"} == edits.NEGOTIABLE


def test_a_session_outside_its_window_breaks_that_rule_alone() -> None:
    problem, plan = COUNTY, PLAN
    tour, stop = next(plan.stops())
    visit = problem.visit_by_id[stop.visit]
    closed = replace(visit, windows=(), pin=None, promise=None)
    problem = replace(problem, visits=tuple(closed if each.id == visit.id else each for each in problem.visits))
    edited = edits.place(problem, plan, visit.id, tour.shift, stop.starts)
    assert {violation.rule for violation in edited.violations} == {"window"}
    assert edited.negotiable


def test_a_session_that_keeps_the_van_out_too_long_is_a_matter_of_safety() -> None:
    problem, plan = COUNTY, PLAN
    tour, stop = next(plan.stops())
    late = problem.shift_by_id[tour.shift].ends - 5
    edited = edits.place(problem, plan, stop.visit, tour.shift, late)
    assert "shift_hours" in {violation.rule for violation in edited.violations}
    assert not edited.negotiable
