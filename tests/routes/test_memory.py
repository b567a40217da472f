"""How much memory a plan may take: measured on a process of its own, from the system's record of its peak."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAN_A_CROWD = """
from routes.checker import check
from routes.planner import plan_visits
from tests.crowd import crowd

problem = crowd()
plan = plan_visits(problem, seconds=10)
assert check(problem, plan) == [] and len(plan.served) > 100
"""


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's record of it")
def test_visits_allowed_every_day_take_no_more_memory_than_a_city():
    record = "print(open('/proc/self/status').read())"
    done = subprocess.run(
        [sys.executable, "-c", PLAN_A_CROWD + record], cwd=ROOT, capture_output=True, text=True, check=True
    )
    peak = next(int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("VmHWM:"))
    assert peak * 1024 < 1e9  # bytes: the limit of the XL district
