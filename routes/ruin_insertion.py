"""What putting one more visit into a tour is worth, for the compiled search.

A stop's latest starts refuse most insertions at the cost of a few additions. Where every stop has one option they
decide, and the points are plain; else the rest of the tour is walked through with its labels.
"""

from __future__ import annotations

from routes.compiled import NEVER
from routes.kernels import kernel
from routes.ruin_ground import (
    ABLE_FROM,
    ABLE_TO,
    AFTER,
    BEFORE,
    CARRIED,
    CLOSES,
    COMPILED,
    DRIVING,
    END,
    ENDS,
    FED,
    FIRST,
    FROZEN,
    GAIN,
    HUNGRY,
    INLINED,
    KITS,
    LABELS,
    LAST,
    LATEST,
    LEG,
    LENGTH,
    LOAD,
    MINUTES,
    MOST,
    MOST_DRIVING,
    OPENS,
    OPTION_FROM,
    OPTION_TO,
    PLACE,
    POST,
    READY,
    ROOM,
    RUINED,
    SETUP,
    SIMPLE,
    SLOT_FROM,
    SLOT_TO,
    SPARE,
    STAND,
    STEPS,
    TOP,
    VALUE,
    WHICH,
)
from routes.ruin_timing import arrive, extend, gain_home

NOWHERE = -1e18


@kernel(**INLINED)
def _fits(ground, tours, klass, s, p, before, after, leg):  # type: ignore[no-untyped-def]
    """Whether the stops from `p` on may still be in time after a ready time and a leg, and when the van gets there."""
    opens, closes, minutes, ends = (
        ground.klass[klass, OPENS],
        ground.klass[klass, CLOSES],
        ground.klass[klass, MINUTES],
        ground.klass[klass, ENDS],
    )
    if p == tours.slot[s, LENGTH]:
        _, fed = arrive(opens, closes, minutes, before, after, leg, min(closes, ends))
        return fed <= ends, fed
    hungry, fed = arrive(opens, closes, minutes, before, after, leg, closes)
    setup = ground.visit[tours.order[s, p], SETUP]
    return hungry + setup <= tours.stop[s, p, HUNGRY] or fed + setup <= tours.stop[s, p, FED], min(hungry, fed)


@kernel(**COMPILED)
def _walk(ground, tours, klass, s, p, visit, out, back):  # type: ignore[no-untyped-def]
    """The best gain of a slot's tour with one more visit at a position, or -NEVER; walks from there to the end."""
    spare, length = len(tours.slot) - 1, tours.slot[s, LENGTH]
    extend(ground, tours, klass, s, p, spare, p + 1, visit, out)
    for q in range(p, length):
        if tours.stop[spare, q + 1, LABELS] == 0:
            return -NEVER
        leg = back if q == p else tours.stop[s, q, LEG]
        extend(ground, tours, klass, spare, q + 1, spare, q + 2, tours.order[s, q], leg)
    leg = back if p == length else tours.stop[s, length, LEG]
    return gain_home(ground, tours, klass, spare, length + 1, leg)


@kernel(**INLINED)
def _insertion(ground, tours, klass, s, p, visit, e, out, back, skipped):  # type: ignore[no-untyped-def]
    """(points, minutes) that a visit at a position brings and takes, by the labels; minutes below zero: it cannot."""
    opens, closes, minutes = ground.klass[klass, OPENS], ground.klass[klass, CLOSES], ground.klass[klass, MINUTES]
    setup, post = ground.visit[visit, SETUP], ground.visit[visit, POST]
    simple = tours.slot[s, SIMPLE] and ground.pair[e, OPTION_TO] - ground.pair[e, OPTION_FROM] == 1
    soonest = NEVER
    for k in range(tours.stop[s, p, LABELS]):
        hungry, fed = arrive(
            opens, closes, minutes, tours.label[s, p, k, BEFORE], tours.label[s, p, k, AFTER], out, closes
        )
        for o in range(ground.pair[e, OPTION_FROM], ground.pair[e, OPTION_TO]):
            before = max(hungry + setup, ground.option[o, FIRST])
            after = max(fed + setup, ground.option[o, FIRST])
            before = before + post if before <= ground.option[o, LAST] else NEVER
            after = after + post if after <= ground.option[o, LAST] else NEVER
            if before >= NEVER and after >= NEVER:
                continue
            fits, arrives = _fits(ground, tours, klass, s, p, before, after, back)
            if fits:
                soonest = min(soonest, arrives)
    if soonest >= NEVER:
        return 0, -1
    takes = max(0, soonest - tours.stop[s, p, READY] - skipped)
    detour = out + back - skipped
    if simple:
        return ground.option[ground.pair[e, OPTION_FROM], GAIN] - ground.weight * detour, takes
    gain = _walk(ground, tours, klass, s, p, visit, out, back)
    if gain == -NEVER:
        return 0, -1
    return gain - ground.weight * (tours.slot[s, DRIVING] + detour) - tours.slot[s, VALUE], takes


