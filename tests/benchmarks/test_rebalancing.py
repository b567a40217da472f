"""The broken week that the benchmark repairs is broken in the way that it says."""

from __future__ import annotations

from routes.checker import check
from routes.rebalance import rebalance
from tests.benchmarks.rebalancing import DAYS_LOST, Repaired, broken_week, table


def test_a_broken_week_has_lost_one_van_for_its_days_and_its_repairs_are_lawful() -> None:
    problem, promised, lost, hit = broken_week(1, size="S", seconds=5)
    out = [shift for shift in problem.shifts if shift.max_visits == 0]
    assert {shift.van for shift in out} == {"van1"}
    assert len({shift.day for shift in out}) == DAYS_LOST
    assert promised >= lost >= hit > 0
    pinned = [visit for visit in problem.visits if visit.pin]
    assert all(visit.pin.shift not in {shift.id for shift in out} for visit in pinned if visit.pin)
    proposals = rebalance(problem, seconds=9)
    assert all(not check(each.problem, each.plan) for each in proposals)
    rows = table([Repaired(1, promised, lost, hit, proposals, 1.0, 1.0)]).splitlines()
    assert len(rows) == 2 + len(proposals)
