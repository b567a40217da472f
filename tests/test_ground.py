"""The ground that everything stands on: instants and constraints mean the same on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from schedules.models import Heartbeat, Venue, VisitRequest
from tests.factories import make_request, make_shift, make_venue


def test_an_instant_comes_back_as_the_same_instant_in_utc(session: Session) -> None:
    nine_in_shanghai = datetime(2026, 6, 1, 9, 0, tzinfo=timezone(timedelta(hours=8)))
    session.add(Heartbeat(name="test", at=nine_in_shanghai, owner="me"))
    session.commit()
    session.expire_all()
    assert session.get_one(Heartbeat, "test").at == datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


def test_a_naive_instant_is_refused(session: Session) -> None:
    session.add(Heartbeat(name="test", at=datetime(2026, 6, 1, 9, 0), owner="me"))  # noqa: DTZ001
    with pytest.raises(StatementError, match="time zone"):
        session.flush()


def test_a_reference_that_leads_nowhere_is_refused(session: Session) -> None:
    venue = make_venue(session)
    venue.town_id = 987_654
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_van_has_one_shift_a_day(session: Session) -> None:
    shift = make_shift(session, date(2026, 6, 1))
    with pytest.raises(IntegrityError):
        make_shift(session, date(2026, 6, 1), van=shift.van)


def test_of_two_people_who_edit_a_row_the_second_is_told(session_factory: sessionmaker[Session]) -> None:
    with session_factory.begin() as session:
        venue_id = make_venue(session).id
    with session_factory() as mine, session_factory() as theirs:
        my_copy, their_copy = mine.get_one(Venue, venue_id), theirs.get_one(Venue, venue_id)
        their_copy.capacity = 10
        theirs.commit()
        my_copy.capacity = 20
        with pytest.raises(StaleDataError):
            mine.commit()


def test_the_version_of_a_request_rises_with_a_change_of_its_windows(session: Session, now: datetime) -> None:
    request = make_request(session, [(date(2026, 6, 2), 540, 720)], now=now)
    request.windows = []
    request.touch(now)
    session.flush()
    assert session.get_one(VisitRequest, request.id).version == 2
