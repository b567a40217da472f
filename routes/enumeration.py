"""Every lawful tour of small problems, layer by layer in NumPy.

A van's day holds few stops, so one or two vans for a month have some ten thousand lawful sets of visits. With all of
them at hand pricing is one expression, nothing is compiled, and a choice among them is a proof. Labels are as in
`routes.timetable`, a row of arrays each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.compiled import NEVER, Compiled, Integers, ShiftClass
from routes.tours import Column

_MOST_CELLS = 4_000_000
"""Labels by options that one table may have: what bounds the memory."""
_PREDECESSORS = 4
"""How many better labels of the same set and last visit a label is compared with: dominance, though not all of it."""


class _Labels(NamedTuple):
    order: Integers
    identity: NDArray[np.uint64]
    before: Integers
    after: Integers
    gain: Integers
    driving: Integers
    load: Integers

    def only(self, rows: NDArray[np.bool_] | Integers) -> _Labels:
        return _Labels(*(column[rows] for column in self))  # type: ignore[arg-type]

    @property
    def last(self) -> Integers:
        return self.order[:, -1]


class _Options(NamedTuple):
    place: Integers
    first: Integers
    last: Integers
    gain: Integers


def enumerate_tours(compiled: Compiled, most: int, stop: Callable[[], bool] = lambda: False) -> list[Column] | None:
    """The best order of every lawful set of visits of every class; None if labels exceed `most` or `stop` says so."""
    columns: list[Column] = []
    labels = 0
    for shift_class in compiled.classes:
        found, spent = _tours_of(shift_class, compiled.problem.weights.travel, most - labels, stop)
        if found is None:
            return None
        labels += spent
        columns += found
        if labels * len(compiled.classes) > 2 * most * (shift_class.index + 1):
            return None
    return columns


def _tours_of(
    shift_class: ShiftClass, travel_weight: int, most: int, stop: Callable[[], bool]
) -> tuple[list[Column] | None, int]:
    keys = np.random.default_rng(1).integers(1, 1 << 63, size=len(shift_class.visits), dtype=np.uint64)
    options = _flat_options(shift_class)
    labels = _start(shift_class)
    best: dict[int, tuple[int, Integers]] = {}
    spent = 0
    for _ in range(min(shift_class.max_visits, len(shift_class.visits) - 1)):
        if len(labels.gain) * len(options.place) > _MOST_CELLS or stop():
            return None, spent
        labels = _non_dominated(_extended(shift_class, labels, options, keys), travel_weight)
        if not len(labels.gain):
            break
        spent += len(labels.gain)
        if spent > most:
            return None, spent
        _keep_best(best, shift_class, labels, travel_weight)
    return [
        Column(shift_class.index, tuple(shift_class.visits[order].tolist()), value) for value, order in best.values()
    ], spent


def _start(shift_class: ShiftClass) -> _Labels:
    lunch = shift_class.lunch.minutes >= 0
    one = np.zeros(1, dtype=np.int64)
    return _Labels(
        order=np.zeros((1, 0), dtype=np.int64),
        identity=np.zeros(1, dtype=np.uint64),
        before=one + (shift_class.starts if lunch else NEVER),
        after=one + (NEVER if lunch else shift_class.starts),
        gain=one,
        driving=one,
        load=one,
    )


def _flat_options(shift_class: ShiftClass) -> _Options:
    rows = [(place, *option) for place, options in enumerate(shift_class.options) for option in options]
    return _Options(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def _extended(shift_class: ShiftClass, labels: _Labels, options: _Options, keys: NDArray[np.uint64]) -> _Labels:
    """All labels one visit longer: a table of labels by options, of which the lawful cells are kept."""
    last = labels.last if labels.order.shape[1] else np.zeros(len(labels.gain), dtype=np.int64)
    legs = shift_class.travel[np.ix_(last, np.arange(len(shift_class.visits)))][:, options.place]
    hungry, fed = _arrivals(shift_class, labels.before[:, None], labels.after[:, None], legs, shift_class.lunch.closes)
    setup, post = shift_class.setup[options.place], shift_class.post[options.place]
    before, after = np.maximum(hungry + setup, options.first), np.maximum(fed + setup, options.first)
    before[before > options.last[None, :]] = NEVER
    after[after > options.last[None, :]] = NEVER
    before[
        np.maximum(before + post, shift_class.lunch.opens) + shift_class.lunch.minutes > shift_class.lunch.closes
    ] = NEVER
    lawful = (before < NEVER) | (after < NEVER)
    lawful &= ~_closed(shift_class, labels)[:, options.place]
    lawful &= labels.load[:, None] + shift_class.load[options.place] <= shift_class.kits
    if shift_class.max_driving < NEVER and shift_class.max_driving < _longest(shift_class):
        lawful &= labels.driving[:, None] + legs <= shift_class.max_driving
    row, column = np.nonzero(lawful)
    place = options.place[column]
    return _Labels(
        order=np.concatenate([labels.order[row], place[:, None]], axis=1),
        identity=labels.identity[row] + keys[place],
        before=np.minimum(before[row, column] + post[column], NEVER),
        after=np.minimum(after[row, column] + post[column], NEVER),
        gain=labels.gain[row] + options.gain[column],
        driving=labels.driving[row] + legs[row, column],
        load=labels.load[row] + shift_class.load[place],
    )


def _longest(shift_class: ShiftClass) -> int:
    """More driving than a shift has minutes is never reached."""
    return shift_class.ends - shift_class.starts


def _closed(shift_class: ShiftClass, labels: _Labels) -> NDArray[np.bool_]:
    """Which visits each label has behind it, or may not serve beside one that it has."""
    size = len(shift_class.visits)
    excludes = np.eye(size, dtype=np.bool_)
    for place, others in enumerate(shift_class.conflicts):
        excludes[place, list(others)] = True
    closed = np.zeros((len(labels.gain), size), dtype=np.bool_)
    for position in range(labels.order.shape[1]):
        closed |= excludes[labels.order[:, position]]
    return closed


def _arrivals(
    shift_class: ShiftClass, before: Integers, after: Integers, legs: Integers, closes: int
) -> tuple[Integers, Integers]:
    """`routes.timetable.arrivals` for whole tables; both results may lie beyond `NEVER`."""
    fed = after + legs
    hungry = before + legs
    opens, latest, minutes = shift_class.lunch
    if minutes < 0:
        return hungry, fed
    on_arrival = np.maximum(hungry, opens) + minutes
    leaving = np.maximum(before, opens) + minutes
    eaten = np.where(on_arrival <= closes, on_arrival, np.where(leaving <= latest, leaving + legs, NEVER))
    return hungry, np.minimum(fed, eaten)


def _non_dominated(labels: _Labels, travel_weight: int) -> _Labels:
    """Drop labels that a more valuable one of the same set and last visit is as early as."""
    if not len(labels.gain):
        return labels
    worth = labels.gain - travel_weight * labels.driving
    ranked = labels.only(np.lexsort((labels.before, labels.after, -worth, labels.last, labels.identity)))
    kept = np.ones(len(ranked.gain), dtype=np.bool_)
    for distance in range(1, min(_PREDECESSORS, len(kept) - 1) + 1):
        better, worse = ranked.only(slice(None, -distance)), ranked.only(slice(distance, None))  # type: ignore[arg-type]
        kept[distance:] &= ~(
            (better.identity == worse.identity)
            & (better.last == worse.last)
            & (better.before <= worse.before)
            & (better.after <= worse.after)
            & (better.driving <= worse.driving)
        )
    return ranked.only(kept)


def _keep_best(
    best: dict[int, tuple[int, Integers]], shift_class: ShiftClass, labels: _Labels, travel_weight: int
) -> None:
    """Bring the labels home and keep the most valuable order of each set."""
    home = shift_class.travel[labels.last, 0]
    closes = min(shift_class.lunch.closes, shift_class.ends)
    _, fed = _arrivals(shift_class, labels.before, labels.after, home, closes)
    driving = labels.driving + home
    done = labels.only((fed <= shift_class.ends) & (driving <= shift_class.max_driving))
    value = done.gain - travel_weight * (done.driving + shift_class.travel[done.last, 0])
    ranked = np.lexsort((-value, done.identity))
    identity = done.identity[ranked]
    firsts = ranked[np.append(True, identity[1:] != identity[:-1])] if len(ranked) else ranked
    for row in firsts.tolist():
        best[int(done.identity[row])] = (int(value[row]), done.order[row])
