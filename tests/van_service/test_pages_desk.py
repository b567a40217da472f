"""The desk as a whole: who may open it, pages without a row, and today, visits, coverage, messages and lists."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import health, reminders, reports, visits
from schedules.models import (
    AuditRow,
    CrewMember,
    Day,
    DayKind,
    DaySource,
    Hotspot,
    Message,
    MessageState,
    PlanningSettings,
    RequestState,
    Service,
    Shift,
    Venue,
    Visit,
    VisitRequest,
    VisitState,
)
from schedules.reports import ReportIn
from tests.factories import make_request, make_town, make_venue, make_visit
from tests.van_service.conftest import Clock, District, make_account
from tests.van_service.page_calls import send, signed_in
from tests.van_service.promised import promise, published_plan
from van_service.accounts import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]

PAGES = (
    "/desk",
    "/desk/requests",
    "/desk/requests?state=accepted",
    "/desk/requests?state=planned",
    "/desk/requests?state=ended",
    "/desk/run",
    "/desk/visits",
    "/desk/coverage",
    "/desk/coverage?span=quarter",
    "/desk/messages",
    "/desk/messages/past",
    "/desk/messages/calls",
    "/desk/messages/rules",
    "/desk/messages/rules/day_before",
    "/desk/messages/wordings",
    "/desk/messages/wordings/moved/en",
    "/desk/masters",
    "/desk/masters/services",
    "/desk/masters/fleet",
    "/desk/masters/roster",
    "/desk/masters/days",
    "/desk/masters/points",
)


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    """The coordinator, reading English."""
    return signed_in(app, "coordinator")


@pytest.fixture
def visit_id(district: District, session_factory: Sessions, now: datetime) -> int:
    """A visit promised for Tuesday, 9 to 11."""
    with session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        asked = make_request(session, [(district.tuesday, 480, 720)], now=now, venue=venue, service=service)
        plan = published_plan(session, session.get_one(Shift, district.shift), now=now)
        visit = promise(session, plan, asked, starts=540, now=now)
        reminders.queue_visit_messages(session, visit, "published", now=now)
        return visit.id


# Who may come in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["town", "crew"])
def test_only_coordinators_open_the_desk(username: str, app: Flask, district: District) -> None:
    client = signed_in(app, username)
    assert {client.get(page).status_code for page in PAGES} == {403}


def test_somebody_unknown_is_led_to_the_sign_in(app: Flask, district: District) -> None:
    assert app.test_client().get("/desk").location == "/login?next=/desk"


def test_a_change_without_the_token_is_refused(desk: FlaskClient, visit_id: int, session_factory: Sessions) -> None:
    assert desk.post(f"/desk/visits/{visit_id}/cancel", data={"reason": "rain"}).status_code == 400
    with session_factory() as session:
        assert session.get_one(Visit, visit_id).state is VisitState.PROMISED


# Pages without a row --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_page_opens_on_an_empty_database(
    locale: str, app: Flask, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        make_account(session, "coordinator", Role.COORDINATOR, now)
    client = signed_in(app, "coordinator", locale=locale)
    assert {page: client.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_page_opens_with_rows(locale: str, app: Flask, visit_id: int) -> None:
    client = signed_in(app, "coordinator", locale=locale)
    pages = (*PAGES, f"/desk/visits/{visit_id}", "/desk/plans/1", "/desk/plans/1?view=table")
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


@pytest.mark.parametrize(
    "address",
    [
        "/desk/visits?from=0001-01-01",
        "/desk/visits?from=soon&town=x",
        "/desk/masters/roster?from=9999-12-31",
        "/desk/masters/days?from=-5",
        "/desk/masters?town=99&kind=nothing&q=%25&after=-1",
        "/desk/requests?state=unheard&town=-1",
        "/desk/coverage?span=century",
        "/desk/messages?kind=gossip",
        "/desk/messages/past?state=queued&kind=x&town=99999999999999999999&visit=-1&from=soon&after=1.5.x",
    ],
)
def test_nonsense_behind_the_question_mark_is_passed_over(address: str, desk: FlaskClient) -> None:
    assert desk.get(address).status_code == 200


# Today ----------------------------------------------------------------------------------------------------------------


def test_today_counts_what_waits_and_names_the_visits_to_come(
    desk: FlaskClient, visit_id: int, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        venue = session.get_one(Venue, district.other_venue)
        windows = [(district.tuesday, 480, 720)]
        make_request(session, windows, now=now, venue=venue, state=RequestState.SUBMITTED)
        names = venue.name_en, session.get_one(Visit, visit_id).venue.name_en
    page = desk.get("/desk").text
    assert all(name in page for name in names)
    assert re.search(r'Requests<span class="count">1</span>', page)  # in the tab
    assert "1 not confirmed by its town" in page


def test_a_silent_scheduler_is_told_of_on_the_first_page(
    desk: FlaskClient, clock: Clock, session_factory: Sessions
) -> None:
    assert "The scheduler is silent" in desk.get("/desk").text
    with session_factory.begin() as session:
        health.beat(session, health.SCHEDULER, "a", clock.now)
    assert "scheduler" not in desk.get("/desk").text.lower()


def test_work_that_the_scheduler_does_not_get_done_is_named_on_the_first_page(
    desk: FlaskClient, clock: Clock, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        for name in (health.SCHEDULER, "failed:reminders"):
            health.beat(session, name, "a", clock.now)
        health.beat(session, "tick:deliver", "a", clock.now - timedelta(minutes=5))
    page = desk.get("/desk").text
    assert "does not get this done: sending messages" in page
    assert "reminders and the crews" in page


def test_a_town_that_waits_too_long_is_named_with_its_days(
    desk: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        asked = make_request(session, [], now=now, venue=session.get_one(Venue, district.venue))
        shift = session.get_one(Shift, district.shift)
        make_visit(session, asked, shift, day=now.date() - timedelta(days=41), state=VisitState.DONE)
    page = desk.get("/desk").text
    assert "41 days" in page
    assert "limit 35 days" in page


# Visits ---------------------------------------------------------------------------------------------------------------


def test_a_visit_shows_what_was_promised_what_happened_and_what_came_of_it(
    desk: FlaskClient, visit_id: int, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        at = now + timedelta(days=1)
        for step in (visits.set_off, visits.arrive, visits.open_session):
            step(session, visit_id, actor="crew", now=at)
        reports.file_report(session, visit_id, ReportIn(people=43, samples_tested=24), actor="crew", now=at)
    page = desk.get(f"/desk/visits/{visit_id}").text
    for said in ("van set off", "session opened", "done, report filed", ">43<", ">24<", "Visit promised"):
        assert said in page, said
    assert "Cancel, say why" not in page


def test_cancelling_a_visit_tells_the_town_and_lets_the_request_wait(
    desk: FlaskClient, visit_id: int, session_factory: Sessions
) -> None:
    page = f"/desk/visits/{visit_id}"
    answer = send(desk, f"{page}/cancel", {"reason": "车在修"}, page=page)
    shown = desk.get(answer.location).text
    assert "The visit is cancelled." in shown
    assert "Ended by coordinator: 车在修" in shown
    with session_factory() as session:
        visit = session.get_one(Visit, visit_id)
        assert (visit.state, visit.request.state) == (VisitState.CANCELLED, RequestState.ACCEPTED)
        assert "cancelled" in session.scalars(select(Message.kind)).all()


def test_a_missed_visit_is_marked_with_what_happened(
    desk: FlaskClient, visit_id: int, session_factory: Sessions
) -> None:
    page = f"/desk/visits/{visit_id}"
    send(desk, f"{page}/miss", {"reason": "封路"}, page=page)
    with session_factory() as session:
        visit = session.get_one(Visit, visit_id)
        assert (visit.state, visit.reason) == (VisitState.MISSED, "封路")


@pytest.mark.parametrize("step", ["cancel", "miss"])
def test_a_visit_does_not_end_without_a_reason(
    step: str, desk: FlaskClient, visit_id: int, session_factory: Sessions
) -> None:
    page = f"/desk/visits/{visit_id}"
    answer = send(desk, f"{page}/{step}", {"reason": ""}, page=page)
    assert "This is needed." in desk.get(answer.location).text
    with session_factory() as session:
        assert session.get_one(Visit, visit_id).state is VisitState.PROMISED


def test_visits_are_listed_by_day_and_narrowed_by_town(desk: FlaskClient, visit_id: int, district: District) -> None:
    link = f'href="/desk/visits/{visit_id}"'
    assert link in desk.get("/desk/visits").text
    assert link in desk.get(f"/desk/visits?town={district.town}").text
    assert link not in desk.get(f"/desk/visits?town={district.other_town}").text
    assert link not in desk.get("/desk/visits?from=2026-07-01").text


# Coverage -------------------------------------------------------------------------------------------------------------


def test_coverage_accounts_for_what_is_due_done_and_promised(
    desk: FlaskClient, visit_id: int, district: District, session_factory: Sessions
) -> None:
    with session_factory() as session:
        name = session.get_one(VisitRequest, session.get_one(Visit, visit_id).request_id).town.name_en
    row = desk.get("/desk/coverage").text.partition(f"<b>{name}</b>")[2].partition("</tr>")[0]
    numbers = re.findall(r'<td class="num">([\d,]+)</td>', row)
    assert numbers == ["0", "1", "1", "50,000"]  # done, promised, due, weight
    assert "never yet" in row


def test_a_quarter_is_longer_than_a_month(desk: FlaskClient) -> None:
    assert "1 June–30 June" in desk.get("/desk/coverage").text
    assert "1 April–30 June" in desk.get("/desk/coverage?span=quarter").text


# Messages -------------------------------------------------------------------------------------------------------------


def test_the_coming_messages_show_time_text_and_masked_recipient(desk: FlaskClient, visit_id: int) -> None:
    page = desk.get("/desk/messages").text
    assert "Reminder, day before" in page
    assert "提醒：6月2日 周二 09:00" in page  # the letter in its reader's language
    assert "t***@example.org" in page
    assert "town@example.org" not in page
    assert "the working day before at 16:00" in page


def test_messages_can_be_narrowed_to_one_kind(desk: FlaskClient, visit_id: int) -> None:
    page = desk.get("/desk/messages?kind=morning_of").text
    assert "今天 09:00" in page
    assert "提醒：6月2日" not in page


@pytest.fixture
def lost(visit_id: int, session_factory: Sessions) -> int:
    """The id of a message to the request's contact that could not be sent."""
    with session_factory.begin() as session:
        message = session.scalars(
            select(Message).where(Message.key.contains("contact:"), Message.kind == "published")
        ).one()
        message.state, message.last_error = MessageState.DEAD, "550 unknown"
        return message.id


