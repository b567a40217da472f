"""Ruin and recreate: always lawful, never worse than what it began with, the same for the same seed and work."""

from __future__ import annotations

import math

import pytest

from routes import ruin, score
from routes.checker import check
from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.incumbent import Incumbent
from routes.insertion import insert_greedily
from routes.instances import read_problem
from routes.pins import ContradictoryPins, pinned_tours
from routes.plan import Plan
from routes.planner import plan_visits
from routes.problem import Problem
from routes.ruin_ground import MOST_LABELS
from routes.timetable import best_timing
from routes.tours import Column, TourPool, plan_value
from tests.benchmarks.district import district
from tests.benchmarks.toptw import Point, toptw_problem
from tests.routes.test_planner_properties import random_problem

_STEPS = 5_000


def searched(compiled: Compiled, start: list[Column], seed: int = 1, chunks: int = 2) -> ruin.Recreation:
    recreation = ruin.Recreation(compiled, start, seed)
    for chunk in range(chunks):
        recreation.advance(chunk / chunks, _STEPS)
    return recreation


def plan_of(compiled: Compiled, columns: list[Column]) -> Plan:
    incumbent = Incumbent(compiled, TourPool(compiled.visits), Effort(60), "recreate", None)
    incumbent.accept(columns)
    return incumbent.plan(0)


def lawful_problems(seeds: range) -> list[tuple[Problem, Compiled, list[Column]]]:
    """Random problems whose pins can be kept, with the tours that the pins force."""
    found = []
    for seed in seeds:
        problem = random_problem(seed)
        compiled = compile_problem(problem)
        try:
            found.append((problem, compiled, pinned_tours(compiled)))
        except ContradictoryPins:
            continue
    return found


@pytest.mark.parametrize("block", range(5))
def test_a_plan_is_lawful_worth_what_it_says_and_no_worse_than_the_start(block: int) -> None:
    for problem, compiled, forced in lawful_problems(range(3000 + 40 * block, 3040 + 40 * block)):
        start = insert_greedily(compiled, forced, Effort(60))
        columns = searched(compiled, start).best()
        plan = plan_of(compiled, columns)
        assert check(problem, plan) == []
        assert plan.value == score(problem, plan) == plan_value(compiled, columns)
        assert plan.value >= plan_value(compiled, start)


def test_the_search_reckons_the_points_of_the_contract() -> None:
    for _, compiled, forced in lawful_problems(range(4000, 4060)):
        recreation = searched(compiled, forced)
        if compiled.problem.weights.travel:  # else the search prefers short ways, which cost no points
            assert recreation.score + compiled.constant == plan_value(compiled, recreation.best())


def test_small_problems_are_mostly_solved_to_the_optimum_and_never_beyond() -> None:
    lawful = lawful_problems(range(5000, 5060))
    solved = 0
    for problem, compiled, forced in lawful:
        optimum = plan_visits(problem, seconds=20, threads=1).value
        value = plan_value(compiled, searched(compiled, forced).best())
        assert value <= optimum
        solved += value == optimum
    assert solved >= 0.9 * len(lawful)


@pytest.mark.parametrize(("size", "seed"), [("M", 1), ("M", 2), ("L", 1)])
def test_districts_keep_pins_and_rivals_and_gain_on_insertion(size: str, seed: int) -> None:
    problem = read_problem(district(size, seed))
    compiled = compile_problem(problem)
    start = insert_greedily(compiled, pinned_tours(compiled), Effort(60))
    recreation = searched(compiled, start, chunks=40)
    served = [visit for column in recreation.best() for visit in column.order]
    assert compiled.pinned <= set(served)
    assert all(compiled.rivals[visit].isdisjoint(served) for visit in served)
    assert check(problem, plan_of(compiled, recreation.best())) == []
    assert plan_value(compiled, recreation.best()) > plan_value(compiled, start)


def test_tours_met_are_worth_their_best_times_and_are_each_met_once() -> None:
    compiled = compile_problem(read_problem(district("M", 3)))
    met = searched(compiled, pinned_tours(compiled), chunks=20).tours_met()
    assert len(met) > 50
    assert len(met) == len(set(met))
    for column in met:
        shift_class = compiled.classes[column.klass]
        timing = best_timing(shift_class, [shift_class.local[visit] for visit in column.order], 1)
        assert timing is not None
        assert timing.value == column.value


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_and_work_give_the_same_plan(seed: int) -> None:
    compiled = compile_problem(read_problem(district("M", 1)))
    forced = pinned_tours(compiled)
    plans = [ruin.recreate(compiled, forced, Effort(math.inf, work=200), seed, 0.2) for _ in range(2)]
    assert plans[0] == plans[1]


def test_better_plans_are_heard_of_and_the_end_of_the_effort_is_kept() -> None:
    compiled = compile_problem(read_problem(district("L", 1)))
    heard: list[int] = []
    effort = Effort(math.inf, work=2_000)
    best, _ = ruin.recreate(
        compiled, pinned_tours(compiled), effort, 1, 1.5, heard=lambda plan: heard.append(plan_value(compiled, plan))
    )
    assert heard == sorted(set(heard))
    assert plan_value(compiled, best) >= heard[-1]
    assert 1_500 <= effort.spent <= 1_600


def test_two_lanes_are_no_worse_than_the_first_alone() -> None:
    compiled = compile_problem(read_problem(district("M", 2)))
    one, two = (ruin.Recreation(compiled, pinned_tours(compiled), 1, lanes) for lanes in (1, 2))
    for recreation in (one, two):
        recreation.advance(0.5, 20 * _STEPS)
    assert plan_value(compiled, two.best()) >= plan_value(compiled, one.best())


def test_long_tours_are_filled() -> None:
    """Twenty visits in a row, 1 from each to the next and a stay of 1: out, stays and home take 60 of 80."""
    points = [Point(0, 0, 0, 0, 0, 8)] + [Point(x / 10, 0, 0.1, 1, 0, 8) for x in range(1, 21)]
    compiled = compile_problem(toptw_problem("row", points, 1))
    assert plan_value(compiled, searched(compiled, [], chunks=10).best()) == 20


def test_nothing_to_do_is_done_at_once() -> None:
    compiled = compile_problem(Problem("empty", (), (), (), ()))
    assert searched(compiled, []).best() == []


def test_a_tour_that_needs_more_labels_than_are_kept_is_left_as_it_is_or_kept_lawful() -> None:
    """Bonuses at ever later times make every prefix a trade of points for time."""
    document = district("S", 1)
    for visit in document["visits"]:
        visit["windows"] = [
            {"day": day, "opens": 510 + 10 * step, "closes": 1020, "bonus": step * step}
            for day in {window["day"] for window in visit["windows"]}
            for step in range(3 * MOST_LABELS)
        ]
        visit["session"] = 20
    problem = read_problem(document)
    compiled = compile_problem(problem)
    start = insert_greedily(compiled, pinned_tours(compiled), Effort(60))
    columns = searched(compiled, start, chunks=4).best()
    plan = plan_of(compiled, columns)
    assert check(problem, plan) == []
    assert plan.value >= plan_value(compiled, start)
