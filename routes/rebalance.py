"""Repairing a plan in force: up to three proposals, one solve each (see `routes.proposals` for what each may change).

Knows no clock but through the planner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from routes.plan import Plan
from routes.planner import plan_visits
from routes.problem import Problem
from routes.proposals import Difference, ProposalKind, difference, proposal_problem


@dataclass(frozen=True, slots=True)
class Proposal:
    """A way out: the problem that it solves, the best plan found with its bound, and what that changes."""

    kind: ProposalKind
    problem: Problem
    plan: Plan
    difference: Difference


def rebalance(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    wanted: Collection[str] = (),
    kinds: Iterable[ProposalKind] = tuple(ProposalKind),
    work: int | None = None,
    threads: int = 2,
) -> tuple[Proposal, ...]:
    """The proposals for a problem with the plan in force as its promises, what is forbidden taken out, what stands
    still pinned. Each is solved in its share of the `seconds` (see `plan_visits` for `work` and `threads`).

    Raises ContradictoryPins; `routes.proposals.let_go` names the pins that cannot be kept before.
    """
    kinds = tuple(kinds)
    made = []
    for kind in kinds:
        narrowed = proposal_problem(problem, kind, wanted=wanted)
        plan = plan_visits(narrowed, seconds=seconds / len(kinds), seed=seed, work=work, threads=threads)
        made.append(Proposal(kind, narrowed, plan, difference(narrowed, plan)))
    return tuple(made)
