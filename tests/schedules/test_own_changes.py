"""A town changes its own request that was left out: only what is its own, only what still helps, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from schedules import own_changes, wait_list
from schedules.errors import BadChoice, ChangeGone, MoveNotAllowed, NotFound
from schedules.models import (
    AuditRow,
    Explanation,
    Hold,
    HoldState,
    Plan,
    PlanState,
    RequestService,
    RequestState,
    Unserved,
    VisitRequest,
)
from tests.factories import make_request, make_service, make_shift, make_visit
from tests.schedules.slots import MONDAY, THURSDAY, make_county

FRIDAY = THURSDAY + timedelta(days=1)


@pytest.fixture
def county(session):
    """Thursday's van has room for one visit, and it is promised."""
    return make_county(session, towns=3, max_visits=1)


@pytest.fixture
def friday(session, county):
    return make_shift(session, FRIDAY, county.shift.van, max_visits=1)


@pytest.fixture
def plan(session, now):
    made = Plan(state=PlanState.PUBLISHED, first_day=MONDAY, last_day=MONDAY + timedelta(days=27),
                seconds_allowed=1.0, created_at=now, created_by="desk")  # fmt: skip
    session.add(made)
    session.flush()
    return made


def change(shift, kind="other_day", points=-4, displaces=(), **detail):
    told = {"day": shift.day.isoformat(), "opens": 480, "closes": 990, **detail}
    return {"kind": kind, "shift": shift.code, "detail": told, "points": points, "starts": 540,
            "displaces": list(displaces), "adds": [], "moves": []}  # fmt: skip


def taken(session, county, shift, index, *, now):
    """Fill a shift with another town's visit."""
    other = make_request(session, [(shift.day, 480, 990)], now=now, venue=county.venues[index], service=county.service)
    return make_visit(session, other, shift)


def left_out(session, county, plan, changes, *, now, index=0, windows=((THURSDAY, 480, 990),), **given):
    request = make_request(session, list(windows), now=now, venue=county.venues[index], service=county.service, **given)
    plan.unserved.append(Unserved(request_id=request.id, reason="outranked", detail={}))
    session.add(Explanation(plan_id=plan.id, request_id=request.id, changes=list(changes), made_at=now))
    session.flush()
    return request


def found(session, request, *, now):
    return own_changes.own_change(session, request, now=now)


def apply(session, request, number=0, *, now, town_id=None):
    return own_changes.apply_own_change(session, request.id, number, actor="town", now=now, town_id=town_id)


@pytest.fixture
def asked(session, county, friday, plan, now):
    """Left out on Thursday; overtime would be cheapest, then Friday."""
    taken(session, county, county.shift, 1, now=now)
    overtime = change(county.shift, "overtime", starts=480, ends=1100, minutes=60, points=9)
    return left_out(session, county, plan, [overtime, change(friday)], now=now)


def test_the_cheapest_change_that_is_the_towns_own_is_found(session, asked, now):
    own = found(session, asked, now=now)
    assert (own.number, own.kind) == (1, "other_day")


def test_applied_it_lets_the_wait_list_offer_the_time_at_once(session, asked, friday, now):
    offered = apply(session, asked, 1, now=now)
    assert [(each.day, each.opens, each.closes) for each in asked.windows] == [
        (THURSDAY, 480, 990), (FRIDAY, 480, 990)]  # fmt: skip
    assert (offered.request_id, offered.shift_id, offered.state) == (asked.id, friday.id, HoldState.HELD)
    assert asked.state is RequestState.ACCEPTED
    [row] = session.scalars(select(Explanation)).all()
    assert (row.applied, row.applied_by) == (1, "town")
    told = session.scalars(select(AuditRow).where(AuditRow.verb == "change_applied")).one()
    assert (told.actor, told.noun, told.after["kind"]) == ("town", "request", "other_day")
    assert wait_list.take(session, offered.id, actor="town", now=now).state is RequestState.PLANNED


@pytest.mark.parametrize("number", [0, 2, -1])
def test_what_is_not_the_towns_to_change_cannot_be_applied(session, asked, now, number):
    with pytest.raises(BadChoice) as refused:
        apply(session, asked, number, now=now)
    assert (refused.value.field, refused.value.detail["known"]) == ("number", [1])


def test_another_town_knows_nothing_of_it(session, county, asked, now):
    with pytest.raises(NotFound):
        apply(session, asked, 1, now=now, town_id=county.towns[1].id)
    assert apply(session, asked, 1, now=now, town_id=county.towns[0].id) is not None


