"""Reading a calendar by its address: nobody signs in, unchanged is said as such, the token is in no log."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from schedules import feeds, visits
from schedules.models import FeedKind, Shift, Venue
from tests.factories import make_request, make_shift
from tests.schedules.moves import moved
from tests.van_service import rfc5545
from tests.van_service.conftest import Clock, District
from tests.van_service.promised import promise, published_plan
from van_service import calendar_feed, gunicorn
from van_service.logs import MaskingFormatter

Sessions = sessionmaker[Session]


@pytest.fixture
def visit_id(district: District, session_factory: Sessions, now: datetime) -> int:
    """A visit promised to the town for Tuesday."""
    with session_factory.begin() as session:
        shift = session.get_one(Shift, district.shift)
        venue = session.get_one(Venue, district.venue)
        asked = make_request(session, [(district.tuesday, 480, 900)], now=now, venue=venue)
        return promise(session, published_plan(session, shift, now=now), asked, starts=570, now=now).id


@pytest.fixture
def token(district: District, session_factory: Sessions, now: datetime) -> str:
    return token_for(session_factory, FeedKind.TOWN, district.town, now)


def token_for(sessions: Sessions, kind: FeedKind, owner_id: int | None, now: datetime) -> str:
    with sessions.begin() as session:
        return feeds.make_feed(session, kind, "test", locale="zh_CN", actor="zhou", now=now, owner_id=owner_id)[1]


def events(client: FlaskClient, token: str) -> list[rfc5545.Component]:
    answer = client.get(f"/calendar/{token}.ics")
    assert answer.status_code == 200
    return rfc5545.read(answer.data).within("VEVENT")


@pytest.mark.usefixtures("visit_id")
def test_the_address_alone_opens_the_calendar(client: FlaskClient, token: str, now: datetime) -> None:
    answer = client.get(f"/calendar/{token}.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.last_modified == now
    assert "Set-Cookie" not in answer.headers
    assert len(rfc5545.read(answer.data).within("VEVENT")) == 1


@pytest.mark.usefixtures("visit_id")
def test_another_towns_calendar_shows_nothing_of_it(
    client: FlaskClient, district: District, session_factory: Sessions, now: datetime
) -> None:
    assert events(client, token_for(session_factory, FeedKind.TOWN, district.other_town, now)) == []


@pytest.mark.usefixtures("visit_id")
def test_head_says_the_same_without_the_body(client: FlaskClient, token: str) -> None:
    whole, head = client.get(f"/calendar/{token}.ics"), client.head(f"/calendar/{token}.ics")
    assert (head.status_code, head.data) == (200, b"")
    assert [head.headers[name] for name in ("ETag", "Content-Length", "Last-Modified")] == [
        whole.headers[name] for name in ("ETag", "Content-Length", "Last-Modified")
    ]


def test_the_tag_stays_while_nothing_changes_and_changes_with_the_visit(
    client: FlaskClient, token: str, visit_id: int, session_factory: Sessions, clock: Clock
) -> None:
    address = f"/calendar/{token}.ics"
    tag = client.get(address).headers["ETag"]
    clock.forward(hours=1)
    unchanged = client.get(address, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", tag)
    assert unchanged.headers["Cache-Control"] == "private, no-cache"
    assert client.get(address, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    with session_factory.begin() as session:
        visits.confirm(session, visit_id, actor="town", now=clock.now)
    changed = client.get(address, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)


@pytest.mark.usefixtures("visit_id")
def test_a_renamed_venue_is_news_although_no_visit_changed(
    client: FlaskClient, token: str, district: District, session_factory: Sessions
) -> None:
    first = client.get(f"/calendar/{token}.ics")
    with session_factory.begin() as session:
        session.get_one(Venue, district.venue).name_zh = "新名字"
    asked = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(f"/calendar/{token}.ics", headers=asked).status_code == 200
    del asked["If-None-Match"]
    assert client.get(f"/calendar/{token}.ics", headers=asked).status_code == 200


def test_a_client_that_polled_before_and_after_holds_the_visit_as_cancelled(
    client: FlaskClient, token: str, visit_id: int, session_factory: Sessions, clock: Clock
) -> None:
    """The client is made of icalendar: it keeps one event of each UID, the one with the higher SEQUENCE."""
    kept: dict[str, icalendar.Event] = {}

    def poll() -> None:
        answer = client.get(f"/calendar/{token}.ics")
        for event in icalendar.Calendar.from_ical(answer.data).walk("VEVENT"):
            old = kept.get(str(event["uid"]))
            if old is None or event["sequence"] > old["sequence"]:
                kept[str(event["uid"])] = event

    poll()
    assert [str(event["status"]) for event in kept.values()] == ["TENTATIVE"]
    clock.forward(hours=2)
    with session_factory.begin() as session:
        visits.cancel(session, visit_id, "下暴雨", actor="zhou", now=clock.now)
    for _ in range(3):
        poll()
        assert [str(event["status"]) for event in kept.values()] == ["CANCELLED"]
        clock.forward(days=14)
    assert events(client, token) == []  # after 30 days it is no longer told, and the client keeps what it was told last
    poll()
    assert [str(event["status"]) for event in kept.values()] == ["CANCELLED"]


def test_a_visit_that_moves_to_another_van_leaves_the_first_vans_calendar(
    client: FlaskClient, district: District, visit_id: int, session_factory: Sessions, now: datetime
) -> None:
    with session_factory() as session:
        van_id = session.get_one(Shift, district.shift).van_id
    token = token_for(session_factory, FeedKind.VAN, van_id, now)
    [before] = events(client, token)
    with session_factory.begin() as session:
        moved(session, visits.get_visit(session, visit_id), make_shift(session, district.tuesday), starts=600, now=now)
    [after] = events(client, token)
    assert (before.value("STATUS"), before.value("SEQUENCE")) == ("TENTATIVE", "1")
    assert (after.value("STATUS"), after.value("SEQUENCE")) == ("CANCELLED", "2")
    assert after.value("UID") == before.value("UID")


@pytest.mark.usefixtures("visit_id")
def test_the_calendar_is_in_the_language_it_was_made_in_unless_asked(client: FlaskClient, token: str) -> None:
    def name(query: str = "", **headers: str) -> str:
        return rfc5545.read(client.get(f"/calendar/{token}.ics{query}", headers=headers).data).text("NAME")

    assert name().endswith("巡回服务车")
    assert name(**{"Accept-Language": "en"}).endswith("巡回服务车")
    assert name("?lang=en").startswith("Service van in ")
    assert name("?lang=xx").endswith("巡回服务车")


def test_an_unknown_address_is_not_found_and_a_revoked_one_gone(
    client: FlaskClient, token: str, session_factory: Sessions, now: datetime
) -> None:
    unknown = client.get("/calendar/nothing-of-the-kind.ics")
    assert (unknown.status_code, unknown.mimetype) == (404, "text/plain")
    with session_factory.begin() as session:
        feeds.revoke_feed(session, feeds.feed_of_token(session, token).id, actor="zhou", now=now)
    gone = client.get(f"/calendar/{token}.ics", headers={"If-None-Match": "*"})
    assert (gone.status_code, gone.text) == (410, "这份日历已停用，可以从列表里删除。\n")


def test_a_reading_is_noted_once_an_hour(
    client: FlaskClient, token: str, session_factory: Sessions, clock: Clock, now: datetime
) -> None:
    seen = []
    for minutes in (0, 30, 45):
        clock.forward(minutes=minutes)
        client.get(f"/calendar/{token}.ics")
        with session_factory() as session:
            seen.append(feeds.feed_of_token(session, token).last_read_at)
    assert seen == [now, now, now + timedelta(minutes=75)]


def test_a_database_that_is_busy_writing_still_lets_the_calendar_be_read(
    client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(calendar_feed.feeds, "note_reading", busy)
    assert client.get(f"/calendar/{token}.ics").status_code == 200


# The token is a key, and keys are not written down --------------------------------------------------------------------


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Everything logged, as our formatter writes it."""
    formatter = MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    return "\n".join(formatter.format(record) for record in caplog.records)


def test_no_log_holds_the_token(client: FlaskClient, token: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get(f"/calendar/{token}.ics?lang=en")
    assert "GET calendar_feed.read 200" in written(caplog)
    assert token not in written(caplog)


def test_not_even_where_reading_it_fails(
    app: Flask, token: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flask logs the path of what crashed, with the traceback."""
    monkeypatch.setattr(calendar_feed, "events_of", lambda *_: 1 / 0)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    with caplog.at_level(logging.DEBUG):
        assert app.test_client().get(f"/calendar/{token}.ics").status_code == 500
    assert "/calendar/***.ics" in written(caplog)
    assert token not in written(caplog)


def test_a_servers_own_line_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="werkzeug"):
        logging.getLogger("werkzeug").info('10.0.0.1 "GET %s HTTP/1.1" 200 -', "/calendar/aB3-_x9.ics?lang=en")
    assert '"GET /calendar/***.ics?lang=en HTTP/1.1" 200' in written(caplog)


def test_gunicorn_writes_no_access_log() -> None:
    """Its lines would go past our formatter."""
    assert gunicorn.accesslog is None
