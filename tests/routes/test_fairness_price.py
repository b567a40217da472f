"""What fairness costs: rules from none to firm, each planned to the proof, against each other and brute force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routes.fairness_price import FIRMNESS, Rule, Step, price_of_fairness, under, write_steps
from routes.pins import ContradictoryPins
from routes.planner import plan_visits
from routes.problem import Town
from routes.score import score_parts
from tests.routes.county import COUNTY
from tests.routes.test_planner_properties import brute_force, random_problem

SEEDS = range(40)


def steps_of(seed: int) -> dict[Rule, Step] | None:
    """The steps of a random problem in which every visit's town is due one or two; None where pins contradict."""
    problem = random_problem(seed)
    names = sorted({visit.town for visit in problem.visits if visit.town is not None})
    towns = tuple(Town(name, due=1 + index % 2, shortfall=40) for index, name in enumerate(names))
    problem = replace(problem, towns=towns)
    try:
        steps = price_of_fairness(problem, seconds=20)
    except ContradictoryPins:
        return None
    best = brute_force(under(Rule.NONE, problem))
    assert best is not None
    assert steps[0].points == best
    in_force = brute_force(problem)
    assert in_force is not None
    assert steps[2].points - 40 * steps[2].missing == in_force
    return {step.rule: step for step in steps}


@pytest.mark.parametrize("block", range(4))
def test_no_rule_gives_more_than_none_and_a_firmer_one_gives_towns_no_less(block: int) -> None:
    found = [steps for seed in SEEDS[block::4] if (steps := steps_of(seed)) is not None]
    assert len(found) >= 5
    for steps in found:
        assert all(step.gap is not None and step.gap < 1e-9 for step in steps.values())
        assert steps[Rule.ONE].points <= steps[Rule.NONE].points
        assert steps[Rule.FIRM].points <= steps[Rule.IN_FORCE].points <= steps[Rule.NONE].points
        assert steps[Rule.FIRM].missing <= steps[Rule.IN_FORCE].missing <= steps[Rule.NONE].missing


def test_the_random_problems_show_that_fairness_has_a_price() -> None:
    found = [steps for seed in SEEDS if (steps := steps_of(seed)) is not None]
    assert any(steps[Rule.FIRM].points < steps[Rule.NONE].points for steps in found)
    assert any(steps[Rule.FIRM].missing < steps[Rule.NONE].missing for steps in found)


def test_the_rules_change_what_towns_are_due_and_nothing_else() -> None:
    for rule in Rule:
        assert replace(under(rule, COUNTY), towns=COUNTY.towns) == COUNTY
    due = {rule: [town.due for town in under(rule, COUNTY).towns] for rule in Rule}
    assert due[Rule.NONE] == [0] * len(COUNTY.towns)
    assert due[Rule.ONE] == [min(1, town.due) for town in COUNTY.towns]
    assert due[Rule.FIRM] == due[Rule.IN_FORCE] == [town.due for town in COUNTY.towns]
    assert [town.shortfall for town in under(Rule.FIRM, COUNTY).towns] == [
        FIRMNESS * town.shortfall for town in COUNTY.towns
    ]


def test_a_step_leaves_the_points_of_missing_visits_out_but_counts_the_visits() -> None:
    steps = {step["rule"]: step for step in write_steps(price_of_fairness(COUNTY, seconds=10))}
    plan = plan_visits(COUNTY, seconds=10, threads=1)
    parts = score_parts(COUNTY, plan)
    assert parts.shortfall > 0
    assert steps["in_force"]["points"] == plan.value + parts.shortfall
    assert steps["in_force"]["missing"] == sum(town.missing for town in parts.towns)
    assert steps["in_force"]["without"] == 0
    assert steps["in_force"]["served"] == len(plan.served)
