"""The curve of a planning run as an SVG: value and bound closing in on each other, in steps, over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEFT, RIGHT, TOP, BOTTOM = 52.0, 318.0, 12.0, 92.0
ROOM_ABOVE = 1.25
"""Early bounds may be twice the value; they leave the picture at a quarter above it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line or label at a place of the picture, with the number it stands for."""

    at: float
    number: float


@dataclass(frozen=True, slots=True)
class GapPlot:
    """Paths of the two curves in a picture 400 wide and 118 high; `dot` is where the value stands last."""

    value_path: str
    bound_path: str
    dot: tuple[float, float] | None
    bound_at: float | None
    values: list[Tick]
    seconds: list[Tick]


def gap_plot(rows: Sequence[Sequence[float | None]], *, until: float) -> GapPlot | None:
    """The plot of rows of [seconds, value, bound] up to `until` seconds; None before there is a value."""
    values = [row[1] for row in rows if row[1] is not None]
    if not values:
        return None
    bounds = [row[2] for row in rows if row[2] is not None]
    best = max(values)
    top = min(max([*bounds, best]), best * ROOM_ABOVE) if best > 0 else max([*bounds, best])
    low = max(min(values), best - 3 * max(top - best, 0.04 * abs(best), 1.0))
    room = max(0.08 * (top - low), 1.0)  # a single value and no bound yet would leave no height at all
    top, low = top + room, low - room
    until = max(until, float(rows[-1][0] or 0.0), 0.1)

    def x(seconds: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(seconds / until, 1.0), 1)

    def y(number: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (min(max(number, low), top) - low) / (top - low), 1)

    value_points = [(x(row[0] or 0.0), y(row[1])) for row in rows if row[1] is not None]
    bound_points = [(x(row[0] or 0.0), y(row[2])) for row in rows if row[2] is not None]
    last_value = y(values[-1])
    return GapPlot(
        value_path=_steps(value_points, RIGHT),
        bound_path=_steps(bound_points, RIGHT),
        dot=(RIGHT, last_value),
        bound_at=y(bounds[-1]) if bounds else None,
        values=[Tick(y(number), number) for number in _round_numbers(low, top)],
        seconds=[Tick(x(number), number) for number in _round_numbers(0.0, until)],
    )


def _steps(points: Sequence[tuple[float, float]], right: float) -> str:
    """M x y, then across and up or down, to the right edge."""
    if not points:
        return ""
    path = f"M{points[0][0]} {points[0][1]}"
    for across, up in points[1:]:
        path += f"H{across}V{up}"
    return f"{path}H{right}"


def _round_numbers(low: float, high: float, most: int = 4) -> list[float]:
    """At most `most` round numbers between the two, such as 0, 2, 4."""
    span = high - low
    step = 10.0**-2
    while span / step > most - 1:
        step *= 2.5 if f"{step:e}".startswith("2") else 2.0
    first = -(-low // step) * step
    return [round(first + index * step, 2) for index in range(most + 1) if first + index * step <= high]
