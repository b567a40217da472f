"""Ruin and recreate: a good plan in the first seconds, however large the problem and however long its tours.

Strings of visits are taken out of neighbouring tours and put back greedily, some hundred thousand times a second over
all; changes are kept by simulated annealing on the exact points. The search itself is compiled
(`routes.ruin_search`) and never looks at a clock: it is called for a fixed amount of steps, again and again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from routes.compiled import Compiled, compile_problem
from routes.effort import Effort
from routes.problem import Problem
from routes.ruin_ground import (
    LENGTH,
    MET,
    MET_CLASS,
    MET_EXACT,
    MET_LENGTH,
    MET_VALUE,
    PRIZE,
    SLOT,
    STAY,
    Ground,
    Ints,
    blank_memory,
    empty_tours,
    lay_ground,
    slots_of,
)
from routes.ruin_search import begin, search
from routes.timetable import best_timing
from routes.tours import Column

_STEPS = 200_000
_TELL_EVERY = 0.25
_UNITS_PER_STEP = 1e-4
_HOTTEST, _COLDEST = 0.2, 0.01
"""Temperatures at the beginning and at the end, in mean prizes."""
_MINUTE = 0.1
"""What a minute of a tour is reckoned to be worth when places are compared, in mean prizes per mean stay."""
_FREE_MINUTE, _FREE_MILE = 1.0, 0.02
"""The same where driving costs no points, and what a minute of it then costs besides, so that ways stay short."""
_SLOTS = 5
_SHORTEST_STRING, _LONGEST_STRING = 4, 10

_ready = threading.Event()
_compiling = threading.Lock()


def is_ready(effort: Effort, patience: float) -> bool:
    """Whether the search is compiled or loaded; waits for that so many seconds, or without limit if work is counted.

    The first time on a machine compiling takes half a minute; it then goes on in a thread of its own.
    """
    if _ready.is_set():
        return True
    worker = threading.Thread(target=_compile, daemon=True)
    worker.start()
    patient_until = effort.elapsed + patience
    while worker.is_alive() and not effort.over() and (effort.counted or effort.elapsed < patient_until):
        worker.join(0.02)
    return _ready.is_set()


def _compile() -> None:
    with _compiling:
        if not _ready.is_set():
            Recreation(compile_problem(Problem("warm-up", (), (), (), ())), [], 0).advance(0.0, 1)
            _ready.set()


class Recreation:
    """One search over all plans, from a lawful one on; `lanes` of them side by side, each on a core of its own."""

    def __init__(self, compiled: Compiled, columns: Sequence[Column], seed: int, lanes: int = 1) -> None:
        """Begin with `columns`, a lawful plan that keeps all pins, and whatever else can be inserted at once."""
        self._compiled = compiled
        self._ground = lay_ground(compiled)
        merit = self._ground.merit
        self._prize = float(merit[:, PRIZE].mean()) if len(merit) else 0.0
        per_minute = self._prize / max(1.0, float(merit[:, STAY].mean())) if len(merit) else 0.0
        free = self._ground.weight == 0
        minute = (_FREE_MINUTE if free else _MINUTE) * per_minute
        mile = _FREE_MILE * per_minute if free else 0.0
        self._lanes = [
            _Lane(compiled, self._ground, columns, seed + 7919 * lane, minute, mile) for lane in range(lanes)
        ]

    def advance(self, share: float, steps: int = _STEPS) -> float:
        """Let every lane do some steps at the temperature of this share of the search; the work done, in units."""
        temperature = self._prize * _HOTTEST * (_COLDEST / _HOTTEST) ** share
        if len(self._lanes) == 1:
            self._lanes[0].advance(temperature, steps)
        else:
            with ThreadPoolExecutor(len(self._lanes)) as threads:
                list(threads.map(lambda lane: lane.advance(temperature, steps), self._lanes))
        return _UNITS_PER_STEP * steps * len(self._lanes)

    def best(self) -> list[Column]:
        """The tours of the best plan so far."""
        return max(self._lanes, key=lambda lane: lane.best).columns()

    @property
    def score(self) -> float:
        """What the best plan is worth to the search: better plans have a higher one."""
        return max(lane.best for lane in self._lanes)

    def tours_met(self) -> list[Column]:
        """Tours of the plans that were the best when they were found."""
        return [column for lane in self._lanes for column in lane.met()]


class _Lane:
    def __init__(
        self, compiled: Compiled, ground: Ground, columns: Sequence[Column], seed: int, minute: float, mile: float
    ) -> None:
        self._compiled, self._ground, self._minute, self._mile = compiled, ground, minute, mile
        longest = max((len(column.order) for column in columns), default=0)
        self._tours = empty_tours(ground, longest)
        self._memory = blank_memory(ground, self._tours, seed)
        for slot, column in slots_of(compiled, columns):
            self._tours.order[slot, : len(column.order)] = column.order
            self._tours.slot[slot, LENGTH] = len(column.order)
        self._now = begin(ground, self._tours, self._memory, minute, mile)

    @property
    def best(self) -> float:
        return float(self._memory.best[0])

    def advance(self, temperature: float, steps: int) -> None:
        served = max(1, int((self._tours.visit[:, SLOT] >= 0).sum()))
        driven = max(1, int((self._tours.slot[:-1, LENGTH] > 0).sum()))
        longest = min(_LONGEST_STRING, max(_SHORTEST_STRING, served // driven))
        self._now = search(
            self._ground,
            self._tours,
            self._memory,
            self._now,
            temperature,
            self._minute,
            self._mile,
            _SLOTS,
            longest,
            steps,
        )

    def columns(self) -> list[Column]:
        memory = self._memory
        return [
            self._column(int(self._ground.klass_of[slot]), memory.best_order[slot, : memory.best_length[slot]])
            for slot in range(len(self._ground.klass_of))
            if memory.best_length[slot]
        ]

    def met(self) -> list[Column]:
        memory = self._memory
        return [
            Column(int(tour[MET_CLASS]), tuple(order[: tour[MET_LENGTH]].tolist()), int(tour[MET_VALUE]))
            if tour[MET_EXACT]
            else self._column(int(tour[MET_CLASS]), order[: tour[MET_LENGTH]])
            for tour, order in zip(memory.met_tour[: memory.tally[MET]], memory.met_order, strict=False)
        ]

    def _column(self, klass: int, order: Ints) -> Column:
        """A tour at its best times, by the timetable."""
        shift_class = self._compiled.classes[klass]
        visits = tuple(order.tolist())
        timing = best_timing(shift_class, [shift_class.local[visit] for visit in visits], self._ground.weight)
        if timing is None:
            raise AssertionError("the search keeps tours lawful")
        return Column(klass, visits, timing.value)


def recreate(
    compiled: Compiled,
    columns: Sequence[Column],
    effort: Effort,
    seed: int,
    until: float,
    *,
    lanes: int = 1,
    heard: Callable[[Iterable[Column]], None] = lambda _: None,
) -> tuple[list[Column], list[Column]]:
    """Search until so much of the effort is used: the best plan's tours, and those met on the way.

    Begins with `columns`, a lawful plan that keeps all pins; `heard` is told of better plans now and then.
    """
    recreation = Recreation(compiled, columns, seed, lanes)
    began, told, told_at = effort.used, recreation.score, effort.used
    while not effort.over() and effort.used < until:
        effort.spend(recreation.advance((effort.used - began) / max(1e-9, until - began)))
        if recreation.score > told and effort.used > told_at + _TELL_EVERY:
            told, told_at = recreation.score, effort.used
            heard(recreation.best())
    return recreation.best(), recreation.tours_met()
