"""A class of shifts, and the cuts it can feel, laid out in flat arrays for the compiled kernels of the labelling.

Knows no search; `routes.completions` and `routes.labelling` read these arrays and never change them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.session_starts import shortest
from routes.shift_classes import NEVER, Integers, ShiftClass
from routes.tours import Floats


class ClassArrays(NamedTuple):
    """A `ShiftClass` for the kernel; options and conflicts are concatenated, `*_from` marks where each begins.

    `earliest` and `latest` are the first and last minute at which each visit can be left, `there` and `home` the
    fewest minutes of driving from the start and to the end, and `follows` says which visit may come right after which.
    """

    starts: int
    ends: int
    opens: int
    closes: int
    minutes: int
    kits: int
    max_visits: int
    max_driving: int
    travel: Integers
    setup: Integers
    post: Integers
    load: Integers
    option_from: Integers
    first: Integers
    last: Integers
    gain: Integers
    earliest: Integers
    latest: Integers
    there: Integers
    home: Integers
    follows: NDArray[np.bool_]
    conflict_from: Integers
    conflict: Integers
    saving: Integers
    top: Integers
    removable: NDArray[np.bool_]
    keys: Integers


class CutArrays(NamedTuple):
    """The cuts that a class can feel: visit -> (cut, weight) concatenated, and each cut's divisor and price."""

    member_from: Integers
    member_cut: Integers
    member_weight: Integers
    divisor: Integers
    price: Floats


def class_arrays(shift_class: ShiftClass, travel_weight: int) -> ClassArrays:
    """Lay a class out for the kernel."""
    size = len(shift_class.visits)
    options = [option for options in shift_class.options for option in options]
    table = np.array(options, dtype=np.int64).reshape(-1, 3)
    conflicts = [other for others in shift_class.conflicts for other in sorted(others)]
    lunch = shift_class.lunch
    saving = removal_savings(shift_class.travel)
    earliest, latest = _leaving_times(shift_class)
    there, home = shortest(shift_class.travel, 0), shortest(np.ascontiguousarray(shift_class.travel.T), 0)
    keys = np.random.default_rng(7).integers(-(1 << 62), 1 << 62, size=size, dtype=np.int64)
    return ClassArrays(
        shift_class.starts,
        shift_class.ends,
        lunch.opens,
        lunch.closes,
        lunch.minutes,
        shift_class.kits,
        min(shift_class.max_visits, size - 1),
        shift_class.max_driving,
        shift_class.travel,
        shift_class.setup,
        shift_class.post,
        shift_class.load,
        _offsets(len(options) for options in shift_class.options),
        np.ascontiguousarray(table[:, 0]),
        np.ascontiguousarray(table[:, 1]),
        np.ascontiguousarray(table[:, 2]),
        earliest,
        latest,
        there,
        home,
        _followers(shift_class, earliest, latest, there, home),
        _offsets(len(others) for others in shift_class.conflicts),
        np.array(conflicts, dtype=np.int64),
        saving,
        np.array([max((option.gain for option in options), default=0) for options in shift_class.options]),
        _removable(shift_class, saving),
        keys,
    )


def _leaving_times(shift_class: ShiftClass) -> tuple[Integers, Integers]:
    """The first and last minute at which each visit can be left; the start place at any."""
    firsts = [min(option.first for option in options) for options in shift_class.options[1:]]
    lasts = [max(option.last for option in options) for options in shift_class.options[1:]]
    earliest = np.array([shift_class.starts, *firsts], dtype=np.int64) + shift_class.post
    latest = np.array([shift_class.ends, *lasts], dtype=np.int64) + shift_class.post
    return earliest, latest


def _followers(
    shift_class: ShiftClass, earliest: Integers, latest: Integers, there: Integers, home: Integers
) -> NDArray[np.bool_]:
    """Which visit (column) may come right after which place (row) by hours, driving, kits and exclusive groups."""
    travel = shift_class.travel
    lawful = earliest[:, None] + travel + shift_class.setup + shift_class.post <= latest
    lawful &= there[:, None] + travel + home <= shift_class.max_driving
    lawful &= shift_class.load[:, None] + shift_class.load <= shift_class.kits
    for place, others in enumerate(shift_class.conflicts):
        lawful[place, list(others)] = False
    np.fill_diagonal(lawful, False)
    lawful[:, 0] = False
    return np.asarray(lawful)


def _removable(shift_class: ShiftClass, saving: Integers) -> NDArray[np.bool_]:
    """Visits without which any lawful tour through them would still be lawful: they save no time, no limited driving,
    and no leg is so long that lunch could only be eaten half way."""
    longest = int(shift_class.travel.max())
    lunch = shift_class.lunch
    if lunch.minutes >= 0 and longest > lunch.closes - lunch.opens - lunch.minutes:
        return np.zeros(len(saving), dtype=np.bool_)
    quick = saving <= shift_class.setup + shift_class.post
    return np.asarray(quick & ((saving == 0) | (shift_class.max_driving >= NEVER)))


def _offsets(lengths: object) -> Integers:
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, dtype=np.int64))])  # type: ignore[call-overload]


def cut_arrays(size: int, members: dict[int, list[tuple[int, int]]], cuts: list[tuple[int, float]]) -> CutArrays:
    """Lay cuts out for the kernel: (cut, weight) of each of `size` local visits, (divisor, price) of each cut."""
    pairs = [pair for place in range(size) for pair in members.get(place, [])]
    return CutArrays(
        _offsets(len(members.get(place, [])) for place in range(size)),
        np.array([cut for cut, _ in pairs], dtype=np.int64),
        np.array([weight for _, weight in pairs], dtype=np.int64),
        np.array([divisor for divisor, _ in cuts], dtype=np.int64),
        np.array([price for _, price in cuts], dtype=np.float64),
    )


def removal_savings(travel: Integers) -> Integers:
    """For each visit the most minutes that going by way of it saves: above zero where the triangle rule is broken."""
    size = len(travel)
    saving = np.zeros(size, dtype=np.int64)
    for via in range(1, size):
        spared = travel - travel[:, via, None] - travel[None, via, :]
        np.fill_diagonal(spared, 0)
        spared[via, :] = spared[:, via] = 0
        saving[via] = max(0, int(spared.max()))
    return saving


def paying(arrays: ClassArrays, price: Floats, free: NDArray[np.bool_], travel_weight: int, margin: float) -> Integers:
    """The visits worth looking at, most profitable first: leaving out any other never costs more than `margin`.

    A visit that earns nothing can still pay by the minutes that going by way of it saves, or by giving lunch a place
    on a long way; such visits stay.
    """
    worth = arrays.top - price
    keep = free & (~arrays.removable | (worth + travel_weight * arrays.saving > -margin))
    keep[0] = False
    active = np.nonzero(keep)[0]
    return active[np.argsort(-worth[active], kind="stable")]
