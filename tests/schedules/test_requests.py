"""Requests: what is acceptable, what is stored, who may change what."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules import audit, errors, requests
from schedules.calendar import instant
from schedules.models import (
    AuditRow,
    DayKind,
    Message,
    PlanningSettings,
    Priority,
    RequestState,
    Shift,
    Town,
    Venue,
    VisitRequest,
    VisitState,
)
from schedules.requests import Wish, WishService, WishWindow
from tests.factories import (
    make_day,
    make_days,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_venue,
    make_visit,
)

MONDAY = date(2026, 6, 1)
TUESDAY = date(2026, 6, 9)
SATURDAY = date(2026, 6, 13)
LAST_DAY = date(2026, 7, 5)


@dataclass
class County:
    town: Town
    venue: Venue
    wish: Wish


@pytest.fixture
def county(session: Session) -> County:
    """Five weeks of days from Monday 1 June; a town with one good venue; two services; a wish for Tuesday 9 June."""
    make_days(session, MONDAY)
    make_service(session, "food_rapid_test", needs_power=True, needs_parking=True)
    make_service(
        session, "legal_publicity", minutes=60, minutes_least=40, minutes_most=90, setup=15, teardown=10, kits=0
    )
    venue = make_venue(session, capacity=200)
    wish = Wish(
        venue_id=venue.id,
        services=(WishService("food_rapid_test"),),
        windows=(WishWindow(TUESDAY, 540, 720),),
        people=80,
        contact_name="陆燕",
        contact_phone="13812345678",
        contact_email="lu@example.org",
    )
    return County(venue.town, venue, wish)


def refused(session: Session, county: County, now: datetime, **changed: Any) -> errors.Refused:
    """How a wish with these changes is refused; checks that nothing was stored."""
    with pytest.raises(errors.Refused) as caught:
        requests.submit(session, county.town.id, replace(county.wish, **changed), actor="town", now=now)
    session.flush()
    for table in (VisitRequest, AuditRow, Message):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    return caught.value


# What is stored ------------------------------------------------------------------------------------------------------


def test_a_request_is_stored_with_the_catalogues_numbers(session: Session, county: County, now: datetime) -> None:
    both = (WishService("food_rapid_test", 100), WishService("legal_publicity"))
    request = requests.submit(session, county.town.id, replace(county.wish, services=both), actor="town", now=now)
    session.commit()
    session.expire_all()
    # Side by side: the longer session and setup and teardown count, the kits add up.
    assert (request.setup, request.session, request.teardown, request.kits) == (25, 100, 20, 24)
    assert (request.state, request.number, request.priority) == (RequestState.SUBMITTED, "2026-0001", Priority.NORMAL)
    assert [(each.service.code, each.minutes) for each in request.services] == [
        ("food_rapid_test", 100),
        ("legal_publicity", 60),
    ]


def test_filing_leaves_an_audit_row_and_a_message(session: Session, county: County, now: datetime) -> None:
    request = requests.submit(session, county.town.id, county.wish, actor="town", now=now)
    [row] = audit.rows_about(session, "request", request.id)
    assert (row.verb, row.actor, row.after["contact_phone"]) == ("submitted", "town", "138****5678")
    kinds = set(session.scalars(select(Message.kind).where(Message.request_id == request.id)))
    assert kinds == {"request_received"}


def test_numbers_count_up_within_the_local_year(session: Session, county: County) -> None:
    new_years_eve = instant(date(2026, 12, 31), 1410)
    make_day(session, date(2027, 1, 5))
    wish = replace(county.wish, windows=(WishWindow(date(2027, 1, 5), 540, 720),))
    times = [new_years_eve, new_years_eve, new_years_eve + timedelta(hours=1)]
    numbers = [requests.submit(session, county.town.id, wish, actor="t", now=now).number for now in times]
    assert numbers == ["2026-0001", "2026-0002", "2027-0001"]


def test_towns_that_file_at_once_get_different_numbers(
    session_factory: sessionmaker[Session], session: Session, county: County, now: datetime
) -> None:
    session.commit()
    together = threading.Barrier(4)
    numbers: list[str] = []

    def file_one() -> None:
        together.wait(timeout=30)
        with session_factory.begin() as mine:
            numbers.append(requests.submit(mine, county.town.id, county.wish, actor="t", now=now).number)

    threads = [threading.Thread(target=file_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == ["2026-0001", "2026-0002", "2026-0003", "2026-0004"]


# What is refused -----------------------------------------------------------------------------------------------------

Change = Callable[[County], dict[str, Any]]

CASES: dict[str, tuple[type[errors.Refused], str, Change]] = {
    "a venue nobody knows": (errors.UnknownVenue, "venue_id", lambda c: {"venue_id": 999}),
    "a venue id no column holds": (errors.UnknownVenue, "venue_id", lambda c: {"venue_id": 10**30}),
    "no service": (errors.Missing, "services", lambda c: {"services": ()}),
    "an unknown service": (errors.UnknownService, "services[0].code", lambda c: {"services": (WishService("fly"),)}),
    "a service twice": (
        errors.GivenTwice,
        "services[1].code",
        lambda c: {"services": (WishService("food_rapid_test"), WishService("food_rapid_test"))},
    ),
    "0 minutes": (
        errors.BadMinutes,
        "services[0].minutes",
        lambda c: {"services": (WishService("food_rapid_test", 0),)},
    ),
    "2000 minutes": (
        errors.BadMinutes,
        "services[0].minutes",
        lambda c: {"services": (WishService("food_rapid_test", 2000),)},
    ),
    "nobody": (errors.BadCount, "people", lambda c: {"people": 0}),
    "more people than the venue holds": (errors.BadCount, "people", lambda c: {"people": 201}),
    "no window": (errors.Missing, "windows", lambda c: {"windows": ()}),
    "thirteen windows": (
        errors.TooMany,
        "windows",
        lambda c: {"windows": tuple(WishWindow(TUESDAY, 480 + n, 720) for n in range(13))},
    ),
    "a window twice": (
        errors.GivenTwice,
        "windows[1]",
        lambda c: {"windows": (WishWindow(TUESDAY, 540, 720), WishWindow(TUESDAY, 540, 720, preferred=True))},
    ),
    "a window that closes before it opens": (
        errors.BadWindow,
        "windows[0].closes",
        lambda c: {"windows": (WishWindow(TUESDAY, 720, 540),)},
    ),
    "a window over midnight": (
        errors.BadWindow,
        "windows[0].closes",
        lambda c: {"windows": (WishWindow(TUESDAY, 1380, 1500),)},
    ),
    "a window before midnight": (
        errors.BadWindow,
        "windows[0].opens",
        lambda c: {"windows": (WishWindow(TUESDAY, -60, 200),)},
    ),
    "a window shorter than the session": (
        errors.WindowTooShort,
        "windows[0].closes",
        lambda c: {"windows": (WishWindow(TUESDAY, 540, 659),)},
    ),
    "yesterday": (
        errors.WindowInPast,
        "windows[0].day",
        lambda c: {"windows": (WishWindow(MONDAY - timedelta(days=1), 540, 720),)},
    ),
    "this morning, already begun": (
        errors.WindowInPast,
        "windows[1].opens",
        lambda c: {"windows": (WishWindow(TUESDAY, 540, 720), WishWindow(MONDAY, 480, 720))},
    ),
    "a Saturday": (
        errors.ClosedDay,
        "windows[0].day",
        lambda c: {"windows": (WishWindow(SATURDAY, 540, 720),)},
    ),
    "a day beyond the table": (
        errors.BeyondCalendar,
        "windows[0].day",
        lambda c: {"windows": (WishWindow(LAST_DAY + timedelta(days=1), 540, 720),)},
    ),
    "no name": (errors.Missing, "contact_name", lambda c: {"contact_name": "  "}),
    "a number nobody can dial": (errors.BadPhone, "contact_phone", lambda c: {"contact_phone": "12"}),
    "an address without a domain": (errors.BadEmail, "contact_email", lambda c: {"contact_email": "lu@"}),
    "a long note": (errors.TextTooLong, "note", lambda c: {"note": "好" * 1001}),
    "a note with a zero sign": (errors.BadText, "note", lambda c: {"note": "a\0b"}),
    "half a sign": (errors.BadText, "contact_name", lambda c: {"contact_name": "\ud800"}),
    "bringing what cannot be brought": (errors.BadChoice, "brings[0]", lambda c: {"brings": ("a song",)}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_wish_is_refused_by_its_field_and_stores_nothing(
    session: Session, county: County, now: datetime, case: str
) -> None:
    kind, field, change = CASES[case]
    refusal = refused(session, county, now, **change(county))
    assert (type(refusal), refusal.field) == (kind, field)


def test_the_refusal_of_minutes_says_the_limits(session: Session, county: County, now: datetime) -> None:
    refusal = refused(session, county, now, services=(WishService("food_rapid_test", 2000),))
    assert refusal.detail == {"service": "food_rapid_test", "least": 90, "most": 150, "given": 2000}


def test_the_refusal_of_a_short_window_says_what_is_needed(session: Session, county: County, now: datetime) -> None:
    refusal = refused(session, county, now, windows=(WishWindow(TUESDAY, 540, 600),))
    assert refusal.detail == {"needs": 120, "has": 60}


def test_another_towns_venue_is_unknown_here(session: Session, county: County, now: datetime) -> None:
    foreign = make_venue(session)
    refusal = refused(session, county, now, venue_id=foreign.id)
    assert (type(refusal), refusal.field) == (errors.UnknownVenue, "venue_id")


def test_a_venue_out_of_use_is_unknown(session: Session, county: County, now: datetime) -> None:
    county.venue.active = False
    assert isinstance(refused(session, county, now), errors.UnknownVenue)


def test_nobody_files_for_another_town(session: Session, county: County, now: datetime) -> None:
    other = make_town(session)
    with pytest.raises(errors.Forbidden) as caught:
        requests.submit(session, county.town.id, county.wish, actor="town", now=now, own_town_id=other.id)
    assert caught.value.field == "town_id"


def test_a_venue_without_power_does_not_suit_unless_the_host_brings_it(
    session: Session, county: County, now: datetime
) -> None:
    county.venue.power = county.venue.parking = False
    refusal = refused(session, county, now, brings=("parking",))
    assert (type(refusal), refusal.field) == (errors.VenueUnsuitable, "venue_id")
    assert refusal.detail == {"lacks": "power", "services": ["food_rapid_test"]}
    wish = replace(county.wish, brings=("power", "parking"))
    assert requests.submit(session, county.town.id, wish, actor="t", now=now).brings == ["parking", "power"]


def test_a_saturday_with_a_shift_is_open(session: Session, county: County, now: datetime) -> None:
    shift = make_shift(session, SATURDAY)
    wish = replace(county.wish, windows=(WishWindow(SATURDAY, 540, 720),))
    assert requests.submit(session, county.town.id, wish, actor="t", now=now).id
    shift.out_of_service = "in repair"
    with pytest.raises(errors.ClosedDay):
        requests.submit(session, county.town.id, wish, actor="t", now=now)


def test_a_holiday_says_its_name(session: Session, county: County, now: datetime) -> None:
    day = LAST_DAY + timedelta(days=1)
    row = make_day(session, day, DayKind.HOLIDAY)
    row.name_en = "Harvest Day"
    refusal = refused(session, county, now, windows=(WishWindow(day, 540, 720),))
    assert (refusal.detail["kind"], refusal.detail["name_en"]) == ("holiday", "Harvest Day")


def test_a_guessed_day_is_refused_with_its_year(session: Session, county: County, now: datetime) -> None:
    make_day(session, date(2027, 1, 5), announced=False)
    refusal = refused(session, county, now, windows=(WishWindow(date(2027, 1, 5), 540, 720),))
    assert (type(refusal), refusal.detail["year"]) == (errors.CalendarMissing, 2027)


def test_a_lead_set_by_the_coordinator_is_kept(session: Session, county: County, now: datetime) -> None:
    session.add(PlanningSettings(id=1, values={"request_lead_days": 9}))
    assert requests.earliest_day(session, now) == date(2026, 6, 10)
    refusal = refused(session, county, now)
    assert (type(refusal), refusal.detail["earliest"]) == (errors.TooSoon, "2026-06-10")


def test_every_problem_is_named_at_once(session: Session, county: County, now: datetime) -> None:
    windows = (WishWindow(SATURDAY, 540, 720), WishWindow(TUESDAY, 540, 600))
    refusal = refused(session, county, now, windows=windows, people=0, contact_phone="x")
    assert isinstance(refusal, errors.Invalid)
    assert {(problem.code, problem.field) for problem in refusal.problems} == {
        ("closed_day", "windows[0].day"),
        ("window_too_short", "windows[1].closes"),
        ("bad_count", "people"),
        ("bad_phone", "contact_phone"),
    }


# Reading -------------------------------------------------------------------------------------------------------------


def test_a_foreign_request_is_not_found(session: Session, county: County, now: datetime) -> None:
    request = requests.submit(session, county.town.id, county.wish, actor="t", now=now)
    other = make_town(session)
    assert requests.get_request(session, request.id, county.town.id) is request
    with pytest.raises(errors.NotFound):
        requests.get_request(session, request.id, other.id)


def test_pages_of_requests_go_from_the_newest_on(session: Session, county: County, now: datetime) -> None:
    ids = [requests.submit(session, county.town.id, county.wish, actor="t", now=now).id for _ in range(5)]
    make_request(session, [(TUESDAY, 540, 720)], now=now)
    newest = requests.list_requests(session, town_id=county.town.id, limit=2)
    assert [request.id for request in newest] == [ids[4], ids[3]]
    rest = requests.list_requests(session, town_id=county.town.id, after_id=ids[3])
    assert [request.id for request in rest] == [ids[2], ids[1], ids[0]]
    accepted = requests.list_requests(session, states=[RequestState.ACCEPTED])
    assert len(accepted) == 1


def test_the_catalogue_is_in_its_order_and_without_what_is_no_longer_offered(session: Session) -> None:
    make_service(session, "b", position=2)
    make_service(session, "a", position=1)
    make_service(session, "gone", active=False)
    assert [service.code for service in requests.catalogue(session)] == ["a", "b"]


# Changing ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def filed(session: Session, county: County, now: datetime) -> VisitRequest:
    request = requests.submit(session, county.town.id, county.wish, actor="town", now=now)
    session.commit()
    return request


def test_an_accepted_request_that_changes_must_be_decided_again(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    requests.accept(session, filed.id, actor="zhou", now=now)
    wish = replace(county.wish, windows=(WishWindow(TUESDAY, 600, 780),))
    requests.amend(session, filed.id, wish, actor="town", now=now)
    assert (filed.state, filed.decided_at) == (RequestState.SUBMITTED, None)
    assert [(window.opens, window.closes) for window in filed.windows] == [(600, 780)]


def test_a_new_phone_number_keeps_the_decision(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    requests.accept(session, filed.id, actor="zhou", now=now)
    wish = replace(county.wish, contact_phone="13900001111", priority=Priority.URGENT)
    version = filed.version
    requests.amend(session, filed.id, wish, actor="town", now=now)
    assert (filed.state, filed.contact_phone, filed.priority) == (
        RequestState.ACCEPTED,
        "13900001111",
        Priority.NORMAL,  # a town does not raise its own priority by amending
    )
    assert filed.version > version
    row = audit.rows_about(session, "request", filed.id)[-1]
    assert (row.verb, row.after) == ("amended", {"contact_phone": "139****1111"})


def test_services_can_be_added_and_taken_away(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    for codes in (["food_rapid_test", "legal_publicity"], ["legal_publicity"]):
        wish = replace(county.wish, services=tuple(WishService(code) for code in codes))
        requests.amend(session, filed.id, wish, actor="town", now=now)
        session.commit()
        session.expire_all()
        assert [each.service.code for each in filed.services] == codes
    assert (filed.session, filed.kits) == (60, 0)


def test_an_amendment_is_judged_like_a_new_wish_and_changes_nothing_when_refused(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    version = filed.version
    wish = replace(county.wish, windows=(WishWindow(SATURDAY, 540, 720),), people=7)
    with pytest.raises(errors.ClosedDay):
        requests.amend(session, filed.id, wish, actor="town", now=now)
    session.commit()
    assert (filed.people, filed.version) == (80, version)


def test_an_amendment_of_an_old_version_is_refused(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    old = filed.version
    requests.set_priority(session, filed.id, Priority.RAISED, actor="zhou", now=now)
    with pytest.raises(errors.ChangedMeanwhile):
        requests.amend(session, filed.id, county.wish, actor="town", now=now, version=old)


def test_a_promised_request_is_not_amended(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    filed.state = RequestState.PLANNED
    with pytest.raises(errors.AlreadyPromised):
        requests.amend(session, filed.id, county.wish, actor="town", now=now)


def test_a_foreign_town_can_neither_amend_nor_withdraw(
    session: Session, county: County, filed: VisitRequest, now: datetime
) -> None:
    other = make_town(session).id
    with pytest.raises(errors.NotFound):
        requests.amend(session, filed.id, county.wish, actor="t", now=now, town_id=other)
    with pytest.raises(errors.NotFound):
        requests.withdraw(session, filed.id, actor="t", now=now, town_id=other)


def test_withdrawing_twice_is_withdrawing_once(session: Session, filed: VisitRequest, now: datetime) -> None:
    requests.withdraw(session, filed.id, actor="town", now=now)
    requests.withdraw(session, filed.id, actor="town", now=now)
    assert filed.state is RequestState.WITHDRAWN
    assert [row.verb for row in audit.rows_about(session, "request", filed.id)] == ["submitted", "withdrawn"]


def test_withdrawing_a_promised_request_cancels_its_visit_and_tells(
    session: Session, filed: VisitRequest, now: datetime
) -> None:
    requests.accept(session, filed.id, actor="zhou", now=now)
    visit = make_visit(session, filed, make_shift(session, TUESDAY))
    requests.withdraw(session, filed.id, actor="town", now=now, reason="market closed")
    assert (filed.state, visit.state) == (RequestState.WITHDRAWN, VisitState.CANCELLED)
    assert (visit.reason, visit.ended_by, visit.version) == ("market closed", "town", 2)
    kinds = set(session.scalars(select(Message.kind).where(Message.visit_id == visit.id)))
    assert kinds == {"cancelled"}


def test_a_request_whose_van_is_on_the_way_is_not_withdrawn(
    session: Session, filed: VisitRequest, now: datetime
) -> None:
    requests.accept(session, filed.id, actor="zhou", now=now)
    visit = make_visit(session, filed, make_shift(session, TUESDAY), state=VisitState.ON_THE_WAY)
    with pytest.raises(errors.AlreadyUnderWay):
        requests.withdraw(session, filed.id, actor="town", now=now)
    assert visit.state is VisitState.ON_THE_WAY


# Deciding ------------------------------------------------------------------------------------------------------------


def test_accepting_tells_the_town(session: Session, filed: VisitRequest, now: datetime) -> None:
    requests.accept(session, filed.id, actor="zhou", now=now)
    assert (filed.state, filed.decided_at) == (RequestState.ACCEPTED, now)
    assert "request_accepted" in session.scalars(select(Message.kind)).all()
    with pytest.raises(errors.MoveNotAllowed):
        requests.accept(session, filed.id, actor="zhou", now=now)


def test_declining_needs_a_reason_and_tells_it(session: Session, filed: VisitRequest, now: datetime) -> None:
    with pytest.raises(errors.Missing) as caught:
        requests.decline(session, filed.id, reason="  ", actor="zhou", now=now)
    assert caught.value.field == "reason"
    requests.decline(session, filed.id, reason="No parking there", actor="zhou", now=now)
    assert (filed.state, filed.decline_reason) == (RequestState.DECLINED, "No parking there")
    message = session.scalars(select(Message).where(Message.kind == "request_declined")).first()
    assert message is not None
    assert message.facts["reason"] == "No parking there"


def test_a_pin_must_lie_in_a_window(session: Session, filed: VisitRequest, now: datetime) -> None:
    right, wrong = make_shift(session, TUESDAY), make_shift(session, TUESDAY + timedelta(days=1))
    with pytest.raises(errors.MoveNotAllowed):  # not yet accepted
        requests.pin(session, filed.id, right.id, actor="zhou", now=now)
    requests.accept(session, filed.id, actor="zhou", now=now)
    for shift, starts in ((wrong, None), (right, 601), (right, 539)):  # 600 + 120 minutes is 12:00, when it closes
        with pytest.raises(errors.BadPin):
            requests.pin(session, filed.id, shift.id, starts, actor="zhou", now=now)
    requests.pin(session, filed.id, right.id, 600, actor="zhou", now=now)
    assert (filed.pinned_shift_id, filed.pinned_starts) == (right.id, 600)
    requests.unpin(session, filed.id, actor="zhou", now=now)
    assert (filed.pinned_shift_id, filed.pinned_starts) == (None, None)


def test_a_pin_to_a_van_in_repair_is_refused(session: Session, filed: VisitRequest, now: datetime) -> None:
    requests.accept(session, filed.id, actor="zhou", now=now)
    shift: Shift = make_shift(session, TUESDAY, out_of_service="engine")
    with pytest.raises(errors.BadPin):
        requests.pin(session, filed.id, shift.id, actor="zhou", now=now)


# Time ----------------------------------------------------------------------------------------------------------------


def test_a_request_expires_when_its_last_window_has_closed(session: Session, now: datetime) -> None:
    closes_at_nine = make_request(session, [(MONDAY, 420, 540)], now=now)
    closes_later = make_request(session, [(MONDAY, 420, 541), (MONDAY - timedelta(days=3), 420, 540)], now=now)
    promised = make_request(session, [(MONDAY, 420, 540)], now=now, state=RequestState.PLANNED)
    at_nine = now + timedelta(hours=1)
    assert requests.expire(session, now=at_nine) == 1
    assert (closes_at_nine.state, closes_later.state, promised.state) == (
        RequestState.EXPIRED,
        RequestState.ACCEPTED,
        RequestState.PLANNED,
    )
    assert requests.expire(session, now=at_nine) == 0
