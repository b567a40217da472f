"""The town office's pages: asking, following, changing and taking back; and never another town's rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import reports, requests, visits
from schedules.models import AuditRow, RequestState, SampleResult, Shift, Venue, VisitRequest, VisitState
from schedules.reports import ReportIn, SampleIn
from tests.factories import make_request, make_service, make_venue
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import error_beside, send, signed_in, value_of
from tests.van_service.promised import leave_out, promise, published_plan

# Pages call use cases that are tested on both databases; here one is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]


@pytest.fixture
def office(app: Flask, district: District) -> FlaskClient:
    """The town's office, reading English."""
    return signed_in(app, "town")


@pytest.fixture
def form(district: District, session_factory: Sessions) -> dict[str, Any]:
    """The form filled in acceptably: Tuesday morning."""
    with session_factory() as session:
        venue = session.get_one(Venue, district.venue).name_en
    key = f"{district.tuesday.isoformat()}.am"
    return {
        "venue": venue,
        "service": ["food_rapid_test"],
        "minutes-food_rapid_test": "120",
        "people": "80",
        "slot": [key],
        f"opens-{key}": "08:30",
        f"closes-{key}": "11:30",
        "preferred": [key],
        "contact_name": "陆燕",
        "contact_phone": "13800005678",
        "contact_email": "lu.yan@example.org",
        "note": "从南门进",
    }


def asked(session_factory: Sessions) -> list[VisitRequest]:
    with session_factory() as session:
        return list(session.scalars(select(VisitRequest).order_by(VisitRequest.id)))


# Asking


