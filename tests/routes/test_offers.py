"""Offers against the independent checker, the score and a search through every minute, on small random calendars."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from routes import Lunch, Pin, Place, Plan, Problem, Promise, Shift, Tour, Visit, Weights, Window, check, score_parts
from routes.compiled import compile_problem
from routes.effort import Effort
from routes.insertion import insert_greedily
from routes.offers import Calendar, Grade, Offer
from routes.pins import pinned_tours
from routes.timetable import best_timing, tour_of
from tests.routes.test_planner_properties import random_problem

SEEDS = range(480)
MONDAY = date(2026, 6, 1)


def calendar_of(seed: int) -> tuple[Problem, Visit, dict[str, Tour]] | None:
    """A problem whose visits stand as a lawful plan serves them, a visit to ask for, and the standing tours."""
    chance = random.Random(seed)
    bare = random_problem(seed)
    bare = replace(
        bare,
        visits=tuple(replace(visit, pin=None, promise=None) for visit in bare.visits),
        weights=replace(bare.weights, tolerance=chance.choice((0, 3, 8, 15))),
    )
    compiled = compile_problem(bare)
    columns = insert_greedily(compiled, pinned_tours(compiled), Effort(seconds=10.0))
    asked = chance.choice(bare.visits)
    tours = []
    left = [list(shift_class.shifts) for shift_class in compiled.classes]
    for column in columns:
        order = [visit for visit in column.order if bare.visits[visit].id != asked.id]
        shift_class, shift = compiled.classes[column.klass], left[column.klass].pop(0)
        if order and best_timing(shift_class, [shift_class.local[visit] for visit in order], 0) is None:
            return None  # the way round by the asked visit was the only lawful one
        tours += [tour_of(compiled, shift, shift_class, order)] if order else []
    standing = {stop.visit: (tour.shift, stop.starts) for tour in tours for stop in tour.stops}

    def told(visit: Visit) -> Visit:
        if visit.id not in standing:
            return visit
        if chance.random() < 0.2:
            return replace(visit, pin=Pin(*standing[visit.id]))
        return replace(visit, promise=Promise(*standing[visit.id]))

    problem = replace(bare, visits=tuple(told(visit) for visit in bare.visits))
    return problem, problem.visit_by_id[asked.id], {tour.shift: tour for tour in tours}


CALENDARS = [(seed, found) for seed in SEEDS if (found := calendar_of(seed)) is not None]


def accepted(problem: Problem, standing: dict[str, Tour], tour: Tour) -> Plan:
    """The plan in which everything else stands and this tour is driven."""
    plan = Plan(problem.name, tuple({**standing, tour.shift: tour}.values()), value=0)
    return replace(plan, value=score_parts(problem, plan).value)


def in_force(problem: Problem, standing: dict[str, Tour]) -> Plan:
    return replace(Plan(problem.name, tuple(standing.values()), value=0))


def test_there_is_enough_to_judge():
    with_offers = [seed for seed, (problem, asked, _) in CALENDARS if Calendar(problem).offers(asked)]
    assert len(CALENDARS) > 400
    assert len(with_offers) > 200
    shifting = [
        seed
        for seed, (problem, asked, _) in CALENDARS
        if any(offer.shifted for offer in Calendar(problem).offers(asked))
    ]
    assert len(shifting) > 20


@pytest.mark.parametrize(("seed", "found"), CALENDARS, ids=[str(seed) for seed, _ in CALENDARS])
def test_an_offer_accepted_at_once_yields_a_lawful_plan_with_every_promise_within_tolerance(seed, found):
    problem, asked, standing = found
    calendar = Calendar(problem)
    chance = random.Random(seed)
    for offer in calendar.offers(asked):
        for starts in {offer.first, offer.starts, offer.last, chance.randint(offer.first, offer.last)}:
            tour = calendar.tour_with(asked, offer.shift, starts)
            assert tour is not None
            plan = accepted(problem, standing, tour)
            assert check(problem, plan) == []
            assert {stop.visit: stop.starts for stop in tour.stops}[asked.id] == starts
            assert most_shifted(problem, plan) <= problem.weights.tolerance
            if starts == offer.starts:
                assert most_shifted(problem, plan) <= offer.shifted
                assert costs(problem, standing, plan, asked) == (offer.points, offer.bonus)


def most_shifted(problem: Problem, plan: Plan) -> int:
    """The minutes by which a promise moves at most; a promise on another shift, or dropped, counts as lost."""
    served = {stop.visit: (tour.shift, stop.starts) for tour, stop in plan.stops()}
    shifts = [0]
    for visit in problem.visits:
        if visit.promise is not None:
            shift, starts = served.get(visit.id, ("", 0))
            shifts.append(abs(starts - visit.promise.starts) if shift == visit.promise.shift else 10**6)
    return max(shifts)


def costs(problem: Problem, standing: dict[str, Tour], plan: Plan, asked: Visit) -> tuple[int, int]:
    """What the plan loses by driving and by the bonuses of others, and the asked visit's bonus, by the score."""
    before, after = score_parts(problem, in_force(problem, standing)), score_parts(problem, plan)
    [mine] = [part for part in after.visits if part.visit == asked.id]
    others = after.bonuses - mine.bonus - before.bonuses
    assert before.broken_promises == after.broken_promises
    return after.driving - before.driving - others, mine.bonus


