"""Planning on the desk: asking for a plan, watching and stopping it, reading it, and publishing or putting it aside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules import publishing, runs
from schedules.messages import text_of
from schedules.models import (
    Day,
    Message,
    Plan,
    PlanState,
    RequestState,
    Shift,
    Unserved,
    Van,
    Venue,
    Visit,
    VisitRequest,
)
from tests.drafts import FIRST, LAST, draft
from tests.factories import make_request, make_service, make_shift, make_van, make_venue
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import error_beside, send, signed_in, value_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]
TUESDAY, WEDNESDAY = date(2026, 6, 9), date(2026, 6, 10)


@dataclass(frozen=True)
class Week:
    """Ids: two requests that may be served on Tuesday or Wednesday morning, and the shifts of one van on these days."""

    first: int
    second: int
    tuesday: int
    wednesday: int


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    """The coordinator, reading English."""
    return signed_in(app, "coordinator")


@pytest.fixture
def week(district: District, session_factory: Sessions, now: datetime) -> Week:
    with session_factory.begin() as session:
        van = make_van(session)
        tuesday, wednesday = (make_shift(session, day, van) for day in (TUESDAY, WEDNESDAY))
        service = make_service(session, code="legal_publicity", seal_en="LP")
        windows = [(TUESDAY, 480, 720), (WEDNESDAY, 480, 720)]
        first, second = (
            make_request(
                session,
                windows,
                now=now,
                venue=make_venue(session),
                service=service,
                contact_email=f"contact{number}@example.org",
            )
            for number in range(2)
        )
        return Week(first.id, second.id, tuesday.id, wednesday.id)


Drafting = Callable[..., int]


@pytest.fixture
def make_draft(week: Week, session_factory: Sessions, now: datetime) -> Drafting:
    """Store a draft with the first request at a minute of Tuesday and, where given, the second on Wednesday; its id."""

    def make_draft(starts: int = 540, second: int | None = None) -> int:
        with session_factory() as session:
            placed = [(session.get_one(VisitRequest, week.first), session.get_one(Shift, week.tuesday), starts)]
            if second is not None:
                asked, shift = session.get_one(VisitRequest, week.second), session.get_one(Shift, week.wednesday)
                placed.append((asked, shift, second))
            return draft(session, placed, now=now).id

    return make_draft


@pytest.fixture
def published(make_draft: Drafting, session_factory: Sessions, now: datetime) -> Drafting:
    """As `make_draft`, and published."""

    def published(*given: int) -> int:
        plan_id = make_draft(*given)
        with session_factory.begin() as session:
            publishing.publish(session, plan_id, actor="zhou", now=now)
        return plan_id

    return published


def state_of(session_factory: Sessions, plan_id: int) -> PlanState:
    with session_factory() as session:
        return session.get_one(Plan, plan_id).state


def counts_on(page: str) -> list[int]:
    """The six numbers above the difference: unchanged, time, van, day, cancelled, new."""
    strip = page.partition('class="diffsum"')[2].partition("</section>")[0]
    return [int(number) for number in re.findall(r"<b>(\d+)</b>", strip)]


# Asking for a plan ----------------------------------------------------------------------------------------------------


def test_the_form_offers_four_weeks_from_the_next_working_day(desk: FlaskClient) -> None:
    page = desk.get("/desk/run").text
    assert (value_of(page, "first_day"), value_of(page, "last_day")) == ("2026-06-02", "2026-06-29")


def test_the_form_ends_before_days_whose_holidays_are_not_announced(
    desk: FlaskClient, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        session.get_one(Day, date(2026, 6, 20)).announced = False
    assert value_of(desk.get("/desk/run").text, "last_day") == "2026-06-19"


def test_a_plan_is_queued_with_the_vans_and_the_seconds_given(
    desk: FlaskClient, week: Week, session_factory: Sessions
) -> None:
    with session_factory() as session:
        code = session.scalars(select(Van.code).order_by(Van.id)).first()
    form = {"first_day": "2026-06-08", "last_day": "2026-06-19", "seconds": "5", "van": [code]}
    answer = send(desk, "/desk/run", form, page="/desk/run")
    assert answer.status_code == 303
    with session_factory() as session:
        plan = session.scalars(select(Plan)).one()
    assert answer.location == f"/desk/run/{plan.id}"
    assert (plan.first_day, plan.last_day, plan.seconds_allowed) == (FIRST, LAST, 5.0)
    assert plan.options == {"vans": [code], "reserve": True}
    assert plan.created_by == "coordinator"


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"last_day": "2026-06-01", "first_day": "2026-06-02"}, "last_day", "must begin before it ends"),
        ({"first_day": "2026-05-01", "last_day": "2026-05-29"}, "last_day", "already past"),
        ({"first_day": ""}, "first_day", "A value is not acceptable."),
        ({"last_day": "2027-06-01"}, "last_day", "Enter 1 to 62."),
        ({"seconds": "9999"}, "seconds", "Enter 1 to 600."),
        ({"van": ["van-of-nobody"]}, "vans", "not one of the words"),
    ],
)
def test_an_order_that_cannot_be_is_refused_beside_its_field(
    changed: dict[str, object], field: str, sentence: str, desk: FlaskClient, session_factory: Sessions
) -> None:
    form = {"first_day": "2026-06-08", "last_day": "2026-06-19", "seconds": "5"} | changed
    answer = send(desk, "/desk/run", form, page="/desk/run")
    assert answer.status_code == 422
    assert sentence in error_beside(answer.text, field)
    with session_factory() as session:
        assert session.scalar(select(func.count()).select_from(Plan)) == 0


def test_a_year_without_a_holiday_table_is_refused_by_its_name(desk: FlaskClient, session_factory: Sessions) -> None:
    with session_factory.begin() as session:
        session.get_one(Day, date(2026, 6, 18)).announced = False
    form = {"first_day": "2026-06-08", "last_day": "2026-06-19", "seconds": "5"}
    answer = send(desk, "/desk/run", form, page="/desk/run")
    assert "The holidays of 2026 are not announced yet" in error_beside(answer.text, "last_day")


# Watching it ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(district: District, session_factory: Sessions, now: datetime) -> int:
    """A run that a runner holds since two seconds ago."""
    with session_factory.begin() as session:
        plan = runs.queue_plan(session, FIRST, LAST, seconds=10, actor="coordinator", now=now)
        assert runs.claim_run(session, owner="runner", now=now, lease_seconds=30) is not None
        curve = [[0.1, 900, None], [0.5, 1000, 1250.0]]
        runs.beat(
            session, plan.id, owner="runner", attempt=1, now=now, lease_seconds=30, phase="columns", progress=curve
        )
        return plan.id


def test_a_run_shows_its_phase_value_bound_and_gap(desk: FlaskClient, run: int, clock: Clock) -> None:
    clock.forward(seconds=2)
    page = desk.get(f"/desk/run/{run}").text
    assert "Looking for better tours" in page
    assert ">1,000<" in page
    assert ">1,250<" in page
    assert ">20.0%<" in page  # (1250 - 1000) / 1250
    assert 'aria-valuenow="20"' in page  # 2 of 10 seconds
    assert 'class="lb" d="M' in page


def test_the_progress_is_asked_for_every_second_while_the_run_lasts(desk: FlaskClient, run: int) -> None:
    part = desk.get(f"/desk/run/{run}/progress")
    assert f'hx-get="/desk/run/{run}/progress" hx-trigger="every 1s"' in part.text
    assert "<html" not in part.text
    assert "HX-Redirect" not in part.headers


def test_a_finished_run_leads_to_its_plan(desk: FlaskClient, make_draft: Drafting) -> None:
    plan_id = make_draft()
    assert desk.get(f"/desk/run/{plan_id}").location == f"/desk/plans/{plan_id}"
    assert desk.get(f"/desk/run/{plan_id}/progress").headers["HX-Redirect"] == f"/desk/plans/{plan_id}"


def test_keeping_the_plan_of_a_run_asks_the_planner_to_end(
    desk: FlaskClient, run: int, session_factory: Sessions
) -> None:
    answer = send(desk, f"/desk/run/{run}/stop", page=f"/desk/run/{run}")
    assert "keeps its best plan so far" in desk.get(answer.location).text
    with session_factory() as session:
        assert session.get_one(Plan, run).stop_requested


def test_a_run_that_waits_is_called_off(
    desk: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        plan_id = runs.queue_plan(session, FIRST, LAST, seconds=10, actor="coordinator", now=now).id
    answer = send(desk, f"/desk/run/{plan_id}/stop", page=f"/desk/run/{plan_id}")
    page = desk.get(answer.location).text
    assert "Called off before it began." in page
    assert "hx-trigger" not in page
    assert state_of(session_factory, plan_id) is PlanState.FAILED


def test_a_run_that_failed_over_pins_names_the_requests(
    desk: FlaskClient, run: int, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        detail = {"visits": ["r17", "r23"]}
        runs.fail_run(
            session, run, owner="runner", attempt=1, reason="contradictory_pins", now=now, detail=detail
        )  # fmt: skip
    page = desk.get(f"/desk/run/{run}").text
    assert "What is pinned contradicts itself." in page
    assert 'href="/desk/requests/17"' in page


def test_a_plan_still_being_made_has_no_page_of_its_own(desk: FlaskClient, run: int) -> None:
    assert desk.get(f"/desk/plans/{run}").status_code == 404
    assert desk.get("/desk/plans/999").status_code == 404


# Reading it -----------------------------------------------------------------------------------------------------------


def test_a_plan_shows_its_week_as_a_timetable_and_as_a_list(desk: FlaskClient, make_draft: Drafting) -> None:
    page = desk.get(f"/desk/plans/{make_draft()}?week=2026-06-08").text
    assert 'class="seg ses test" style="--s:540;--d:120"' in page
    assert 'class="seg setup" style="--s:515;--d:25"' in page
    assert "09:00–11:00" in page
    assert "No bound yet" in page


def test_a_plan_opens_at_the_week_of_the_day_given(desk: FlaskClient, make_draft: Drafting) -> None:
    plan_id = make_draft()
    assert "--s:540;--d:120" not in desk.get(f"/desk/plans/{plan_id}?week=2026-06-15").text
    assert "Tue 9 June</h2>" in desk.get(f"/desk/plans/{plan_id}?day={TUESDAY}").text


def test_the_map_has_the_stops_of_its_day_and_what_is_left_out(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    with session_factory.begin() as session:
        session.add(Unserved(plan_id=plan_id, request_id=week.second, reason="outranked", detail={"points": 42}))
        names = [session.get_one(VisitRequest, each).venue.name_en for each in (week.first, week.second)]
    data = unescape(desk.get(f"/desk/plans/{plan_id}?day={TUESDAY}").text.partition('data-map="')[2].partition('"')[0])
    assert names[0] in data.partition('"unserved"')[0]
    assert names[1] in data.partition('"unserved"')[2]


def test_what_is_left_out_stands_there_with_class_numbers_and_the_visits_it_would_displace(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    with session_factory.begin() as session:
        detail = {"displaces": [week.first], "points": 142, "rivals": []}
        session.add(Unserved(plan_id=plan_id, request_id=week.second, reason="outranked", detail=detail))
        served = session.get_one(VisitRequest, week.first).venue.name_en
    listed = desk.get(f"/desk/plans/{plan_id}").text.partition('id="unserved"')[2]
    assert "would displace 1 visit. Serving it costs at most 142 points." in listed
    assert served in listed


def test_a_shift_in_a_reason_is_called_by_van_and_day(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    with session_factory.begin() as session:
        shift = session.get_one(Shift, week.tuesday)
        nearest = {"rule": "kits", "shift": shift.code, "needs": 60, "has": 48, "short": 12}
        detail = {"rules": {"kits": 2}, "shifts": 2, "nearest": nearest}
        session.add(Unserved(plan_id=plan_id, request_id=week.second, reason="impossible", detail=detail))
        code, van = shift.code, shift.van.name_en
    page = desk.get(f"/desk/plans/{plan_id}").text
    assert f"Tue 9 June {van}: 60 test kits needed, 48 on board" in page
    assert code not in page


def test_a_promise_that_would_move_is_shown_where_it_stood(
    desk: FlaskClient, published: Drafting, make_draft: Drafting
) -> None:
    published(540)
    page = desk.get(f"/desk/plans/{make_draft(570)}?week=2026-06-08").text
    assert 'class="seg ghost" style="--s:540;--d:120"' in page
    assert '<span class="moved">other time</span>' in page


# Publishing it --------------------------------------------------------------------------------------------------------


def test_the_difference_counts_what_stays_moves_falls_out_and_comes_in(
    desk: FlaskClient, published: Drafting, make_draft: Drafting
) -> None:
    first = make_draft(540)
    assert counts_on(desk.get(f"/desk/plans/{first}/publish").text) == [0, 0, 0, 0, 0, 1]
    published(540)
    second = make_draft(570, 540)
    assert counts_on(desk.get(f"/desk/plans/{second}/publish").text) == [0, 1, 0, 0, 0, 1]


def test_the_difference_names_the_old_and_the_new_time_and_how_far_they_lie_apart(
    desk: FlaskClient, published: Drafting, make_draft: Drafting
) -> None:
    published(540)
    page = desk.get(f"/desk/plans/{make_draft(570)}/publish").text
    assert re.search(r'class="was">9 June 09:00', page)
    assert "<b>09:30</b>" in page
    assert "30 min later" in page


def test_people_to_tell_are_shown_with_masked_numbers(desk: FlaskClient, make_draft: Drafting) -> None:
    page = desk.get(f"/desk/plans/{make_draft()}/publish").text
    assert "138****5678" in page
    assert "13800005678" not in page


def told_on(page: str) -> list[tuple[str, str]]:
    """Subject and text of each drafted message."""
    return [
        (unescape(subject), unescape(text))
        for subject, text in re.findall(r'<div class="msg"><b>(.*?)</b><br>(.*?)</div>', page, re.S)
    ]


@pytest.mark.parametrize("case", ["added", "moved", "dropped"])
def test_the_drafted_messages_are_those_that_publishing_writes(
    case: str,
    desk: FlaskClient,
    published: Drafting,
    make_draft: Drafting,
    week: Week,
    session_factory: Sessions,
    now: datetime,
) -> None:
    if case != "added":
        published(540)
        with session_factory.begin() as session:  # the first news have gone out
            for message in session.scalars(select(Message)):
                message.sent_at = now
                message.state = type(message.state).SENT
    if case == "dropped":
        with session_factory() as session:
            asked, shift = session.get_one(VisitRequest, week.second), session.get_one(Shift, week.wednesday)
            plan_id = draft(session, [(asked, shift, 540)], now=now).id
    else:
        plan_id = make_draft(570)
    drafted = told_on(desk.get(f"/desk/plans/{plan_id}/publish").text)
    with session_factory() as session:
        before = session.scalar(select(func.max(Message.id))) or 0
    send(desk, f"/desk/plans/{plan_id}/publish", page=f"/desk/plans/{plan_id}/publish")
    kinds = {"added": ["published"], "moved": ["moved"], "dropped": ["cancelled", "published"]}[case]
    with session_factory() as session:
        written = session.scalars(select(Message).where(Message.id > before, Message.kind.in_(kinds))).all()
    assert written
    assert sorted(drafted) == sorted(text_of(message) for message in written)
    assert not any("replanned" in text for _, text in drafted)  # people read words, not codes


def test_publishing_makes_the_promises_and_says_so(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    answer = send(desk, f"/desk/plans/{plan_id}/publish", page=f"/desk/plans/{plan_id}/publish")
    assert answer.status_code == 303
    assert "1 visit is promised" in desk.get(answer.location).text
    with session_factory() as session:
        assert session.scalars(select(Visit.request_id)).all() == [week.first]
        assert session.get_one(VisitRequest, week.first).state is RequestState.PLANNED
    assert state_of(session_factory, plan_id) is PlanState.PUBLISHED


def make_stale(session_factory: Sessions, week: Week) -> str:
    """Change what the plan was made from; the number of the request concerned."""
    with session_factory.begin() as session:
        asked = session.get_one(VisitRequest, week.first)
        asked.session = 90
        return asked.number


def test_a_stale_plan_is_refused_with_what_changed_and_what_to_do(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    page = f"/desk/plans/{plan_id}/publish"
    token_page = desk.get(page).text
    assert "Publish and tell" in token_page
    number = make_stale(session_factory, week)
    answer = send(desk, page, page="/desk/run")
    assert answer.status_code == 409
    assert "Not published: nothing has changed." in answer.text
    assert f"Request {number}" in answer.text
    assert "Plan these days again" in answer.text
    with session_factory() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0
    assert state_of(session_factory, plan_id) is PlanState.DRAFT


def test_a_plan_known_to_be_stale_offers_no_button_to_publish(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    make_stale(session_factory, week)
    page = desk.get(f"/desk/plans/{plan_id}/publish").text
    assert "It cannot be published as it is" in page
    assert f'action="/desk/plans/{plan_id}/publish"' not in page
    assert "1 thing this plan was made from has changed since." in desk.get(f"/desk/plans/{plan_id}").text


def test_an_unlawful_plan_is_refused_with_the_rule(
    desk: FlaskClient, make_draft: Drafting, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    with session_factory.begin() as session:
        plan = session.get_one(Plan, plan_id)
        plan.tours[0].stops[0].starts = 300  # long before the shift and the window
    answer = send(desk, f"/desk/plans/{plan_id}/publish", page="/desk/run")
    assert answer.status_code == 409
    assert "The session lies in a time the town gave" in answer.text
    assert state_of(session_factory, plan_id) is PlanState.DRAFT


def test_a_plan_is_published_once(desk: FlaskClient, published: Drafting) -> None:
    plan_id = published()
    assert desk.get(f"/desk/plans/{plan_id}/publish").location == f"/desk/plans/{plan_id}"
    answer = send(desk, f"/desk/plans/{plan_id}/publish", page="/desk/run")
    assert "This step is not possible from the present state." in desk.get(answer.location).text


def test_a_plan_put_aside_is_no_longer_to_be_published(
    desk: FlaskClient, make_draft: Drafting, session_factory: Sessions
) -> None:
    plan_id = make_draft()
    answer = send(desk, f"/desk/plans/{plan_id}/discard", page=f"/desk/plans/{plan_id}/publish")
    assert answer.location == "/desk/run"
    assert "put aside" in desk.get("/desk/run").text
    assert state_of(session_factory, plan_id) is PlanState.DISCARDED
    assert "Review &amp; publish" not in desk.get(f"/desk/plans/{plan_id}").text


def test_requests_accepted_meanwhile_and_people_without_an_address_are_warned_of(
    desk: FlaskClient, make_draft: Drafting, week: Week, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        asked = session.get_one(VisitRequest, week.first)
        asked.contact_email = None
    plan_id = make_draft()
    with session_factory.begin() as session:
        venue = session.scalars(select(Venue)).first()
        make_request(session, [(TUESDAY, 480, 720)], now=now + timedelta(hours=1), venue=venue)
    page = desk.get(f"/desk/plans/{plan_id}/publish").text
    assert "1 request was accepted after this plan was made" in page
    assert "1 message has no address: call the person." in page
