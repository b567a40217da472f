"""The curve of a planning run: it can be drawn from the first number on."""

from __future__ import annotations

from typing import Any

import pytest

from van_service.pages.desk.gap_plot import BOTTOM, TOP, gap_plot


@pytest.mark.parametrize(
    "rows",
    [
        [[0.1, 0, None]],
        [[0.1, 500, None]],
        [[0.1, 500, 500.0]],
        [[0.1, -2520, None], [0.2, -2520, None]],
        [[0.1, -2520, None], [0.2, 29815, 64478.0], [0.3, 34723, 34723.0]],
    ],
)
def test_any_run_with_a_value_can_be_drawn_within_the_picture(rows: list[list[Any]]) -> None:
    plot = gap_plot(rows, until=1.0)
    assert plot is not None
    assert plot.dot is not None
    assert TOP <= plot.dot[1] <= BOTTOM


def test_there_is_no_curve_before_there_is_a_value() -> None:
    assert gap_plot([[0.1, None, None]], until=1.0) is None


def test_the_curves_meet_where_the_value_reaches_the_bound() -> None:
    plot = gap_plot([[0.1, 100, 300.0], [0.2, 200, 200.0]], until=1.0)
    assert plot is not None
    assert plot.dot is not None
    assert plot.dot[1] == plot.bound_at