def test_a_message_that_did_not_arrive_is_on_the_call_list_and_on_the_first_page(desk: FlaskClient, lost: int) -> None:
    assert "undeliverable" in desk.get("/desk/messages/calls").text
    assert "1 message did not arrive" in desk.get("/desk").text


def test_the_number_to_call_is_shown_on_demand_and_logged(
    desk: FlaskClient, lost: int, session_factory: Sessions
) -> None:
    assert "13800005678" not in desk.get("/desk/messages/calls").text
    assert "13800005678" in send(desk, f"/desk/messages/{lost}/phone", page="/desk/messages/calls").text
    with session_factory() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.verb == "revealed")).one()
    assert (row.noun, row.noun_id) == ("message_phone", str(lost))


def test_a_lost_message_is_sent_again_once(desk: FlaskClient, lost: int, session_factory: Sessions) -> None:
    answer = send(desk, f"/desk/messages/{lost}/again", page="/desk/messages")
    assert "The message is queued again." in desk.get(answer.location).text
    with session_factory() as session:
        assert session.get_one(Message, lost).state is MessageState.QUEUED
    answer = send(desk, f"/desk/messages/{lost}/again", page="/desk/messages")
    assert "This step is not possible" in desk.get(answer.location).text


# Lists ----------------------------------------------------------------------------------------------------------------


