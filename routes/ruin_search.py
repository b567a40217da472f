"""Ruin and recreate, compiled: take strings of visits out of neighbouring tours and put visits back one by one.

In the manner of SISR (Christiaens and Vanden Berghe 2020), made prize-collecting: visits that nobody serves compete
for the room that a ruin leaves. A change is kept by simulated annealing on the exact points. Nothing here looks at a
clock: the caller gives a temperature and an amount of steps.
"""

from __future__ import annotations

import numpy as np

from routes.kernels import kernel
from routes.ruin_change import insert, serve, take_out, undo
from routes.ruin_ground import (
    BLOCKED,
    COMPILED,
    DISTANCE,
    DRIVING,
    DUE,
    EXACT,
    FROZEN,
    ITERATIONS,
    LENGTH,
    MARK,
    MEMBER_FROM,
    MEMBER_TO,
    MET,
    MET_CLASS,
    MET_EXACT,
    MET_LENGTH,
    MET_VALUE,
    OLD_DRIVING,
    OLD_VALUE,
    PINNED,
    POST,
    PRIZE,
    ROOM,
    RUINED,
    SETUP,
    SHORTFALL,
    SLOT,
    STAY,
    STEPS,
    TOUCHED,
    TOWN,
    VALUE,
    WHICH,
    WIDTH,
)
from routes.ruin_insertion import best_ruined, best_slot, draw
from routes.ruin_timing import refresh


@kernel(**COMPILED)
def _take_string(ground, tours, memory, s, visit, most, out):  # type: ignore[no-untyped-def]
    """Take a string of stops about a visit out of its slot; half of the time some in its midst stay."""
    chance, length = memory.chance, tours.slot[s, LENGTH]
    place = 0
    while tours.order[s, place] != visit:
        place += 1
    taken = 1 + int(draw(chance) * min(length, most))
    kept = 0
    if taken > 1 and draw(chance) < 0.5:
        while taken + kept < length and draw(chance) < 0.5:
            kept += 1
    span = taken + kept
    lowest, highest = max(0, place - span + 1), min(place, length - span)
    begins = lowest + int(draw(chance) * (highest - lowest + 1))
    kept_from = begins + int(draw(chance) * (taken + 1))
    return take_out(ground, tours, memory, s, begins, span, kept_from, kept, out)


@kernel(**COMPILED)
def _ruin(ground, tours, memory, seed, slots, longest):  # type: ignore[no-untyped-def]
    """Take strings out of up to `slots` tours near a visit, those first that could serve it; how many visits left."""
    chance, out = memory.chance, 0
    memory.tally[TOUCHED] = 0
    roll = draw(chance)
    if roll < 0.05 and tours.visit[seed, SLOT] >= 0:
        s = tours.visit[seed, SLOT]
        if not tours.slot[s, FROZEN]:
            out = take_out(ground, tours, memory, s, 0, tours.slot[s, LENGTH], 0, 0, out)
        slots = 1 + int(draw(chance) * 2)
    for neighbour in range(ground.near.shape[1]):
        if memory.tally[TOUCHED] >= slots:
            break
        visit = ground.near[seed, neighbour]
        s = tours.visit[visit, SLOT]
        if s < 0 or tours.slot[s, FROZEN] or memory.change[s, MARK] == memory.tally[ITERATIONS]:
            continue
        if ground.entry[ground.klass_of[s], seed] < 0 and draw(chance) < 0.8:
            continue
        out = _take_string(ground, tours, memory, s, visit, longest, out)
    memory.tally[RUINED] = memory.tally[TOUCHED]
    return out


