"""Slots before asking: what is offered, holding one, asking for it, and what two towns can never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from schedules import holds, publishing
from schedules.errors import HoldOver, NotFound, OtherThanHeld, SlotGone, SlotsHeld, TooManyHolds
from schedules.held import end_what_is_over, live_holds
from schedules.models import (
    HoldState,
    Message,
    Plan,
    PlanningSettings,
    PlanState,
    RequestState,
    Visit,
    VisitState,
)
from schedules.wishes import WishService
from tests.drafts import draft
from tests.factories import make_request, make_service, make_shift, make_visit
from tests.schedules.slots import MONDAY, THURSDAY, TUESDAY, make_county, minutes_later, need_of, wish_of


@pytest.fixture
def county(session):
    return make_county(session, towns=3)


def best(session, county, index=0, *, now):
    return holds.slots(session, county.towns[index].id, need_of(county, index), now=now)[0]


def held(session, county, index=0, *, now, slot=None):
    slot = slot or best(session, county, index, now=now)
    town = county.towns[index]
    return holds.hold(session, town.id, need_of(county, index), slot.shift.id, slot.starts, actor="town", now=now)


def test_slots_lie_on_shifts_with_notice_and_leave_reserve_shifts_alone(session, county, now):
    make_shift(session, MONDAY)
    make_shift(session, TUESDAY, reserve=True)
    found = holds.slots(session, county.towns[0].id, need_of(county), now=now)
    assert {slot.day for slot in found} == {THURSDAY}
    assert all(slot.starts + 120 == slot.closes for slot in found)


def test_slots_keep_to_the_times_asked_for(session, county, now):
    wish = wish_of(county, 0, (THURSDAY, 780, 960))
    found = holds.slots(session, county.towns[0].id, need_of(county), wish.windows, now=now)
    assert found
    assert all(slot.first >= 780 and slot.last + 120 <= 960 for slot in found)


def test_a_venue_with_a_visit_near_is_offered_nothing(session, county, now):
    request = make_request(session, [(TUESDAY, 480, 960)], now=now, venue=county.venues[0], service=county.service)
    make_visit(session, request, make_shift(session, TUESDAY))
    assert holds.slots(session, county.towns[0].id, need_of(county), now=now) == []
    assert holds.slots(session, county.towns[1].id, need_of(county, 1), now=now)


def test_a_held_slot_is_gone_for_others_until_it_is_released(session, county, now):
    slot = best(session, county, now=now)
    kept = held(session, county, now=now, slot=slot)
    assert (kept.day, kept.starts, kept.expires_at) == (THURSDAY, slot.starts, now + timedelta(minutes=10))
    with pytest.raises(SlotGone):
        held(session, county, 1, now=now, slot=slot)
    holds.release(session, kept.id, actor="town", now=now)
    assert held(session, county, 1, now=now, slot=slot).state is HoldState.HELD


def test_the_clock_frees_a_slot_before_any_tick_notes_it(session, county, now):
    slot = best(session, county, now=now)
    kept = held(session, county, now=now, slot=slot)
    with pytest.raises(SlotGone):
        held(session, county, 1, now=minutes_later(now, 9.9), slot=slot)
    assert held(session, county, 1, now=minutes_later(now, 10), slot=slot).town_id == county.towns[1].id
    with pytest.raises(HoldOver):
        holds.book(session, kept.id, wish_of(county), actor="town", now=minutes_later(now, 10))
    assert end_what_is_over(session, now=minutes_later(now, 10)) == 1
    assert kept.state is HoldState.EXPIRED


def test_how_long_and_how_many_are_settings(session, county, now):
    session.add(PlanningSettings(id=1, values={"hold_minutes": 3, "holds_per_town": 1}))
    kept = held(session, county, now=now)
    assert kept.expires_at == minutes_later(now, 3)
    later = make_shift(session, THURSDAY + timedelta(days=32), county.shift.van)
    with pytest.raises(TooManyHolds):
        holds.hold(session, county.towns[0].id, need_of(county), later.id, 600, actor="town", now=now)


def test_a_held_slot_becomes_a_request_that_prefers_it(session, county, now):
    kept = held(session, county, now=now)
    wish = wish_of(county, 0, (THURSDAY + timedelta(days=1), 480, 720))
    request = holds.book(session, kept.id, wish, actor="town", now=now)
    assert request.state is RequestState.SUBMITTED
    windows = [(window.day, window.opens, window.preferred) for window in request.windows]
    assert windows == [(THURSDAY, kept.starts, True), (THURSDAY + timedelta(days=1), 480, False)]
    assert (kept.state, kept.request_id) == (HoldState.TAKEN, request.id)
    assert live_holds(session, now=now) == []
    assert kinds(session) == ["request_received", "request_received"]  # contact and liaison officer


def test_a_town_that_books_by_itself_has_a_promised_visit_at_once(session, county, now):
    holds.let_book(session, county.towns[0].id, allowed=True, actor="desk", now=now)
    kept = held(session, county, now=now)
    request = holds.book(session, kept.id, wish_of(county), actor="town", now=now)
    [visit] = session.scalars(select(Visit)).all()
    assert request.state is RequestState.PLANNED
    assert (visit.shift_id, visit.starts, visit.state) == (kept.shift_id, kept.starts, VisitState.PROMISED)
    assert set(kinds(session)) == {"published", "day_before", "morning_of"}
    plan = session.get_one(Plan, visit.plan_id)
    assert (plan.state, plan.addition, plan.first_day, plan.last_day) == (
        PlanState.PUBLISHED,
        True,
        THURSDAY,
        THURSDAY,
    )
    assert publishing.violations(session, plan) == []


def test_an_addition_leaves_the_plan_in_force_in_force(session, county, now):
    june = Plan(
        state=PlanState.PUBLISHED,
        first_day=MONDAY,
        last_day=MONDAY + timedelta(days=27),
        seconds_allowed=1.0,
        created_at=now,
        created_by="desk",
    )
    session.add(june)
    county.towns[0].self_booking = True
    holds.book(session, held(session, county, now=now).id, wish_of(county), actor="town", now=now)
    assert june.state is PlanState.PUBLISHED


def test_a_second_booking_stands_beside_the_first_and_beside_what_is_held(session, county, now):
    for town in county.towns:
        town.self_booking = True
    session.flush()
    first = held(session, county, 0, now=now)
    second = held(session, county, 1, now=now)
    with pytest.raises(SlotGone):  # 08:00-16:30 with lunch has room for two sessions of two hours, not for three
        held(session, county, 2, now=now, slot=best_or(session, county, 2, now=now, otherwise=first))
    for kept, index in ((second, 1), (first, 0)):
        holds.book(session, kept.id, wish_of(county, index), actor="town", now=now)
    starts = {visit.town_id: visit.starts for visit in session.scalars(select(Visit))}
    assert starts == {county.towns[0].id: first.starts, county.towns[1].id: second.starts}


def best_or(session, county, index, *, now, otherwise):
    """The best slot, or the one of a hold where there is none any more."""
    found = holds.slots(session, county.towns[index].id, need_of(county, index), now=now)
    return found[0] if found else otherwise


def test_a_hold_is_asked_for_by_its_town_and_for_what_it_was_held(session, county, now):
    kept = held(session, county, now=now)
    make_service(session, "legal_publicity", {"legal_officer": 1})
    with pytest.raises(NotFound):
        holds.book(session, kept.id, wish_of(county, 1), actor="other", now=now, town_id=county.towns[1].id)
    other = replace(wish_of(county), services=(WishService("legal_publicity"),))
    with pytest.raises(OtherThanHeld) as refused:
        holds.book(session, kept.id, other, actor="town", now=now)
    assert refused.value.field == "services"


def test_a_van_that_breaks_down_meanwhile_keeps_nothing(session, county, now):
    county.towns[0].self_booking = True
    kept = held(session, county, now=now)
    county.shift.out_of_service = "engine"
    session.flush()
    with pytest.raises(SlotGone):
        holds.book(session, kept.id, wish_of(county), actor="town", now=now)


def test_a_plan_may_not_run_over_a_held_slot(session, county, now):
    request = make_request(session, [(THURSDAY, 480, 990)], now=now, venue=county.venues[2], service=county.service)
    plan = draft(session, [(request, county.shift, 540)], now=now)
    kept = held(session, county, now=now)
    session.commit()
    with pytest.raises(SlotsHeld) as refused:
        publishing.publish(session, plan.id, actor="desk", now=now)
    assert [each["hold"] for each in refused.value.detail["holds"]] == [kept.id]
    assert refused.value.detail["until"] == "2026-06-01 08:10"
    session.rollback()
    publishing.publish(session, plan.id, actor="desk", now=minutes_later(now, 10))
    assert session.scalar(select(func.count()).select_from(Visit)) == 1


def test_a_booking_moves_another_promise_by_the_tolerance_at_most_and_its_town_is_told(session, county, now):
    # 6 km: some minutes of driving. The visit at 09:00-11:00 is over at 11:20; with lunch behind it and 165 minutes on
    # site the next one begins at the earliest around 13:00. One asked to begin a little earlier moves the first.
    request = make_request(session, [(THURSDAY, 480, 990)], now=now, venue=county.venues[0], service=county.service)
    visit = make_visit(session, request, county.shift, 545)
    session.flush()
    town = county.towns[1]
    town.self_booking = True
    found = holds.slots(session, town.id, need_of(county, 1), now=now)
    moving = [slot for slot in found if slot.shifted]
    assert moving
    assert max(slot.shifted for slot in moving) <= 15
    slot = min(moving, key=lambda slot: slot.starts)
    kept = holds.hold(session, town.id, need_of(county, 1), slot.shift.id, slot.starts, actor="town", now=now)
    holds.book(session, kept.id, wish_of(county, 1), actor="town", now=now)
    assert 0 < abs(visit.starts - 545) <= 15
    assert visit.version == 2
    assert "moved" in kinds(session)


def test_what_a_coordinator_has_pinned_keeps_its_place_although_nobody_promised_it(session, county, now):
    slot = best(session, county, now=now)
    pinned = make_request(session, [(THURSDAY, 480, 990)], now=now, venue=county.venues[1], service=county.service)
    pinned.pinned_shift_id, pinned.pinned_starts = county.shift.id, slot.starts
    session.flush()
    with pytest.raises(SlotGone):
        held(session, county, now=now, slot=slot)
    county.towns[0].self_booking = True
    holds.book(session, held(session, county, now=now).id, wish_of(county), actor="town", now=now)
    assert pinned.state is RequestState.ACCEPTED
    assert session.scalar(select(func.count()).select_from(Visit)) == 1


def kinds(session):
    return sorted(session.scalars(select(Message.kind)))
