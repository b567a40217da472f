"""What each calendar shows, and that a visit which goes elsewhere is called off in the calendar that it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from schedules import promises, visits
from schedules.db import Base
from schedules.feed_events import FeedEvent, Standing, events_of
from schedules.lifecycle import LIVE_VISITS
from schedules.models import CalendarFeed, CrewMember, FeedKind, Shift, Visit
from tests.factories import make_crew_member, make_shift, make_town, make_van, make_venue
from tests.schedules.moves import feed_for, moved, promised, roster
from tests.schedules.promised import TUESDAY, WEDNESDAY


def shown(session: Session, feed: CalendarFeed, now: datetime) -> list[tuple[str, str]]:
    """Uid and status of each event."""
    return [(event.visit.uid, event.standing.value) for event in events_of(session, feed, now)]


def test_a_town_sees_its_own_visits_and_which_it_has_confirmed(session: Session, now: datetime) -> None:
    town = make_town(session)
    shift = make_shift(session, WEDNESDAY)
    late = promised(session, shift, now=now, starts=800, venue=make_venue(session, town))
    early = promised(session, shift, now=now, starts=570, venue=make_venue(session, town))
    promised(session, shift, now=now, starts=700)  # of another town
    visits.confirm(session, late.id, actor="town", now=now)
    feed = feed_for(session, FeedKind.TOWN, town, now=now)
    assert shown(session, feed, now) == [(early.uid, "TENTATIVE"), (late.uid, "CONFIRMED")]


def test_an_event_carries_the_version_and_the_moment_of_the_last_change(session: Session, now: datetime) -> None:
    visit = promised(session, make_shift(session, WEDNESDAY), now=now)
    later = now + timedelta(hours=3)
    visits.confirm(session, visit.id, actor="town", now=later)
    [event] = events_of(session, feed_for(session, FeedKind.TOWN, visit.town, now=now), now)
    assert (event.sequence, event.changed_at) == (2, later)


@pytest.mark.parametrize(("days", "kept"), [(60, True), (61, False)])
def test_visits_stay_for_sixty_days(days: int, kept: bool, session: Session, now: datetime) -> None:
    visit = promised(session, make_shift(session, WEDNESDAY), now=now)
    feed = feed_for(session, FeedKind.VAN, visit.shift.van, now=now)
    at = now + timedelta(days=2 + days)
    assert bool(shown(session, feed, at)) is kept


@pytest.mark.parametrize("end", [visits.cancel, visits.miss])
def test_what_is_called_off_stays_cancelled_for_thirty_days_and_is_gone(
    end: Any, session: Session, now: datetime
) -> None:
    visit = promised(session, make_shift(session, WEDNESDAY + timedelta(days=70)), now=now)
    feed = feed_for(session, FeedKind.TOWN, visit.town, now=now)
    end(session, visit.id, "下暴雨", actor="zhou", now=now)
    month = now + timedelta(days=30)
    assert shown(session, feed, now) == [(visit.uid, "CANCELLED")]
    assert shown(session, feed, month - timedelta(seconds=1)) == [(visit.uid, "CANCELLED")]
    assert shown(session, feed, month) == []


def test_a_visit_that_changes_vans_is_called_off_with_the_one_and_stands_with_the_other(
    session: Session, now: datetime
) -> None:
    visit = promised(session, make_shift(session, TUESDAY), now=now, starts=570)
    old_van, other = visit.shift.van, make_shift(session, WEDNESDAY)
    at = now + timedelta(minutes=5)
    moved(session, visit, other, starts=600, now=at)
    visits.confirm(session, visit.id, actor="town", now=now + timedelta(hours=1))
    [left] = events_of(session, feed_for(session, FeedKind.VAN, old_van, now=now), at)
    assert (left.left, left.standing, left.sequence, left.changed_at) == (True, Standing.CANCELLED, 2, at)
    assert (left.day, left.starts, left.closes) == (TUESDAY, 570, 690)
    [stays] = events_of(session, feed_for(session, FeedKind.VAN, other.van, now=now), at)
    assert (stays.left, stays.standing, stays.sequence, stays.day) == (False, Standing.CONFIRMED, 3, WEDNESDAY)


def test_a_visit_that_comes_back_stands_again_with_a_higher_number(session: Session, now: datetime) -> None:
    first, second = make_shift(session, TUESDAY), make_shift(session, TUESDAY)
    visit = promised(session, first, now=now)
    feed = feed_for(session, FeedKind.VAN, first.van, now=now)
    moved(session, visit, second, starts=600, now=now + timedelta(minutes=1))
    moved(session, visit, first, starts=600, now=now + timedelta(minutes=2))
    [event] = events_of(session, feed, now)
    assert (event.standing, event.sequence) == (Standing.TENTATIVE, 3)


def test_a_visit_that_left_long_ago_stays_away_though_it_moves_again(session: Session, now: datetime) -> None:
    visit = promised(session, make_shift(session, TUESDAY + timedelta(days=50)), now=now)
    feed = feed_for(session, FeedKind.VAN, visit.shift.van, now=now)
    elsewhere = [make_shift(session, visit.day) for _ in range(2)]
    moved(session, visit, elsewhere[0], starts=600, now=now)
    moved(session, visit, elsewhere[1], starts=600, now=now + timedelta(days=20))
    assert shown(session, feed, now + timedelta(days=29)) == [(visit.uid, "CANCELLED")]
    assert shown(session, feed, now + timedelta(days=30)) == []


def test_a_move_of_the_same_van_is_no_leaving(session: Session, now: datetime) -> None:
    van = make_van(session)
    visit = promised(session, make_shift(session, TUESDAY, van), now=now)
    moved(session, visit, make_shift(session, WEDNESDAY, van), starts=600, now=now)
    [event] = events_of(session, feed_for(session, FeedKind.VAN, van, now=now), now)
    assert (event.left, event.day) == (False, WEDNESDAY)


def test_a_visit_that_goes_to_another_town_is_called_off_in_the_one_it_left(session: Session, now: datetime) -> None:
    visit, other = promised(session, make_shift(session, TUESDAY), now=now), make_town(session)
    old = visit.town
    promises.change(session, visit, "moved", actor="zhou", now=now, town_id=other.id)
    session.expire(visit, ["town"])
    assert shown(session, feed_for(session, FeedKind.TOWN, old, now=now), now) == [(visit.uid, "CANCELLED")]
    assert shown(session, feed_for(session, FeedKind.TOWN, other, now=now), now) == [(visit.uid, "TENTATIVE")]


def test_whoever_is_taken_off_a_shift_loses_its_visits_and_the_others_keep_them(
    session: Session, now: datetime
) -> None:
    ill, well, substitute = (make_crew_member(session) for _ in range(3))
    shift = make_shift(session, TUESDAY, crew=[ill, well])
    visit = promised(session, shift, now=now)
    at = now + timedelta(hours=1)
    roster(session, shift, [well, substitute], now=at)
    [left] = events_of(session, feed_for(session, FeedKind.CREW, ill, now=now), at)
    assert (left.left, left.standing, left.changed_at) == (True, Standing.CANCELLED, at)
    for member in (well, substitute):
        assert shown(session, feed_for(session, FeedKind.CREW, member, now=now), at) == [(visit.uid, "TENTATIVE")]
    assert shown(session, feed_for(session, FeedKind.CREW, ill, now=now), at + timedelta(days=30)) == []


def test_whoever_comes_back_to_a_shift_sees_its_visits_with_a_later_stamp(session: Session, now: datetime) -> None:
    member = make_crew_member(session)
    shift = make_shift(session, TUESDAY, crew=[member])
    promised(session, shift, now=now)
    roster(session, shift, [], now=now + timedelta(hours=1))
    back = now + timedelta(hours=2)
    roster(session, shift, [member], now=back)
    [event] = events_of(session, feed_for(session, FeedKind.CREW, member, now=now), back)
    assert (event.standing, event.changed_at) == (Standing.TENTATIVE, back)


def test_a_visit_that_goes_to_another_crew_is_called_off_with_the_old_one(session: Session, now: datetime) -> None:
    member = make_crew_member(session)
    visit = promised(session, make_shift(session, TUESDAY, crew=[member]), now=now)
    moved(session, visit, make_shift(session, WEDNESDAY), starts=600, now=now)
    assert shown(session, feed_for(session, FeedKind.CREW, member, now=now), now) == [(visit.uid, "CANCELLED")]


def test_the_public_sees_only_places_open_to_it_and_nothing_of_confirmations(session: Session, now: datetime) -> None:
    shift = make_shift(session, WEDNESDAY)
    market = promised(session, shift, now=now, starts=500, venue=make_venue(session, kind_code="market"))
    for kind in ("school", "enterprise", "construction_camp"):
        promised(session, shift, now=now, starts=700, venue=make_venue(session, kind_code=kind))
    assert shown(session, feed_for(session, FeedKind.PUBLIC, now=now), now) == [(market.uid, "CONFIRMED")]


def test_vans_and_crews_read_how_long_the_drive_is(session: Session, now: datetime) -> None:
    visit = promised(session, make_shift(session, WEDNESDAY), now=now)  # its stop says 30 minutes
    drives = {
        kind: [event.drive for event in events_of(session, feed_for(session, kind, owner, now=now), now)]
        for kind, owner in ((FeedKind.VAN, visit.shift.van), (FeedKind.CREW, visit.shift.crew[0]))
    }
    assert drives == {FeedKind.VAN: [30], FeedKind.CREW: [30]}


# A client that asks again and again -----------------------------------------------------------------------------------


class Client:
    """Keeps what a calendar program keeps, by RFC 5546 (2.1.5): the higher SEQUENCE wins, of equals the later stamp."""

    def __init__(self) -> None:
        self.kept: dict[str, FeedEvent] = {}

    def poll(self, events: list[FeedEvent]) -> None:
        for event in events:
            old = self.kept.get(event.visit.uid)
            if old is not None:
                assert (event.sequence, event.changed_at) >= (old.sequence, old.changed_at), "fell behind"
            self.kept[event.visit.uid] = event

    def standing(self) -> set[str]:
        return {uid for uid, event in self.kept.items() if event.standing is not Standing.CANCELLED}


OPERATIONS = st.sampled_from(["retime", "other van", "other day", "confirm", "cancel", "take off", "put back"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(OPERATIONS, st.integers(0, 2)), max_size=12))
def test_numbers_never_fall_and_a_client_always_holds_what_is_so(operations: list[tuple[str, int]]) -> None:
    """Three visits, two vans, a crew member of one of them; after each step every client polls its feed."""
    now = datetime.fromisoformat("2026-06-01T08:00:00+08:00")
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        member, town = make_crew_member(session), make_town(session)
        vans = [make_van(session), make_van(session)]
        shifts = [make_shift(session, day, van, [member]) for day in (TUESDAY, WEDNESDAY) for van in vans]
        mine = [promised(session, shifts[0], now=now, venue=make_venue(session, town)) for _ in range(3)]
        owners = [(FeedKind.TOWN, town), (FeedKind.CREW, member), *((FeedKind.VAN, van) for van in vans)]
        clients = [(feed_for(session, kind, owner, now=now), Client()) for kind, owner in owners]
        for minute, (operation, which) in enumerate(operations):
            at = now + timedelta(minutes=minute + 1)
            carry_out(session, operation, mine[which], shifts, member, at)
            for feed, client in clients:
                client.poll(events_of(session, feed, at))
                assert client.standing() == {visit.uid for visit in mine if is_of(feed, visit)}
    engine.dispose()


def carry_out(
    session: Session, operation: str, visit: Visit, shifts: list[Shift], member: CrewMember, at: datetime
) -> None:
    shift = visit.shift
    beside = shifts[shifts.index(shift) ^ 1]
    if operation == "take off" and member in shift.crew:
        roster(session, shift, [], now=at)
    elif operation == "put back" and member not in shift.crew:
        roster(session, shift, [member], now=at)
    elif visit.state not in LIVE_VISITS:
        return
    elif operation == "retime":
        moved(session, visit, shift, starts=visit.starts + 5, now=at)
    elif operation == "other van":
        moved(session, visit, beside, starts=visit.starts, now=at)
    elif operation == "other day":
        moved(session, visit, shifts[(shifts.index(shift) + 2) % 4], starts=visit.starts, now=at)
    elif operation == "confirm":
        visits.confirm(session, visit.id, actor="town", now=at)
    elif operation == "cancel":
        visits.cancel(session, visit.id, "下暴雨", actor="zhou", now=at)


def is_of(feed: CalendarFeed, visit: Visit) -> bool:
    """Whether a visit stands and is the feed's, by today's rows alone."""
    owner = {
        FeedKind.TOWN: visit.town_id == feed.town_id,
        FeedKind.VAN: visit.shift.van_id == feed.van_id,
        FeedKind.CREW: feed.crew_member in visit.shift.crew,
    }
    return visit.state in LIVE_VISITS and owner[feed.kind]
