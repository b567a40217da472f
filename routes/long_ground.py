"""What a search of long tours reads: one class of shifts at one set of prices, limits that cannot bind left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routes.class_arrays import ClassArrays
from routes.compiled import ShiftClass
from routes.ng_labels import CutMasks, Rules
from routes.pricing import EPSILON
from routes.shift_classes import NEVER, Integers
from routes.successors import Ways
from routes.tours import Floats, Prices


@dataclass(frozen=True)
class Ground:
    """One class at one set of prices: what every search of it reads."""

    klass: int
    arrays: ClassArrays
    rules: Rules
    price: Floats
    active: Integers
    ways: tuple[Ways, Ways]
    cuts: CutMasks

    @property
    def free(self) -> ClassArrays:
        """The class without kits, driving and number of visits limited."""
        return self.arrays._replace(kits=NEVER, max_visits=NEVER, max_driving=NEVER)


def unbound(arrays: ClassArrays, active: Integers) -> tuple[ClassArrays, Rules]:
    """The class without the limits that no tour can reach, and the rules that are left.

    A limit that is kept must be compared between labels; of one that is not, a tour that serves a visit again and again
    could run out where a lawful one does not.
    """
    stay = int((arrays.setup[active] + arrays.post[active]).min()) if len(active) else 1
    most_visits = min(len(active), (arrays.ends - arrays.starts) // max(1, stay))
    kits = int(arrays.load[active].sum()) > arrays.kits
    driving = arrays.max_driving < arrays.ends - arrays.starts
    visits = arrays.max_visits < most_visits
    return arrays._replace(
        kits=arrays.kits if kits else NEVER,
        max_driving=arrays.max_driving if driving else NEVER,
        max_visits=arrays.max_visits if visits else NEVER,
    ), Rules(True, kits, driving, visits)


def no_cuts(size: int) -> CutMasks:
    """No cuts, for a search that bounds."""
    return CutMasks(np.zeros((size, 0), dtype=np.uint64), np.zeros(0))


def cut_masks(prices: Prices, shift_class: ShiftClass) -> CutMasks:
    """The priced subset-row cuts of which the class can serve two members.

    Cuts of other kinds are left out, which only raises what tours seem to be worth.
    """
    felt = [
        (cut, price)
        for cut, price in zip(prices.cuts, prices.cut, strict=True)
        if price > EPSILON
        and cut.divisor == 2
        and set(cut.weights) == {1}
        and sum(visit in shift_class.local for visit in cut.members) >= 2
    ]
    counts = np.zeros((len(shift_class.visits), (len(felt) + 63) // 64), dtype=np.uint64)
    for place, (cut, _) in enumerate(felt):
        for visit in cut.members:
            if visit in shift_class.local:
                counts[shift_class.local[visit], place // 64] |= np.uint64(1 << (place % 64))
    return CutMasks(counts, np.array([price for _, price in felt], dtype=np.float64))
