"""The pages of messages: what comes, what became of them, the call list; calling off, sending again, ticking off."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import reminders
from schedules.models import AuditRow, Message, MessageState, Service, Shift, Venue
from tests.factories import make_request
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import send, signed_in
from tests.van_service.promised import promise, published_plan

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]
PAST = "/desk/messages/past"
CALLS = "/desk/messages/calls"


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    """The coordinator, reading English."""
    return signed_in(app, "coordinator")


@pytest.fixture
def visit_id(district: District, session_factory: Sessions, now: datetime) -> int:
    """A visit promised for Tuesday, 9 to 11; its town is told and will be reminded."""
    with session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        asked = make_request(session, [(district.tuesday, 480, 720)], now=now, venue=venue, service=service)
        plan = published_plan(session, session.get_one(Shift, district.shift), now=now)
        visit = promise(session, plan, asked, starts=540, now=now)
        reminders.queue_visit_messages(session, visit, "published", now=now)
        return visit.id


def of_contact(session: Session, kind: str) -> Message:
    """The message of a kind to whoever the request names."""
    return session.scalars(select(Message).where(Message.key.contains("contact:"), Message.kind == kind)).one()


@pytest.fixture
def reminder(visit_id: int, session_factory: Sessions) -> int:
    """The id of the waiting reminder of the day before, to the contact."""
    with session_factory() as session:
        return of_contact(session, "day_before").id


@pytest.fixture
def lost(visit_id: int, session_factory: Sessions) -> int:
    """The id of the promise to the contact, which could not be sent."""
    with session_factory.begin() as session:
        message = of_contact(session, "published")
        message.state, message.attempts, message.last_error = MessageState.DEAD, 8, "550 unknown"
        return message.id


# What comes -----------------------------------------------------------------------------------------------------------


def test_people_who_are_told_the_same_stand_together(desk: FlaskClient, visit_id: int) -> None:
    rows = desk.get("/desk/messages?kind=day_before").text.split('<li class="messagerow coming">')[1:]
    assert len(rows) == 1
    assert re.findall(r'aria-label="Reminder, day before, [^"]+"', rows[0])
    assert rows[0].count("@example.org") == 2


def test_a_message_in_quiet_hours_is_listed_when_it_will_leave(
    desk: FlaskClient, reminder: int, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        message = of_contact(session, "published")
        message.due_at = now.replace(hour=14)  # 22:00 in Shanghai
        message_id = message.id
    page = desk.get("/desk/messages?kind=published").text
    day = page.partition(f'id="d{district.tuesday.isoformat()}"')[2]
    assert "waits for the end of quiet hours" in day
    assert "<b>07:00</b>" in day
    assert "waits for the end of quiet hours" in desk.get(f"/desk/messages/{message_id}").text


def test_messages_of_one_letter_say_so(desk: FlaskClient, visit_id: int, session_factory: Sessions) -> None:
    with session_factory.begin() as session:
        first, second = of_contact(session, "published"), of_contact(session, "day_before")
        second.due_at = first.due_at
        second.useful_until = None
    assert desk.get("/desk/messages").text.count("in one letter with 1 other") == 2


def test_a_message_shows_its_text_its_rule_and_where_it_goes(desk: FlaskClient, reminder: int) -> None:
    page = desk.get(f"/desk/messages/{reminder}").text
    for said in ("提醒：6月2日 周二 09:00", "***@example.org", "the working day before at 16:00", "Call it off?"):
        assert said in page, said
    assert not re.search(r"\w@example.org", page)
    assert desk.get("/desk/messages/999").status_code == 404


def test_a_message_names_the_others_of_its_letter(
    desk: FlaskClient, reminder: int, lost: int, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        for message_id in (reminder, lost):
            session.get_one(Message, message_id).bundle = "digest:abc"
    letter = desk.get(f"/desk/messages/{reminder}").text.partition("In one letter with")[2]
    assert f'href="/desk/messages/{lost}"' in letter
    assert f'href="/desk/messages/{reminder}"' not in letter


def test_a_message_is_called_off_for_one_person_alone(
    desk: FlaskClient, reminder: int, session_factory: Sessions
) -> None:
    page = f"/desk/messages/{reminder}"
    answer = send(desk, f"{page}/off", page=page)
    shown = desk.get(answer.location).text
    assert "The message is called off" in shown
    assert "called off · coordinator" in shown  # what people did
    with session_factory() as session:
        states = {message.id: message.state for message in session.scalars(select(Message))}
    assert states.pop(reminder) is MessageState.CANCELLED
    assert {*states.values()} == {MessageState.QUEUED}


def test_what_has_gone_cannot_be_called_off(desk: FlaskClient, reminder: int, session_factory: Sessions) -> None:
    with session_factory.begin() as session:
        session.get_one(Message, reminder).state = MessageState.SENT
    page = f"/desk/messages/{reminder}"
    assert "Call it off?" not in desk.get(page).text
    assert "This step is not possible" in desk.get(send(desk, f"{page}/off", page=page).location).text


# What became of them --------------------------------------------------------------------------------------------------


def test_the_past_says_why_and_how_often(desk: FlaskClient, lost: int) -> None:
    page = desk.get(PAST).text
    assert re.search(r"8 attempts · [^<]*550 unknown", page)
    assert "undeliverable" in page
    assert (
        "Reminder, day before"
        not in page.partition('<section class="panel" aria-label="Messages"')[2].partition("</section>")[0]
    )


def test_a_failed_message_says_when_it_is_tried_next(
    desk: FlaskClient, lost: int, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        message = session.get_one(Message, lost)
        message.state, message.attempts, message.due_at = MessageState.FAILED, 2, now + timedelta(minutes=4)
    page = desk.get(f"{PAST}?state=failed").text
    assert re.search(r"2 attempts · [^<]*550 unknown[^<]* · next attempt 1 June 08:04", page)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("state=dead", True),
        ("state=sent", False),
        ("kind=published", True),
        ("kind=moved", False),
        ("from=2026-06-01&to=2026-06-01", True),
        ("from=2026-06-02", False),
        ("to=2026-05-31", False),
    ],
)
def test_the_past_is_narrowed(question: str, found: bool, desk: FlaskClient, lost: int) -> None:
    assert (f'href="/desk/messages/{lost}"' in desk.get(f"{PAST}?{question}").text) is found


def test_the_past_is_narrowed_to_a_town_and_a_visit(
    desk: FlaskClient, lost: int, visit_id: int, district: District
) -> None:
    link = f'href="/desk/messages/{lost}"'
    assert link in desk.get(f"{PAST}?town={district.town}&visit={visit_id}").text
    assert link not in desk.get(f"{PAST}?town={district.other_town}").text
    assert link not in desk.get(f"{PAST}?visit={visit_id + 1}").text


def test_pages_of_the_past_lead_on_to_each_other(
    desk: FlaskClient, lost: int, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        row = session.get_one(Message, lost)
        for number in range(60):
            copied = {c.name: getattr(row, c.name) for c in Message.__table__.columns if c.name not in ("id", "key")}
            session.add(Message(**copied | {"key": f"{row.key}#{number}:contact:1:published"}))
    links: list[str] = []
    address = PAST
    while address:
        page = desk.get(address).text
        links += re.findall(r'<a href="(/desk/messages/\d+)">', page)
        following = re.search(r'href="(/desk/messages/past\?after=[^"]+)">Earlier', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(links) == len({*links}) == 61


# The call list --------------------------------------------------------------------------------------------------------


def test_who_was_called_is_ticked_off_with_name_and_time(
    desk: FlaskClient, lost: int, session_factory: Sessions, clock: Clock
) -> None:
    clock.forward(minutes=15)
    answer = send(desk, f"/desk/messages/{lost}/called", page=CALLS)
    page = desk.get(answer.location).text
    to_call, _, called = page.partition("Told by telephone")
    assert "Nobody to call" in to_call
    assert "1 June 08:15" in called
    assert "coordinator" in called
    assert "told by telephone, coordinator, 1 June 08:15" in desk.get(PAST).text
    with session_factory() as session:
        assert session.get_one(Message, lost).state is MessageState.DEAD


def test_a_tick_made_by_mistake_is_taken_back(desk: FlaskClient, lost: int, session_factory: Sessions) -> None:
    send(desk, f"/desk/messages/{lost}/called", page=CALLS)
    answer = send(desk, f"/desk/messages/{lost}/not-called", page=CALLS)
    assert "is on the list again" in desk.get(answer.location).text
    answer = send(desk, f"/desk/messages/{lost}/not-called", page=CALLS)
    assert "This step is not possible" in desk.get(answer.location).text
    with session_factory() as session:
        assert session.get_one(Message, lost).called_by is None
        verbs = session.scalars(select(AuditRow.verb).where(AuditRow.noun == "message")).all()
        assert verbs == ["mark_called", "take_back_call"]


def test_the_list_on_paper_has_every_number_and_that_is_logged(
    desk: FlaskClient, lost: int, session_factory: Sessions
) -> None:
    sheet = send(desk, f"{CALLS}/sheet", page=CALLS).text
    assert "13800005678" in sheet
    assert "服务车 6月2日 周二 09:00" in sheet  # what to say
    with session_factory() as session:
        assert session.scalars(select(AuditRow.noun_id).where(AuditRow.verb == "revealed")).all() == [str(lost)]


def test_the_tab_counts_who_is_to_be_called(desk: FlaskClient, lost: int) -> None:
    assert 'Call list <span class="count">1</span>' in desk.get("/desk/messages").text
    send(desk, f"/desk/messages/{lost}/called", page=CALLS)
    assert "Call list</a>" in desk.get("/desk/messages").text


def test_calls_about_the_next_visits_come_first(
    desk: FlaskClient, lost: int, district: District, session_factory: Sessions, now: datetime
) -> None:
    with session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.other_venue), session.get_one(Service, district.service)
        asked = make_request(session, [(district.tuesday, 480, 720)], now=now, venue=venue, service=service)
        plan = published_plan(session, session.get_one(Shift, district.next_shift), now=now)
        later = promise(session, plan, asked, starts=540, now=now)
        reminders.queue_visit_messages(session, later, "published", now=now)
        for message in session.scalars(select(Message).where(Message.visit_id == later.id)):
            message.state = MessageState.TOO_LATE
        names = session.get_one(Venue, district.venue).name_en, venue.name_en
    page = desk.get(CALLS).text
    assert page.index(names[0]) < page.index(names[1])


def test_sending_again_comes_back_to_the_list_it_was_asked_on(desk: FlaskClient, lost: int) -> None:
    answer = send(desk, f"/desk/messages/{lost}/again", {"next": f"{PAST}?state=dead"}, page=PAST)
    assert answer.location.endswith(f"{PAST}?state=dead")


def test_nothing_is_done_by_telephone_for_what_arrived(desk: FlaskClient, lost: int, session_factory: Sessions) -> None:
    with session_factory.begin() as session:
        session.get_one(Message, lost).state = MessageState.SENT
    page = desk.get(send(desk, f"/desk/messages/{lost}/called", page=CALLS).location).text
    assert "This step is not possible" in page
    with session_factory() as session:
        assert session.get_one(Message, lost).called_at is None
        assert "mark_called" not in session.scalars(select(AuditRow.verb)).all()
