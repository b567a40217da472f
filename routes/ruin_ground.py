"""A problem and a plan as a few flat tables, for the compiled ruin-and-recreate search.

Visits keep their numbers of the problem; a slot is one shift, and the slots of a class stand side by side. Says what
the columns mean and fills them; the rules are in `routes.ruin_timing`, the search in `routes.ruin_search`. Few wide
tables instead of many arrays, since compiled code hands every array from function to function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.compiled import Compiled
from routes.tours import Column

Ints = NDArray[np.int64]

MOST_LABELS = 8
"""Labels kept of a prefix of a tour; where more would matter a tour is worth more than the search believes."""
_LONGEST_TOUR = 64
_MOST_NEIGHBOURS = 120
_MOST_MET = 20_000

COMPILED: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
"""How numba compiles the search. It makes no array, so nothing need be counted (`_nrt`), which makes it many times as
fast: counting costs an atomic step for each array of each call."""
INLINED: dict[str, Any] = {**COMPILED, "forceinline": True}

# Columns of `Ground`'s tables.
PLACE, SETUP, POST, LOAD, TOWN, PINNED, RIVAL_FROM, RIVAL_TO, ABLE_FROM, ABLE_TO = range(10)
STARTS, ENDS, OPENS, CLOSES, MINUTES, KITS, MOST, MOST_DRIVING, START, END = range(10)
SLOT_FROM, SLOT_TO, MEMBER_FROM, MEMBER_TO = range(10, 14)
OPTION_FROM, OPTION_TO, EARLIEST, LATEST, TOP = range(5)
FIRST, LAST, GAIN = range(3)
DUE, SHORTFALL = range(2)
PRIZE, STAY, DISTANCE, WIDTH = range(4)

# Columns of `Tours`' tables.
LENGTH, DRIVING, CARRIED, VALUE, SIMPLE, EXACT, FROZEN, ROOM = range(8)
BEFORE, AFTER, POINTS = range(3)
LABELS, HUNGRY, FED, READY, STAND, LEG, SPARE = range(7)
SLOT, BLOCKED = range(2)

# Columns of `Memory`'s tables, and what `tally` counts.
WHICH, MARK, OLD_LENGTH, OLD_VALUE, OLD_DRIVING = range(5)
MET_CLASS, MET_LENGTH, MET_VALUE, MET_EXACT = range(4)
STEPS, ITERATIONS, RUINED, TOUCHED, MET = range(5)


class Ground(NamedTuple):
    """What never changes: visits, classes, the options of each class and visit, and who is near whom.

    `inward` is `travel` the other way about, so that all ways to one place lie side by side.

    `entry[class, visit]` is -1 or numbers a row of `pair`: where its rows of `option` are, its first and last start and
    its best gain. `lists` holds rivals, able classes and members of classes one after the other. `merit` is what
    orders of insertion go by, `key` a random number for each visit and class.
    """

    travel: NDArray[np.int32]
    inward: NDArray[np.int32]
    weight: int
    visit: Ints
    klass: Ints
    klass_of: Ints
    entry: NDArray[np.int32]
    pair: Ints
    option: Ints
    town: Ints
    lists: Ints
    near: NDArray[np.int32]
    merit: NDArray[np.float64]
    key: Ints


class Tours(NamedTuple):
    """The plan in hand, one row a slot (the last row is for trying things out).

    `label` holds the labels of `routes.timetable` after so many stops. `stop` says of the same moment how many there
    are, the soonest ready time, where the van stands and how far it is to the next stop; and of that next stop the
    latest session start from which the rest can still be done, lunch to come (hungry) or over (fed), reckoned with the
    stops' outermost options, so that a later start is surely too late; and the minutes to spare until then. A slot's
    room is the most minutes that a stay anywhere in its tour could take if it meant no detour. A visit's slot is -1
    where nobody serves it, and blocked counts its served rivals; `served` counts visits by town, `lost` holds the
    points of the shortfalls.
    """

    order: Ints
    slot: Ints
    label: Ints
    stop: Ints
    visit: Ints
    served: Ints
    lost: Ints


class Memory(NamedTuple):
    """What the search remembers: the change under way, the best plan, and the tours met on the way."""

    change: Ints
    old_order: Ints
    candidate: Ints
    rank: NDArray[np.float64]
    stamp: Ints
    best_order: Ints
    best_length: Ints
    best: NDArray[np.float64]
    met_tour: Ints
    met_order: Ints
    seen: Ints
    chance: NDArray[np.uint64]
    tally: Ints


def lay_ground(compiled: Compiled) -> Ground:
    """Lay a problem out for the search."""
    problem, classes = compiled.problem, compiled.classes
    visits = len(problem.visits)
    number_of = _rows([(shift_class.index, visit) for shift_class in classes for visit in shift_class.visits[1:]], 2)
    entry = np.full((len(classes), visits), -1, dtype=np.int32)
    entry[number_of[:, 0], number_of[:, 1]] = np.arange(len(number_of))
    options = [options for shift_class in classes for options in shift_class.options[1:]]
    option_from = _offsets(options)
    option = _rows(chain.from_iterable(options), 3)
    travel = np.array(problem.travel, dtype=np.int32).reshape(len(problem.places), len(problem.places))
    lists, (rival, able, member) = _lists(
        [sorted(others) for others in compiled.rivals],
        compiled.classes_of,
        [shift_class.visits[1:].tolist() for shift_class in classes],
    )
    visit_table = _visit_table(compiled, rival, able)
    klass_table = _class_table(compiled, member)
    place = visit_table[:, PLACE]
    apart = travel[np.ix_(place, place)]
    return Ground(
        travel=travel,
        inward=np.ascontiguousarray(travel.T),
        weight=problem.weights.travel,
        visit=visit_table,
        klass=klass_table,
        klass_of=_rows([[shift_class.index] for shift_class in classes for _ in shift_class.shifts], 1)[:, 0].copy(),
        entry=entry,
        pair=_pair_table(option_from, option),
        option=option,
        town=_rows([(due, shortfall) for due, shortfall, _ in compiled.towns], 2),
        lists=lists,
        near=np.argsort(apart + apart.T, axis=1, kind="stable")[:, :_MOST_NEIGHBOURS].astype(np.int32),
        merit=_merits(number_of[:, 1], option_from, option, visit_table, klass_table, travel),
        key=np.random.default_rng(7).integers(-(1 << 62), 1 << 62, size=visits + len(classes), dtype=np.int64),
    )


def _visit_table(compiled: Compiled, rival: Ints, able: Ints) -> Ints:
    return _rows(
        [
            (
                visit.place,
                visit.setup,
                visit.session + visit.teardown,
                visit.kits,
                compiled.town_of[number],
                number in compiled.pinned,
                rival[number],
                rival[number + 1],
                able[number],
                able[number + 1],
            )
            for number, visit in enumerate(compiled.problem.visits)
        ],
        10,
    )


def _class_table(compiled: Compiled, member: Ints) -> Ints:
    slot = _offsets([shift_class.shifts for shift_class in compiled.classes])
    rows = []
    for number, shift_class in enumerate(compiled.classes):
        shift = compiled.problem.shifts[shift_class.shifts[0]]
        rows.append(
            (
                shift_class.starts,
                shift_class.ends,
                *shift_class.lunch,
                shift_class.kits,
                shift_class.max_visits,
                shift_class.max_driving,
                shift.start_place,
                shift.end_place,
                slot[number],
                slot[number + 1],
                member[number],
                member[number + 1],
            )
        )
    return _rows(rows, 14)


def _pair_table(option_from: Ints, option: Ints) -> Ints:
    if not len(option):
        return _rows([], 5)
    begins = option_from[:-1]
    return np.stack(
        [
            begins,
            option_from[1:],
            np.minimum.reduceat(option[:, FIRST], begins),
            np.maximum.reduceat(option[:, LAST], begins),
            np.maximum.reduceat(option[:, GAIN], begins),
        ],
        axis=1,
    )


def _merits(
    visit_of: Ints, option_from: Ints, option: Ints, visit: Ints, klass: Ints, travel: NDArray[np.int32]
) -> NDArray[np.float64]:
    """What orders of insertion go by: best gain, minutes taken with a usual drive, minutes from the nearest start,
    and the minutes in which the session can start."""
    merit = np.zeros((len(visit), 4))
    if not len(option):
        return merit
    each = np.repeat(visit_of, np.diff(option_from))
    np.maximum.at(merit[:, PRIZE], each, option[:, GAIN])
    np.add.at(merit[:, WIDTH], each, option[:, LAST] - option[:, FIRST] + 1)
    place = visit[:, PLACE]
    merit[:, STAY] = 1 + visit[:, SETUP] + visit[:, POST] + np.median(travel[np.ix_(place, place)])
    merit[:, DISTANCE] = travel[np.ix_(np.unique(klass[:, START]), place)].min(axis=0)
    return merit


def empty_tours(ground: Ground, longest: int) -> Tours:
    """A plan without visits, with room for tours somewhat longer than `longest`."""
    visits, slots = len(ground.visit), len(ground.klass_of)
    most = int(ground.klass[:, MOST].max(initial=1))
    width = max(1, min(visits, max(_LONGEST_TOUR, longest + 8), most))
    return Tours(
        order=np.zeros((slots + 1, width), dtype=np.int64),
        slot=np.zeros((slots + 1, 8), dtype=np.int64),
        label=np.zeros((slots + 1, width + 1, MOST_LABELS, 3), dtype=np.int64),
        stop=np.zeros((slots + 1, width + 1, 7), dtype=np.int64),
        visit=np.tile(np.array([-1, 0], dtype=np.int64), (visits, 1)),
        served=np.zeros(len(ground.town), dtype=np.int64),
        lost=np.array([int((ground.town[:, DUE] * ground.town[:, SHORTFALL]).sum())], dtype=np.int64),
    )


def blank_memory(ground: Ground, tours: Tours, seed: int) -> Memory:
    """Nothing remembered yet."""
    visits, (rows, width) = len(ground.visit), tours.order.shape
    met = min(_MOST_MET, 4_000_000 // width)
    return Memory(
        change=np.zeros((rows, 5), dtype=np.int64),
        old_order=np.zeros((rows, width), dtype=np.int64),
        candidate=np.zeros(visits, dtype=np.int64),
        rank=np.zeros(visits),
        stamp=np.zeros(visits, dtype=np.int64),
        best_order=np.zeros((rows, width), dtype=np.int64),
        best_length=np.zeros(rows, dtype=np.int64),
        best=np.full(1, -np.inf),
        met_tour=np.zeros((met, 4), dtype=np.int64),
        met_order=np.zeros((met, width), dtype=np.int64),
        seen=np.zeros(1 << (2 * met).bit_length(), dtype=np.int64),
        chance=np.random.default_rng(seed).integers(1, 1 << 63, size=1, dtype=np.uint64),
        tally=np.zeros(5, dtype=np.int64),
    )


def slots_of(compiled: Compiled, columns: Iterable[Column]) -> list[tuple[int, Column]]:
    """A slot for each column of a plan."""
    following = _offsets([shift_class.shifts for shift_class in compiled.classes]).tolist()
    placed = []
    for column in columns:
        placed.append((following[column.klass], column))
        following[column.klass] += 1
    return placed


def _rows(rows: Iterable[Sequence[int]], width: int) -> Ints:
    return np.array(list(rows), dtype=np.int64).reshape(-1, width)


def _offsets(lists: Iterable[Sequence[object]]) -> Ints:
    lengths = np.array([len(one) for one in lists], dtype=np.int64)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])


def _lists(*many: Sequence[Sequence[int]]) -> tuple[Ints, list[Ints]]:
    """Lists of lists one after the other, and where each begins."""
    everything = np.array(list(chain.from_iterable(chain.from_iterable(many))), dtype=np.int64)
    begins, offsets = 0, []
    for lists in many:
        offsets.append(_offsets(lists) + begins)
        begins = int(offsets[-1][-1])
    return everything, offsets
