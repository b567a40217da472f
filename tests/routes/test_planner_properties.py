"""The planner against brute force on small random problems with every feature of the contract.

The brute force lives here and shares nothing with the makers: it steps through each shift minute by minute (wait, eat,
serve, drive), and then through every way of giving sets of visits to shifts.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

import pytest

from routes import planner
from routes.checker import check
from routes.planner import ContradictoryPins, plan_visits
from routes.problem import Lunch, Pin, Place, Problem, Promise, Shift, Town, Visit, Weights, Window
from routes.score import score

MONDAY = date(2026, 6, 1)


def random_problem(seed: int) -> Problem:
    """Up to seven visits and four shifts on a clock of some sixty minutes."""
    chance = random.Random(seed)
    size = chance.randint(2, 7)
    travel = [[0 if a == b else chance.randint(0, 7) for b in range(size + 2)] for a in range(size + 2)]
    if chance.random() < 0.15:
        travel = [[0] * (size + 2) for _ in range(size + 2)]
    shifts = tuple(
        _shift(chance, f"van{van}", MONDAY + timedelta(days=day))
        for van in range(chance.randint(1, 2))
        for day in range(chance.randint(1, 2))
    )
    visits = tuple(_visit(chance, index, shifts) for index in range(size))
    return Problem(
        name=f"random-{seed}",
        places=tuple(Place(f"p{index}", 30.9, 121.4) for index in range(size + 2)),
        travel=tuple(tuple(row) for row in travel),
        shifts=shifts,
        visits=visits,
        exclusive=tuple(
            tuple(f"v{index}" for index in chance.sample(range(size), k=min(size, chance.randint(2, 3))))
            for _ in range(chance.choice((0, 0, 1, 2)))
        ),
        towns=tuple(Town(f"t{index}", chance.randint(0, 3), chance.randint(0, 40)) for index in range(3)),
        weights=Weights(
            travel=chance.choice((0, 1, 1, 3)),
            drop=chance.choice((0, 50)),
            other_day=chance.choice((0, 15)),
            other_van=chance.choice((0, 5)),
            retime=chance.choice((0, 12)),
            tolerance=chance.choice((0, 2, 5)),
        ),
    )


def _shift(chance: random.Random, van: str, day: date) -> Shift:
    starts = chance.randint(5, 20)
    ends = starts + chance.randint(35, 75)
    opens = starts + chance.randint(0, 25)
    minutes = chance.choice((0, 4, 8))
    lunch = Lunch(opens, opens + minutes + chance.randint(0, 12), minutes)
    return Shift(
        id=f"{van}@{day}",
        van=van,
        day=day,
        starts=starts,
        ends=ends,
        start_place=0,
        end_place=chance.choice((0, 1)),
        crew={"tester": chance.choice((1, 2, 2))},
        equipment=frozenset(chance.sample(("lab", "screen"), k=chance.randint(1, 2))),
        kits=chance.choice((10, 24, 40)),
        max_visits=chance.choice((None, None, 2, 3)),
        max_driving=chance.choice((None, None, 15, 25)),
        lunch=lunch if chance.random() < 0.6 else None,
    )


def _visit(chance: random.Random, index: int, shifts: tuple[Shift, ...]) -> Visit:
    session = chance.choice((0, 3, 5, 8, 12))
    days = sorted({shift.day for shift in shifts})
    windows = []
    for _ in range(chance.randint(1, 5)):
        opens = chance.randint(5, 70)
        closes = opens + max(1, session + chance.choice((-2, 0, 5, 15, 30, 45)))
        windows.append(Window(chance.choice(days), opens, closes, chance.choice((0, 0, 7, 15))))
    shift = chance.choice(shifts)
    pin, promise = None, None
    if chance.random() < 0.06:
        pin = Pin(shift.id, chance.choice((None, None, chance.randint(10, 50))))
    elif chance.random() < 0.3:
        promise = Promise(shift.id, chance.randint(10, 60))
    return Visit(
        id=f"v{index}",
        place=chance.randint(2, index + 2),
        session=session,
        windows=tuple(windows),
        town=chance.choice((None, "t0", "t1", "t2")),
        setup=chance.choice((0, 2, 4)),
        teardown=chance.choice((0, 1, 3)),
        crew={"tester": chance.choice((1, 1, 2))},
        equipment=frozenset(chance.sample(("lab", "screen"), k=chance.choice((0, 0, 1)))),
        kits=chance.choice((0, 6, 12)),
        prize=chance.choice((0, 5, 20, 60, 90)),
        pin=pin,
        promise=promise,
    )


def best_values(problem: Problem, shift: Shift) -> dict[int, int]:  # noqa: C901 - brute force in one piece, to be read against the contract
    """The best value of a tour of the shift for every set of visits (a bit mask), stepping minute by minute."""
    able = {index: visit for index, visit in enumerate(problem.visits) if _able(visit, shift)}
    lunch = shift.lunch
    best: dict[int, int] = {}
    # A state: (minute, place, behind a visit or the start, fed, driven, mask) -> points; states grow in time or mask.
    layers: dict[int, dict[tuple[int, bool, bool, int, int], int]] = defaultdict(dict)
    layers[shift.starts][(shift.start_place, False, lunch is None, 0, 0)] = 0

    def reach(minute: int, state: tuple[int, bool, bool, int, int], points: int) -> None:
        if minute <= shift.ends and layers[minute].get(state, -(10**9)) < points:
            layers[minute][state] = points

    for minute in range(shift.starts, shift.ends + 1):
        agenda = list(layers[minute].items())
        while agenda:
            (place, waiting, fed, driven, mask), points = agenda.pop()
            if layers[minute][(place, waiting, fed, driven, mask)] > points:
                continue
            before = dict(layers[minute])
            reach(minute + 1, (place, waiting, fed, driven, mask), points)
            if not fed and lunch and lunch.opens <= minute and minute + lunch.minutes <= lunch.closes:
                reach(minute + lunch.minutes, (place, waiting, True, driven, mask), points)
            if waiting:  # standing at a venue that is still to be served: `place` is then the visit
                visit = problem.visits[place]
                points_here = _points(problem, visit, shift, minute + visit.setup)
                done = minute + visit.setup + visit.session + visit.teardown
                if points_here is not None and done <= shift.ends:
                    reach(done, (visit.place, False, fed, driven, mask), points + points_here)
            else:
                for index, visit in able.items():
                    leg = problem.travel[place][visit.place]
                    if not mask & (1 << index) and _room(problem, shift, mask | (1 << index), driven + leg):
                        state = (index, True, fed, driven + leg, mask | (1 << index))
                        reach(minute + leg, state, points - problem.weights.travel * leg)
                leg = problem.travel[place][shift.end_place]
                if mask and _room(problem, shift, mask, driven + leg):
                    home = minute + leg
                    late = max(home, lunch.opens) + lunch.minutes if lunch and not fed else home
                    if late <= shift.ends and (fed or lunch is None or late <= lunch.closes):
                        best[mask] = max(best.get(mask, -(10**9)), points - problem.weights.travel * leg)
            agenda += [item for item in layers[minute].items() if before.get(item[0]) != item[1]]
    return best


def _able(visit: Visit, shift: Shift) -> bool:
    return (
        (visit.pin is None or visit.pin.shift == shift.id)
        and visit.equipment <= shift.equipment
        and all(shift.crew.get(skill, 0) >= needed for skill, needed in visit.crew.items())
    )


def _room(problem: Problem, shift: Shift, mask: int, driven: int) -> bool:
    served = [visit for index, visit in enumerate(problem.visits) if mask & (1 << index)]
    return (
        sum(visit.kits for visit in served) <= shift.kits
        and (shift.max_visits is None or len(served) <= shift.max_visits)
        and (shift.max_driving is None or driven <= shift.max_driving)
    )


def _points(problem: Problem, visit: Visit, shift: Shift, starts: int) -> int | None:
    """Points of the session starting at this minute; None where no window or the pin allows it."""
    bonuses = [
        window.bonus
        for window in visit.windows
        if window.day == shift.day and window.opens <= starts and starts + visit.session <= window.closes
    ]
    if not bonuses or (visit.pin and visit.pin.starts not in (None, starts)):
        return None
    points = visit.prize + max(bonuses)
    if visit.promise:
        told = problem.shift_by_id[visit.promise.shift]
        weights = problem.weights
        points -= weights.other_day * (told.day != shift.day) + weights.other_van * (told.van != shift.van)
        late = abs(starts - visit.promise.starts) > weights.tolerance
        points -= weights.retime * (told.day == shift.day and late)
    return points


def brute_force(problem: Problem) -> int | None:
    """The value of the best lawful plan, or None where the pins allow none."""
    plans = {0: 0}
    for shift in problem.shifts:
        tours = best_values(problem, shift)
        longer = dict(plans)
        for served, value in plans.items():
            for mask, worth in tours.items():
                if not served & mask:
                    longer[served | mask] = max(longer.get(served | mask, -(10**9)), value + worth)
        plans = longer
    values = [value + _plan_points(problem, served) for served, value in plans.items() if _lawful(problem, served)]
    return max(values, default=None)


def _lawful(problem: Problem, served: int) -> bool:
    ids = {visit.id for index, visit in enumerate(problem.visits) if served & (1 << index)}
    pinned = {visit.id for visit in problem.visits if visit.pin}
    return pinned <= ids and all(len(ids.intersection(group)) <= 1 for group in problem.exclusive)


def _plan_points(problem: Problem, served: int) -> int:
    ids = {visit.id for index, visit in enumerate(problem.visits) if served & (1 << index)}
    points = 0
    for visit in problem.visits:
        if visit.promise and visit.id not in ids:
            points -= problem.weights.drop
    for town in problem.towns:
        here = sum(visit.town == town.id for visit in problem.visits if visit.id in ids)
        points -= town.shortfall * max(0, town.due - here)
    return points


def _assert_optimal(problem: Problem) -> None:
    best = brute_force(problem)
    if best is None:
        with pytest.raises(ContradictoryPins):
            plan_visits(problem, seconds=20, threads=1)
        return
    plan = plan_visits(problem, seconds=20, threads=1)
    assert not list(check(problem, plan))
    assert plan.value == score(problem, plan)
    assert plan.value == best
    assert plan.bound is not None
    assert plan.bound >= best
    assert plan.proven


@pytest.mark.parametrize("block", range(10))
def test_small_problems_are_solved_to_the_optimum_of_brute_force(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        _assert_optimal(random_problem(seed))


@pytest.mark.parametrize("block", range(5))
def test_labelling_alone_also_finds_and_proves_the_optimum(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "MOST_LABELS", -1)
    for seed in range(1000 + 20 * block, 1000 + 20 * block + 20):
        _assert_optimal(random_problem(seed))
