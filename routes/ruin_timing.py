"""The times of a tour for the compiled search: labels forwards, latest starts backwards.

The labels are those of `routes.timetable`, so a tour is worth here what it is worth there, unless it would have needed
more labels than are kept.
"""

from __future__ import annotations

from routes.compiled import NEVER
from routes.kernels import kernel
from routes.ruin_ground import (
    AFTER,
    BEFORE,
    CARRIED,
    CLOSES,
    COMPILED,
    DRIVING,
    EARLIEST,
    END,
    ENDS,
    EXACT,
    FED,
    FIRST,
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
    POINTS,
    POST,
    READY,
    ROOM,
    SETUP,
    SIMPLE,
    SPARE,
    STAND,
    START,
    STARTS,
    VALUE,
)


@kernel(**INLINED)
def arrive(opens, closes, minutes, before, after, leg, latest):  # type: ignore[no-untyped-def]
    """`routes.timetable.arrivals`; `latest` is when lunch at the far end must be over."""
    fed = after + leg if after < NEVER else NEVER
    if before >= NEVER:
        return NEVER, fed
    arrives = before + leg
    on_arrival = max(arrives, opens) + minutes
    if on_arrival <= latest:
        return arrives, min(fed, on_arrival)
    leaving = max(before, opens) + minutes
    if leaving <= closes:
        return arrives, min(fed, leaving + leg)
    return arrives, fed


@kernel(**INLINED)
def _keep(tours, s, p, before, after, gain):  # type: ignore[no-untyped-def]
    """Add a label unless another is as good; true unless one had to be forgotten."""
    count = tours.stop[s, p, LABELS]
    for k in range(count):
        if (
            tours.label[s, p, k, BEFORE] <= before
            and tours.label[s, p, k, AFTER] <= after
            and tours.label[s, p, k, POINTS] >= gain
        ):
            return True
    kept = 0
    for k in range(count):
        if (
            before <= tours.label[s, p, k, BEFORE]
            and after <= tours.label[s, p, k, AFTER]
            and gain >= tours.label[s, p, k, POINTS]
        ):
            continue
        if kept != k:
            tours.label[s, p, kept, BEFORE] = tours.label[s, p, k, BEFORE]
            tours.label[s, p, kept, AFTER] = tours.label[s, p, k, AFTER]
            tours.label[s, p, kept, POINTS] = tours.label[s, p, k, POINTS]
        kept += 1
    whole = kept < tours.label.shape[2]
    if not whole:
        kept = 0
        for k in range(1, tours.label.shape[2]):
            if tours.label[s, p, k, POINTS] < tours.label[s, p, kept, POINTS]:
                kept = k
        count = tours.label.shape[2] - 1
    else:
        count = kept
    tours.label[s, p, kept, BEFORE] = before
    tours.label[s, p, kept, AFTER] = after
    tours.label[s, p, kept, POINTS] = gain
    tours.stop[s, p, LABELS] = count + 1
    return whole


@kernel(**COMPILED)
def extend(ground, tours, klass, from_slot, from_stops, to_slot, to_stops, visit, leg):  # type: ignore[no-untyped-def]
    """`routes.timetable.extend` for all labels of a prefix; true unless one had to be forgotten."""
    opens, closes, minutes = ground.klass[klass, OPENS], ground.klass[klass, CLOSES], ground.klass[klass, MINUTES]
    setup, post = ground.visit[visit, SETUP], ground.visit[visit, POST]
    e = ground.entry[klass, visit]
    whole = True
    tours.stop[to_slot, to_stops, LABELS] = 0
    for k in range(tours.stop[from_slot, from_stops, LABELS]):
        hungry, fed = arrive(
            opens,
            closes,
            minutes,
            tours.label[from_slot, from_stops, k, BEFORE],
            tours.label[from_slot, from_stops, k, AFTER],
            leg,
            closes,
        )
        best = -NEVER
        for o in range(ground.pair[e, OPTION_FROM], ground.pair[e, OPTION_TO]):
            before = max(hungry + setup, ground.option[o, FIRST])
            after = max(fed + setup, ground.option[o, FIRST])
            before = before + post if before <= ground.option[o, LAST] else NEVER
            after = after + post if after <= ground.option[o, LAST] else NEVER
            if (before >= NEVER and after >= NEVER) or ground.option[o, GAIN] <= best:
                continue
            if after < NEVER or fed >= NEVER:
                best = ground.option[o, GAIN]
            gain = tours.label[from_slot, from_stops, k, POINTS] + ground.option[o, GAIN]
            whole = _keep(tours, to_slot, to_stops, before, after, gain) and whole
    return whole


@kernel(**INLINED)
def gain_home(ground, tours, klass, s, stops, leg):  # type: ignore[no-untyped-def]
    """The best gain of the labels that come home in time with lunch eaten, or -NEVER."""
    opens, closes, minutes, ends = (
        ground.klass[klass, OPENS],
        ground.klass[klass, CLOSES],
        ground.klass[klass, MINUTES],
        ground.klass[klass, ENDS],
    )
    best = -NEVER
    for k in range(tours.stop[s, stops, LABELS]):
        before, after = tours.label[s, stops, k, BEFORE], tours.label[s, stops, k, AFTER]
        _, fed = arrive(opens, closes, minutes, before, after, leg, min(closes, ends))
        if fed <= ends:
            best = max(best, tours.label[s, stops, k, POINTS])
    return best