def test_venues_are_found_by_town_and_by_a_part_of_the_name(
    desk: FlaskClient, district: District, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        town = make_town(session)
        make_venue(session, town, name_en="Willow Market", name_zh="柳港菜场")
        town_id = town.id
    assert "Willow Market" in desk.get("/desk/masters?q=willow").text
    assert "Willow Market" in desk.get(f"/desk/masters?town={town_id}").text
    assert "Willow Market" not in desk.get(f"/desk/masters?town={district.town}").text


def test_more_venues_than_fit_on_a_page_continue_on_the_next(
    desk: FlaskClient, district: District, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        town = make_town(session)
        for number in range(61):
            make_venue(session, town, name_en=f"Hall {number:02d}")
        town_id = town.id
    page = desk.get(f"/desk/masters?town={town_id}").text
    assert "Hall 59" in page
    assert "Hall 60" not in page
    following = re.search(r'href="(/desk/masters\?after=[^"]+)"', page)
    assert following is not None
    assert "Hall 60" in desk.get(following[1].replace("&amp;", "&")).text


def test_phones_of_the_crew_are_masked(desk: FlaskClient, district: District, session_factory: Sessions) -> None:
    with session_factory() as session:
        member = session.get_one(CrewMember, district.crew_member)
    page = desk.get("/desk/masters/fleet").text
    assert member.name in page
    assert member.phone not in page
    assert "139****1234" in page


def test_the_roster_shows_who_rides_and_which_van_is_out_of_service(
    desk: FlaskClient, district: District, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        session.get_one(Shift, district.next_shift).out_of_service = "repair"
        name = session.get_one(CrewMember, district.crew_member).name
    page = desk.get("/desk/masters/roster").text
    assert page.count(name) == 2
    assert page.count("out of service") == 1


def test_days_that_nobody_has_announced_are_marked_as_a_guess(
    desk: FlaskClient, district: District, session_factory: Sessions
) -> None:
    assert "are not announced" not in desk.get("/desk/masters/days").text
    with session_factory.begin() as session:
        session.add(Day(date=date(2026, 8, 3), kind=DayKind.WORKING, source=DaySource.WEEK, announced=False))
    page = desk.get("/desk/masters/days").text
    assert "The holidays of 2026 are not announced" in page
    assert 'class="working guess' in page
    assert "Monday to Friday, a guess" in page


def test_points_differ_from_the_usual_ones_visibly(
    desk: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        session.add(PlanningSettings(id=1, values={"visit": 350}))
        spot = {"topic_zh": "预付卡", "topic_en": "Prepaid cards", "complaints_before": 9, "complaints_now": 31}
        session.add(Hotspot(town_id=district.town, points=60, first_day=now.date(), last_day=now.date(), **spot))
    page = desk.get("/desk/masters/points").text
    assert re.search(r'usually 300</span></label>\s*<input[^>]*name="visit" value="350"', page)
    assert "complaints 9 → 31" in page


def test_the_clock_of_the_desk_is_the_apps(desk: FlaskClient, clock: Clock) -> None:
    clock.forward(days=0, minutes=5)
    assert "Mon 1 June 2026" in desk.get("/desk").text
