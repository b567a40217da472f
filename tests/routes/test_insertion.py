"""Quick insertion and pins: lawful from the start."""

from __future__ import annotations

import pytest

from routes.compiled import compile_problem
from routes.effort import Effort
from routes.insertion import insert_greedily
from routes.instances import read_problem
from routes.pins import pinned_tours
from routes.timetable import best_timing
from routes.tours import plan_value
from tests.benchmarks.district import district


@pytest.mark.parametrize(("size", "seed"), [("S", 1), ("M", 2), ("M", 3), ("L", 1)])
def test_insertion_keeps_pins_rivals_and_lawful_times(size: str, seed: int) -> None:
    compiled = compile_problem(read_problem(district(size, seed)))
    forced = pinned_tours(compiled)
    columns = insert_greedily(compiled, forced, Effort(60))
    served = [visit for column in columns for visit in column.order]
    assert len(served) == len(set(served))
    assert compiled.pinned <= set(served)
    assert all(compiled.rivals[visit].isdisjoint(served) for visit in served)
    for column in columns:
        shift_class = compiled.classes[column.klass]
        timing = best_timing(shift_class, [shift_class.local[visit] for visit in column.order], 1)
        assert timing is not None
        assert timing.value == column.value
    assert plan_value(compiled, columns) > plan_value(compiled, forced)


def test_insertion_that_is_out_of_time_leaves_what_the_pins_force() -> None:
    compiled = compile_problem(read_problem(district("M", 1)))
    forced = pinned_tours(compiled)
    assert insert_greedily(compiled, forced, Effort(0.0)) == sorted(forced)
