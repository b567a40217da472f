"""When a session may start: the lawful minutes of a visit on a shift, cut into stretches of equal points.

Within a stretch earlier is never worse. Minutes that no tour can reach are cut off. Knows no solver and no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from routes.problem import Problem, Shift, Visit
from routes.shift_classes import NEVER, Integers, Option


def start_options(problem: Problem, visit: Visit, shift: Shift) -> tuple[Option, ...]:
    """The lawful session starts of a visit on a shift, in stretches of equal points (prize, bonus, promise kept)."""
    earliest, latest = shift.starts + visit.setup, shift.ends - visit.teardown - visit.session
    if visit.pin:
        if visit.pin.shift != shift.id:
            return ()
        if visit.pin.starts is not None:
            earliest, latest = max(earliest, visit.pin.starts), min(latest, visit.pin.starts)
    windows = [
        (max(window.opens, earliest), min(window.closes - visit.session, latest), window.bonus)
        for window in visit.windows
        if window.day == shift.day
    ]
    base, promised = _promise_points(problem, visit, shift)
    tolerance, late = problem.weights.tolerance, problem.weights.retime
    told = None if promised is None else (promised - tolerance, promised + tolerance, late)
    return tuple(_stretches(windows, visit.prize + base, told))


class Reach:
    """Shortest minutes from start places and to end places, by way of anywhere: what no tour can beat."""

    def __init__(self, matrix: Integers) -> None:
        self._matrix = matrix
        self._from: dict[int, Integers] = {}
        self._to: dict[int, Integers] = {}

    def clip(
        self, problem: Problem, shift: Shift, options: dict[int, tuple[Option, ...]]
    ) -> dict[int, tuple[Option, ...]]:
        """Cut off the starts that no tour of the shift can reach, and the visits that are left without any."""
        if shift.start_place not in self._from:
            self._from[shift.start_place] = shortest(self._matrix, shift.start_place)
        if shift.end_place not in self._to:
            self._to[shift.end_place] = shortest(self._matrix.T, shift.end_place)
        there, home = self._from[shift.start_place].tolist(), self._to[shift.end_place].tolist()
        clipped = {}
        for place, stretches in options.items():
            visit = problem.visits[place]
            earliest = shift.starts + there[visit.place] + visit.setup
            latest = shift.ends - home[visit.place] - visit.teardown - visit.session
            if shift.max_driving is not None and there[visit.place] + home[visit.place] > shift.max_driving:
                continue
            kept = tuple(
                Option(max(option.first, earliest), min(option.last, latest), option.gain)
                for option in stretches
                if option.last >= earliest and option.first <= latest
            )
            if kept:
                clipped[place] = kept
        return clipped


def shortest(matrix: Integers, source: int) -> Integers:
    """Minutes of the quickest way from one place to all others (Dijkstra 1959, on a dense matrix)."""
    minutes = matrix[source].copy()
    minutes[source] = 0
    open_places = np.ones(len(minutes), dtype=np.bool_)
    for _ in range(len(minutes)):
        nearest = int(np.argmin(np.where(open_places, minutes, NEVER)))
        open_places[nearest] = False
        np.minimum(minutes, minutes[nearest] + matrix[nearest], out=minutes)
    return np.asarray(minutes, dtype=np.int64)


def _stretches(windows: list[tuple[int, int, int]], base: int, told: tuple[int, int, int] | None) -> Iterator[Option]:
    """Cut the union of the windows wherever the points change."""
    windows = [window for window in windows if window[0] <= window[1]]
    cuts = {first for first, _, _ in windows} | {last + 1 for _, last, _ in windows}
    if told:
        cuts |= {told[0], told[1] + 1}
    ordered = sorted(cuts)
    open_option: Option | None = None
    for first, after in pairwise(ordered):
        bonuses = [bonus for opens, last, bonus in windows if opens <= first <= last]
        if not bonuses:
            continue
        gain = base + max(bonuses)
        if told and not told[0] <= first <= told[1]:
            gain -= told[2]
        if open_option and open_option.last + 1 == first and open_option.gain == gain:
            open_option = Option(open_option.first, after - 1, gain)
        else:
            if open_option:
                yield open_option
            open_option = Option(first, after - 1, gain)
    if open_option:
        yield open_option


def _promise_points(problem: Problem, visit: Visit, shift: Shift) -> tuple[int, int | None]:
    """Points of serving a promised visit on this shift (the drop is already in the constant), and the promised minute
    where it counts: on the promised day, by whichever van."""
    if visit.promise is None:
        return 0, None
    weights, told = problem.weights, problem.shift_by_id[visit.promise.shift]
    points = weights.drop
    if told.van != shift.van:
        points -= weights.other_van
    if told.day != shift.day:
        return points - weights.other_day, None
    return points, visit.promise.starts