@pytest.mark.parametrize(("seed", "found"), CALENDARS, ids=[str(seed) for seed, _ in CALENDARS])
def test_no_lawful_minute_is_missing_from_the_offers(seed, found):
    problem, asked, _ = found
    calendar = Calendar(problem)
    offers = calendar.offers(asked)
    for shift in problem.shifts:
        offered = {
            minute for offer in offers if offer.shift == shift.id for minute in range(offer.first, offer.last + 1)
        }
        assert offered == possible_minutes(problem, asked, shift)
        for minute in set(range(shift.starts, shift.ends + 1)) - offered:
            assert calendar.tour_with(asked, shift.id, minute) is None


def possible_minutes(problem: Problem, asked: Visit, shift: Shift) -> set[int]:
    """Minute by minute and position by position, by the timetable that plans tours."""
    rivals = {other for group in problem.exclusive if asked.id in group for other in group}
    standing = [visit for visit in problem.visits if (visit.pin or visit.promise) and visit.id != asked.id]
    if any(visit.id in rivals for visit in standing):
        return set()
    here = sorted(
        (told.starts, visit.id, visit)
        for visit in standing
        for told in [visit.pin or visit.promise]
        if told.shift == shift.id
    )
    kept = tuple(within_tolerance(visit, shift, problem.weights.tolerance) for _, _, visit in here)
    found = set()
    for minute in range(shift.starts, shift.ends + 1):
        alone = replace(
            problem,
            shifts=(shift,),
            visits=(*kept, replace(asked, pin=Pin(shift.id, minute), promise=None)),
            exclusive=(),
        )
        compiled = compile_problem(alone)
        [*classes] = compiled.classes
        if len(classes) == 1 and len(classes[0].local) == len(alone.visits):
            local = [classes[0].local[index] for index in range(len(alone.visits))]
            orders = [(*local[:-1][:at], local[-1], *local[:-1][at:]) for at in range(len(local))]
            if any(best_timing(classes[0], order, 0) for order in orders):
                found.add(minute)
    return found


def within_tolerance(visit: Visit, shift: Shift, tolerance: int) -> Visit:
    if visit.promise is None:
        return visit
    first, last = visit.promise.starts - tolerance, visit.promise.starts + tolerance + visit.session
    windows = [
        Window(shift.day, max(window.opens, first, 0), min(window.closes, last), window.bonus)
        for window in visit.windows
        if window.day == shift.day and max(window.opens, first, 0) <= min(window.closes, last)
    ]
    return replace(visit, promise=None, windows=tuple(windows))


