"""The repair of a broken week, measured: M planned and published, then one van lost for four days.

    python -m tests.benchmarks rebalance [--seeds 1 2 3] [--seconds 9] [--write-readme]

The freeze is the next three working days: its promises stand still unless they are hit. The time of the three proposals
together is what a coordinator waits; CPU time is beside it, because a busy machine stretches the former.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from routes import Problem, check, read_problem
from routes.planner import plan_visits
from routes.proposals import hold_still, promise_all, without_shifts
from routes.rebalance import Proposal, rebalance
from tests.benchmarks.district import district
from tests.benchmarks.sections import write_section

DAYS_LOST = 4
FREEZE_DAYS = 3
PLANNING_SECONDS = 10.0
MOST_SECONDS = 10.0
"""How long a coordinator may wait for all proposals."""


@dataclass(frozen=True)
class Repaired:
    """What one broken week took and came to; `hit` are the promises that could not stand still."""

    seed: int
    promised: int
    lost: int
    hit: int
    proposals: tuple[Proposal, ...]
    seconds: float
    cpu: float


def broken_week(seed: int, *, size: str = "M", seconds: float = PLANNING_SECONDS) -> tuple[Problem, int, int, int]:
    """The problem after the loss; how many visits were promised, how many on the lost shifts, how many are hit."""
    problem = read_problem(district(size, seed, "plain"))
    published = promise_all(problem, plan_visits(problem, seconds=seconds, seed=seed))
    days = sorted({shift.day for shift in published.shifts})
    lost = {shift.id for shift in published.shifts if shift.van == "van1" and shift.day in days[:DAYS_LOST]}
    told = {visit.id: visit.promise for visit in published.visits if visit.promise}
    frozen = {
        name for name, promise in told.items() if published.shift_by_id[promise.shift].day in days[:FREEZE_DAYS]
    }  # fmt: skip
    broken, hit = hold_still(without_shifts(published, lost), frozen)
    return broken, len(told), sum(promise.shift in lost for promise in told.values()), len(hit)


def measure_and_print(seeds: Sequence[int], seconds: float, *, write_readme: bool) -> int:
    """Measure, print and, if asked, write the table into the README; 1 if a gap is unknown or it took too long."""
    found = list(measure(seeds, seconds))
    text = table(found)
    print(text)
    if write_readme:
        write_section("rebalance", text)
    late = [week for week in found if week.seconds > MOST_SECONDS]
    open_ended = [each for week in found for each in week.proposals if each.plan.gap is None]
    return 1 if late or open_ended else 0


def measure(seeds: Sequence[int], seconds: float) -> Iterator[Repaired]:
    """Repair the broken week of each seed."""
    plan_visits(read_problem(district("S", 1, "plain")), seconds=2)  # compile what is compiled once
    for seed in seeds:
        problem, promised, lost, hit = broken_week(seed)
        began, cpu = time.perf_counter(), time.process_time()
        proposals = rebalance(problem, seconds=seconds, seed=seed)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        for each in proposals:
            assert not check(each.problem, each.plan)
        yield Repaired(seed, promised, lost, hit, proposals, took, used)


def table(found: Sequence[Repaired]) -> str:
    """One row for each proposal, in Markdown."""
    lines = [
        "| seed | promised, lost, hit | proposal | value | gap | kept | re-timed | other van | other day | dropped "
        "| added | driving, min | s | three together, s (CPU) |",
        "|" + "---|" * 14,
    ]
    for week in found:
        for proposal in week.proposals:
            plan, change = proposal.plan, proposal.difference
            gap = "no bound" if plan.gap is None else "proven" if plan.proven else f"{plan.gap:.2%}"
            numbers = [change.kept, change.retimed, change.other_van, change.other_day, change.dropped, change.added]
            counts = " | ".join(str(len(each)) for each in numbers)
            lines.append(
                f"| {week.seed} | {week.promised}, {week.lost}, {week.hit} | {proposal.kind.value} | {plan.value} "
                f"| {gap} | {counts} | {change.driving} | {plan.seconds:.1f} | {week.seconds:.1f} ({week.cpu:.1f}) |"
            )
    return "\n".join(lines) + "\n"
