"""Twenty towns at once for the last slots of a day: nobody is promised what another has, on either database."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import select

from routes import check, read_problem
from schedules import holds, publishing, wait_list
from schedules.errors import SlotGone
from schedules.models import Hold, HoldState, Plan, PlanState, RequestState, Unserved, Visit, VisitRequest
from tests.factories import make_request
from tests.schedules.slots import MONDAY, THURSDAY, make_county, need_of, wish_of

CLIENTS = 20


class Rush:
    """Everybody looks for a slot, holds the best that is left and books it, each in threads and sessions of its own."""

    def __init__(self, session_factory, now):
        self.session_factory, self.now = session_factory, now
        self.outcomes: Counter[str] = Counter()
        self.troubles: list[Exception] = []
        self.ready = threading.Barrier(CLIENTS)
        with session_factory.begin() as session:
            county = make_county(session, towns=CLIENTS)
            for town in county.towns:
                town.self_booking = True
            self.town_ids = [town.id for town in county.towns]
            self.needs = [need_of(county, index) for index in range(CLIENTS)]
            self.wishes = [wish_of(county, index) for index in range(CLIENTS)]

    def run(self):
        threads = [threading.Thread(target=self.guarded, args=(index,)) for index in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def guarded(self, index):
        try:
            self.ready.wait()
            self.outcomes[self.book_best(index)] += 1
        except Exception as trouble:
            self.troubles.append(trouble)

    def book_best(self, index):
        town_id, need = self.town_ids[index], self.needs[index]
        while True:
            with self.session_factory() as session:
                found = holds.slots(session, town_id, need, now=self.now)
            if not found:
                return "nothing left"
            try:
                with self.session_factory.begin() as session:
                    kept = holds.hold(
                        session, town_id, need, found[0].shift.id, found[0].starts, actor=f"town{index}", now=self.now
                    )
                    hold_id = kept.id
            except SlotGone:
                continue  # somebody was faster
            with self.session_factory.begin() as session:
                request = holds.book(session, hold_id, self.wishes[index], actor=f"town{index}", now=self.now)
                assert request.state is RequestState.PLANNED
            return "booked"


def test_twenty_towns_book_the_last_slots_of_a_day_and_none_is_given_twice(session_factory, now):
    rush = Rush(session_factory, now)
    rush.run()
    assert rush.troubles == []
    # 08:00-16:30 less an hour's lunch is 450 minutes; a visit takes 25 + 120 + 20 on site: two fit, three do not.
    assert rush.outcomes == {"booked": 2, "nothing left": CLIENTS - 2}
    with session_factory() as session:
        first, second = session.scalars(select(Visit).order_by(Visit.starts)).all()
        assert first.departs <= second.arrives
        assert set(session.scalars(select(Hold.state))) == {HoldState.TAKEN}
        newest = session.scalars(select(Plan).order_by(Plan.id.desc())).first()
        assert check(read_problem(newest.problem), publishing.proposal_of(session, newest)) == []
        assert newest.problem is not None
        assert {visit["id"] for visit in newest.problem["visits"]} == {f"r{first.request_id}", f"r{second.request_id}"}


@pytest.fixture
def waiting_county(session_factory, now):
    """A day for one visit, and five requests that the plan left out."""
    with session_factory.begin() as session:
        county = make_county(session, towns=5, max_visits=1)
        june = Plan(
            state=PlanState.PUBLISHED,
            first_day=MONDAY,
            last_day=THURSDAY,
            seconds_allowed=1.0,
            created_at=now,
            created_by="desk",
        )
        session.add(june)
        for venue in county.venues:
            request = make_request(session, [(THURSDAY, 480, 990)], now=now, venue=venue, service=county.service)
            june.unserved.append(Unserved(request_id=request.id, reason="outranked", detail={}))


def test_many_ticks_at_once_offer_a_free_slot_once(session_factory, now, waiting_county):
    troubles: list[Exception] = []
    ready = threading.Barrier(6)

    def work():
        try:
            ready.wait()
            with session_factory.begin() as session:
                wait_list.offer_freed(session, now=now)
        except Exception as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    with session_factory() as session:
        [offered] = session.scalars(select(Hold)).all()
        pinned = session.scalars(select(VisitRequest.id).where(VisitRequest.pinned_shift_id.is_not(None))).all()
        assert pinned == [offered.request_id]
