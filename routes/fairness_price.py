"""What fairness between towns costs: the same problem planned under laxer and stricter rules of what a town is due.

A maker. Each rule is planned anew and the plans are compared without the points for missing visits, so that what is
compared is what the vans do: visits made, times preferred, promises kept, minutes driven. The rule with no floor at
all gives the most that is possible; what another rule gives less is its price. (The comparison is Bertsimas, Farias
and Trichakis, "The price of fairness", Operations Research 59(1), 2011, with a town's floor as the fairness scheme.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from routes.plan import Plan
from routes.planner import plan_visits
from routes.problem import Problem, Town
from routes.score import score_parts

FIRMNESS = 10
"""How many times the points of the rule in force a missing visit costs under the firm rule."""


class Rule(StrEnum):
    """What a town is due: nothing, one visit at most, what the problem says, or that at ten times the points."""

    NONE = "none"
    ONE = "one"
    IN_FORCE = "in_force"
    FIRM = "firm"


@dataclass(frozen=True, slots=True)
class Step:
    """The best plan under one rule: points without those for missing visits, and what towns get of what is due.

    `missing` counts due visits (as the problem says, whatever the rule) that the plan leaves out, `without` the towns
    that are due some and get none. `gap` is the share by which the rule's own optimum may be better; None where that
    is not known.
    """

    rule: Rule
    points: int
    served: int
    missing: int
    without: int
    gap: float | None


def price_of_fairness(
    problem: Problem, *, seconds: float, threads: int = 1, stop: Callable[[], bool] | None = None
) -> tuple[Step, ...]:
    """A step for each rule from none to firm, each planned for up to so many seconds.

    Raises ContradictoryPins, as planning does.
    """
    steps = []
    for rule in Rule:
        plan = plan_visits(under(rule, problem), seconds=seconds, threads=threads, stop=stop)
        steps.append(_step(problem, rule, plan))
    return tuple(steps)


def under(rule: Rule, problem: Problem) -> Problem:
    """The problem with what its towns are due under a rule."""
    return replace(problem, towns=tuple(_due(rule, town) for town in problem.towns))


def write_steps(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    """The steps as JSON has them."""
    return [
        {
            "rule": step.rule.value,
            "points": step.points,
            "served": step.served,
            "missing": step.missing,
            "without": step.without,
            "gap": step.gap,
        }
        for step in steps
    ]


def _due(rule: Rule, town: Town) -> Town:
    match rule:
        case Rule.NONE:
            return replace(town, due=0)
        case Rule.ONE:
            return replace(town, due=min(1, town.due))
        case Rule.IN_FORCE:
            return town
        case Rule.FIRM:
            return replace(town, shortfall=FIRMNESS * town.shortfall)


def _step(problem: Problem, rule: Rule, plan: Plan) -> Step:
    parts = score_parts(problem, plan)
    return Step(
        rule=rule,
        points=parts.value + parts.shortfall,
        served=len(plan.served),
        missing=sum(town.missing for town in parts.towns),
        without=sum(town.due > 0 and town.served == 0 for town in parts.towns),
        gap=plan.gap,
    )