@kernel(**COMPILED)
def _invite(ground, tours, memory, out):  # type: ignore[no-untyped-def]
    """Add the visits that nobody serves and that have room in a ruined slot to the candidates; their new number."""
    for place in range(memory.tally[RUINED]):
        s = memory.change[place, WHICH]
        klass = ground.klass_of[s]
        for m in range(ground.klass[klass, MEMBER_FROM], ground.klass[klass, MEMBER_TO]):
            visit = ground.lists[m]
            if (
                tours.visit[visit, SLOT] >= 0
                or memory.stamp[visit] >= 2 * memory.tally[ITERATIONS]
                or tours.visit[visit, BLOCKED] > 0
            ):
                continue
            memory.tally[STEPS] += 1
            if ground.visit[visit, SETUP] + ground.visit[visit, POST] <= tours.slot[s, ROOM]:
                memory.stamp[visit] = 2 * memory.tally[ITERATIONS] + 1
                memory.candidate[out] = visit
                out += 1
    return out


@kernel(**COMPILED)
def _rank(ground, tours, memory, seed, out):  # type: ignore[no-untyped-def]
    """Sort the candidates in one of several orders: pinned ones first, sometimes the seed of the ruin next."""
    chance = memory.chance
    roll, first = draw(chance), draw(chance) < 0.4
    for place in range(out):
        visit = memory.candidate[place]
        prize = ground.merit[visit, PRIZE]
        town = ground.visit[visit, TOWN]
        if town >= 0 and tours.served[town] < ground.town[town, DUE]:
            prize += ground.town[town, SHORTFALL]
        noise = 0.7 + 0.6 * draw(chance)
        if roll < 0.2:
            key = noise
        elif roll < 0.5:
            key = prize * noise
        elif roll < 0.8:
            key = prize / ground.merit[visit, STAY] * noise
        elif roll < 0.9:
            key = ground.merit[visit, DISTANCE] * noise
        else:
            key = -ground.merit[visit, WIDTH] / noise
        if ground.visit[visit, PINNED]:
            key = 1e18
        elif first and visit == seed:
            key = 1e17
        q = place
        while q > 0 and memory.rank[q - 1] < key:
            memory.rank[q] = memory.rank[q - 1]
            memory.candidate[q] = memory.candidate[q - 1]
            q -= 1
        memory.rank[q] = key
        memory.candidate[q] = visit
    memory.tally[STEPS] += out


@kernel(**COMPILED)
def _place(ground, tours, memory, visit, minute, blink, everywhere):  # type: ignore[no-untyped-def]
    """Put a visit where it is worth most, if it is worth anything: in the ruined slots, or in any that may serve it."""
    if everywhere:
        slot, position, points = best_slot(ground, tours, memory, visit, minute, blink)
    else:
        slot, position, points = best_ruined(ground, tours, memory, visit, minute, blink)
    if slot < 0:
        return
    town = ground.visit[visit, TOWN]
    if town >= 0 and tours.served[town] < ground.town[town, DUE]:
        points += ground.town[town, SHORTFALL]
    if points > 0 or ground.visit[visit, PINNED]:
        insert(ground, tours, memory, slot, position, visit)


@kernel(**COMPILED)
def meet(ground, tours, memory, s):  # type: ignore[no-untyped-def]
    """Remember a slot's tour to hand it on, unless its class and set of visits are known or there is no more room."""
    if tours.slot[s, LENGTH] == 0 or tours.slot[s, FROZEN] or memory.tally[MET] >= len(memory.met_tour):
        return
    key = ground.key[len(ground.visit) + ground.klass_of[s]]
    for p in range(tours.slot[s, LENGTH]):
        key += ground.key[tours.order[s, p]]
    key ^= tours.slot[s, VALUE]
    if key == 0:
        return
    size = len(memory.seen)
    probe = key & (size - 1)
    while memory.seen[probe] != 0 and memory.seen[probe] != key:
        probe = (probe + 1) & (size - 1)
    if memory.seen[probe] == key:
        return
    memory.seen[probe] = key
    number = memory.tally[MET]
    memory.tally[MET] += 1
    memory.met_tour[number, MET_CLASS] = ground.klass_of[s]
    memory.met_tour[number, MET_LENGTH] = tours.slot[s, LENGTH]
    memory.met_tour[number, MET_VALUE] = tours.slot[s, VALUE]
    memory.met_tour[number, MET_EXACT] = tours.slot[s, EXACT]
    for p in range(tours.slot[s, LENGTH]):
        memory.met_order[number, p] = tours.order[s, p]