# One day drawn -----------------------------------------------------------------------------------------------------
#
#   depot --20-- A --30-- B, A and B 40 from the depot by the other road
#   shift 480-960, lunch 60 between 660 and 810; A promised at 540 for 60 minutes: 520 arrives (setup 0) ... 600 leaves

PLACES = (Place("depot", 30.9, 121.4), Place("a", 30.91, 121.41), Place("b", 30.92, 121.42))
TRAVEL = ((0, 20, 40), (20, 0, 30), (40, 30, 0))
SHIFT = Shift("van1@mon", "van1", MONDAY, 480, 960, 0, 0, kits=10, lunch=Lunch(660, 810, 60))
AT_A = Visit("a", 1, 60, (Window(MONDAY, 480, 960),), promise=Promise("van1@mon", 540))
AT_B = Visit("b", 2, 60, (Window(MONDAY, 480, 960),))


def small(**changes: object) -> Problem:
    return replace(Problem("small", PLACES, TRAVEL, (SHIFT,), (AT_A, AT_B), weights=Weights(travel=1)), **changes)


def test_the_free_minutes_of_a_day_that_can_be_drawn():
    # After A: leaves 600, at B 630; home takes 40 and lunch must be over by 810. With lunch before (660-720 at B) it
    # begins from 720 on and at the latest at 960 - 40 - 60 = 860; with lunch after (at B or at home) from 630 on and at
    # the latest at 750 - 60 = 690 (lunch at B) . Before A: B could begin at 520, A would then be late: nothing.
    [late, early] = sorted(Calendar(small()).offers(AT_B), key=lambda offer: -offer.first)
    assert (early.first, early.last) == (630, 690)
    assert (late.first, late.last) == (720, 860)
    # depot-A-depot is 40, depot-A-B-depot 90
    assert {early.driving, late.driving} == {50}


def test_a_visit_that_cannot_be_carried_is_offered_nothing():
    assert Calendar(small()).offers(replace(AT_B, kits=11)) == []
    assert Calendar(small()).offers(replace(AT_B, crew={"tester": 1})) == []
    assert Calendar(small()).offers(replace(AT_B, equipment=frozenset({"lab"}))) == []
    assert Calendar(small(shifts=(replace(SHIFT, max_visits=1),))).offers(AT_B) == []
    assert Calendar(small(shifts=(replace(SHIFT, max_driving=89),))).offers(AT_B) == []
    assert Calendar(small(exclusive=(("a", "b"),))).offers(AT_B) == []


def test_a_promise_moves_only_where_nothing_else_makes_room():
    # B from 630 on needs until 690: five minutes too few, so A must begin five minutes earlier, or as much as fifteen.
    asked = replace(AT_B, windows=(Window(MONDAY, 480, 685),))
    still = small(visits=(AT_A, asked))
    assert Calendar(still).offers(asked) == []
    [offer] = Calendar(replace(still, weights=Weights(travel=1, tolerance=15))).offers(asked)
    assert (offer.first, offer.starts, offer.last, offer.shifted) == (615, 625, 625, 5)
    assert offer.grade is Grade.TIGHT


@pytest.mark.parametrize(
    ("driving", "last", "shifted", "grade"),
    [
        (40, 630, 0, "good"),
        (41, 630, 0, "possible"),
        (10, 629, 0, "possible"),
        (10, 600, 0, "tight"),
        (10, 690, 1, "tight"),
    ],
)
def test_a_slot_is_graded_by_detour_room_and_whether_it_moves_others(driving, last, shifted, grade):
    assert Offer("s", 600, 600, last, driving, driving, 0, shifted).grade == grade


def test_the_best_start_is_in_the_preferred_window_and_round():
    windows = (Window(MONDAY, 600, 960), Window(MONDAY, 743, 900, bonus=25))
    asked = replace(AT_B, windows=windows)
    best = Calendar(small(visits=(AT_A, asked))).offers(asked)[0]
    assert (best.starts, best.bonus) == (750, 25)