def test_a_filled_form_becomes_a_request_with_its_exact_times(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    answer = send(office, "/town/requests/new", form)
    (request,) = asked(session_factory)
    assert answer.status_code == 303
    assert answer.location == f"/town/requests/{request.id}"
    assert (request.town_id, request.people, request.note) == (district.town, 80, "从南门进")
    (window,) = request.windows
    assert (window.day, window.opens, window.closes, window.preferred) == (district.tuesday, 510, 690, True)
    assert request.number in office.get(answer.location).text


def test_a_tick_without_exact_times_means_the_usual_hours(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    form["slot"] = [f"{district.tuesday.isoformat()}.pm"]
    send(office, "/town/requests/new", form)
    (window,) = asked(session_factory)[0].windows
    assert (window.opens, window.closes) == (780, 960)


def test_exact_times_can_be_set_without_a_script(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    key = f"{district.tuesday.isoformat()}.pm"
    page = send(office, "/town/requests/new", {**form, "slot": [key], "step": "times"})
    assert page.status_code == 200
    assert value_of(page.text, f"opens-{key}") == "13:00"
    assert asked(session_factory) == []


def test_every_field_that_is_refused_says_so_beside_it_and_keeps_its_value(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    key = f"{district.tuesday.isoformat()}.am"
    form |= {"people": "800", "contact_phone": "12", f"closes-{key}": "09:00", "contact_name": ""}
    page = send(office, "/town/requests/new", form)
    assert page.status_code == 422
    assert "4 fields need a change" in page.text
    assert error_beside(page.text, "people") == "This venue holds 200 people at most. Enter 1 to 200."
    assert error_beside(page.text, f"window-{key}") == (
        "The services take 120 minutes, this leaves 30. Make the time longer."
    )
    assert error_beside(page.text, "contact_phone").startswith("Enter a phone number that can be called")
    assert error_beside(page.text, "contact_name") == "Enter who expects the van on the day."
    assert value_of(page.text, "people") == "800"
    assert value_of(page.text, "contact_phone") == "12"
    assert value_of(page.text, f"closes-{key}") == "09:00"
    assert 'value="food_rapid_test" checked' in page.text
    assert "从南门进" in page.text
    assert asked(session_factory) == []


@pytest.mark.parametrize(
    ("field", "value", "beside", "says"),
    [
        ("people", "many", "people", "Enter 1 to 200."),
        ("people", "", "people", "Enter 1 to 200."),
        ("service", [], "services", "Tick at least one service."),
        ("slot", [], "windows", "Tick at least one half-day in the calendar."),
        ("slot", ["2026-06-06.am"], "window-2026-06-06.am", "No van drives on this day."),
        ("slot", ["2026-05-05.am"], "window-2026-05-05.am", "This time is already past."),
        ("slot", ["tomorrow"], "windows", "Tick at least one half-day in the calendar."),
        ("slot", ["2026-99-99.am"], "windows", "Tick at least one half-day in the calendar."),
        ("minutes-food_rapid_test", "2000", "minutes-food_rapid_test", "90 to 150"),
        ("minutes-food_rapid_test", "long", "minutes-food_rapid_test", "90 to 150"),
        ("venue", "", "venue", "Choose where the van shall come."),
        ("venue", "Nowhere", "venue", "No venue of your town is called “Nowhere”."),
        ("contact_email", "lu", "contact_email", "Enter an address such as name@example.org"),
    ],
)
def test_a_bad_value_is_named_and_nothing_is_stored(
    office: FlaskClient,
    form: dict[str, Any],
    session_factory: Sessions,
    field: str,
    value: Any,
    beside: str,
    says: str,
) -> None:
    page = send(office, "/town/requests/new", {**form, field: value})
    assert page.status_code == 422
    assert says in error_beside(page.text, beside)
    assert asked(session_factory) == []


def test_a_time_that_is_no_time_is_named(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    key = f"{district.tuesday.isoformat()}.am"
    page = send(office, "/town/requests/new", {**form, f"opens-{key}": "half past"})
    assert error_beside(page.text, f"window-{key}").startswith("Enter the two times as 08:30 and 11:30")
    assert value_of(page.text, f"opens-{key}") == "half past"


def test_part_of_a_name_finds_the_venue_and_two_that_fit_are_named(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    with session_factory.begin() as session:
        town = session.get_one(Venue, district.venue).town
        market = make_venue(session, town, name_zh="四团集市", name_en="Situan Market").id
        make_venue(session, town, name_zh="四团小学", name_en="Situan School")
    both = send(office, "/town/requests/new", {**form, "venue": "Situan"})
    assert error_beside(both.text, "venue") == "2 venues fit “Situan”: Situan Market, Situan School. Choose one."
    assert send(office, "/town/requests/new", {**form, "venue": "集市"}).status_code == 303
    assert asked(session_factory)[0].venue_id == market


def test_a_venue_that_lacks_something_serves_once_the_host_provides_it(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    with session_factory.begin() as session:
        make_service(session, "talk", {}, name_zh="讲座", name_en="Talk", needs_power=True, needs_indoor=True)
        venue = session.get_one(Venue, district.venue)
        venue.power = venue.indoor_room = False
    form |= {"service": ["talk"]}
    page = send(office, "/town/requests/new", form)
    assert error_beside(page.text, "venue") == (
        "This venue has no record of: a power socket, an indoor room. "
        "Tick below what you provide, or choose another venue."
    )
    assert send(office, "/town/requests/new", {**form, "brings": ["power", "indoor"]}).status_code == 303
    assert asked(session_factory)[0].brings == ["indoor", "power"]


def test_a_form_without_the_token_changes_nothing(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions
) -> None:
    assert office.post("/town/requests/new", data=form).status_code == 400
    assert asked(session_factory) == []


def test_the_calendar_offers_working_days_and_says_why_others_are_closed(
    office: FlaskClient, district: District, session_factory: Sessions
) -> None:
    page = office.get("/town/requests/new").text
    assert f'value="{district.tuesday.isoformat()}.am"' in page
    assert f'value="{district.saturday.isoformat()}.am"' not in page
    # Tuesday's shift runs from 08:00 to 16:30 and holds nothing yet: 240 minutes before noon.
    assert "240 min." in page


def test_the_room_left_shrinks_by_what_is_promised(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    promised_visit(session_factory, district, now)
    # Setting up from 08:35, session from 09:00 to 11:00, packed up at 11:20: 165 of 240 minutes are gone.
    assert "75 min." in office.get("/town/requests/new").text


# Following


def promised_visit(session_factory: Sessions, district: District, now: datetime, *, starts: int = 540) -> int:
    """The id of the town's request for which a visit is promised on Tuesday."""
    with session_factory.begin() as session:
        shift = session.get_one(Shift, district.shift)
        venue = session.get_one(Venue, district.venue)
        request = make_request(session, [(district.tuesday, 510, 690)], now=now, venue=venue)
        promise(session, published_plan(session, shift, now=now), request, starts=starts, now=now)
        return request.id


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (RequestState.SUBMITTED, "The coordinator looks at it"),
        (RequestState.ACCEPTED, "Waits for the next plan."),
        (RequestState.WITHDRAWN, "You took it back."),
        (RequestState.EXPIRED, "Its last time passed without a visit."),
    ],
)
def test_the_list_and_the_page_say_what_comes_next(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime, state: RequestState, says: str
) -> None:
    with session_factory.begin() as session:
        venue = session.get_one(Venue, district.venue)
        request = make_request(session, [(district.tuesday, 510, 690)], now=now, venue=venue, state=state).id
    assert says in office.get("/town").text
    assert says in office.get(f"/town/requests/{request}").text


def test_a_declined_request_shows_the_reason(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        venue = session.get_one(Venue, district.venue)
        declined = {"state": RequestState.DECLINED, "decline_reason": "同一社区已有一场"}
        request = make_request(session, [(district.tuesday, 510, 690)], now=now, venue=venue, **declined).id
    assert "It will not be planned." in office.get("/town").text
    assert "同一社区已有一场" in office.get(f"/town/requests/{request}").text


@pytest.mark.parametrize(
    ("reason", "detail", "headline", "explanation"),
    [
        ("outranked", {"displaces": [1, 2]}, "The vans are taken", "calling off 2 more pressing visits"),
        (
            "impossible",
            {"rules": {"crew": 12, "window": 5}, "shifts": 17},
            "no shift can do it",
            "17 shifts were tried: nobody with the needed skill rides that day (12)",
        ),
    ],
)
def test_a_request_left_out_is_told_why_with_the_numbers(
    office: FlaskClient,
    district: District,
    session_factory: Sessions,
    now: datetime,
    reason: str,
    detail: dict[str, Any],
    headline: str,
    explanation: str,
) -> None:
    with session_factory.begin() as session:
        shift = session.get_one(Shift, district.shift)
        venue = session.get_one(Venue, district.venue)
        request = make_request(session, [(district.tuesday, 510, 690)], now=now, venue=venue)
        leave_out(session, published_plan(session, shift, now=now), request, reason, **detail)
        request_id = request.id
    page = office.get(f"/town/requests/{request_id}").text
    assert headline in page
    assert explanation in page
    assert "Not placed yet" in office.get("/town").text


def test_a_promised_visit_shows_day_time_and_van_and_can_be_confirmed(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    request = promised_visit(session_factory, district, now)
    page = office.get(f"/town/requests/{request}").text
    assert "Tue 2 June" in page
    assert "09:00–11:00" in page
    assert "08:35" in page
    send(office, f"/town/requests/{request}/confirm")
    assert "Confirmed" in office.get("/town").text
    with session_factory() as session:
        visit = visits.visit_of_request(session, request)
        assert visit is not None
        assert visit.state is VisitState.CONFIRMED


def test_the_crews_number_is_shown_from_the_day_before_and_each_look_is_logged(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime, clock: Clock
) -> None:
    request = promised_visit(session_factory, district, now)
    clock.now = now - timedelta(days=1)
    early = signed_in(office.application, "town")
    page = early.get(f"/town/requests/{request}").text
    assert "shown from the day before" in page
    assert send(early, f"/town/requests/{request}/crew-phone").status_code == 303
    clock.now = now
    page = office.get(f"/town/requests/{request}").text
    assert "139****1234" in page
    assert "13900001234" not in page
    shown = send(office, f"/town/requests/{request}/crew-phone")
    assert "tel:13900001234" in shown.text
    with session_factory() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.verb == "revealed")).all()
    assert [(row.actor, row.noun) for row in rows] == [("town", "crew_member")]


def test_the_results_are_read_once_the_crew_has_reported(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime, clock: Clock
) -> None:
    request = promised_visit(session_factory, district, now)
    later = now + timedelta(days=1, hours=1)
    with session_factory.begin() as session:
        visit = visits.visit_of_request(session, request)
        assert visit is not None
        for step in (visits.set_off, visits.arrive, visits.open_session, visits.close_session):
            step(session, visit.id, actor="crew", now=later)
        sample = SampleIn("咸鸡", "二氧化硫", SampleResult.SUSPECTED_POSITIVE, True, "12 号摊", "市场监管所")
        found = ReportIn(people=1286, consultations=37, samples_tested=26, samples=(sample,))
        reports.file_report(session, visit.id, found, actor="crew", now=later)
    clock.now = later
    browser = signed_in(office.application, "town")
    page = browser.get(f"/town/requests/{request}").text
    assert "1,286" in page
    assert "咸鸡" in page
    assert "市场监管所" in page
    overview = browser.get("/town/results").text
    assert "1,286" in overview
    assert "3.8%" in overview  # one of 26 samples
    assert "No visit took place in 2025" in browser.get("/town/results?year=2025").text


def test_the_towns_own_standing_is_one_line(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    promised_visit(session_factory, district, now)
    page = office.get("/town").text
    assert "no visit yet" in page
    assert "Due this month" in page


# Changing and taking back


def test_a_change_is_stored_and_an_accepted_request_is_decided_again(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District, now: datetime
) -> None:
    send(office, "/town/requests/new", form)
    (request,) = asked(session_factory)
    with session_factory.begin() as session:
        requests.accept(session, request.id, actor="zhou", now=now)
    page = office.get(f"/town/requests/{request.id}/amend").text
    assert value_of(page, "people") == "80"
    assert value_of(page, f"opens-{district.tuesday.isoformat()}.am") == "08:30"
    changed = {**form, "people": "120", "version": value_of(page, "version")}
    assert send(office, f"/town/requests/{request.id}/amend", changed).status_code == 303
    (request,) = asked(session_factory)
    assert (request.people, request.state) == (120, RequestState.SUBMITTED)


def test_a_change_made_to_an_older_version_is_not_stored(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions
) -> None:
    send(office, "/town/requests/new", form)
    (request,) = asked(session_factory)
    stale = {**form, "people": "120", "version": str(request.version - 1)}
    answer = send(office, f"/town/requests/{request.id}/amend", stale)
    assert answer.location == f"/town/requests/{request.id}/amend"
    assert "nothing of yours was stored" in office.get(answer.location).text
    assert asked(session_factory)[0].people == 80


def test_a_promised_visit_is_not_changed_by_the_form(
    office: FlaskClient, form: dict[str, Any], district: District, session_factory: Sessions, now: datetime
) -> None:
    request = promised_visit(session_factory, district, now)
    assert office.get(f"/town/requests/{request}/amend").status_code == 302
    assert send(office, f"/town/requests/{request}/amend", {**form, "people": "9"}).status_code == 409
    assert asked(session_factory)[0].people == 80


def test_withdrawing_says_what_it_means_and_calls_off_the_visit(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    request = promised_visit(session_factory, district, now)
    page = office.get(f"/town/requests/{request}/withdraw").text
    assert "The visit on Tue 2 June at 09:00 is called off" in page
    answer = send(office, f"/town/requests/{request}/withdraw", {"reason": "场地停电"})
    assert answer.status_code == 303
    assert asked(session_factory)[0].state is RequestState.WITHDRAWN
    with session_factory() as session:
        visit = visits.visit_of_request(session, request)
        assert visit is not None
        assert (visit.state, visit.reason) == (VisitState.CANCELLED, "场地停电")
    assert office.get(f"/town/requests/{request}/withdraw").status_code == 302


def test_a_reason_that_is_too_long_is_refused_and_nothing_withdrawn(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions
) -> None:
    send(office, "/town/requests/new", form)
    (request,) = asked(session_factory)
    page = send(office, f"/town/requests/{request.id}/withdraw", {"reason": "x" * 501})
    assert page.status_code == 422
    assert error_beside(page.text, "reason")
    assert asked(session_factory)[0].state is RequestState.SUBMITTED


# Another town's


@pytest.fixture
def foreign(district: District, session_factory: Sessions, now: datetime) -> int:
    """Another town's request."""
    with session_factory.begin() as session:
        venue = session.get_one(Venue, district.other_venue)
        return make_request(session, [(district.tuesday, 510, 690)], now=now, venue=venue, note="only theirs").id


@pytest.mark.parametrize("page", ["", "/amend", "/withdraw"])
def test_another_towns_request_does_not_exist_here(office: FlaskClient, foreign: int, page: str) -> None:
    assert office.get(f"/town/requests/{foreign}{page}").status_code == 404


@pytest.mark.parametrize("step", ["amend", "withdraw", "confirm", "crew-phone"])
def test_another_towns_request_cannot_be_touched(
    office: FlaskClient, form: dict[str, Any], foreign: int, session_factory: Sessions, step: str
) -> None:
    before = asked(session_factory)[0].version
    assert send(office, f"/town/requests/{foreign}/{step}", form).status_code == 404
    assert asked(session_factory)[0].version == before


def test_another_towns_request_is_in_no_list_and_cannot_be_copied(office: FlaskClient, foreign: int) -> None:
    assert "Trial venue" not in office.get("/town").text
    assert office.get(f"/town/requests/new?like={foreign}").status_code == 404


def test_another_towns_venue_cannot_be_asked_for(
    office: FlaskClient, form: dict[str, Any], session_factory: Sessions, district: District
) -> None:
    with session_factory() as session:
        name = session.get_one(Venue, district.other_venue).name_en
    page = send(office, "/town/requests/new", {**form, "venue": name})
    assert error_beside(page.text, "venue").startswith("No venue of your town is called")
    assert name not in office.get("/town/requests/new").text


def test_the_pages_are_whole_in_chinese(
    app: Flask, district: District, session_factory: Sessions, now: datetime
) -> None:
    promised_visit(session_factory, district, now)
    office = signed_in(app, "town", locale="zh_CN")
    assert "约定的到访" in office.get("/town").text
    page = office.get("/town/requests/1").text
    assert "6月2日 周二" in page
    assert "确认到访，我们等车来" in page


def test_what_a_plan_said_before_the_request_was_decided_anew_no_longer_counts(
    office: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        shift = session.get_one(Shift, district.shift)
        venue = session.get_one(Venue, district.venue)
        decided = now + timedelta(hours=1)
        request = make_request(session, [(district.tuesday, 510, 690)], now=now, venue=venue, decided_at=decided)
        leave_out(session, published_plan(session, shift, now=now), request, "outranked", displaces=[1])
        request_id = request.id
    assert "Not placed yet" not in office.get(f"/town/requests/{request_id}").text
