"""However many towns book by themselves, nobody's visit moves further than the tolerance from what it was told."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sqlalchemy import select

from schedules import holds, publishing, requests
from schedules.leeway import first_told
from schedules.models import PlanningSettings, Visit, VisitChange, VisitState
from schedules.wishes import WishService
from tests.drafts import draft
from tests.factories import make_request, make_service, make_visit
from tests.schedules.slots import THURSDAY, make_county, wish_of

TOLERANCE = 15


@pytest.fixture
def county(session):
    """A long day without much room, and towns that book by themselves."""
    county = make_county(session, towns=7, starts=420, ends=1110, max_visits=9, kits=999)
    for town in county.towns:
        town.self_booking = True
    session.flush()
    return county


@pytest.fixture
def short(session):
    """A service of half an hour at least, so that many fit into a day."""
    return make_service(session, code="short", minutes=40, minutes_least=30, kits=1, setup=5, teardown=5)


def promised(session, county, starts, *, now, index=0):
    asked = make_request(session, [(THURSDAY, 420, 1110)], now=now, venue=county.venues[index], service=county.service)
    return make_visit(session, asked, county.shift, starts)


def book(session, county, index, service, pick, *, now):
    """Let a town book the slot that is picked, at one end of what is offered; its request, None where there is none."""
    need = holds.Need(county.venues[index].id, (WishService(service.code),))
    slots = holds.slots(session, county.towns[index].id, need, now=now)
    if not slots:
        return None
    slot, starts = pick(slots)
    kept = holds.hold(session, county.towns[index].id, need, slot.shift.id, starts, actor="town", now=now)
    wish = replace(wish_of(county, index), services=need.services)
    return holds.book(session, kept.id, wish, actor="town", now=now)


def withdraw(session, request, *, now):
    """The town thinks again; what made room for it stays where it is."""
    requests.withdraw(session, request.id, actor="town", now=now)


def standing(session):
    return session.scalars(select(Visit).where(Visit.state == VisitState.PROMISED)).all()


def pushing(session, direction):
    """Whoever comes right behind all others, or before them, so that the whole row gives way in one direction."""

    def pick(slots):
        starts = [visit.starts for visit in standing(session)]
        behind = [each for each in slots if each.first > max(starts)]
        before = [each for each in slots if each.last < min(starts)]
        if direction < 0 and behind:
            slot = min(behind, key=lambda each: each.first)
            return slot, slot.first
        slot = max(before or slots, key=lambda each: each.last)
        return slot, slot.last

    return pick


@pytest.mark.parametrize(("starts", "direction"), [(830, -1), (560, 1)])
def test_one_booking_after_the_other_cannot_carry_a_promise_away(session, county, short, now, starts, direction):
    visit = promised(session, county, starts, now=now)
    for index in range(1, 4):
        withdraw(session, book(session, county, index, short, pushing(session, direction), now=now), now=now)
        assert visit.starts == starts + direction * TOLERANCE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(8))
def test_no_order_of_bookings_moves_any_visit_further_than_the_tolerance(session, county, short, now, seed):
    dice = random.Random(seed)
    for starts in (dice.randrange(500, 561), dice.randrange(800, 851)):
        promised(session, county, starts, now=now)
    told = {visit.id: visit.starts for visit in standing(session)}

    def anywhere(slots):
        slot = dice.choice([each for each in slots if each.shifted] or slots)
        return slot, dice.choice([slot.first, slot.last, slot.starts])

    for index in range(1, 5):
        pick = dice.choice([anywhere, pushing(session, 1), pushing(session, -1), pushing(session, -1)])
        asked = book(session, county, index, short, pick, now=now)
        if asked is not None and dice.random() < 0.7:
            withdraw(session, asked, now=now)
        for visit in standing(session):
            assert abs(visit.starts - told.setdefault(visit.id, visit.starts)) <= TOLERANCE


def test_what_was_told_first_is_found_behind_the_moves_of_additions(session, county, short, now):
    visit = promised(session, county, 830, now=now)
    withdraw(session, book(session, county, 1, short, pushing(session, -1), now=now), now=now)
    assert book(session, county, 2, short, pushing(session, 1), now=now)
    changes = session.scalars(select(VisitChange).where(VisitChange.visit_id == visit.id, VisitChange.kind == "moved"))
    assert [each.before["starts"] for each in changes] == [830, 815]
    assert first_told(session, [visit]) == {visit.id: 830}


def test_a_plan_that_a_coordinator_publishes_begins_anew(session, county, short, now):
    visit = promised(session, county, 500, now=now)
    session.flush()
    plan = draft(session, [(visit.request, county.shift, 540)], now=now)
    publishing.publish(session, plan.id, actor="desk", now=now)
    assert first_told(session, [visit]) == {visit.id: 540}


def test_a_smaller_tolerance_leaves_what_stands_where_it_is(session, county, short, now):
    visit = promised(session, county, 830, now=now)
    withdraw(session, book(session, county, 1, short, pushing(session, -1), now=now), now=now)
    assert visit.starts == 830 - TOLERANCE
    session.add(PlanningSettings(id=1, values={"promise_tolerance": 0}))
    session.flush()
    assert book(session, county, 2, short, pushing(session, -1), now=now)
    assert visit.starts == 830 - TOLERANCE