def test_it_is_applied_once(session, asked, now):
    apply(session, asked, 1, now=now)
    with pytest.raises(MoveNotAllowed):
        apply(session, asked, 1, now=now)
    assert found(session, asked, now=now) is None


def test_a_change_that_helps_no_longer_is_neither_shown_nor_applied(session, county, asked, friday, now):
    taken(session, county, friday, 2, now=now)
    assert found(session, asked, now=now) is None
    with pytest.raises(ChangeGone):
        apply(session, asked, 1, now=now)
    session.expire_all()
    assert len(asked.windows) == 1
    assert session.scalars(select(Explanation)).one().applied is None


def test_the_next_one_is_shown_where_the_cheapest_is_gone(session, county, friday, plan, now):
    for shift, index in ((county.shift, 1), (friday, 2)):
        taken(session, county, shift, index, now=now)
    monday = make_shift(session, FRIDAY + timedelta(days=3), county.shift.van)
    changes = [change(friday, points=-1), change(monday, "later_day", points=-40, days=4)]
    asked = left_out(session, county, plan, changes, now=now)
    assert found(session, asked, now=now).number == 1
    assert apply(session, asked, 1, now=now).day == monday.day


WIDER = {"was_opens": 480, "was_closes": 600, "opens": 480, "closes": 660, "minutes": 60}


def test_a_wider_window_is_widened(session, county, plan, now):
    wider = change(county.shift, "wider_window", **WIDER)
    asked = left_out(session, county, plan, [wider], now=now, windows=[(THURSDAY, 480, 600)])
    assert found(session, asked, now=now).kind == "wider_window"
    apply(session, asked, now=now)
    assert [(each.opens, each.closes) for each in asked.windows] == [(480, 660)]


def test_a_window_that_is_no_longer_as_it_was_is_left_alone(session, county, plan, now):
    wider = change(county.shift, "wider_window", **WIDER)
    asked = left_out(session, county, plan, [wider], now=now, windows=[(THURSDAY, 480, 610)])
    assert found(session, asked, now=now) is None
    with pytest.raises(ChangeGone):
        apply(session, asked, now=now)


def test_a_service_is_left_out(session, county, plan, now):
    long = make_service(session, code="long", minutes=400)
    fewer = change(county.shift, "fewer_services", without="long", minutes=280, session=120)
    asked = left_out(session, county, plan, [fewer], now=now, windows=[(THURSDAY, 500, 700)])
    asked.services.append(RequestService(service_id=long.id, minutes=400))
    asked.session = 400
    session.flush()
    assert found(session, asked, now=now).kind == "fewer_services"
    apply(session, asked, now=now)
    assert ([each.service.code for each in asked.services], asked.session) == ([county.service.code], 120)


@pytest.mark.parametrize("state", [RequestState.SUBMITTED, RequestState.PLANNED, RequestState.WITHDRAWN])
def test_only_an_accepted_request_that_waits_is_changed(session, asked, now, state):
    asked.state = state
    assert found(session, asked, now=now) is None
    with pytest.raises((MoveNotAllowed, NotFound)):
        apply(session, asked, 1, now=now)


def test_a_request_that_is_pinned_or_offered_a_time_is_left_as_it_is(session, county, asked, now):
    asked.pinned_shift_id = county.shift.id
    assert found(session, asked, now=now) is None
    with pytest.raises(MoveNotAllowed):
        apply(session, asked, 1, now=now)


def test_the_price_that_others_pay_is_never_taken(session, county, friday, plan, now):
    """A change found by displacing somebody whom the plan serves helps only once nobody need be displaced."""
    visit = taken(session, county, county.shift, 1, now=now)
    other = taken(session, county, friday, 2, now=now)
    asked = left_out(session, county, plan, [change(friday, displaces=[other.request_id])], now=now)
    assert found(session, asked, now=now) is None
    session.delete(other)
    session.flush()
    assert found(session, asked, now=now).number == 0
    assert visit.shift_id == county.shift.id


def test_nothing_is_known_of_a_request_that_nobody_has_explained(session, county, plan, now):
    asked = make_request(session, [(THURSDAY, 480, 990)], now=now, venue=county.venues[0], service=county.service)
    assert found(session, asked, now=now) is None
    with pytest.raises(NotFound):
        apply(session, asked, now=now)
    assert session.scalars(select(Hold)).all() == []
    assert session.scalars(select(VisitRequest)).all() == [asked]
