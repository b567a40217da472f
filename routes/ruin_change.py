"""Changing the plan in hand, compiled: visits taken out of slots and put in, and all of it undone.

Every slot is remembered as it was when an iteration first touches it.
"""

from __future__ import annotations

from routes.kernels import kernel
from routes.ruin_ground import (
    BLOCKED,
    COMPILED,
    DRIVING,
    DUE,
    ITERATIONS,
    LENGTH,
    MARK,
    OLD_DRIVING,
    OLD_LENGTH,
    OLD_VALUE,
    RIVAL_FROM,
    RIVAL_TO,
    SHORTFALL,
    SLOT,
    STEPS,
    TOUCHED,
    TOWN,
    VALUE,
    WHICH,
)
from routes.ruin_timing import refresh


@kernel(**COMPILED)
def serve(ground, tours, visit, s):  # type: ignore[no-untyped-def]
    """Note that a slot serves a visit: its rivals are blocked, its town's shortfall shrinks."""
    tours.visit[visit, SLOT] = s
    for r in range(ground.visit[visit, RIVAL_FROM], ground.visit[visit, RIVAL_TO]):
        tours.visit[ground.lists[r], BLOCKED] += 1
    town = ground.visit[visit, TOWN]
    if town >= 0:
        if tours.served[town] < ground.town[town, DUE]:
            tours.lost[0] -= ground.town[town, SHORTFALL]
        tours.served[town] += 1


@kernel(**COMPILED)
def _leave(ground, tours, visit):  # type: ignore[no-untyped-def]
    """Undo `serve`."""
    tours.visit[visit, SLOT] = -1
    for r in range(ground.visit[visit, RIVAL_FROM], ground.visit[visit, RIVAL_TO]):
        tours.visit[ground.lists[r], BLOCKED] -= 1
    town = ground.visit[visit, TOWN]
    if town >= 0:
        tours.served[town] -= 1
        if tours.served[town] < ground.town[town, DUE]:
            tours.lost[0] += ground.town[town, SHORTFALL]


@kernel(**COMPILED)
def _touch(tours, memory, s):  # type: ignore[no-untyped-def]
    """Remember a slot as it was before the iteration."""
    if memory.change[s, MARK] == memory.tally[ITERATIONS]:
        return
    memory.change[s, MARK] = memory.tally[ITERATIONS]
    memory.change[memory.tally[TOUCHED], WHICH] = s
    memory.tally[TOUCHED] += 1
    memory.change[s, OLD_LENGTH] = tours.slot[s, LENGTH]
    memory.change[s, OLD_VALUE] = tours.slot[s, VALUE]
    memory.change[s, OLD_DRIVING] = tours.slot[s, DRIVING]
    for p in range(tours.slot[s, LENGTH]):
        memory.old_order[s, p] = tours.order[s, p]


@kernel(**COMPILED)
def _restore(ground, tours, memory, s):  # type: ignore[no-untyped-def]
    """Put the order of a touched slot back; who serves whom is not looked at."""
    tours.slot[s, LENGTH] = memory.change[s, OLD_LENGTH]
    for p in range(tours.slot[s, LENGTH]):
        tours.order[s, p] = memory.old_order[s, p]
    refresh(ground, tours, s)


@kernel(**COMPILED)
def take_out(ground, tours, memory, s, begins, length, kept_from, kept, out):  # type: ignore[no-untyped-def]
    """Take `length` stops from `begins` on out of a slot, all but `kept` of them from `kept_from` on.

    Adds them to the candidates from `out` on and gives their new number; a tour that would not be lawful without them
    (by way of them the van may be quicker) stays as it is.
    """
    _touch(tours, memory, s)
    left, found = 0, out
    for p in range(tours.slot[s, LENGTH]):
        visit = memory.old_order[s, p]
        if begins <= p < begins + length and not kept_from <= p < kept_from + kept:
            memory.candidate[found] = visit
            found += 1
        else:
            tours.order[s, left] = visit
            left += 1
    tours.slot[s, LENGTH] = left
    memory.tally[STEPS] += 3
    if not refresh(ground, tours, s):
        _restore(ground, tours, memory, s)
        return out
    for place in range(out, found):
        _leave(ground, tours, memory.candidate[place])
        memory.stamp[memory.candidate[place]] = 2 * memory.tally[ITERATIONS]
    return found


@kernel(**COMPILED)
def insert(ground, tours, memory, s, p, visit):  # type: ignore[no-untyped-def]
    """Put a visit into a slot at a position; false (and nothing done) where that has no lawful times after all."""
    _touch(tours, memory, s)
    for q in range(tours.slot[s, LENGTH], p, -1):
        tours.order[s, q] = tours.order[s, q - 1]
    tours.order[s, p] = visit
    tours.slot[s, LENGTH] += 1
    memory.tally[STEPS] += 3
    if refresh(ground, tours, s):
        serve(ground, tours, visit, s)
        return True
    for q in range(p, tours.slot[s, LENGTH] - 1):
        tours.order[s, q] = tours.order[s, q + 1]
    tours.slot[s, LENGTH] -= 1
    refresh(ground, tours, s)
    return False


@kernel(**COMPILED)
def undo(ground, tours, memory):  # type: ignore[no-untyped-def]
    """Put all touched slots back."""
    for place in range(memory.tally[TOUCHED]):
        s = memory.change[place, WHICH]
        for p in range(tours.slot[s, LENGTH]):
            _leave(ground, tours, tours.order[s, p])
        _restore(ground, tours, memory, s)
    for place in range(memory.tally[TOUCHED]):
        s = memory.change[place, WHICH]
        for p in range(tours.slot[s, LENGTH]):
            serve(ground, tours, tours.order[s, p], s)
