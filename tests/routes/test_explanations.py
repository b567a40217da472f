"""Full explanations against brute force: the impossible is impossible, prices are true, every change shown serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from routes import Plan, Problem, Visit, check
from routes.changes import KINDS, Change, Means, Version, changed
from routes.explain import Impossible, Outranked
from routes.explanations import Explainer, Explanation
from routes.pins import ContradictoryPins
from routes.planner import plan_visits
from routes.remedies import Remedy
from tests.routes.test_planner_properties import MONDAY, brute_force, random_problem

BIG = 1_000_000
"""A prize that no plan forgoes if it can be had at all."""


def best_serving(problem: Problem, name: str) -> int | None:
    """By brute force the value of the best plan that serves a visit; None where there is none."""
    wanted = tuple(
        replace(visit, prize=visit.prize + BIG) if visit.id == name else visit for visit in problem.visits
    )  # fmt: skip
    best = brute_force(replace(problem, visits=wanted))
    return None if best is None or best < BIG / 2 else best - BIG


def in_an_empty_calendar(problem: Problem, name: str) -> Problem:
    """The problem with nothing pinned, so that every other visit may give way."""
    return replace(problem, visits=tuple(replace(visit, pin=None) for visit in problem.visits))


def means_for(problem: Problem) -> Means:
    """A later shift and a reserve shift, and every visit in a shorter form."""
    like = problem.shifts[0]
    return Means(
        wider=30,
        overtime=30,
        later=(replace(like, id="later", van="vanL", day=MONDAY + timedelta(days=9)),),
        reserve=(replace(like, id="reserve", van="vanR"),),
        versions={visit.id: (_shorter(visit),) for visit in problem.visits},
    )


def _shorter(visit: Visit) -> Version:
    return Version("fewer_services", {"without": "talk"}, replace(visit, session=visit.session // 2, crew={}))


@cache
def explained(seed: int) -> tuple[Problem, Plan, Means, list[Explanation]]:
    """A random problem with its best plan and what is said of all it leaves out; nothing where pins contradict."""
    problem = random_problem(seed)
    means = means_for(problem)
    try:
        plan = plan_visits(problem, seconds=20, threads=1)
    except ContradictoryPins:
        return problem, Plan(problem.name, (), 0), means, []
    return problem, plan, means, list(Explainer(problem, plan, means).unserved())


@pytest.mark.parametrize("block", range(10))
def test_classes_and_prices_agree_with_brute_force(block: int) -> None:
    for seed in range(25 * block, 25 * block + 25):
        problem, plan, _, found = explained(seed)
        for explanation in found:
            reason, name = explanation.reason, explanation.reason.visit
            best = best_serving(problem, name)
            if isinstance(reason, Impossible):
                assert best_serving(in_an_empty_calendar(problem, name), name) is None, (seed, name)
            elif best is None:
                assert reason.points is None, (seed, name)
            elif reason.points is not None:
                assert reason.points == plan.value - best, (seed, name)
                assert explanation.at_least == reason.points, (seed, name)


@pytest.mark.parametrize("block", range(10))
def test_every_change_shown_makes_a_problem_whose_best_plan_serves_the_visit(block: int) -> None:
    for seed in range(25 * block, 25 * block + 25):
        problem, plan, means, found = explained(seed)
        for explanation in found:
            costs = [-remedy.points for remedy in explanation.remedies]
            assert costs == sorted(costs)
            for remedy in explanation.remedies:
                assert_serves(problem, plan, means, remedy)
                reason = explanation.reason
                if isinstance(reason, Outranked) and reason.points is not None:
                    spares = bool(reason.displaces and not remedy.displaces)
                    assert -remedy.points < reason.points or spares, "a change that saves nothing is none"


def assert_serves(problem: Problem, plan: Plan, means: Means, remedy: Remedy) -> None:
    after = changed(problem, means, remedy.change)
    again = plan_visits(after, seconds=20, threads=1)
    assert check(after, again) == []
    assert remedy.change.visit in again.served
    assert again.value >= plan.value + remedy.points


def test_the_random_problems_show_every_kind_of_change_and_both_classes() -> None:
    """Else the tests above would say less than they seem to."""
    kinds, classes = set(), set()
    for seed in range(120):
        *_, found = explained(seed)
        classes |= {type(explanation.reason) for explanation in found}
        kinds |= {remedy.change.kind for explanation in found for remedy in explanation.remedies}
    assert classes == {Impossible, Outranked}
    assert kinds == set(KINDS)


def test_what_nothing_helps_is_said_to_be_proven_only_where_every_trial_fails_by_a_rule() -> None:
    """A visit that needs equipment no van has cannot be helped by any of the kinds."""
    problem = random_problem(3)
    nowhere = replace(problem.visits[0], equipment=frozenset({"crane"}), pin=None)
    problem = replace(problem, visits=(nowhere, *problem.visits[1:]))
    plan = plan_visits(problem, seconds=20, threads=1)
    means = replace(means_for(problem), versions={})
    explanation = Explainer(problem, plan, means).explain(nowhere.id)
    assert isinstance(explanation.reason, Impossible)
    assert explanation.remedies == ()
    assert explanation.nothing is not None
    assert explanation.nothing.proven
    assert explanation.nothing.tried["other_day"] + explanation.nothing.tried["overtime"] > 0


def test_why_here_prices_the_next_best_shifts() -> None:
    """Every place named is lawful and costs what moving there by a pin costs at least."""
    asked = 0
    for seed in range(40):
        problem, plan, means, _ = explained(seed)
        explainer = Explainer(problem, plan, means)
        for name in sorted(plan.served):
            why = explainer.why_here(name)
            for place in why.next_best:
                asked += 1
                moved = changed(problem, means, Change("anyway", name, place.shift))
                best = plan_visits(moved, seconds=20, threads=1)
                assert plan.value - best.value <= place.points
                assert place.shift != why.shift
    assert asked > 20
