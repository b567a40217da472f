"""Visits: the steps of a day, told late, twice or in the wrong order; who sees what; a shift's tour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from schedules import audit, errors, visits
from schedules.models import (
    Message,
    Plan,
    PlanState,
    RequestState,
    Shift,
    Stop,
    Tour,
    Visit,
    VisitState,
)
from tests.factories import make_request, make_shift, make_town, make_visit

DAY = date(2026, 6, 9)

Step = Callable[..., Visit]
STEPS: dict[str, Step] = {
    "set_off": visits.set_off,
    "arrive": visits.arrive,
    "open": visits.open_session,
    "close": visits.close_session,
    "leave": visits.leave,
}


@pytest.fixture
def shift(session: Session) -> Shift:
    return make_shift(session, DAY)


@pytest.fixture
def visit(session: Session, shift: Shift, now: datetime) -> Visit:
    return make_visit(session, make_request(session, [(DAY, 540, 720)], now=now), shift)


def test_the_day_as_the_crew_tells_it(session: Session, visit: Visit, now: datetime) -> None:
    visits.confirm(session, visit.id, actor="town", now=now)
    for number, step in enumerate(STEPS.values()):
        step(session, visit.id, actor="crew", now=now + timedelta(minutes=number))
    session.commit()
    session.expire_all()
    assert visit.state is VisitState.OPEN  # the report makes it done
    times = [visit.set_off_at, visit.arrived_at, visit.opened_at, visit.closed_at, visit.left_at]
    assert times == [now + timedelta(minutes=number) for number in range(5)]
    kinds = [(change.version, change.kind) for change in visit.changes]
    assert kinds == [(2, "confirmed"), (3, "set_off"), (4, "arrived"), (5, "opened"), (6, "closed"), (7, "left")]
    assert visit.version == 7
    assert [row.verb for row in audit.rows_about(session, "visit", visit.id)] == [kind for _, kind in kinds]


def test_a_step_told_twice_is_heard_once(session: Session, visit: Visit, now: datetime) -> None:
    for number, step in enumerate(STEPS.values()):
        step(session, visit.id, actor="crew", now=now + timedelta(minutes=number))
    version = visit.version
    for step in (visits.confirm, *STEPS.values()):
        step(session, visit.id, actor="crew", now=now + timedelta(hours=5))
    assert (visit.version, visit.set_off_at) == (version, now)


@pytest.mark.parametrize("name", ["arrive", "open", "close", "leave"])
def test_no_step_comes_before_the_van_has_set_off(session: Session, visit: Visit, now: datetime, name: str) -> None:
    with pytest.raises(errors.MoveNotAllowed):
        STEPS[name](session, visit.id, actor="crew", now=now)
    assert visit.version == 1


def test_a_session_does_not_open_before_the_van_has_arrived(session: Session, visit: Visit, now: datetime) -> None:
    visits.set_off(session, visit.id, actor="crew", now=now)
    with pytest.raises(errors.MoveNotAllowed) as caught:
        visits.open_session(session, visit.id, actor="crew", now=now)
    assert caught.value.detail == {"noun": "visit", "from_": "on_the_way", "to": "open"}


def test_the_phones_time_counts_unless_it_runs_ahead(session: Session, visit: Visit, now: datetime) -> None:
    earlier, later = now - timedelta(minutes=40), now + timedelta(minutes=40)
    visits.set_off(session, visit.id, actor="crew", now=now, at=earlier)
    visits.arrive(session, visit.id, actor="crew", now=now, at=later)
    assert (visit.set_off_at, visit.arrived_at) == (earlier, now)


@pytest.mark.parametrize("end", [visits.miss, visits.cancel])
def test_after_the_end_nothing_follows(session: Session, visit: Visit, now: datetime, end: Step) -> None:
    end(session, visit.id, "flood", actor="zhou", now=now)
    for step in (visits.confirm, *STEPS.values()):
        with pytest.raises(errors.MoveNotAllowed):
            step(session, visit.id, actor="crew", now=now)


def test_a_missed_visit_says_why_and_its_request_waits_again(session: Session, visit: Visit, now: datetime) -> None:
    visit.request.pinned_shift_id = visit.shift_id
    visits.miss(session, visit.id, "engine failed", actor="crew", now=now)
    visits.miss(session, visit.id, "engine failed", actor="crew", now=now)
    assert (visit.state, visit.reason, visit.ended_by, visit.version) == (
        VisitState.MISSED,
        "engine failed",
        "crew",
        2,
    )
    assert (visit.request.state, visit.request.pinned_shift_id) == (RequestState.ACCEPTED, None)


def test_an_end_without_a_reason_is_refused(session: Session, visit: Visit, now: datetime) -> None:
    for end in (visits.miss, visits.cancel):
        with pytest.raises(errors.Missing):
            end(session, visit.id, " ", actor="zhou", now=now)
    assert visit.state is VisitState.PROMISED


def test_a_cancelled_visit_tells_the_town_once(session: Session, visit: Visit, now: datetime) -> None:
    visits.cancel(session, visit.id, "typhoon", actor="zhou", now=now)
    visits.cancel(session, visit.id, "typhoon", actor="zhou", now=now)
    to = session.scalars(select(Message.recipient).where(Message.kind == "cancelled")).all()
    assert sorted(to) == sorted({visit.request.contact_email, visit.town.contact_email})
    assert (visit.state, visit.version) == (VisitState.CANCELLED, 2)


def test_a_town_sees_only_its_own(session: Session, visit: Visit, now: datetime) -> None:
    other = make_town(session)
    assert visits.visits_of_town(session, visit.town_id) == [visit]
    assert visits.visits_of_town(session, other.id) == []
    with pytest.raises(errors.NotFound):
        visits.get_visit(session, visit.id, town_id=other.id)


def test_a_town_sees_the_days_it_asks_for(session: Session, visit: Visit) -> None:
    seen = visits.visits_of_town(session, visit.town_id, DAY, DAY)
    before = visits.visits_of_town(session, visit.town_id, last=DAY - timedelta(days=1))
    after = visits.visits_of_town(session, visit.town_id, first=DAY + timedelta(days=1))
    assert (seen, before, after) == ([visit], [], [])


def test_a_crew_member_sees_the_visits_of_the_own_shift(session: Session, visit: Visit, now: datetime) -> None:
    other = make_shift(session, DAY)
    elsewhere = make_visit(session, make_request(session, [(DAY, 540, 720)], now=now), other)
    mine, theirs = visit.shift.crew[0], other.crew[0]
    assert visits.visits_of_day(session, DAY, crew_member_id=mine.id) == [visit]
    assert visits.visits_of_day(session, DAY, van_id=other.van_id) == [elsewhere]
    assert set(visits.visits_of_day(session, DAY)) == {visit, elsewhere}
    with pytest.raises(errors.NotFound):
        visits.get_visit(session, visit.id, crew_member_id=theirs.id)


def test_of_two_phones_that_tell_the_same_at_once_one_is_heard(
    session_factory: sessionmaker[Session], session: Session, visit: Visit, now: datetime
) -> None:
    visit_id = visit.id
    session.commit()
    with session_factory() as mine, session_factory() as theirs:
        read_by_both = mine.get_one(Visit, visit_id), theirs.get_one(Visit, visit_id)
        assert [copy.version for copy in read_by_both] == [1, 1]
        visits.set_off(theirs, visit_id, actor="b", now=now)
        theirs.commit()
        with pytest.raises(StaleDataError):
            visits.set_off(mine, visit_id, actor="a", now=now)
    session.expire_all()
    assert session.get_one(Visit, visit_id).version == 2


def test_a_tour_has_the_hours_of_the_plan_it_was_published_from(
    session: Session, visit: Visit, shift: Shift, now: datetime
) -> None:
    later = make_visit(session, make_request(session, [(DAY, 780, 960)], now=now), shift, 800)
    plan = Plan(
        state=PlanState.PUBLISHED, first_day=DAY, last_day=DAY, seconds_allowed=1, created_at=now, created_by="zhou"
    )
    stops = [
        Stop(request_id=each.request_id, position=n, drive=20 + n, arrives=1, starts=each.starts, departs=2)
        for n, each in enumerate((visit, later))
    ]
    tour = Tour(shift_id=shift.id, leaves=490, returns=960, lunch=700, driving=61)
    plan.tours.append(tour)
    session.add(plan)
    session.flush()
    for stop in stops:
        stop.plan_id = plan.id
        tour.stops.append(stop)
    visit.plan_id = later.plan_id = plan.id
    session.flush()
    view = visits.tour_of(session, shift.id)
    assert (view.visits, view.leaves, view.returns, view.lunch, view.driving) == ([visit, later], 490, 960, 700, 61)
    assert (view.drives, view.as_planned) == ({visit.id: 20, later.id: 21}, True)
    visits.cancel(session, visit.id, "typhoon", actor="zhou", now=now)
    view = visits.tour_of(session, shift.id)
    assert (view.visits, view.as_planned) == ([later], False)


def test_a_shift_without_visits_has_an_empty_tour(session: Session, shift: Shift) -> None:
    view = visits.tour_of(session, shift.id)
    assert (view.shift, view.visits, view.leaves) == (shift, [], None)
    with pytest.raises(errors.NotFound):
        visits.tour_of(session, 999)


@pytest.mark.parametrize("nobody", [0, -1, 999, 2**31, 10**30])
def test_an_id_that_names_nothing_is_not_found(session: Session, nobody: int) -> None:
    with pytest.raises(errors.NotFound):
        visits.get_visit(session, nobody)


@pytest.mark.parametrize(("reason", "kind"), [("长" * 501, errors.TextTooLong), ("a\0b", errors.BadText)])
def test_a_reason_that_cannot_be_shown_is_refused(
    session: Session, visit: Visit, now: datetime, reason: str, kind: type[errors.Refused]
) -> None:
    for end in (visits.miss, visits.cancel):
        with pytest.raises(kind):
            end(session, visit.id, reason, actor="zhou", now=now)
    assert visit.version == 1
