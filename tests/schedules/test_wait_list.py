"""The wait list: free capacity is offered to one request after the other, and never twice at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from schedules import holds, requests, visits, wait_list
from schedules.calendar import instant
from schedules.errors import HoldOver, NotFound
from schedules.messages import text_of
from schedules.models import (
    Hold,
    HoldState,
    Message,
    MessageState,
    Plan,
    PlanningSettings,
    PlanState,
    RequestState,
    Unserved,
    Visit,
    VisitState,
)
from tests.factories import make_request, make_shift, make_visit
from tests.schedules.slots import MONDAY, THURSDAY, make_county


@pytest.fixture
def county(session):
    return make_county(session, towns=4, max_visits=1)


@pytest.fixture
def plan(session, now):
    """June as published: whoever is left out hangs on it."""
    made = Plan(
        state=PlanState.PUBLISHED,
        first_day=MONDAY,
        last_day=MONDAY + timedelta(days=27),
        seconds_allowed=1.0,
        created_at=now,
        created_by="desk",
    )
    session.add(made)
    session.flush()
    return made


def left_out(session, county, plan, index, *, now, days_waiting=0, day=THURSDAY):
    request = make_request(
        session,
        [(day, 480, 990)],
        now=now,
        venue=county.venues[index],
        service=county.service,
        submitted_at=now - timedelta(days=days_waiting),
        contact_email=f"contact{index}@example.org",
    )
    plan.unserved.append(Unserved(request_id=request.id, reason="outranked", detail={}))
    session.flush()
    return request


def promised(session, county, index, *, now):
    """The visit that fills the only shift."""
    request = make_request(session, [(THURSDAY, 480, 990)], now=now, venue=county.venues[index], service=county.service)
    return make_visit(session, request, county.shift)


def offers(session, state=HoldState.HELD):
    return list(session.scalars(select(Hold).where(Hold.state == state).order_by(Hold.id)))


def test_nothing_is_offered_while_nothing_is_free(session, county, plan, now):
    promised(session, county, 0, now=now)
    left_out(session, county, plan, 1, now=now)
    assert wait_list.offer_freed(session, now=now) == []


def test_a_cancelled_visit_is_offered_to_who_waited_longest_and_to_nobody_else(session, county, plan, now):
    visit = promised(session, county, 0, now=now)
    left_out(session, county, plan, 1, now=now, days_waiting=2)
    longest = left_out(session, county, plan, 2, now=now, days_waiting=20)
    visits.cancel(session, visit.id, "rain", actor="desk", now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    assert (offered.request_id, offered.day) == (longest.id, THURSDAY)
    assert (longest.pinned_shift_id, longest.pinned_starts) == (county.shift.id, offered.starts)
    assert wait_list.offer_freed(session, now=now) == []


def test_a_town_that_lacks_a_due_visit_comes_before_one_that_waited_a_little_longer(session, county, plan, now):
    served = make_request(session, [(MONDAY, 480, 990)], now=now, venue=county.venues[3])
    done = make_visit(session, served, make_shift(session, MONDAY), state=VisitState.DONE, day=MONDAY)
    done.town_id = county.towns[1].id
    left_out(session, county, plan, 1, now=now, days_waiting=10)
    lacking = left_out(session, county, plan, 2, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    assert offered.request_id == lacking.id


def test_the_town_is_told_in_both_languages_until_when(session, county, plan, now):
    request = left_out(session, county, plan, 1, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    told = session.scalars(select(Message).where(Message.kind == "offer").order_by(Message.id)).all()
    assert [message.request_id for message in told] == [request.id, request.id]
    assert told[0].useful_until == offered.expires_at
    assert "6月2日 周二 08:00" in text_of(told[0])[1]
    assert "Tue 2 June, 08:00" in text_of(told[0], locale="en")[1]


def test_what_the_town_takes_is_promised_at_once(session, county, plan, now):
    request = left_out(session, county, plan, 1, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    wait_list.take(session, offered.id, actor="town", now=now, town_id=request.town_id)
    [visit] = session.scalars(select(Visit))
    assert (visit.request_id, visit.starts, request.state) == (request.id, offered.starts, RequestState.PLANNED)
    assert offered.state is HoldState.TAKEN
    assert request.pinned_shift_id is None
    assert plan.state is PlanState.PUBLISHED


def test_what_one_lets_pass_is_offered_to_the_next_and_not_again(session, county, plan, now):
    first = left_out(session, county, plan, 1, now=now, days_waiting=20)
    second = left_out(session, county, plan, 2, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    assert offered.request_id == first.id
    wait_list.let_pass(session, offered.id, actor="town", now=now)
    assert (first.state, first.pinned_shift_id) == (RequestState.ACCEPTED, None)
    [again] = wait_list.offer_freed(session, now=now)
    assert again.request_id == second.id
    wait_list.let_pass(session, again.id, actor="town", now=now)
    assert wait_list.offer_freed(session, now=now) == []


def test_what_a_coordinator_takes_back_is_not_offered_to_the_same_request_again(session, county, plan, now):
    asked = left_out(session, county, plan, 1, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    holds.release(session, offered.id, actor="desk", now=now)
    assert (offered.state, asked.pinned_shift_id) == (HoldState.RELEASED, None)
    assert wait_list.offer_freed(session, now=now + timedelta(minutes=5)) == []


def test_an_offer_that_runs_out_moves_on_to_the_next(session, county, plan, now):
    left_out(session, county, plan, 1, now=now, days_waiting=20)
    second = left_out(session, county, plan, 2, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    over = offered.expires_at
    with pytest.raises(HoldOver):
        wait_list.take(session, offered.id, actor="town", now=over)
    [again] = wait_list.offer_freed(session, now=over)
    assert offered.state is HoldState.EXPIRED
    assert again.request_id == second.id


def test_an_unsent_offer_is_not_sent_once_it_is_over(session, county, plan, now):
    left_out(session, county, plan, 1, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    wait_list.let_pass(session, offered.id, actor="town", now=now)
    states = session.scalars(select(Message.state).where(Message.kind == "offer"))
    assert set(states) == {MessageState.STALE}


def test_two_free_shifts_go_to_two_requests(session, county, plan, now):
    friday = THURSDAY + timedelta(days=1)
    make_shift(session, friday, county.shift.van, max_visits=1)
    one = left_out(session, county, plan, 1, now=now)
    two = left_out(session, county, plan, 2, now=now, day=friday)
    made = wait_list.offer_freed(session, now=now)
    assert {offer.request_id: offer.day for offer in made} == {one.id: THURSDAY, two.id: friday}


def test_a_request_that_is_withdrawn_holds_nothing_any_more(session, county, plan, now):
    first = left_out(session, county, plan, 1, now=now, days_waiting=20)
    second = left_out(session, county, plan, 2, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    requests.withdraw(session, first.id, actor="town", now=now)
    with pytest.raises(HoldOver):
        wait_list.take(session, offered.id, actor="town", now=now)
    [again] = wait_list.offer_freed(session, now=now)
    assert again.request_id == second.id


def test_another_town_sees_nothing_of_an_offer(session, county, plan, now):
    left_out(session, county, plan, 1, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    with pytest.raises(NotFound):
        wait_list.take(session, offered.id, actor="other", now=now, town_id=county.towns[2].id)


def test_days_without_a_published_plan_are_left_to_the_next_plan(session, county, plan, now):
    plan.last_day = THURSDAY - timedelta(days=1)
    left_out(session, county, plan, 1, now=now)
    assert wait_list.offer_freed(session, now=now) == []


# Monday 08:00; the offer stands for hours of working days, and ends when the day can no longer be planned.
@pytest.mark.parametrize(
    ("at", "hours", "day", "ends"),
    [
        (instant(MONDAY, 480), 24, THURSDAY, instant(MONDAY + timedelta(days=1), 480)),
        (instant(MONDAY + timedelta(days=4), 960), 24, THURSDAY, instant(MONDAY + timedelta(days=7), 960)),
        (instant(MONDAY, 480), 24, MONDAY + timedelta(days=2), instant(MONDAY + timedelta(days=1), 480)),
        (instant(MONDAY, 480), 240, THURSDAY, instant(THURSDAY - timedelta(days=1), 960)),
    ],
)
def test_an_offer_ends_after_hours_of_working_days_or_when_the_day_is_near(session, county, at, hours, day, ends):
    assert wait_list.deadline(session, at, day, hours=hours, notice_days=1) == ends


def test_an_offer_that_leaves_no_time_to_answer_is_not_made(session, county, plan):
    late = instant(date(2026, 6, 10), 900)  # the day before at 15:00
    plan.created_at = late
    left_out(session, county, plan, 1, now=late)
    assert wait_list.offer_freed(session, now=late) == []


def test_the_hours_are_a_setting(session, county, plan, now):
    session.add(PlanningSettings(id=1, values={"offer_hours": 3}))
    left_out(session, county, plan, 1, now=now)
    [offered] = wait_list.offer_freed(session, now=now)
    assert offered.expires_at == now + timedelta(hours=3)
