"""The exact times of an order of visits, on instances small enough to work out by hand."""

from __future__ import annotations

from datetime import date
from itertools import combinations, permutations

import pytest

from routes.compiled import Compiled, compile_problem, start_options
from routes.problem import Lunch, Place, Problem, Promise, Shift, Visit, Weights, Window
from routes.timetable import best_order, best_timing, tour_of
from tests.routes.test_planner_properties import random_problem

MONDAY = date(2026, 6, 1)
DEPOT, SCHOOL, MARKET = 0, 1, 2
PLAIN = Weights(travel=1)


def make_problem(*visits: Visit, lunch: Lunch | None = None, weights: Weights = PLAIN) -> Problem:
    return Problem(
        name="by-hand",
        places=tuple(Place(name, 30.9, 121.4) for name in ("depot", "school", "market")),
        travel=((0, 20, 30), (25, 0, 10), (30, 10, 0)),
        shifts=(Shift("van1@mon", "van1", MONDAY, 480, 1000, DEPOT, DEPOT, kits=10, lunch=lunch),),
        visits=visits,
        weights=weights,
    )


def make_visit(name: str, place: int, *windows: tuple[int, int, int], session: int = 60, **rest: object) -> Visit:
    return Visit(name, place, session, tuple(Window(MONDAY, *window) for window in windows), prize=100, **rest)  # type: ignore[arg-type]


def drive(problem: Problem, *order: int) -> tuple[Compiled, int | None]:
    compiled = compile_problem(problem)
    shift_class = compiled.classes[0]
    timing = best_timing(shift_class, [shift_class.local[visit] for visit in order], problem.weights.travel)
    return compiled, timing.value if timing else None


def test_the_van_leaves_as_late_as_the_first_session_allows() -> None:
    # depot -20- school: set up 15 before the window opens at 600, so the van leaves at 600 - 15 - 20 = 565
    compiled, value = drive(make_problem(make_visit("a", SCHOOL, (600, 720, 0), setup=15, teardown=5)), 0)
    tour = tour_of(compiled, 0, compiled.classes[0], (0,))
    assert value == 100 - 20 - 25
    assert (tour.leaves, tour.stops[0].arrives, tour.stops[0].starts, tour.stops[0].departs) == (565, 585, 600, 665)
    assert tour.returns == 665 + 25


def test_waiting_for_a_bonus_pays_only_if_the_rest_still_fits() -> None:
    # a at 500 is worth 100, from 700 on 130; b must start by 640, so serving b after a forbids the bonus of a
    first = make_visit("a", SCHOOL, (500, 900, 0), (700, 900, 30))
    second = make_visit("b", MARKET, (480, 700, 0))
    problem = make_problem(first, second)
    assert drive(problem, 0)[1] == 130 - 45
    assert drive(problem, 0, 1)[1] == 200 - 20 - 10 - 30
    assert drive(problem, 1, 0)[1] == 230 - 30 - 10 - 25


def test_the_session_alone_lies_in_the_window() -> None:
    # setup before 600 and teardown after 660 are outside the window and lawful
    problem = make_problem(make_visit("a", SCHOOL, (600, 660, 0), setup=30, teardown=30))
    compiled, value = drive(problem, 0)
    assert value == 55
    assert tour_of(compiled, 0, compiled.classes[0], (0,)).stops[0].starts == 600


def test_lunch_is_never_taken_while_driving() -> None:
    # a ends at 700 and b starts at 720 at the latest, ten minutes away: lunch (700-760, 20 minutes) fits neither
    # between them nor before a, and after b it is too late
    first, second = make_visit("a", SCHOOL, (640, 700, 0)), make_visit("b", MARKET, (710, 780, 0))
    assert drive(make_problem(first, second), 0, 1)[1] is not None
    assert drive(make_problem(first, second, lunch=Lunch(700, 760, 20)), 0, 1)[1] is None
    assert drive(make_problem(first, second, lunch=Lunch(700, 800, 20)), 0, 1)[1] is not None


def test_lunch_may_be_eaten_before_the_van_leaves() -> None:
    problem = make_problem(make_visit("a", SCHOOL, (600, 700, 0)), lunch=Lunch(480, 540, 60))
    compiled, _ = drive(problem, 0)
    tour = tour_of(compiled, 0, compiled.classes[0], (0,))
    assert tour.lunch == 480
    assert tour.leaves >= 540


def test_lunch_may_be_eaten_after_the_return() -> None:
    problem = make_problem(make_visit("a", SCHOOL, (500, 560, 0)), lunch=Lunch(500, 650, 60))
    compiled, _ = drive(problem, 0)
    tour = tour_of(compiled, 0, compiled.classes[0], (0,))
    assert (tour.returns, tour.lunch) == (585, 585)


def test_a_promised_minute_is_kept_where_that_is_worth_more() -> None:
    promise = Promise("van1@mon", 700)
    weights = Weights(travel=1, drop=400, retime=40, tolerance=15)
    visit = make_visit("a", SCHOOL, (500, 900, 0), (500, 600, 30), promise=promise)
    compiled, value = drive(make_problem(visit, weights=weights), 0)
    # kept (from 685): 100 + 400 - 45; with the bonus of 30 it would lose 40
    assert value == 455
    assert tour_of(compiled, 0, compiled.classes[0], (0,)).stops[0].starts == 685


def test_options_are_cut_wherever_the_points_change() -> None:
    visit = make_visit("a", SCHOOL, (500, 700, 0), (560, 640, 10), (800, 860, 5))
    problem = make_problem(visit)
    options = start_options(problem, visit, problem.shifts[0])
    # sessions of 60: [500, 640], of which [560, 580] earn 10, and 800 alone earns 5
    assert [tuple(option) for option in options] == [
        (500, 559, 100),
        (560, 580, 110),
        (581, 640, 100),
        (800, 800, 105),
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_kits_and_visits_of_a_shift_are_limits(order: tuple[int, int]) -> None:
    visits = [make_visit(name, SCHOOL, (480, 990, 0), kits=6) for name in "ab"]
    assert drive(make_problem(*visits), order[0])[1] == 55
    assert drive(make_problem(*visits), *order)[1] is None


@pytest.mark.parametrize("seed", range(40))
def test_the_best_order_is_the_first_best_of_all_permutations(seed: int) -> None:
    problem = random_problem(seed)
    compiled = compile_problem(problem)
    for klass in compiled.classes:
        for places in combinations(sorted(klass.local.values()), 3):
            timed = [(best_timing(klass, order, problem.weights.travel), order) for order in permutations(places)]
            lawful = [(timing.value, order) for timing, order in timed if timing is not None]
            expected = max(lawful, key=lambda each: each[0])[1] if lawful else None
            assert best_order(klass, places, problem.weights.travel) == expected
