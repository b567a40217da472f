"""From rows to the planner's problem: who takes part, what stands still, what is due, and what makes a plan stale."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from routes import Pin, Promise, Window
from routes.travel import Table
from schedules.models import (
    Hotspot,
    PlanningSettings,
    Priority,
    RequestState,
    VisitState,
)
from schedules.planning import Snapshot, snapshot
from tests.factories import (
    add,
    make_crew_member,
    make_days,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_van,
    make_venue,
    make_visit,
)

# The `now` of conftest.py is Monday 08:00; the freeze of three working days reaches to Thursday.
MONDAY = date(2026, 6, 1)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=ahead) for ahead in (1, 2, 3, 4))
NEXT_MONDAY, NEXT_TUESDAY = MONDAY + timedelta(days=7), MONDAY + timedelta(days=8)
LAST = MONDAY + timedelta(days=27)


@pytest.fixture(autouse=True)
def calendar_rows(session):
    make_days(session, MONDAY - timedelta(days=7), 70)


def taken(session, now, first: date = MONDAY, last: date = LAST, **options: Any) -> Snapshot:
    return snapshot(session, first, last, now=now, options=options)


def visit_ids(found: Snapshot) -> set[str]:
    return {visit.id for visit in found.problem.visits}


def visit_of(found: Snapshot, request) -> Any:
    return found.problem.visit_by_id[f"r{request.id}"]


def wish(session, now, day: date = NEXT_MONDAY, **given: Any):
    return make_request(session, [(day, 540, 720)], now=now, **given)


# Shifts ---------------------------------------------------------------------------------------------------------------


def test_a_shift_takes_part_with_its_hours_crew_stock_and_limits(session, now):
    van = make_van(session, equipment=["food_lab"])
    crew = [make_crew_member(session, ("driver", "tester")), make_crew_member(session, ("tester",))]
    crew.append(make_crew_member(session, ("legal_officer",), active=False))
    shift = make_shift(session, NEXT_MONDAY, van, crew, kits=30)
    [planned] = taken(session, now).problem.shifts
    assert (planned.id, planned.van, planned.day) == (f"{van.code}@2026-06-08", van.code, NEXT_MONDAY)
    assert (planned.starts, planned.ends, planned.kits) == (480, 990, 30)
    assert (planned.max_visits, planned.max_driving) == (3, 150)
    assert (planned.lunch.opens, planned.lunch.closes, planned.lunch.minutes) == (660, 810, 60)
    assert dict(planned.crew) == {"driver": 1, "tester": 2}, "people who are not active do not ride"
    assert planned.equipment == {"food_lab"}
    assert taken(session, now).shift_ids == {planned.id: shift.id}


def test_shifts_out_of_service_past_begun_or_on_a_day_off_do_not(session, now):
    make_shift(session, MONDAY - timedelta(days=3))
    make_shift(session, MONDAY, starts=480)  # it is 08:00
    later = make_shift(session, MONDAY, starts=481)
    make_shift(session, TUESDAY, out_of_service="workshop")
    make_shift(session, TUESDAY, make_van(session, active=False))
    make_shift(session, MONDAY + timedelta(days=5))  # a Saturday
    make_shift(session, LAST + timedelta(days=1))
    assert [shift.id for shift in taken(session, now).problem.shifts] == [later.code]


def test_only_the_vans_asked_for_take_part(session, now):
    first, second = make_van(session), make_van(session)
    make_shift(session, NEXT_MONDAY, first)
    make_shift(session, NEXT_MONDAY, second)
    assert [shift.van for shift in taken(session, now, vans=[second.code]).problem.shifts] == [second.code]


def test_a_reserve_shift_stays_free_unless_told_otherwise(session, now):
    shift = make_shift(session, NEXT_MONDAY, reserve=True)
    found = taken(session, now)
    assert (found.problem.shifts, found.kept_free) == ((), (shift.code,))
    assert [shift.id for shift in taken(session, now, reserve=False).problem.shifts] == [shift.code]


def test_a_reserve_shift_with_a_promise_takes_that_and_no_more(session, now):
    shift = make_shift(session, NEXT_MONDAY, reserve=True)
    make_visit(session, wish(session, now, state=RequestState.PLANNED), shift)
    [planned] = taken(session, now).problem.shifts
    assert planned.max_visits == 1


# Requests -------------------------------------------------------------------------------------------------------------


def test_accepted_requests_with_a_window_in_the_days_take_part(session, now):
    inside = wish(session, now)
    wish(session, now, LAST + timedelta(days=1))
    for state in set(RequestState) - {RequestState.ACCEPTED}:
        wish(session, now, state=state)
    assert visit_ids(taken(session, now)) == {f"r{inside.id}"}


def test_windows_outside_the_days_fall_away_and_preferred_ones_are_worth_a_bonus(session, now):
    request = make_request(session, [(TUESDAY, 480, 600), (NEXT_MONDAY, 540, 720), (NEXT_TUESDAY, 600, 900)], now=now)
    request.windows[2].preferred = True
    session.flush()
    planned = visit_of(taken(session, now, NEXT_MONDAY), request)
    assert planned.windows == (Window(NEXT_MONDAY, 540, 720, 0), Window(NEXT_TUESDAY, 600, 900, 25))


def test_services_run_side_by_side_so_their_people_add_up(session, now):
    test = make_service(session, "food_rapid_test", {"tester": 2}, equipment=["food_lab"])
    talk = make_service(session, "consumer_education", {"presenter": 1, "tester": 1}, equipment=["panels"])
    request = wish(session, now, service=test, kits=24)
    request.services.append(type(request.services[0])(service_id=talk.id, minutes=60))
    session.flush()
    session.expire_all()
    planned = visit_of(taken(session, now), request)
    assert (dict(planned.crew), planned.kits) == ({"tester": 3, "presenter": 1}, 24)
    assert planned.equipment == {"food_lab", "panels"}


def test_nobody_does_two_things_at_once(session, now):
    both = make_service(session, "both", {"presenter": 1, "legal_officer": 1})
    request = wish(session, now, service=both)
    alone = make_shift(session, NEXT_MONDAY, crew=[make_crew_member(session, ("presenter", "legal_officer"))])
    pair = make_shift(
        session,
        NEXT_MONDAY,
        crew=[make_crew_member(session, ("presenter", "legal_officer")), make_crew_member(session, ("presenter",))],
    )
    found = taken(session, now).problem
    needs = found.visit_by_id[f"r{request.id}"].crew
    assert needs == {"presenter": 1, "legal_officer": 1, "legal_officer+presenter": 2}
    fits = {
        shift.id: all(shift.crew.get(skill, 0) >= number for skill, number in needs.items()) for shift in found.shifts
    }
    assert fits == {alone.code: False, pair.code: True}


def test_the_prize_comes_with_its_parts(session, now):
    town = make_town(session)
    add(
        session,
        Hotspot(
            town_id=town.id, topic_zh="预付卡", topic_en="prepaid cards", complaints_before=9, complaints_now=31,
            points=60, first_day=MONDAY, last_day=FRIDAY,
        ),
    )  # fmt: skip
    request = wish(
        session, now, venue=make_venue(session, town), priority=Priority.RAISED, submitted_at=now - timedelta(days=10)
    )
    found = taken(session, now)
    assert found.prizes[request.id].as_numbers() == {
        "base": 300, "priority": 100, "waiting": 40, "hotspot": 60, "recency": 105, "total": 605,
    }  # fmt: skip
    assert visit_of(found, request).prize == 605


# Promises and pins ----------------------------------------------------------------------------------------------------


def test_a_promise_beyond_the_freeze_may_move_at_a_price_and_one_within_stands_still(session, now):
    near, far = make_shift(session, THURSDAY), make_shift(session, FRIDAY)
    still = make_request(session, [(THURSDAY, 540, 720)], now=now, state=RequestState.PLANNED)
    loose = make_request(session, [(FRIDAY, 540, 720)], now=now, state=RequestState.PLANNED)
    make_visit(session, still, near, 570)
    make_visit(session, loose, far, 580, state=VisitState.CONFIRMED)
    found = taken(session, now)
    assert (visit_of(found, still).pin, visit_of(found, still).promise) == (
        Pin(near.code, 570),
        Promise(near.code, 570),
    )
    assert (visit_of(found, loose).pin, visit_of(found, loose).promise) == (None, Promise(far.code, 580))


def test_the_freeze_counts_working_days_and_can_be_set(session, now):
    friday = datetime(2026, 6, 5, 0, 0, tzinfo=now.tzinfo)
    shift = make_shift(session, NEXT_TUESDAY)
    request = make_request(session, [(NEXT_TUESDAY, 540, 720)], now=now, state=RequestState.PLANNED)
    make_visit(session, request, shift, 570)
    assert visit_of(taken(session, friday, FRIDAY), request).pin is not None
    session.add(PlanningSettings(id=1, values={"freeze_days": 1}))
    session.flush()
    assert visit_of(taken(session, friday, FRIDAY), request).pin is None


def test_a_pin_of_a_coordinator_outranks_the_freeze(session, now):
    told, wanted = make_shift(session, TUESDAY), make_shift(session, WEDNESDAY)
    request = make_request(
        session,
        [(TUESDAY, 540, 720), (WEDNESDAY, 540, 720)],
        now=now,
        state=RequestState.PLANNED,
        pinned_shift_id=wanted.id,
    )
    make_visit(session, request, told, 570)
    planned = visit_of(taken(session, now), request)
    assert (planned.pin, planned.promise) == (Pin(wanted.code), Promise(told.code, 570))


def test_a_visit_that_is_under_way_or_whose_shift_has_begun_is_left_alone(session, now):
    begun, early = make_shift(session, MONDAY), make_shift(session, MONDAY, starts=600)
    for shift, state in ((begun, VisitState.PROMISED), (early, VisitState.ON_THE_WAY)):
        request = make_request(session, [(MONDAY, 540, 900)], now=now, state=RequestState.PLANNED)
        make_visit(session, request, shift, 700, state=state)
    found = taken(session, now)
    assert (visit_ids(found), found.problem.shifts) == (set(), ())


def test_promises_of_a_broken_van_stay_in_the_problem_and_its_shift_takes_nothing(session, now):
    broken = make_shift(session, TUESDAY, out_of_service="engine")
    request = make_request(session, [(TUESDAY, 540, 720)], now=now, state=RequestState.PLANNED)
    make_visit(session, request, broken, 570)
    found = taken(session, now)
    assert [(shift.id, shift.max_visits) for shift in found.problem.shifts] == [(broken.code, 0)]
    planned = visit_of(found, request)
    assert (planned.pin, planned.promise) == (None, Promise(broken.code, 570))


def test_a_frozen_promise_that_cannot_be_kept_any_more_is_let_go(session, now):
    tester, presenter = make_crew_member(session, ("tester",)), make_crew_member(session, ("presenter",))
    shift = make_shift(session, TUESDAY, crew=[tester, presenter])
    service = make_service(session, "test", {"tester": 2})
    request = make_request(session, [(TUESDAY, 540, 720)], now=now, state=RequestState.PLANNED, service=service)
    make_visit(session, request, shift, 570)
    found = taken(session, now)
    assert found.loosened == (request.id,)
    assert (visit_of(found, request).pin, visit_of(found, request).promise) == (None, Promise(shift.code, 570))


def test_what_is_pinned_to_a_shift_that_takes_no_part_has_no_day(session, now):
    make_shift(session, NEXT_MONDAY)
    elsewhere = make_shift(session, LAST + timedelta(days=1))
    request = wish(session, now, pinned_shift_id=elsewhere.id)
    found = taken(session, now)
    assert visit_of(found, request).windows == ()
    assert [held.rule for held in found.held[request.id]] == ["pin"]


# One visit per venue, one of alternatives -----------------------------------------------------------------------------


def test_two_requests_for_one_venue_exclude_each_other_but_urgent_ones_do_not(session, now):
    venue = make_venue(session)
    first, second = wish(session, now, venue=venue), wish(session, now, venue=venue)
    wish(session, now, venue=venue, priority=Priority.URGENT)
    wish(session, now)
    assert taken(session, now).problem.exclusive == ((f"r{first.id}", f"r{second.id}"),)


def test_two_promises_for_one_venue_are_both_kept_and_bar_a_third(session, now):
    venue = make_venue(session)
    told = []
    for day in (NEXT_MONDAY, NEXT_TUESDAY):
        request = wish(session, now, day, venue=venue, state=RequestState.PLANNED)
        make_visit(session, request, make_shift(session, day))
        told.append(f"r{request.id}")
    third = f"r{wish(session, now, venue=venue).id}"
    assert set(taken(session, now).problem.exclusive) == {(told[0], third), (told[1], third)}


def test_alternatives_of_a_town_exclude_each_other_and_of_two_towns_do_not(session, now):
    one, other = make_town(session), make_town(session)
    asked = [
        wish(session, now, venue=make_venue(session, town), alternative_group="spring") for town in (one, one, other)
    ]
    assert taken(session, now).problem.exclusive == ((f"r{asked[0].id}", f"r{asked[1].id}"),)


def test_an_alternative_of_what_is_done_already_has_no_day_left(session, now):
    town = make_town(session)
    wish(session, now, venue=make_venue(session, town), alternative_group="spring", state=RequestState.DONE)
    second = wish(session, now, venue=make_venue(session, town), alternative_group="spring")
    found = taken(session, now)
    assert visit_of(found, second).windows == ()
    assert [held.rule for held in found.held[second.id]] == ["once"]


@pytest.mark.parametrize(
    ("days_before", "priority", "free"),
    [(27, Priority.NORMAL, False), (28, Priority.NORMAL, True), (5, Priority.URGENT, True)],
)
def test_a_venue_rests_for_four_weeks_unless_it_is_urgent(session, now, days_before, priority, free):
    venue = make_venue(session)
    past = NEXT_MONDAY - timedelta(days=days_before)
    earlier = make_request(session, [(past, 540, 720)], now=now, venue=venue, state=RequestState.DONE)
    make_visit(session, earlier, make_shift(session, past), state=VisitState.DONE)
    request = wish(session, now, venue=venue, priority=priority)
    found = taken(session, now)
    assert bool(visit_of(found, request).windows) == free
    if not free:
        [held] = found.held[request.id]
        assert (held.rule, held.detail) == ("venue_rest", {"visited": past.isoformat(), "days": 28})


def test_a_new_visit_needs_a_day_of_notice_unless_it_is_urgent(session, now):
    late = make_shift(session, MONDAY, starts=600)
    plain, urgent = (
        make_request(session, [(MONDAY, 600, 900), (TUESDAY, 600, 900)], now=now, priority=priority)
        for priority in (Priority.NORMAL, Priority.URGENT)
    )
    found = taken(session, now)
    assert [window.day for window in visit_of(found, plain).windows] == [TUESDAY]
    assert [(held.day, held.rule) for held in found.held[plain.id]] == [(MONDAY, "notice")]
    assert [window.day for window in visit_of(found, urgent).windows] == [MONDAY, TUESDAY]
    assert late.code in found.shift_ids


# Dues and travel ------------------------------------------------------------------------------------------------------


def test_a_town_is_due_its_month_less_what_the_plan_does_not_decide(session, now):
    small, large = make_town(session), make_town(session, planning_weight=150_000)
    begun = make_shift(session, MONDAY)
    today = make_request(
        session, [(MONDAY, 540, 720)], now=now, venue=make_venue(session, large), state=RequestState.PLANNED
    )
    make_visit(session, today, begun, 600)
    promised = wish(session, now, venue=make_venue(session, small), state=RequestState.PLANNED)
    make_visit(session, promised, make_shift(session, NEXT_MONDAY))
    due = {town.id: town.due for town in taken(session, now).problem.towns}
    assert due == {small.code: 1, large.code: 1}, "the large town is due two and gets one today anyway"


def test_dues_are_never_negative(session, now):
    town = make_town(session)
    shift = make_shift(session, MONDAY)
    for _ in range(3):
        request = make_request(
            session, [(MONDAY, 540, 720)], now=now, venue=make_venue(session, town), state=RequestState.DONE
        )
        make_visit(session, request, shift, state=VisitState.DONE)
    assert [planned.due for planned in taken(session, now).problem.towns] == [0]


def test_town_roads_are_slower_than_country_roads(session, now):
    make_shift(session, NEXT_MONDAY)
    town = make_town(session, urban=False)
    wish(session, now, venue=make_venue(session, town))
    country = taken(session, now).problem.travel[0][1]
    town.urban = True
    session.flush()
    assert taken(session, now).problem.travel[0][1] > country


def test_another_source_of_travel_times_is_asked_by_place(session, now):
    shift = make_shift(session, NEXT_MONDAY)
    request = wish(session, now)
    depot, venue = f"depot-{shift.van.depot_id}", f"venue-{request.venue_id}"
    found = snapshot(session, MONDAY, LAST, now=now, travel=lambda _: Table({(depot, venue): 11, (venue, depot): 12}))
    assert (found.problem.travel, found.travel_source) == (((0, 11), (12, 0)), "table")


def test_reading_takes_no_more_queries_for_more_requests(session, now, engine):
    def queries() -> int:
        session.flush()
        session.expire_all()
        seen: list[str] = []
        listener = lambda *said: seen.append(said[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listener)
        taken(session, now)
        event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    def grow(number: int) -> None:
        for ahead in range(number):
            make_shift(session, NEXT_MONDAY + timedelta(days=ahead % 5))
            wish(session, now, alternative_group="a")

    grow(2)
    few = queries()
    grow(12)
    assert queries() == few
