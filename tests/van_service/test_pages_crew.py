"""The crew's pages: the day on a phone, one button per step, the contact on the day only, and the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import visits
from schedules.models import AuditRow, Report, RequestState, SampleResult, Service, Shift, Venue, Visit, VisitState
from tests.factories import make_crew_member, make_request
from tests.van_service.conftest import Clock, District, make_account
from tests.van_service.page_calls import error_beside, send, signed_in, value_of
from tests.van_service.promised import promise, published_plan
from van_service.accounts import Role

# Pages call use cases that are tested on both databases; here one is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]

COUNTS = {
    "people": "86",
    "leaflets": "140",
    "consultations": "37",
    "complaints": "2",
    "kits_used": "26",
    "samples_tested": "26",
    "rows": "0",
}
SAMPLE = {
    "rows": "1",
    "food-0": "咸鸡",
    "item-0": "二氧化硫",
    "result-0": "suspected_positive",
    "repeated-0": "on",
    "stall-0": "平安集市 12 号摊",
    "referred_to-0": "市场监管所",
}


@dataclass(frozen=True)
class Tour:
    """The ids of two visits promised on Tuesday, 09:00 and 13:00."""

    first: int
    second: int


@pytest.fixture
def tour(session_factory: Sessions, district: District, now: datetime) -> Tour:
    with session_factory.begin() as session:
        shift = session.get_one(Shift, district.shift)
        plan = published_plan(session, shift, now=now)
        ids = []
        for venue_id, starts in ((district.venue, 540), (district.other_venue, 780)):
            venue, service = session.get_one(Venue, venue_id), session.get_one(Service, district.service)
            window = (district.tuesday, starts, starts + 180)
            request = make_request(session, [window], now=now, venue=venue, service=service, note="从南门进")
            ids.append(promise(session, plan, request, starts=starts, now=now).id)
        return Tour(*ids)


@pytest.fixture
def on_the_day(clock: Clock, now: datetime) -> datetime:
    """Tuesday, 08:00 in Shanghai."""
    clock.now = now + timedelta(days=1)
    return clock.now


@pytest.fixture
def crew(app: Flask, tour: Tour, on_the_day: datetime) -> FlaskClient:
    """A crew member on the day of the tour, reading English."""
    return signed_in(app, "crew")


def state_of(session_factory: Sessions, visit_id: int) -> VisitState:
    with session_factory() as session:
        return session.get_one(Visit, visit_id).state


def drive_through(crew: FlaskClient, visit_id: int, *steps: str) -> None:
    for step in steps:
        assert send(crew, f"/crew/visits/{visit_id}/{step}").status_code == 303


# The day


def test_today_shows_the_next_stop_first_with_its_one_step(crew: FlaskClient, tour: Tour) -> None:
    page = crew.get("/crew").text
    assert "Next stop" in page
    assert f'action="/crew/visits/{tour.first}/set-off"' in page
    assert f'action="/crew/visits/{tour.second}/set-off"' not in page
    assert page.count("btn main tap") == 1
    # Setting up takes 25 minutes and driving 30: off at 08:05, it is 08:00.
    assert "08:05" in page
    assert "in 5 min" in page
    assert "从南门进" in page


def test_the_tour_lists_drives_lunch_and_the_way_back(crew: FlaskClient) -> None:
    page = crew.get("/crew").text
    assert "2 stops · 70 min driving" in page
    assert "Lunch 60 min" in page
    assert "Drive 30 min" in page
    assert "Leave Nanqiao depot" in page
    assert "Back at Nanqiao depot" in page


def test_what_to_load_adds_up_over_the_stops(crew: FlaskClient) -> None:
    page = crew.get("/crew").text
    assert "Test kits" in page
    assert ">48<" in page  # two visits of 24 kits, and the shift carries 48: none to spare
    assert "about 160" in page


def test_another_stop_can_be_looked_at_and_another_day(crew: FlaskClient, tour: Tour, district: District) -> None:
    page = crew.get(f"/crew?visit={tour.second}").text
    assert "Stop 2" in page
    day_after = (district.tuesday + timedelta(days=1)).isoformat()
    assert "No visit on this day" in crew.get(f"/crew?day={day_after}").text
    assert "No shift for you on this day" in crew.get("/crew?day=2026-06-07").text
    assert "Next stop" in crew.get("/crew?day=soon").text


def test_the_link_for_navigation_points_at_the_venue(crew: FlaskClient) -> None:
    assert 'href="geo:30.95,121.5?q=30.95,121.5(' in crew.get("/crew").text


# The contact


def test_the_contact_is_masked_before_the_day_and_no_look_is_logged(
    app: Flask, tour: Tour, district: District, session_factory: Sessions
) -> None:
    page = signed_in(app, "crew").get(f"/crew?day={district.tuesday.isoformat()}").text
    assert "138****5678" in page
    assert "13800005678" not in page
    assert "set-off" not in page
    with session_factory() as session:
        assert session.scalars(select(AuditRow).where(AuditRow.verb == "revealed")).all() == []


def test_on_the_day_one_tap_calls_and_that_the_number_was_shown_is_logged(
    crew: FlaskClient, tour: Tour, session_factory: Sessions
) -> None:
    assert 'href="tel:13800005678"' in crew.get("/crew").text
    crew.get("/crew")
    crew.get(f"/crew?visit={tour.second}")
    with session_factory() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.verb == "revealed").order_by(AuditRow.id)).all()
        requests = [session.get_one(Visit, each).request_id for each in (tour.first, tour.second)]
    assert [(row.actor, row.noun, row.noun_id) for row in rows] == [
        ("crew", "request", str(request)) for request in requests
    ]


def test_who_does_not_ride_sees_neither_tour_nor_contact_and_can_do_nothing(
    app: Flask, tour: Tour, on_the_day: datetime, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        member = make_crew_member(session)
        make_account(session, "passenger", Role.CREW, on_the_day, crew_member_id=member.id)
    passenger = signed_in(app, "passenger")
    assert "No shift for you on this day" in passenger.get("/crew").text
    assert passenger.get(f"/crew/visits/{tour.first}/report").status_code == 404
    for step in ("set-off", "report", "missed"):
        assert send(passenger, f"/crew/visits/{tour.first}/{step}", {"reason": "x"}).status_code == 404
    assert state_of(session_factory, tour.first) is VisitState.PROMISED


# The steps


def test_each_step_is_one_button_and_keeps_the_time(
    crew: FlaskClient, tour: Tour, clock: Clock, session_factory: Sessions
) -> None:
    expected = [
        ("set-off", "We are here", VisitState.ON_THE_WAY),
        ("arrive", "Open the session", VisitState.ON_THE_WAY),
        ("open", "Close the session", VisitState.OPEN),
    ]
    for step, next_button, state in expected:
        drive_through(crew, tour.first, step)
        page = crew.get("/crew").text
        assert next_button in page
        assert state_of(session_factory, tour.first) is state
        clock.forward(minutes=20)
    with session_factory() as session:
        visit = session.get_one(Visit, tour.first)
        assert visit.set_off_at is not None
        assert visit.opened_at == visit.set_off_at + timedelta(minutes=40)


def test_after_closing_the_report_is_asked_for_and_the_next_stop_shown(crew: FlaskClient, tour: Tour) -> None:
    drive_through(crew, tour.first, "set-off", "arrive", "open", "close")
    page = crew.get("/crew").text
    assert "the report is missing" in page
    assert f'href="/crew/visits/{tour.first}/report"' in page
    assert f'action="/crew/visits/{tour.second}/set-off"' in page


def test_a_step_said_twice_is_heard_once(crew: FlaskClient, tour: Tour, session_factory: Sessions) -> None:
    drive_through(crew, tour.first, "set-off")
    with session_factory() as session:
        version = session.get_one(Visit, tour.first).version
    drive_through(crew, tour.first, "set-off")
    with session_factory() as session:
        assert session.get_one(Visit, tour.first).version == version


def test_a_step_out_of_order_is_refused_in_words(crew: FlaskClient, tour: Tour, session_factory: Sessions) -> None:
    drive_through(crew, tour.first, "open")
    assert "This step is not possible from the present state." in crew.get("/crew").text
    assert state_of(session_factory, tour.first) is VisitState.PROMISED


def test_a_stop_of_another_day_takes_no_step(app: Flask, tour: Tour, session_factory: Sessions, clock: Clock) -> None:
    drive_through(signed_in(app, "crew"), tour.first, "set-off")
    assert state_of(session_factory, tour.first) is VisitState.PROMISED


def test_a_step_needs_the_token_and_must_exist(crew: FlaskClient, tour: Tour, session_factory: Sessions) -> None:
    assert crew.post(f"/crew/visits/{tour.first}/set-off").status_code == 400
    assert send(crew, f"/crew/visits/{tour.first}/fly").status_code == 404
    assert state_of(session_factory, tour.first) is VisitState.PROMISED


def test_a_visit_that_cannot_take_place_needs_a_reason(
    crew: FlaskClient, tour: Tour, session_factory: Sessions
) -> None:
    refused = send(crew, f"/crew/visits/{tour.first}/missed", {"reason": " "})
    assert refused.status_code == 422
    assert error_beside(refused.text, "reason") == "Say in a few words why."
    assert send(crew, f"/crew/visits/{tour.first}/missed", {"reason": "爆胎"}).status_code == 303
    with session_factory() as session:
        visit = session.get_one(Visit, tour.first)
        assert (visit.state, visit.reason) == (VisitState.MISSED, "爆胎")
        assert visit.request.state is RequestState.ACCEPTED


# The report


@pytest.fixture
def open_visit(crew: FlaskClient, tour: Tour) -> int:
    """The first visit, its session open."""
    drive_through(crew, tour.first, "set-off", "arrive", "open")
    return tour.first


def test_the_report_makes_the_visit_and_the_request_done(
    crew: FlaskClient, open_visit: int, session_factory: Sessions
) -> None:
    answer = send(crew, f"/crew/visits/{open_visit}/report", {**COUNTS, **SAMPLE, "note": "老人较多"})
    assert answer.status_code == 303
    with session_factory() as session:
        report = session.scalar(select(Report))
        assert report is not None
        assert (report.people, report.leaflets, report.complaints, report.kits_used) == (86, 140, 2, 26)
        assert (report.suspected_positives, report.note) == (1, "老人较多")
        (sample,) = report.samples
        assert (sample.food, sample.result, sample.repeated) == ("咸鸡", SampleResult.SUSPECTED_POSITIVE, True)
        assert sample.referred_to == "市场监管所"
        assert report.visit.state is VisitState.DONE
        assert report.visit.request.state is RequestState.DONE


def test_a_filed_report_can_be_corrected(crew: FlaskClient, open_visit: int, session_factory: Sessions) -> None:
    send(crew, f"/crew/visits/{open_visit}/report", {**COUNTS, **SAMPLE})
    page = crew.get(f"/crew/visits/{open_visit}/report").text
    assert value_of(page, "people") == "86"
    assert value_of(page, "food-0") == "咸鸡"
    send(crew, f"/crew/visits/{open_visit}/report", {**COUNTS, "people": "90"})
    with session_factory() as session:
        (report,) = session.scalars(select(Report)).all()
        assert (report.people, report.samples, report.suspected_positives) == (90, [], 0)


@pytest.mark.parametrize(
    ("change", "beside", "says"),
    [
        ({"people": ""}, "people", "Enter a whole number from 0 to 20,000."),
        ({"people": "-3"}, "people", "Enter a whole number from 0 to 20,000."),
        ({"leaflets": "lots"}, "leaflets", "Enter a whole number from 0 to 20,000."),
        ({**SAMPLE, "samples_tested": "0"}, "samples_tested", "Below are 1 samples"),
        ({**SAMPLE, "item-0": ""}, "item-0", "This is needed."),
        ({**SAMPLE, "food-0": "x" * 101}, "food-0", ""),
    ],
)
def test_a_bad_report_names_the_field_keeps_the_values_and_stores_nothing(
    crew: FlaskClient,
    open_visit: int,
    session_factory: Sessions,
    change: dict[str, Any],
    beside: str,
    says: str,
) -> None:
    sent = {**COUNTS, "consultations": "37", **change}
    page = send(crew, f"/crew/visits/{open_visit}/report", sent)
    assert page.status_code == 422
    sentence = error_beside(page.text, beside)
    assert sentence
    assert says in sentence
    assert value_of(page.text, "consultations") == "37"
    assert state_of(session_factory, open_visit) is VisitState.OPEN


def test_a_line_for_a_sample_can_be_added_without_a_script(
    crew: FlaskClient, open_visit: int, session_factory: Sessions
) -> None:
    page = send(crew, f"/crew/visits/{open_visit}/report", {**COUNTS, "step": "add"})
    assert page.status_code == 200
    assert value_of(page.text, "rows") == "1"
    assert value_of(page.text, "people") == "86"
    assert value_of(page.text, "referred_to-0").startswith("Market supervision office, Trial Town")
    assert state_of(session_factory, open_visit) is VisitState.OPEN


def test_a_report_before_the_session_opens_is_refused(crew: FlaskClient, tour: Tour, session_factory: Sessions) -> None:
    assert crew.get(f"/crew/visits/{tour.first}/report").status_code == 303
    assert send(crew, f"/crew/visits/{tour.first}/report", COUNTS).status_code == 303
    with session_factory() as session:
        assert session.scalars(select(Report)).all() == []


def test_a_cancelled_stop_leaves_the_tour(
    crew: FlaskClient, tour: Tour, session_factory: Sessions, on_the_day: datetime
) -> None:
    with session_factory.begin() as session:
        visits.cancel(session, tour.first, "停电", actor="zhou", now=on_the_day)
    page = crew.get("/crew").text
    assert f'action="/crew/visits/{tour.second}/set-off"' in page
    assert "A stop was called off after the plan was published" in page


def test_a_day_that_is_over_still_shows_what_happened(
    crew: FlaskClient, tour: Tour, open_visit: int, session_factory: Sessions
) -> None:
    send(crew, f"/crew/visits/{open_visit}/report", COUNTS)
    send(crew, f"/crew/visits/{tour.second}/missed", {"reason": "爆胎"})
    page = crew.get("/crew").text
    assert "2 stops" in page
    assert "Missed" in page
    assert "btn main tap" not in page


def test_the_pages_are_whole_in_chinese(app: Flask, tour: Tour, on_the_day: datetime) -> None:
    page = signed_in(app, "crew", locale="zh_CN").get("/crew").text
    for words in ("下一站", "6月2日 周二", "出发了", "打给陆燕", "带齐了吗", "午休 60 分钟"):
        assert words in page
