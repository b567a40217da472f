"""The pages of the rules and wordings of messages, and of what each person wants."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import reminders, rulebook, wordings
from schedules.models import (
    LetterText,
    Message,
    MessagePreference,
    MessageRule,
    MessageSettings,
    MessageState,
    Service,
    Shift,
    Town,
    Venue,
)
from tests.factories import make_request
from tests.van_service.conftest import District
from tests.van_service.page_calls import error_beside, send, signed_in, value_of
from tests.van_service.promised import promise, published_plan

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]
RULES = "/desk/messages/rules"
DAY_BEFORE = f"{RULES}/day_before"
MOVED = "/desk/messages/wordings/moved/en"

# The rule of the reminder of the day before as it stands, as its form sends it.
FORM: dict[str, Any] = {
    "enabled": "yes",
    "audiences": ["contact", "liaison"],
    "amount": "1",
    "unit": "working_days",
    "at": "16:00",
    "way": ["email", "sms"],
    "group": ["wecom", "dingtalk", "feishu", "apprise"],
    "version": "0",
}
HOURS = {
    "quiet_from": "21:00",
    "quiet_until": "07:00",
    "digest_minutes": "60",
    "work_from": "08:30",
    "work_until": "17:00",
    "version": "0",
}


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    """The coordinator, reading English."""
    return signed_in(app, "coordinator")


@pytest.fixture
def reminded(district: District, session_factory: Sessions, now: datetime) -> None:
    """A visit on Wednesday of which two people are told and will be reminded."""
    with session_factory.begin() as session:
        venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
        shift = session.get_one(Shift, district.next_shift)
        asked = make_request(session, [(shift.day, 480, 720)], now=now, venue=venue, service=service)
        visit = promise(session, published_plan(session, shift, now=now), asked, starts=540, now=now)
        reminders.queue_visit_messages(session, visit, "published", now=now)


def waiting(session: Session, kind: str) -> list[Message]:
    return list(
        session.scalars(select(Message).where(Message.kind == kind, Message.state == MessageState.QUEUED)).all()
    )


# The rules ------------------------------------------------------------------------------------------------------------


def test_every_rule_stands_under_whom_it_concerns(desk: FlaskClient, reminded: None) -> None:
    page = desk.get(RULES).text
    towns, _, rest = page.partition("For crews")
    crews, _, office = rest.partition("For coordinators")
    assert "the working day before at 16:00" in towns
    assert "2 waiting" in towns
    assert "Roster changed" in crews
    assert "2 working days before at 09:00" in office
    assert all(f"{RULES}/{kind}" in page for kind in rulebook.DEFAULTS)


def test_the_form_shows_the_rule_in_force(desk: FlaskClient) -> None:
    page = desk.get(DAY_BEFORE).text
    assert (value_of(page, "amount"), value_of(page, "at")) == ("1", "16:00")
    assert '<option value="working_days" selected>' in page
    assert desk.get(f"{RULES}/gossip").status_code == 404


def test_a_sent_form_that_changes_nothing_leaves_the_default(desk: FlaskClient, session_factory: Sessions) -> None:
    send(desk, DAY_BEFORE, FORM, page=DAY_BEFORE)
    with session_factory() as session:
        assert session.get(MessageRule, "day_before") is None


def test_a_changed_time_moves_what_waits_and_says_how_many(
    desk: FlaskClient, reminded: None, session_factory: Sessions
) -> None:
    answer = send(desk, DAY_BEFORE, FORM | {"at": "15：30"}, page=DAY_BEFORE)
    page = desk.get(answer.location).text
    assert "The rule “Reminder, day before” is changed. 2 waiting messages get another time." in page
    assert "the working day before at 15:30" in page
    with session_factory() as session:
        assert {f"{message.due_at:%d %H:%M}" for message in waiting(session, "day_before")} == {"02 07:30"}  # UTC
        row = session.get_one(MessageRule, "day_before")
        assert (row.lead["minutes"], row.changed_by) == (930, "coordinator")


def test_the_effect_is_foretold_and_nothing_is_changed(
    desk: FlaskClient, reminded: None, session_factory: Sessions
) -> None:
    told = {name: value for name, value in FORM.items() if name != "enabled"}
    assert "2 waiting messages will not be sent." in send(desk, f"{DAY_BEFORE}/effect", told, page=DAY_BEFORE).text
    unclear = send(desk, f"{DAY_BEFORE}/effect", FORM | {"at": "soon"}, page=DAY_BEFORE).text
    assert "once the form can be saved" in unclear
    with session_factory() as session:
        assert session.get(MessageRule, "day_before") is None
        assert len(waiting(session, "day_before")) == 2


def test_a_rule_counts_working_hours(desk: FlaskClient, reminded: None, session_factory: Sessions) -> None:
    send(desk, DAY_BEFORE, FORM | {"amount": "4.5", "unit": "working_hours", "at": ""}, page=DAY_BEFORE)
    assert "4.5 working hours before" in desk.get(RULES).text
    with session_factory() as session:  # half an hour of Wednesday from 8:30, four hours of Tuesday: 13:00 Shanghai
        assert {f"{message.due_at:%d %H:%M}" for message in waiting(session, "day_before")} == {"02 05:00"}


@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        ({"at": "25:00"}, "at", "Enter a time of day such as 16:00."),
        ({"amount": "15"}, "amount", "Enter a whole number from 0 to 14; 0 is the day itself."),
        ({"amount": "1.5"}, "amount", "Enter a whole number from 0 to 14; 0 is the day itself."),
        ({"amount": "x"}, "amount", "Enter a whole number from 0 to 14; 0 is the day itself."),
        ({"amount": "81", "unit": "working_hours"}, "amount", "Enter more than 0 and at most 80 working hours."),
        ({"audiences": []}, "audiences", "Choose at least one: a message to nobody is one that is switched off."),
        ({"way": ["", ""], "group": []}, "channels", "Choose at least one way."),
        ({"way": ["email", "email"]}, "channels", "The same thing is given twice."),
        ({"audiences": ["king"]}, "audiences", "This is not one of the words that are possible here."),
    ],
)
def test_what_is_refused_stands_at_its_field(
    change: dict[str, Any], place: str, sentence: str, desk: FlaskClient, session_factory: Sessions
) -> None:
    answer = send(desk, DAY_BEFORE, FORM | change, page=DAY_BEFORE)
    assert answer.status_code == 422
    assert error_beside(answer.text, place) == sentence
    assert value_of(answer.text, "amount") == (change | FORM | change)["amount"]  # as typed
    with session_factory() as session:
        assert session.get(MessageRule, "day_before") is None


def test_a_message_that_people_cannot_do_without_has_no_switch(desk: FlaskClient, session_factory: Sessions) -> None:
    page = f"{RULES}/cancelled"
    assert "Always sent" in desk.get(page).text
    form = {name: FORM[name] for name in ("audiences", "way", "group", "version")} | {"urgent": "yes"}
    assert send(desk, page, form | {"audiences": ["coordinators"]}, page=page).status_code == 422
    assert send(desk, page, form, page=page).status_code == 303  # without a switch it is not switched off
    with session_factory() as session:
        assert session.get(MessageRule, "cancelled") is None


def test_a_rule_that_somebody_else_changed_is_not_overwritten(desk: FlaskClient, session_factory: Sessions) -> None:
    send(desk, DAY_BEFORE, FORM | {"at": "15:00"}, page=DAY_BEFORE)
    answer = send(desk, DAY_BEFORE, FORM | {"at": "14:00"}, page=DAY_BEFORE)
    assert answer.status_code == 409
    assert "Somebody else changed this meanwhile" in answer.text
    with session_factory() as session:
        assert session.get_one(MessageRule, "day_before").lead["minutes"] == 900


# The hours ------------------------------------------------------------------------------------------------------------


def test_the_hours_are_changed(desk: FlaskClient, session_factory: Sessions) -> None:
    answer = send(desk, "/desk/messages/hours", HOURS | {"quiet_from": "2200", "work_until": "24:00"}, page=RULES)
    assert value_of(desk.get(answer.location).text, "quiet_from") == "22:00"
    with session_factory() as session:
        values = session.get_one(MessageSettings, 1).values
        assert (values["quiet_from"], values["work_until"]) == (1320, 1440)


@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        ({"quiet_from": "late"}, "quiet_from", "Enter a time of day such as 16:00."),
        ({"quiet_until": "20:00"}, "quiet_until", "Quiet hours last 16 hours at most."),
        ({"digest_minutes": "1000"}, "digest_minutes", "Enter 0 to 720."),
        ({"work_until": "08:00"}, "work_until", "Working hours last an hour or more and end on the same day."),
    ],
)
def test_hours_that_are_refused_stand_at_their_field(
    change: dict[str, str], place: str, sentence: str, desk: FlaskClient
) -> None:
    answer = send(desk, "/desk/messages/hours", HOURS | change, page=RULES)
    assert answer.status_code == 422
    assert error_beside(answer.text, place) == sentence


# Wordings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_every_message_is_shown_in_both_languages(locale: str, app: Flask, district: District) -> None:
    page = signed_in(app, "coordinator", locale=locale).get("/desk/messages/wordings").text
    assert all(
        f"/desk/messages/wordings/{kind}/{each}" in page for kind in rulebook.DEFAULTS for each in ("zh_CN", "en")
    )
    assert "杏园社区" in page
    assert "Xingyuan community" in page


def test_every_wording_opens_with_names_that_work_as_they_are_shown(desk: FlaskClient) -> None:
    for kind in rulebook.DEFAULTS:
        for locale in ("zh_CN", "en"):
            page = desk.get(f"/desk/messages/wordings/{kind}/{locale}")
            assert page.status_code == 200, kind
            names = [unescape(text) for text in re.findall(r"<td><code>(.*?)</code></td>", page.text)]
            assert names, kind
            text = " ".join(["x", *names])
            assert wordings.try_wording(kind, locale, text, text), kind


def test_an_own_wording_is_used_and_given_up_again(
    desk: FlaskClient, reminded: None, session_factory: Sessions
) -> None:
    page = "/desk/messages/wordings/day_before/zh_CN"
    form = {"subject": "车明天来 {{ venue }}", "body": "{{ day | date }} 见。", "version": "0"}
    answer = send(desk, page, form, page=page)
    assert "is worded anew" in desk.get(answer.location).text
    assert "车明天来" in desk.get("/desk/messages?kind=day_before").text
    send(desk, f"{page}/restore", {"version": "1"}, page=page)
    assert "车明天来" not in desk.get("/desk/messages?kind=day_before").text
    with session_factory() as session:
        assert session.scalars(select(LetterText)).all() == []


def test_a_wording_is_shown_as_it_will_read_while_it_is_typed(desk: FlaskClient) -> None:
    form = {"subject": "New: {{ venue }}", "body": "{{ day | moment(starts) }}"}
    shown = send(desk, f"{MOVED}/try", form, page=MOVED).text
    assert "New: Xingyuan community" in shown
    assert "Tue 16 June, 09:30" in shown
    assert "<html" not in shown


@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        ({"subject": ""}, "subject", "This is needed."),
        ({"body": "{{ phone }}"}, "body", "“phone” is not known here."),
        ({"body": "{{ venue "}, "body", "Line 1 cannot be read: are all braces closed?"),
        ({"body": "{% if before %}x{% endif %}"}, "body", "In one of the cases nothing would be left to read."),
    ],
)
def test_a_wording_that_is_refused_says_why_at_its_field(
    change: dict[str, str], place: str, sentence: str, desk: FlaskClient, session_factory: Sessions
) -> None:
    answer = send(desk, MOVED, {"subject": "a", "body": "b", "version": "0"} | change, page=MOVED)
    assert answer.status_code == 422
    assert error_beside(answer.text, place).startswith(sentence)
    with session_factory() as session:
        assert session.scalars(select(LetterText)).all() == []


# What each person wants -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "always"), [("town", "Visit moved"), ("crew", "Roster changed"), ("coordinator", "")]
)
def test_everybody_finds_the_own_messages(username: str, always: str, app: Flask, district: District) -> None:
    page = signed_in(app, username).get("/preferences").text
    assert '<select class="input" id="locale" name="locale">' in page
    assert always in page


def test_a_town_changes_language_and_mutes_what_it_may(
    app: Flask, district: District, reminded: None, session_factory: Sessions
) -> None:
    town = signed_in(app, "town")
    answer = send(town, "/preferences", {"locale": "en", "wanted": ["day_before"], "version": "0"}, page="/preferences")
    assert "This is kept" in town.get(answer.location).text
    with session_factory() as session:
        row = session.get_one(MessagePreference, f"town:{district.town}")
        assert row.locale == "en"
        assert "morning_of" in row.muted
        assert not {"day_before", "moved", "cancelled"} & {*row.muted}
        mine = [message for message in waiting(session, "morning_of") if ":town:" in message.key]
        assert mine == []


def test_a_form_that_somebody_else_has_overtaken_keeps_nothing(
    app: Flask, district: District, session_factory: Sessions
) -> None:
    crew = signed_in(app, "crew")
    send(crew, "/preferences", {"locale": "en", "version": "0"}, page="/preferences")
    answer = send(crew, "/preferences", {"locale": "zh_CN", "version": "0"}, page="/preferences")
    assert answer.status_code == 409
    with session_factory() as session:
        assert session.get_one(MessagePreference, f"crew:{district.crew_member}").locale == "en"


def test_a_town_without_a_liaison_officer_chooses_the_language_of_its_contacts(
    app: Flask, district: District, reminded: None, session_factory: Sessions
) -> None:
    with session_factory.begin() as session:
        town = session.get_one(Town, district.town)
        town.contact_name = town.contact_email = None
    client = signed_in(app, "town")
    assert "Nobody is named yet" in client.get("/preferences").text
    send(client, "/preferences", {"locale": "en", "version": "0"}, page="/preferences")
    with session_factory() as session:
        contacts = [message for message in waiting(session, "day_before") if ":contact:" in message.key]
        assert {message.locale for message in contacts} == {"en"}