@kernel(**COMPILED)
def refresh(ground, tours, s):  # type: ignore[no-untyped-def]
    """Reckon a slot anew from its order; false where the order has no lawful times."""
    klass = ground.klass_of[s]
    lunch = ground.klass[klass, MINUTES] >= 0
    length = tours.slot[s, LENGTH]
    tours.stop[s, 0, LABELS] = 1
    tours.label[s, 0, 0, BEFORE] = ground.klass[klass, STARTS] if lunch else NEVER
    tours.label[s, 0, 0, AFTER] = NEVER if lunch else ground.klass[klass, STARTS]
    tours.label[s, 0, 0, POINTS] = 0
    tours.slot[s, SIMPLE] = True
    tours.slot[s, EXACT] = True
    tours.slot[s, DRIVING] = tours.slot[s, CARRIED] = tours.slot[s, VALUE] = 0
    tours.stop[s, 0, READY] = ground.klass[klass, STARTS]
    tours.stop[s, 0, STAND] = ground.klass[klass, START]
    if length == 0:
        tours.stop[s, 0, LEG] = 0
        _look_back(ground, tours, s, klass)
        return True
    driving, load = 0, 0
    for p in range(length):
        visit = tours.order[s, p]
        e = ground.entry[klass, visit]
        place = ground.visit[visit, PLACE]
        leg = ground.travel[tours.stop[s, p, STAND], place]
        tours.stop[s, p, LEG] = leg
        tours.stop[s, p + 1, STAND] = place
        driving += leg
        load += ground.visit[visit, LOAD]
        tours.slot[s, SIMPLE] &= ground.pair[e, OPTION_TO] - ground.pair[e, OPTION_FROM] == 1
        tours.slot[s, EXACT] &= extend(ground, tours, klass, s, p, s, p + 1, visit, leg)
        if tours.stop[s, p + 1, LABELS] == 0:
            return False
        ready = NEVER
        for k in range(tours.stop[s, p + 1, LABELS]):
            ready = min(ready, tours.label[s, p + 1, k, BEFORE], tours.label[s, p + 1, k, AFTER])
        tours.stop[s, p + 1, READY] = ready
    leg = ground.travel[tours.stop[s, length, STAND], ground.klass[klass, END]]
    tours.stop[s, length, LEG] = leg
    driving += leg
    gain = gain_home(ground, tours, klass, s, length, leg)
    if (
        gain == -NEVER
        or driving > ground.klass[klass, MOST_DRIVING]
        or load > ground.klass[klass, KITS]
        or length > ground.klass[klass, MOST]
    ):
        return False
    tours.slot[s, DRIVING], tours.slot[s, CARRIED] = driving, load
    tours.slot[s, VALUE] = gain - ground.weight * driving
    _look_back(ground, tours, s, klass)
    return True


@kernel(**COMPILED)
def _look_back(ground, tours, s, klass):  # type: ignore[no-untyped-def]
    """The latest session starts of a slot's stops, last to first."""
    opens, closes, minutes, ends = (
        ground.klass[klass, OPENS],
        ground.klass[klass, CLOSES],
        ground.klass[klass, MINUTES],
        ground.klass[klass, ENDS],
    )
    length, room = tours.slot[s, LENGTH], -NEVER
    fed_by, hungry_by, eaten_by = ends, -NEVER, min(closes, ends)
    for p in range(length, -1, -1):
        leg = tours.stop[s, p, LEG]
        tours.stop[s, p, SPARE] = _spare(tours, s, p, hungry_by, fed_by, minutes)
        room = max(room, tours.stop[s, p, SPARE] - leg)
        if p == 0:
            break
        fed, hungry = fed_by - leg, hungry_by - leg
        if minutes >= 0:
            on_arrival = min(eaten_by, fed_by) - minutes
            if opens <= on_arrival:
                hungry = max(hungry, on_arrival - leg)
            leaving = min(closes, fed_by - leg) - minutes
            if opens <= leaving:
                hungry = max(hungry, leaving)
        visit = tours.order[s, p - 1]
        e = ground.entry[klass, visit]
        fed = min(ground.pair[e, LATEST], fed - ground.visit[visit, POST])
        hungry = min(ground.pair[e, LATEST], hungry - ground.visit[visit, POST])
        fed = fed if fed >= ground.pair[e, EARLIEST] else -NEVER
        hungry = hungry if hungry >= ground.pair[e, EARLIEST] else -NEVER
        tours.stop[s, p - 1, FED], tours.stop[s, p - 1, HUNGRY] = fed, hungry
        fed_by, hungry_by = fed - ground.visit[visit, SETUP], hungry - ground.visit[visit, SETUP]
        eaten_by = closes
    tours.slot[s, ROOM] = room


@kernel(**INLINED)
def _spare(tours, s, p, hungry_by, fed_by, minutes):  # type: ignore[no-untyped-def]
    """The most minutes between being ready after `p` stops and the latest arrival at the next, lunch apart."""
    spare = -NEVER
    for k in range(tours.stop[s, p, LABELS]):
        before, after = tours.label[s, p, k, BEFORE], tours.label[s, p, k, AFTER]
        if before < NEVER:
            spare = max(spare, hungry_by - before, fed_by - minutes - before)
        if after < NEVER:
            spare = max(spare, fed_by - after)
    return spare