@kernel(**COMPILED)
def best_position(ground, tours, s, visit, e, minute, blink, best, chance, tally):  # type: ignore[no-untyped-def]
    """Where in a slot a visit is worth more than `best`: (score, position, points); position -1: nowhere.

    The score is points less `minute` times the minutes taken; `e` is the visit's row of `pair` for the slot's class.
    With probability `blink` a position is overlooked.
    """
    klass = ground.klass_of[s]
    length = tours.slot[s, LENGTH]
    best_p, best_points = -1, 0
    stay = ground.visit[visit, SETUP] + ground.visit[visit, POST]
    if (
        length >= ground.klass[klass, MOST]
        or length >= tours.order.shape[1]
        or tours.slot[s, CARRIED] + ground.visit[visit, LOAD] > ground.klass[klass, KITS]
        or tours.slot[s, FROZEN]
        or stay > tours.slot[s, ROOM]
    ):
        return best, best_p, best_points
    place, end = ground.visit[visit, PLACE], ground.klass[klass, END]
    latest, top = ground.pair[e, LATEST] - ground.visit[visit, SETUP], ground.pair[e, TOP]
    may_drive = ground.klass[klass, MOST_DRIVING] - tours.slot[s, DRIVING]
    for p in range(length + 1):
        tally[STEPS] += 1
        if tours.stop[s, p, READY] > latest:
            break
        there = end if p == length else tours.stop[s, p + 1, STAND]
        skipped = tours.stop[s, p, LEG]
        out, back = ground.inward[place, tours.stop[s, p, STAND]], ground.travel[place, there]
        detour = out + back - skipped
        if out + stay + back > tours.stop[s, p, SPARE]:
            continue
        if detour > may_drive or top - ground.weight * detour - minute * (detour + stay) <= best:
            continue
        if blink > 0 and draw(chance) < blink:
            continue
        tally[STEPS] += 2
        points, takes = _insertion(ground, tours, klass, s, p, visit, e, out, back, skipped)
        if takes >= 0 and points - minute * takes > best:
            best, best_p, best_points = points - minute * takes, p, points
    return best, best_p, best_points


@kernel(**INLINED)
def draw(chance):  # type: ignore[no-untyped-def]
    """The next random number in [0, 1), xorshift (Marsaglia 2003)."""
    x = chance[0]
    x ^= x << 13
    x ^= x >> 7
    x ^= x << 17
    chance[0] = x
    return (x >> 11) * 1.1102230246251565e-16


@kernel(**INLINED)
def best_ruined(ground, tours, memory, visit, minute, blink):  # type: ignore[no-untyped-def]
    """Where among the ruined slots a visit is worth most: (slot or -1, position, points)."""
    best, slot, position, points = NOWHERE, -1, -1, 0
    for place in range(memory.tally[RUINED]):
        s = memory.change[place, WHICH]
        e = ground.entry[ground.klass_of[s], visit]
        if e < 0:
            continue
        best, p, worth = best_position(ground, tours, s, visit, e, minute, blink, best, memory.chance, memory.tally)
        if p >= 0:
            slot, position, points = s, p, worth
    return slot, position, points


@kernel(**INLINED)
def best_slot(ground, tours, memory, visit, minute, blink):  # type: ignore[no-untyped-def]
    """Where among all slots a visit is worth most; of the empty ones of a class only the first is looked at."""
    best, slot, position, points = NOWHERE, -1, -1, 0
    for a in range(ground.visit[visit, ABLE_FROM], ground.visit[visit, ABLE_TO]):
        klass = ground.lists[a]
        e = ground.entry[klass, visit]
        empty_seen = False
        for s in range(ground.klass[klass, SLOT_FROM], ground.klass[klass, SLOT_TO]):
            if empty_seen and tours.slot[s, LENGTH] == 0:
                continue
            empty_seen |= tours.slot[s, LENGTH] == 0
            best, p, worth = best_position(ground, tours, s, visit, e, minute, blink, best, memory.chance, memory.tally)
            if p >= 0:
                slot, position, points = s, p, worth
    return slot, position, points
