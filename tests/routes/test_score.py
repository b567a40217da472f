"""The points of a plan, worked out by hand in the small county that is drawn in county.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from routes import (
    Plan,
    Problem,
    Promise,
    Shift,
    Stop,
    Tour,
    Visit,
    Window,
    check,
    load_plan,
    load_problem,
    score,
    score_parts,
)
from routes.score import BrokenPromise, TownScore, best_bonus, driving_minutes
from tests.routes.county import COUNTY, DATA, PLAN, tour

NOTHING = Plan("county", (), 0)
MONDAY = date(2026, 6, 1)


def promised(visit: str, promise: Promise) -> Problem:
    """The county, having told one more town something."""
    visits = (replace(other, promise=promise) if other.id == visit else other for other in COUNTY.visits)
    return replace(COUNTY, visits=tuple(visits))


def test_the_value_is_the_sum_of_its_parts():
    parts = score_parts(COUNTY, PLAN)
    assert parts.prizes == 200 + 150 + 100 + 90 + 120
    assert parts.bonuses == 10  # the market check in its Monday window
    assert parts.driving == parts.driving_minutes == (15 + 12 + 10) + (40 + 18 + 34) + (10 + 10)
    assert parts.shortfall == 60  # the south is due three visits and gets two
    assert parts.broken_promises == 0
    assert parts.value == score(COUNTY, PLAN) == 660 + 10 - 149 - 60


def test_the_contracts_own_example_is_worth_what_it_says():
    """Prize 120 + bonus 5 - 23 - 24 minutes of driving; the one visit due is served."""
    problem, plan = load_problem(DATA / "contract.json"), load_plan(DATA / "contract-plan.json")
    assert score(problem, plan) == plan.value == 78
    assert check(problem, plan) == []
    assert (plan.gap, plan.proven, plan.stated_proven) == (0, True, True)


def test_serving_nobody_costs_all_that_is_due_and_promised():
    """North 2 x 60, south 3 x 60, and the school test that was promised is dropped."""
    assert score(COUNTY, NOTHING) == -120 - 180 - 400


def test_driving_is_counted_by_the_matrix_both_ways_and_by_shift():
    assert score_parts(COUNTY, PLAN).minutes_by_shift == {"van1@mon": 37, "van2@mon": 92, "van1@tue": 20}


def test_driving_costs_its_weight():
    dear = replace(COUNTY, weights=replace(COUNTY.weights, travel=3))
    assert score(COUNTY, PLAN) - score(dear, PLAN) == 2 * 149


def test_visits_beyond_what_a_town_is_due_bring_no_credit():
    assert score_parts(COUNTY, PLAN).towns == (
        TownScore("north", due=2, served=3, missing=0, points=0),
        TownScore("south", due=3, served=2, missing=1, points=60),
    )


def test_each_visit_shows_what_it_brings_and_costs():
    visits = {visit.visit: visit for visit in score_parts(COUNTY, NOTHING).visits}
    assert (visits["school-test"].shift, visits["school-test"].points) == (None, -400)
    visits = {visit.visit: visit for visit in score_parts(COUNTY, PLAN).visits}
    assert (visits["market-check"].shift, visits["market-check"].points) == ("van1@mon", 210)


@pytest.mark.parametrize(
    ("promise", "broken"),
    [
        # The plan serves the school test on Tuesday with van1 at 600, tolerance 15.
        (Promise("van1@tue", 600), BrokenPromise()),
        (Promise("van1@tue", 615), BrokenPromise()),
        (Promise("van1@tue", 585), BrokenPromise()),
        (Promise("van1@tue", 616), BrokenPromise(retime=40)),
        (Promise("van1@tue", 584), BrokenPromise(retime=40)),
        (Promise("van1@mon", 600), BrokenPromise(other_day=120)),
        (Promise("van2@mon", 600), BrokenPromise(other_day=120, other_van=20)),
        (Promise("van2@mon", 900), BrokenPromise(other_day=120, other_van=20)),  # no retime on another day
    ],
)
def test_a_broken_promise_costs_by_the_way_it_is_broken(promise: Promise, broken: BrokenPromise):
    problem = promised("school-test", promise)
    parts = score_parts(problem, PLAN)
    assert [visit.broken for visit in parts.visits if visit.visit == "school-test"] == [broken]
    assert parts.value == 461 - broken.points


def test_another_van_on_the_promised_day_may_be_late_as_well():
    """Promised by van1 on Monday at 600, served by van2 on Monday at 560: another van, and 40 minutes off."""
    parts = score_parts(promised("works-call", Promise("van1@mon", 600)), PLAN)
    assert parts.broken_promises == 20 + 40


def test_the_best_of_the_windows_that_the_session_lies_in_counts():
    shift = Shift("van1@mon", "van1", MONDAY, 480, 990, 0, 0)
    tuesday = MONDAY.replace(day=2)
    windows = (
        Window(MONDAY, 540, 700, bonus=3),
        Window(MONDAY, 600, 700, bonus=8),
        Window(MONDAY, 600, 659, bonus=20),  # too short for the session
        Window(tuesday, 540, 700, bonus=50),
    )
    visit = Visit("v", 0, 60, windows)
    assert {starts: best_bonus(visit, shift, starts) for starts in (539, 540, 599, 600, 640, 641)} == {
        539: 0, 540: 3, 599: 3, 600: 8, 640: 8, 641: 0,
    }  # fmt: skip


def test_a_visit_served_twice_counts_once_by_its_first_stop():
    """Monday's market check brings 200 + 10; Tuesday's costs its 31 minutes of driving and brings nothing more."""
    again = tour("van1@tue", 505, ("market-check", 540), lunch=660)
    once, twice = (replace(PLAN, tours=(*PLAN.tours[:2], *more)) for more in ((), (again,)))
    assert score(COUNTY, twice) - score(COUNTY, once) == -31


def test_what_nobody_knows_is_worth_nothing_and_drives_nowhere():
    stranger = Stop("nobody", 600, 600, 600)
    known = Stop("plaza-talk", 600, 600, 630)
    strange = (Tour("van9@mon", 500, 700, None, (known,)), *PLAN.tours[:-1])
    strange = (*strange, replace(PLAN.tours[-1], stops=(stranger, *PLAN.tours[-1].stops)))
    assert score(COUNTY, replace(PLAN, tours=strange)) == 461


def test_a_tour_of_an_unknown_shift_drives_nowhere():
    assert driving_minutes(COUNTY, replace(PLAN.tours[0], shift="van9@mon")) == 0


def test_the_stated_value_is_not_believed():
    assert score(COUNTY, replace(PLAN, value=10_000)) == 461
