"""Finding venues and adding one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from schedules import audit, errors, venues
from schedules.models import VisitState
from tests.factories import make_request, make_shift, make_town, make_venue, make_venue_kind, make_visit


def test_a_venue_is_found_by_part_of_its_name_or_address_in_either_language(session: Session) -> None:
    market = make_venue(session, name_zh="稻香菜场", name_en="Rice Market", address_en="7 North Lane")
    make_venue(session)
    for text in ("稻香", "rice", "NORTH LANE"):
        assert [venue.id for venue in venues.list_venues(session, text=text)] == [market.id]
    assert venues.list_venues(session, text="%") == []


def test_a_town_is_given_its_own_venues_in_use_page_by_page(session: Session) -> None:
    town = make_town(session)
    ids = [make_venue(session, town).id for _ in range(3)]
    make_venue(session, town, active=False)
    make_venue(session)
    first = venues.list_venues(session, town_id=town.id, limit=2)
    rest = venues.list_venues(session, town_id=town.id, after_id=first[-1].id)
    assert [venue.id for venue in first + rest] == ids


def test_a_foreign_venue_is_not_found(session: Session) -> None:
    venue, other = make_venue(session), make_town(session)
    assert venues.get_venue(session, venue.id, venue.town_id) is venue
    with pytest.raises(errors.NotFound):
        venues.get_venue(session, venue.id, other.id)


def test_the_last_visit_is_the_last_that_took_place(session: Session, now: datetime) -> None:
    venue = make_venue(session)
    assert venues.last_visit_day(session, venue.id) is None
    for day, state in ((4, VisitState.DONE), (11, VisitState.DONE), (12, VisitState.MISSED), (18, VisitState.PROMISED)):
        request = make_request(session, [(date(2026, 5, day), 540, 720)], now=now, venue=venue)
        make_visit(session, request, make_shift(session, date(2026, 5, day)), state=state)
    assert venues.last_visit_day(session, venue.id) == date(2026, 5, 11)


GOOD: dict[str, Any] = {
    "kind_code": "market",
    "name_zh": "古桥集市",
    "latitude": 30.95,
    "longitude": 121.5,
    "capacity": 150,
}


def test_an_added_venue_without_an_english_name_goes_by_its_chinese_one(session: Session, now: datetime) -> None:
    town = make_town(session)
    make_venue_kind(session, "market")
    venue = venues.add_venue(session, town.id, **GOOD, actor="zhou", now=now)
    assert (venue.name_en, venue.version) == ("古桥集市", 1)
    assert [row.verb for row in audit.rows_about(session, "venue", venue.id)] == ["added"]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("kind_code", "castle", errors.BadChoice),
        ("name_zh", " ", errors.Missing),
        ("name_zh", "长" * 200, errors.Invalid),  # too long as an English name too
        ("latitude", 31.23, errors.OutsideDistrict),  # the city's centre
        ("longitude", 121.0, errors.OutsideDistrict),
        ("latitude", float("nan"), errors.OutsideDistrict),
        ("capacity", 0, errors.BadCount),
    ],
)
def test_a_bad_venue_is_refused(
    session: Session, now: datetime, field: str, value: object, kind: type[errors.Refused]
) -> None:
    town = make_town(session)
    make_venue_kind(session, "market")
    with pytest.raises(kind):
        venues.add_venue(session, town.id, **(GOOD | {field: value}), actor="zhou", now=now)
    assert venues.list_venues(session) == []