@kernel(**COMPILED)
def _keep_best(tours, memory):  # type: ignore[no-untyped-def]
    slots = len(tours.slot) - 1
    for s in range(slots):
        memory.best_length[s] = tours.slot[s, LENGTH]
        for p in range(tours.slot[s, LENGTH]):
            memory.best_order[s, p] = tours.order[s, p]


@kernel(**COMPILED)
def begin(ground, tours, memory, minute, mile):  # type: ignore[no-untyped-def]
    """Reckon everything from the orders that were written into the slots, and put in what else has room.

    Gives what `search` wants to know as `now`. A tour that the search takes for unlawful, since it keeps few labels,
    is left as it is.
    """
    slots, out = len(tours.slot) - 1, 0
    for s in range(slots):
        if not refresh(ground, tours, s):
            tours.slot[s, FROZEN] = True
        for p in range(tours.slot[s, LENGTH]):
            serve(ground, tours, tours.order[s, p], s)
    memory.tally[ITERATIONS] += 1
    for visit in range(len(ground.visit)):
        if tours.visit[visit, SLOT] < 0 and tours.visit[visit, BLOCKED] == 0:
            memory.candidate[out] = visit
            out += 1
    _rank(ground, tours, memory, -1, out)
    for place in range(out):
        if tours.visit[memory.candidate[place], BLOCKED] == 0:
            _place(ground, tours, memory, memory.candidate[place], minute, 0.0, True)
    memory.best[0] = -float(tours.lost[0])
    for s in range(slots):
        memory.best[0] += tours.slot[s, VALUE] - mile * tours.slot[s, DRIVING]
        meet(ground, tours, memory, s)
    _keep_best(tours, memory)
    return memory.best[0]


@kernel(**COMPILED)
def search(ground, tours, memory, now, temperature, minute, mile, slots, longest, steps):  # type: ignore[no-untyped-def]
    """Go on from the plan in hand, worth `now`, for so many steps; what the plan is then worth.

    `temperature` is in points, `minute` what a minute of a tour is reckoned to be worth when places are compared, and
    `mile` what a minute of driving costs besides, so that among plans of equal points the shorter one is kept.
    """
    tally, chance = memory.tally, memory.chance
    tally[STEPS] = 0
    visits = len(ground.visit)
    if visits == 0:
        return now
    while tally[STEPS] < steps:
        tally[ITERATIONS] += 1
        tally[STEPS] += 5
        lost = tours.lost[0]
        seed = int(draw(chance) * visits)
        out = _ruin(ground, tours, memory, seed, 1 + int(draw(chance) * slots), longest)
        out = _invite(ground, tours, memory, out)
        _rank(ground, tours, memory, seed, out)
        each = minute * 2.0 * draw(chance)
        for place in range(out):
            visit = memory.candidate[place]
            if tours.visit[visit, BLOCKED] == 0:
                _place(
                    ground,
                    tours,
                    memory,
                    visit,
                    each,
                    0.0 if ground.visit[visit, PINNED] else 0.01,
                    memory.stamp[visit] == 2 * tally[ITERATIONS],
                )
        change = float(lost - tours.lost[0])
        kept = True
        for place in range(tally[TOUCHED]):
            s = memory.change[place, WHICH]
            change += (
                tours.slot[s, VALUE]
                - memory.change[s, OLD_VALUE]
                - mile * (tours.slot[s, DRIVING] - memory.change[s, OLD_DRIVING])
            )
        for place in range(out):
            visit = memory.candidate[place]
            kept &= tours.visit[visit, SLOT] >= 0 or not ground.visit[visit, PINNED]
        if kept and change >= temperature * np.log(draw(chance) + 1e-12):
            now += change
            if now > memory.best[0] + 1e-6:
                memory.best[0] = now
                _keep_best(tours, memory)
                for place in range(tally[TOUCHED]):
                    meet(ground, tours, memory, memory.change[place, WHICH])
        else:
            undo(ground, tours, memory)
    return now
