"""The planner as a whole: hard cases, limits, stopping and repeating."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest

from routes import planner
from routes.checker import check
from routes.instances import read_problem
from routes.plan import Plan, Progress
from routes.planner import PHASES, ContradictoryPins, plan_visits
from routes.problem import Lunch, Pin, Place, Problem, Shift, Town, Visit, Weights, Window
from tests.benchmarks.district import district

MONDAY = date(2026, 6, 1)
PRICES = Weights(travel=1, drop=400, other_day=120, other_van=20, retime=40, tolerance=15)


def make_shift(name: str = "van1@mon", day: date = MONDAY, **rest: object) -> Shift:
    return Shift(id=name, van="van1", day=day, starts=480, ends=960, start_place=0, end_place=0, kits=99, **rest)  # type: ignore[arg-type]


def make_visit(name: str, place: int = 1, session: int = 60, day: date = MONDAY, **rest: object) -> Visit:
    return Visit(id=name, place=place, session=session, windows=(Window(day, 480, 960),), prize=100, **rest)  # type: ignore[arg-type]


def make_problem(shifts: list[Shift], visits: list[Visit], minutes: int = 10, **rest: object) -> Problem:
    size = 2 + max((visit.place for visit in visits), default=0)
    return Problem(
        name="case",
        places=tuple(Place(f"p{index}", 30.9, 121.4) for index in range(size)),
        travel=tuple(tuple(0 if a == b else minutes for b in range(size)) for a in range(size)),
        shifts=tuple(shifts),
        visits=tuple(visits),
        weights=PRICES,
        **rest,  # type: ignore[arg-type]
    )


def solve(problem: Problem, seconds: float = 10) -> Plan:
    plan = plan_visits(problem, seconds=seconds, threads=1)
    assert check(problem, plan) == []
    return plan


def test_no_visits_make_an_empty_proven_plan() -> None:
    plan = solve(make_problem([make_shift()], []))
    assert (plan.tours, plan.value, plan.bound) == ((), 0, 0)


def test_no_shifts_leave_everything_unserved_and_proven() -> None:
    problem = make_problem([], [make_visit("a", town="t")], towns=(Town("t", due=2, shortfall=30),))
    plan = solve(problem)
    assert (plan.value, plan.bound, plan.served) == (-60, -60, frozenset())


def test_a_visit_longer_than_any_shift_is_left_out() -> None:
    long = replace(make_visit("long"), session=600, windows=(Window(MONDAY, 0, 1440),))
    assert solve(make_problem([make_shift()], [long, make_visit("short")])).served == {"short"}


def test_equal_windows_fill_the_day_and_no_more() -> None:
    # 480 minutes hold 10 of driving, five sessions of 80 with 10 between, and 10 home: 10 + 5 * 80 + 4 * 10 + 10 = 460
    visits = [make_visit(f"v{index}", index + 1, session=80) for index in range(8)]
    plan = solve(make_problem([make_shift()], visits))
    assert len(plan.served) == 5
    assert plan.value == 5 * 100 - 60
    assert plan.proven


def test_sixty_visits_at_one_place_are_planned() -> None:
    visits = [make_visit(f"v{index:02}", 1, session=60) for index in range(60)]
    shifts = [make_shift(f"van1@{day}", MONDAY + timedelta(days=day)) for day in range(2)]
    visits = [replace(visit, windows=tuple(Window(shift.day, 480, 960) for shift in shifts)) for visit in visits]
    # each day: 10 out, seven sessions of 60, 10 home
    plan = solve(make_problem(shifts, visits), seconds=120)
    assert plan.value == 2 * (7 * 100 - 20)
    assert plan.proven


def test_zero_travel_and_zero_minutes_do_not_run_in_circles() -> None:
    visits = [replace(make_visit(f"v{index}"), session=0) for index in range(5)]
    plan = solve(make_problem([make_shift()], visits, minutes=0))
    assert (plan.value, plan.proven) == (500, True)


def test_a_detour_that_is_quicker_than_the_direct_way_is_taken() -> None:
    problem = make_problem([make_shift()], [make_visit("far", 1), replace(make_visit("near", 2), prize=0)])
    slow = ((0, 300, 5), (300, 0, 5), (5, 5, 0))
    problem = replace(problem, places=problem.places[:3], travel=slow)
    # far alone would need 600 minutes of driving; by way of near 10 out and 300 home are too long as well, so near is
    # passed once: depot - near - far leaves no quick way home and far cannot be served at all
    assert solve(problem).served == frozenset()
    both = replace(problem, visits=(*problem.visits, replace(make_visit("near too", 2), prize=0)))
    # near - far - near too: 5 + 5 + 5 + 5 minutes of driving
    assert solve(both).value == 100 - 20


def test_overlapping_exclusive_groups_serve_at_most_one_each() -> None:
    visits = [make_visit(name, index + 1) for index, name in enumerate("abc")]
    visits[1] = replace(visits[1], prize=150)
    plan = solve(make_problem([make_shift()], visits, exclusive=(("a", "b"), ("b", "c"))))
    # a and c together (200 - 30) beat b alone (150 - 20)
    assert plan.served == {"a", "c"}


@pytest.mark.parametrize(
    ("first", "second", "rest"),
    [
        (Pin("van1@mon", 600), Pin("van1@mon", 630), {}),
        (Pin("van1@mon"), Pin("van1@mon"), {"exclusive": (("a", "b"),)}),
    ],
)
def test_pins_that_contradict_each_other_are_refused_by_name(first: Pin, second: Pin, rest: dict[str, object]) -> None:
    visits = [make_visit("a", 1, pin=first), make_visit("b", 2, pin=second), make_visit("c", 3)]
    with pytest.raises(ContradictoryPins, match="a and b"):
        plan_visits(make_problem([make_shift()], visits, **rest), seconds=2)


def test_a_pin_is_kept_even_where_it_costs_more_than_it_brings() -> None:
    visits = [replace(make_visit("a", 1, pin=Pin("van1@mon", 500)), prize=0), make_visit("b", 2, session=420)]
    plan = solve(make_problem([make_shift(lunch=Lunch(660, 840, 30))], visits))
    assert plan.served == {"a"}
    assert plan.value == -20


def test_the_limit_is_honoured_and_a_lawful_plan_is_there() -> None:
    problem = read_problem(district("L", 3))
    began = time.monotonic()
    plan = plan_visits(problem, seconds=1.0)
    assert check(problem, plan) == []
    assert time.monotonic() - began < 30  # far above any limit: this is no stopwatch, only a guard against hanging


def test_the_stop_flag_ends_the_run_with_the_plan_in_hand() -> None:
    problem = read_problem(district("M", 3, "loose"))
    heard: list[Progress] = []
    plan = plan_visits(problem, seconds=600, stop=lambda: len(heard) >= 3, progress=heard.append)
    assert check(problem, plan) == []
    assert plan.value >= max(step.value for step in heard if step.value is not None)
    assert plan.seconds < 300


def test_progress_only_ever_gets_better() -> None:
    heard: list[Progress] = []
    plan_visits(read_problem(district("S", 5)), seconds=10, progress=heard.append)
    values = [step.value for step in heard if step.value is not None]
    bounds = [step.bound for step in heard if step.bound is not None]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)
    assert {step.phase for step in heard} <= set(PHASES)


@pytest.mark.parametrize("labels", [planner.MOST_LABELS, -1], ids=["all tours at hand", "labelling"])
def test_the_same_seed_and_work_give_the_same_plan(labels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "MOST_LABELS", labels)
    problem = read_problem(district("S", 2, "loose"))
    plans = [plan_visits(problem, seconds=600, work=300, seed=4, threads=threads) for threads in (1, 1, 2)]
    assert {(plan.tours, plan.value, plan.bound) for plan in plans} == {
        (plans[0].tours, plans[0].value, plans[0].bound)
    }
