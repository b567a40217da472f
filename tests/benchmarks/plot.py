"""Gap against time as an SVG, one panel a class: how soon each solver comes how near to the best bound known.

The planner's line is what it reported on the way (median over the problems), dashed its own gap, that is with the
bound it had at that time; a peer's dots are its gaps at the limits it was given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from statistics import median

from tests.benchmarks.judging import SIZES, best_bounds
from tests.benchmarks.measure import NAMES
from tests.benchmarks.runs import Run, gap

COLOURS = {"planner": "#0b6e4f", "vroom": "#c1440e", "pyvrp": "#3d5a98", "ortools": "#8a6d1d"}
_WIDTH, _HEIGHT, _MARGIN, _TOP = 300, 240, 54, 40
_FIRST, _LAST = 0.1, 120.0
_LEAST, _MOST = 1e-4, 1.0
_POINTS = 80

Line = list[tuple[float, float]]


def gap_plot(runs: Sequence[Run]) -> str:
    """The picture of all districts among the runs, as an SVG document."""
    bounds = best_bounds(runs)
    districts = [run for run in runs if run.task.family in SIZES and run.task.variant == "plain"]
    sizes = [size for size in SIZES if any(run.task.family == size for run in districts)]
    panels = [
        _panel(number, size, [run for run in districts if run.task.family == size], bounds)
        for number, size in enumerate(sizes)
    ]
    width, height = max(1, len(sizes)) * (_WIDTH + _MARGIN) + 20, _HEIGHT + _TOP + 70
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#222">\n<title>Gap to the best bound against time</title>\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n' + "\n".join(panels) + _legend(height) + "\n</svg>\n"
    )


def planner_lines(runs: Sequence[Run], bounds: dict[str, float]) -> tuple[Line, Line]:
    """Medians over the longest run of each problem with a bound, over time: gap to the best bound, and own gap."""
    longest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.task.limit):
        if run.task.solver == "planner" and run.milestones and run.task.problem in bounds:
            longest[run.task.problem] = run
    if not longest:
        return [], []
    last = max(run.task.limit for run in longest.values())
    times = [_FIRST * (last / _FIRST) ** (step / _POINTS) for step in range(_POINTS + 1)]

    def line(measure: Callable[[Run, float], float]) -> Line:
        return [(time, median(measure(run, time) for run in longest.values())) for time in times]

    to_best = line(lambda run, time: _gap_at(run, time, bounds[run.task.problem]))
    return to_best, line(lambda run, time: _gap_at(run, time, None))


def _gap_at(run: Run, time: float, bound: float | None) -> float:
    """The gap of what was reported by then, to `bound` or else the bound of that time; all of it where none was."""
    reported = [milestone for milestone in run.milestones if milestone[0] <= time]
    if not reported:
        return 1.0
    _, value, own = reported[-1]
    found = gap(value, own if bound is None else bound)
    return 1.0 if found is None else min(1.0, found)


def peer_line(runs: Iterable[Run], bounds: dict[str, float]) -> Line:
    """The median gap at each limit; a run without a plan counts as a gap of all of it."""
    by_limit: dict[float, list[float]] = {}
    for run in runs:
        if run.task.problem in bounds:
            found = gap(run.value, bounds[run.task.problem])
            by_limit.setdefault(run.task.limit, []).append(1.0 if found is None else min(1.0, found))
    return [(limit, median(gaps)) for limit, gaps in sorted(by_limit.items())]


def _panel(number: int, size: str, runs: list[Run], bounds: dict[str, float]) -> str:
    seeds = len({run.task.problem for run in runs} & bounds.keys())
    parts = [f'<g transform="translate({_MARGIN + number * (_WIDTH + _MARGIN)},{_TOP})">', _axes()]
    parts.append(f'<text x="0" y="-12" font-weight="bold">{escape(size)}, median of {seeds} problems</text>')
    to_best, own = planner_lines(runs, bounds)
    parts += [_curve(own, COLOURS["planner"], "4 3"), _curve(to_best, COLOURS["planner"])]
    for solver in list(NAMES)[1:]:
        line = peer_line([run for run in runs if run.task.solver == solver], bounds)
        parts.append(_curve(line, COLOURS[solver]))
        parts += [
            f'<circle cx="{_x(time):.1f}" cy="{_y(share):.1f}" r="4" fill="{COLOURS[solver]}"/>' for time, share in line
        ]
    return "\n".join([*(part for part in parts if part), "</g>"])


def _axes() -> str:
    parts = [f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#888"/>']
    for share, label in ((1.0, "100 %"), (0.1, "10 %"), (0.01, "1 %"), (0.001, "0.1 %"), (_LEAST, "0.01 %")):
        y = _y(share)
        parts.append(f'<path d="M0 {y:.1f}H{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for time in (0.1, 1, 10, 60):
        x = _x(time)
        parts.append(f'<path d="M{x:.1f} 0V{_HEIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT + 16}" text-anchor="middle">{time:g} s</text>')
    return "\n".join(parts)


def _curve(line: Line, colour: str, dashes: str = "none") -> str:
    if len(line) < 2:
        return ""
    points = " ".join(f"{_x(time):.1f},{_y(share):.1f}" for time, share in line)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'


def _x(time: float) -> float:
    return _WIDTH * math.log(min(max(time, _FIRST), _LAST) / _FIRST) / math.log(_LAST / _FIRST)


def _y(share: float) -> float:
    return _HEIGHT * math.log(_MOST / min(max(share, _LEAST), _MOST)) / math.log(_MOST / _LEAST)


def _legend(height: int) -> str:
    entries = [(COLOURS[solver], name) for solver, name in NAMES.items()]
    parts = [
        f'<rect x="{_MARGIN + 130 * place}" y="{height - 26}" width="12" height="12" fill="{colour}"/>'
        f'<text x="{_MARGIN + 130 * place + 17}" y="{height - 15}">{escape(name)}</text>'
        for place, (colour, name) in enumerate(entries)
    ]
    parts.append(
        f'<text x="{_MARGIN}" y="{height - 32}">gap to the best bound known; dashed: the planner\'s own</text>'
    )
    return "\n" + "\n".join(parts)
