"""Reasons for unserved visits: certificates of the impossible, and honest prices of the outranked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routes import Lunch, Pin, Place, Plan, Problem, Shift, Stop, Tour, Town, Visit, Weights, Window, check, score
from routes.alone import Judge
from routes.explain import Impossible, Outranked, explain

DAY, NEXT_DAY = date(2026, 6, 1), date(2026, 6, 2)
SHIFT = Shift("van1@1", "van1", DAY, 480, 960, 0, 0, crew={"tester": 2}, equipment=frozenset({"lab"}), kits=24)
VISIT = Visit("a", 1, 60, (Window(DAY, 540, 720),), crew={"tester": 1}, prize=300)
TRAVEL = ((0, 20, 30), (20, 0, 10), (30, 10, 0))
EMPTY = Plan("one", (), 0)


def one_day(*visits: Visit, shifts: tuple[Shift, ...] = (SHIFT,), **given: object) -> Problem:
    places = tuple(Place(f"p{index}", 30.9, 121.4) for index in range(3))
    return Problem("one", places, TRAVEL, shifts, visits, weights=Weights(travel=1), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "rule", "short", "numbers"),
    [
        ({"crew": {"tester": 3}}, "crew", 1, {"skill": "tester", "needs": 3, "has": 2}),
        ({"crew": {"presenter": 1}}, "crew", 1, {"skill": "presenter", "needs": 1, "has": 0}),
        ({"equipment": frozenset({"booth", "lab"})}, "equipment", 1, {"item": "booth", "items": 1}),
        ({"kits": 30}, "kits", 6, {"needs": 30, "has": 24}),
        ({"session": 500}, "shift_hours", 60, {"needs": 540, "has": 480, "driving": 40}),
        (
            {"windows": (Window(DAY, 480, 550),)},
            "window",
            10,
            {"opens": 480, "closes": 550, "session": 60, "earliest": 500, "latest": 880},
        ),
        (
            {"windows": (Window(DAY, 600, 640), Window(DAY, 540, 595))},
            "window",
            5,
            {"opens": 540, "closes": 595, "session": 60, "earliest": 500, "latest": 880},
        ),
    ],
)
def test_the_first_rule_that_keeps_a_visit_out_is_named_with_its_numbers(changes, rule, short, numbers):
    problem = one_day(replace(VISIT, **changes))
    [reason] = explain(problem, EMPTY)
    assert isinstance(reason, Impossible)
    assert (reason.shifts, dict(reason.rules)) == (1, {rule: 1})
    assert reason.nearest is not None
    assert (reason.nearest.rule, reason.nearest.short, dict(reason.nearest.detail)) == (rule, short, numbers)


@pytest.mark.parametrize(
    ("limits", "rule", "short"),
    [({"max_visits": 0}, "max_visits", 1), ({"max_driving": 35}, "max_driving", 5)],
)
def test_limits_of_the_shift_are_named_too(limits, rule, short):
    [reason] = explain(one_day(VISIT, shifts=(replace(SHIFT, **limits),)), EMPTY)
    assert isinstance(reason, Impossible)
    assert reason.nearest is not None
    assert (reason.nearest.rule, reason.nearest.short) == (rule, short)


def test_a_session_over_the_whole_lunch_break_says_how_long_the_longest_free_stretch_is():
    shift = replace(SHIFT, lunch=Lunch(660, 810, 60))
    [reason] = explain(one_day(replace(VISIT, session=150, windows=(Window(DAY, 660, 820),)), shifts=(shift,)), EMPTY)
    assert isinstance(reason, Impossible)
    assert reason.nearest is not None
    # The session may start at 670 at the latest: ten minutes of lunch before it, none after.
    assert (reason.nearest.rule, reason.nearest.short, reason.nearest.detail["free"]) == ("lunch", 50, 10)


def test_the_nearest_shift_is_the_one_that_fails_last_and_by_least():
    far = replace(SHIFT, id="van2@1", van="van2", crew={})
    near = replace(SHIFT, id="van3@1", van="van3", kits=20)
    nearer = replace(SHIFT, id="van4@1", van="van4", kits=23)
    other_day = replace(SHIFT, id="van1@2", day=NEXT_DAY)
    problem = one_day(replace(VISIT, kits=24), shifts=(far, near, nearer, other_day))
    [reason] = explain(problem, EMPTY)
    assert isinstance(reason, Impossible)
    assert (reason.shifts, dict(reason.rules)) == (3, {"crew": 1, "kits": 2})
    assert reason.nearest is not None
    assert (reason.nearest.shift, reason.nearest.short) == ("van4@1", 1)


def test_a_visit_asked_for_on_days_without_a_van_counts_every_shift():
    [reason] = explain(one_day(replace(VISIT, windows=(Window(NEXT_DAY, 540, 720),))), EMPTY)
    assert reason == Impossible("a", 1, {"day": 1}, None)


def test_without_any_shift_a_visit_is_impossible_and_nothing_is_near():
    [reason] = explain(one_day(VISIT, shifts=()), EMPTY)
    assert reason == Impossible("a", 0, {}, None)


def test_a_way_round_through_another_place_counts_as_the_way():
    travel = ((0, 400, 30), (400, 0, 10), (30, 10, 0))
    problem = Problem("one", one_day(VISIT).places, travel, (SHIFT,), (replace(VISIT, prize=0),))
    [reason] = explain(problem, EMPTY)
    assert isinstance(reason, Outranked), "by way of place 2 a tour may get there, so nothing is proven"


def served_first() -> tuple[Problem, Plan]:
    """Room for one visit; the first is served."""
    shift = replace(SHIFT, max_visits=1)
    problem = one_day(VISIT, Visit("b", 2, 60, VISIT.windows, prize=200), shifts=(shift,))
    tour = Tour(shift.id, 520, 620, None, (Stop("a", 540, 540, 600),))
    plan = Plan("one", (tour,), 260)
    assert check(problem, plan) == []
    return problem, plan


def test_an_outranked_visit_says_what_it_would_displace_and_the_points():
    problem, plan = served_first()
    assert explain(problem, plan) == (Outranked("b", 1, ("a",), 260 - 140, "van1@1"),)


def test_pinned_visits_are_never_displaced():
    problem, plan = served_first()
    pinned = replace(problem.visits[0], pin=Pin("van1@1"))
    problem = replace(problem, visits=(pinned, problem.visits[1]))
    assert explain(problem, plan) == (Outranked("b", 1),)


def test_what_costs_more_driving_than_it_is_worth_displaces_nothing():
    problem = one_day(replace(VISIT, prize=10))
    assert explain(problem, EMPTY) == (Outranked("a", 1, (), 30, "van1@1"),)


def test_an_alternative_that_is_served_elsewhere_is_named_and_goes_with_the_change():
    other = replace(SHIFT, id="van2@1", van="van2")
    problem, plan = served_first()
    first = replace(problem.shifts[0], crew={"tester": 2, "presenter": 1})
    second = replace(problem.visits[1], crew={"tester": 1})
    third = Visit("c", 2, 60, VISIT.windows, crew={"presenter": 1}, prize=150)
    problem = replace(
        problem, shifts=(first, other), visits=(problem.visits[0], second, third), exclusive=(("b", "c"),)
    )
    tour = Tour("van2@1", 510, 660, None, (Stop("b", 540, 540, 630),))
    plan = replace(plan, tours=(*plan.tours, tour))
    plan = replace(plan, value=score(problem, plan))
    assert check(problem, plan) == []
    [reason] = explain(problem, plan)
    assert isinstance(reason, Outranked)
    assert (reason.displaces, reason.shift, reason.rivals) == (("a", "b"), "van1@1", ("b",))
    assert reason.points == plan.value - (150 - 60)


# Against brute force --------------------------------------------------------------------------------------------------


def lawful_alone(problem: Problem, visit: Visit, shift: Shift) -> bool:
    """Whether the checker finds some one-stop tour lawful, with every start and lunch in their hours tried."""
    out, home = problem.travel[shift.start_place][visit.place], problem.travel[visit.place][shift.end_place]
    for tour in one_stop_tours(visit, shift, out, home):
        plan = Plan(problem.name, (tour,), 0)
        if all(violation.rule in ("value", "pin") for violation in check(problem, plan)):
            return True
    return False


def one_stop_tours(visit: Visit, shift: Shift, out: int, home: int) -> Iterator[Tour]:
    lunches = (None,) if shift.lunch is None else range(shift.lunch.opens, shift.lunch.closes)
    for starts in sorted({start for window in visit.windows for start in range(window.opens, window.closes)}):
        over = starts + visit.session + visit.teardown
        for leaves in {shift.starts, starts - visit.setup - out}:
            for departs in {over, shift.ends - home}:
                stop = Stop(visit.id, leaves + out, starts, departs)
                for lunch in lunches:
                    yield Tour(shift.id, leaves, departs + home, lunch, (stop,))


def tiny_problem(seed: int, visits: int = 1, shifts: int = 1) -> Problem:
    """A seeded problem in which minutes are few enough to try them all."""
    chance = random.Random(seed)
    points = [(chance.uniform(0, 5), chance.uniform(0, 5)) for _ in range(visits + 1)]
    travel = tuple(
        tuple(0 if a == b else 1 + round(abs(a[0] - b[0]) + abs(a[1] - b[1])) for b in points) for a in points
    )
    days = (DAY, NEXT_DAY)
    lunch = Lunch(8, 18, 3) if chance.random() < 0.7 else None
    vans = tuple(
        Shift(
            f"s{index}", f"v{index}", days[index % 2], 0, 30, 0, 0,
            crew={"tester": chance.choice((0, 1, 2))},
            kits=chance.choice((1, 2, 3)),
            max_visits=chance.choice((1, 2, None)),
            max_driving=chance.choice((12, 20, None)),
            lunch=lunch,
        )
        for index in range(shifts)
    )  # fmt: skip
    asked = []
    for index in range(visits):
        opens = chance.randint(0, 20)
        frame = Window(chance.choice(days), opens, opens + chance.randint(3, 12), chance.choice((0, 5)))
        asked.append(
            Visit(
                f"r{index}", index + 1, chance.randint(2, 8), (frame,), "t", chance.randint(0, 2), chance.randint(0, 2),
                crew={"tester": chance.choice((0, 1, 1, 2))},
                kits=chance.choice((0, 1)),
                prize=chance.choice((5, 60, 90)),
            )
        )  # fmt: skip
    rivals = (("r0", "r1"),) if visits > 1 and chance.random() < 0.5 else ()
    places = tuple(Place(f"p{index}", 30.9, 121.4) for index in range(len(points)))
    towns = (Town("t", chance.choice((0, 2)), 20),)
    return Problem("tiny", places, travel, vans, tuple(asked), rivals, towns, Weights(travel=1))


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_visit_misses_an_empty_shift_exactly_where_the_checker_knows_no_lawful_tour(seed):
    problem = tiny_problem(seed)
    shift, visit = problem.shifts[0], problem.visits[0]
    assert (Judge(problem).miss(visit, shift) is None) == lawful_alone(problem, visit, shift)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_every_unserved_visit_has_its_reason_and_its_price_is_true(seed):
    from routes.planner import plan_visits

    problem = tiny_problem(seed, visits=6, shifts=3)
    plan = plan_visits(problem, seconds=5, work=2000, seed=seed)
    reasons = explain(problem, plan)
    assert [reason.visit for reason in reasons] == [visit.id for visit in problem.visits if visit.id not in plan.served]
    for reason in reasons:
        visit = problem.visit_by_id[reason.visit]
        possible = [shift for shift in problem.shifts if lawful_alone(problem, visit, shift)]
        if isinstance(reason, Impossible):
            assert not possible
        else:
            assert reason.shifts == len(possible)
            assert reason.points is not None
            if plan.proven:
                assert reason.points >= 0, "a proven plan cannot be bettered"
