"""The pages on which towns, crews and coordinators make and end the addresses of calendars."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import CalendarFeed, FeedKind
from tests.van_service.conftest import District
from tests.van_service.page_calls import error_beside, send, signed_in, value_of

pytestmark = pytest.mark.usefixtures("district")

PAGES = {"town": "/town/calendar", "crew": "/crew/calendar", "coordinator": "/desk/feeds"}


def made(client: FlaskClient, role: str, **form: str) -> str:
    """The page that answers the making of an address."""
    answer = send(client, PAGES[role], {"label": "kitchen wall", "whose": "public"} | form)
    assert answer.status_code == 200
    return answer.text


def path_on(page: str) -> str:
    found = re.search(r'id="address" value="http://localhost([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("role", PAGES)
def test_an_address_is_shown_once_with_both_ways_to_use_it(role: str, app: Flask, client: FlaskClient) -> None:
    browser = signed_in(app, role)
    page = made(browser, role)
    path = path_on(page)
    assert f'href="webcal://localhost{path}"' in page
    assert 'data-copy="address"' in page
    assert client.get(path).status_code == 200
    again = browser.get(PAGES[role]).text
    assert "kitchen wall" in again
    assert path not in again


@pytest.mark.parametrize("role", PAGES)
def test_an_address_is_ended(
    role: str, app: Flask, client: FlaskClient, session_factory: sessionmaker[Session]
) -> None:
    browser = signed_in(app, role)
    path = path_on(made(browser, role))
    with session_factory() as session:
        feed_id = session.scalars(select(CalendarFeed.id)).one()
    answer = send(browser, f"{PAGES[role]}/{feed_id}/revoke")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGES[role])
    assert "kitchen wall" not in browser.get(PAGES[role]).text
    assert client.get(path).status_code == 410


@pytest.mark.parametrize("role", PAGES)
def test_a_label_that_is_none_is_said_beside_it(role: str, app: Flask) -> None:
    answer = send(signed_in(app, role), PAGES[role], {"label": "  ", "whose": "public"})
    assert answer.status_code == 422
    assert error_beside(answer.text, "label") == "This is needed."


@pytest.mark.parametrize("role", ["town", "crew"])
def test_nobody_ends_the_address_of_somebody_else(
    role: str, app: Flask, client: FlaskClient, session_factory: sessionmaker[Session]
) -> None:
    path = path_on(made(signed_in(app, "coordinator"), "coordinator"))
    with session_factory() as session:
        feed_id = session.scalars(select(CalendarFeed.id)).one()
    assert send(signed_in(app, role), f"{PAGES[role]}/{feed_id}/revoke").status_code == 404
    assert client.get(path).status_code == 200


def test_a_coordinator_chooses_whose_calendar_it_is(
    app: Flask, district: District, session_factory: sessionmaker[Session]
) -> None:
    browser = signed_in(app, "coordinator")
    for whose in (f"town:{district.other_town}", f"crew:{district.crew_member}", "public"):
        made(browser, "coordinator", whose=whose)
    with session_factory() as session:
        rows = session.scalars(select(CalendarFeed).order_by(CalendarFeed.id)).all()
        assert [(row.kind, row.town_id, row.crew_member_id) for row in rows] == [
            (FeedKind.TOWN, district.other_town, None),
            (FeedKind.CREW, None, district.crew_member),
            (FeedKind.PUBLIC, None, None),
        ]


@pytest.mark.parametrize("whose", ["", "town", "town:", "town:999", "town:x", "town:²", "moon:1"])
def test_an_owner_that_is_none_is_refused_beside_the_choice(whose: str, app: Flask) -> None:
    answer = send(signed_in(app, "coordinator"), "/desk/feeds", {"label": "kitchen wall", "whose": whose})
    assert answer.status_code == 422
    assert error_beside(answer.text, "whose") != ""
    assert value_of(answer.text, "label") == "kitchen wall"


def test_the_ways_lead_there(app: Flask) -> None:
    assert 'href="/town/calendar"' in signed_in(app, "town").get("/town").text
    assert 'href="/crew/calendar"' in signed_in(app, "crew").get("/crew").text
    assert 'href="/desk/feeds"' in signed_in(app, "coordinator").get("/desk/masters").text


@pytest.mark.parametrize("role", PAGES)
def test_the_page_says_that_calendars_are_slow(role: str, app: Flask) -> None:
    assert "日历每隔几小时才更新一次" in unescape(signed_in(app, role, locale="zh_CN").get(PAGES[role]).text)
