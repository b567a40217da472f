"""The iCalendar documents: lawful, the same for the same rows, right where clocks change, about nobody."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from dateutil.tz import tzical
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from schedules import calendar, visits
from schedules.feed_events import events_of
from schedules.models import CalendarFeed, FeedKind
from tests.factories import (
    make_crew_member,
    make_depot,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_van,
    make_venue,
)
from tests.schedules.moves import feed_for, moved
from tests.van_service import rfc5545
from tests.van_service.promised import promise, published_plan
from van_service import create_app
from van_service.feed_document import document_of
from van_service.feed_zone import FIRST_YEAR, timezone_of
from van_service.settings import Settings

WEDNESDAY = date(2026, 6, 3)
LOCALES = ("zh_CN", "en")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app, for its words only."""
    folder = tmp_path_factory.mktemp("words")
    app = create_app(Settings(database_url="sqlite://", secret_key="only for tests", instance_path=folder))
    with app.app_context():
        yield app


def furnish(session: Session, now: datetime, day: date = WEDNESDAY) -> list[CalendarFeed]:
    """One visit as confirmed, one as cancelled, one that moved to another van; a feed of every kind.

    Every name and number is given, so that two databases hold the same.
    """
    town = make_town(session, name_zh="四团镇", name_en="Situan", code="310120101")
    market = make_venue(
        session,
        town,
        kind_code="market",
        name_zh="平安集市，南门；" + "很长的名字" * 12,
        name_en="Pingan Market, South Gate; first floor",
        address_zh="四团镇平安路1号",
        address_en="1 Pingan Road, Situan",
    )
    service = make_service(session, "food_rapid_test")
    depot = make_depot(session)
    member = make_crew_member(session, code="crew-1", name="陆小燕", phone="13900001111")
    vans = [make_van(session, depot, code=f"v{n}", number=n, name_zh=f"{n}号车", name_en=f"Van {n}") for n in (1, 2)]
    first, second = (make_shift(session, day, van, [member]) for van in vans)
    made = []
    for number, starts in enumerate((500, 640, 780)):
        asked = make_request(
            session,
            [(day, 480, 990)],
            now=now,
            venue=market,
            service=service,
            number=f"2026-{number:04d}",
            contact_name="王大明",
            contact_phone="13811112222",
            note="找王大明 13811112222",
        )
        made.append(promise(session, published_plan(session, first, now=now), asked, starts=starts, now=now))
    visits.confirm(session, made[0].id, actor="town", now=now + timedelta(minutes=1))
    visits.cancel(session, made[1].id, "王大明病了", actor="zhou", now=now + timedelta(minutes=2))
    moved(session, made[2], second, starts=790, now=now + timedelta(minutes=3))
    owners = {FeedKind.TOWN: town, FeedKind.CREW: member, FeedKind.VAN: vans[0], FeedKind.PUBLIC: None}
    return [feed_for(session, kind, owner, now=now) for kind, owner in owners.items()]


def documents(session: Session, now: datetime, day: date = WEDNESDAY) -> dict[tuple[str, str], bytes]:
    """Every feed in both languages."""
    return {
        (feed.kind.value, locale): document_of(feed, events_of(session, feed, now), locale)
        for feed in furnish(session, now, day)
        for locale in LOCALES
    }


@pytest.mark.usefixtures("words")
def test_every_document_keeps_to_the_standard(session: Session, now: datetime) -> None:
    for document in documents(session, now).values():
        read = rfc5545.read(document)
        assert len(read.within("VEVENT")) == 3
        assert "METHOD" not in {name for name, _, _ in read.properties}


@pytest.mark.usefixtures("words")
def test_a_client_library_reads_what_was_written(session: Session, now: datetime) -> None:
    read = icalendar.Calendar.from_ical(documents(session, now)["van", "en"])
    events = {str(event["uid"]).partition("@")[0]: event for event in read.walk("VEVENT")}
    confirmed, cancelled, left = (events[f"2026-000{number}-1"] for number in range(3))
    assert confirmed["dtstart"].dt == calendar.instant(WEDNESDAY, 500)
    assert confirmed["dtend"].dt == calendar.instant(WEDNESDAY, 620)
    assert str(confirmed["dtstart"].dt.tzinfo) == calendar.zone().key
    assert str(confirmed["location"]) == "Pingan Market, South Gate; first floor, 1 Pingan Road, Situan"
    assert [event["status"] for event in (confirmed, cancelled, left)] == ["CONFIRMED", "CANCELLED", "CANCELLED"]
    assert [event["sequence"] for event in (confirmed, cancelled, left)] == [2, 2, 2]
    assert [event["last-modified"].dt - now for event in (confirmed, cancelled, left)] == [
        timedelta(minutes=minutes) for minutes in (1, 2, 3)
    ]
    assert str(left["summary"]).startswith("No longer here: ")
    assert confirmed["description"].splitlines() == [
        "Drive 30 min",
        "Arrive 07:55, set up 25 min",
        "Session 08:20–10:20",
        "Pack up 20 min, leave 10:40",
        "About 80 people expected",
        "24 test kits",
        "Services: Food rapid test",
    ]


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", list(FeedKind))
def test_another_client_library_reads_it_and_writes_the_same_events_again(
    kind: FeedKind, locale: str, session: Session, now: datetime
) -> None:
    """vobject, which is what Radicale and other calendar servers and clients keep their entries with."""
    document = documents(session, now)[kind.value, locale].decode()
    read = vobject.readOne(document)
    again = vobject.readOne(read.serialize())
    original = icalendar.Calendar.from_ical(document)
    for events in (read.vevent_list, again.vevent_list):
        assert [facts_of(event) for event in events] == [
            (
                str(event["uid"]),
                int(event["sequence"]),
                str(event["status"]),
                event["dtstart"].dt.astimezone(UTC),
                event["dtend"].dt.astimezone(UTC),
                str(event["summary"]),
                str(event["location"]),
            )
            for event in original.walk("VEVENT")
        ]


def facts_of(event: Any) -> tuple[object, ...]:
    """What vobject understood of an event."""
    begins, ends = (moment.value.astimezone(UTC) for moment in (event.dtstart, event.dtend))
    words = (event.summary.value, event.location.value)
    return (event.uid.value, int(event.sequence.value), event.status.value, begins, ends, *words)


@pytest.mark.usefixtures("words")
def test_the_chinese_document_is_chinese(session: Session, now: datetime) -> None:
    read = rfc5545.read(documents(session, now)["town", "zh_CN"])
    assert read.text("X-WR-CALNAME") == "四团镇 · 巡回服务车"
    texts = [event.text(name) for event in read.within("VEVENT") for name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
    assert [text for text in texts if "Service" in text or "Cancelled" in text or "people" in text] == []
    assert any(text.startswith("已取消：") for text in texts)


@pytest.mark.usefixtures("words")
def test_nobody_is_named_and_no_free_words_are_repeated(session: Session, now: datetime) -> None:
    for document in documents(session, now).values():
        text = b"".join(document.split(b"\r\n ")).decode("utf-8")
        assert [
            word for word in ("王大明", "13811112222", "陆小燕", "13900001111", "陆燕", "@example") if word in text
        ] == []


@pytest.mark.usefixtures("words")
def test_the_public_reads_place_time_and_services_only(session: Session, now: datetime) -> None:
    read = rfc5545.read(documents(session, now)["public", "en"])
    assert {event.text("DESCRIPTION") for event in read.within("VEVENT")} == {"Services: Food rapid test"}


@pytest.mark.usefixtures("words")
def test_the_same_rows_give_the_same_bytes_later_on(session: Session, now: datetime) -> None:
    feed = furnish(session, now)[0]
    first = document_of(feed, events_of(session, feed, now), "zh_CN")
    session.expire_all()
    assert document_of(feed, events_of(session, feed, now + timedelta(hours=5)), "zh_CN") == first


@pytest.mark.usefixtures("words")
def test_both_databases_give_the_same_bytes(
    sqlite_template: Path, postgresql_url: str, tmp_path: Path, now: datetime
) -> None:
    shutil.copy(sqlite_template, tmp_path / "same.sqlite")
    found = []
    for url in (f"sqlite:///{tmp_path / 'same.sqlite'}", postgresql_url):
        engine = create_engine(url)
        with Session(engine) as session:  # never committed
            found.append(documents(session, now))
        engine.dispose()
    assert found[0] == found[1]


# Zones ----------------------------------------------------------------------------------------------------------------

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")


def telling_moments(zone: ZoneInfo) -> list[datetime]:
    """Midday of every day up to 2037, and on days on which the clocks change every half hour."""
    moments: list[datetime] = []
    day = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC)
    while day.year <= 2037:
        changes = day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset()
        hours = range(-2, 52) if changes else (24,)
        moments += [day + timedelta(minutes=30 * half_hours) for half_hours in hours]
        day += timedelta(days=1)
    return moments


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_shows_the_clock_of_its_place_around_every_change(name: str) -> None:
    zone = ZoneInfo(name)
    offset_at = rfc5545.offsets(rfc5545.component(timezone_of(zone).to_ical()))
    assert [at for at in telling_moments(zone) if offset_at(at) != at.astimezone(zone).utcoffset()] == []


@pytest.mark.parametrize("name", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
def test_another_library_reads_the_zone_alike(name: str) -> None:
    """dateutil, which knows nothing of icalendar; it trusts in summers that are a whole hour ahead."""
    zone = ZoneInfo(name)
    text = timezone_of(zone).to_ical().decode("utf-8").replace("\r\n", "\n")
    read = tzical(io.StringIO(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n")).get(name)
    moments = [at for at in telling_moments(zone) if at.year < 2028]
    assert [at for at in moments if at.astimezone(read).utcoffset() != at.astimezone(zone).utcoffset()] == []


def test_berlin_changes_its_clocks_by_rule() -> None:
    daylight, standard = timezone_of(ZoneInfo("Europe/Berlin")).subcomponents[1:3]
    assert (daylight["dtstart"].dt.hour, standard["dtstart"].dt.hour) == (2, 3)  # by the clock of before (3.6.5)
    assert daylight["rrule"].to_ical() == b"FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"
    assert standard["rrule"].to_ical() == b"FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize("day", [date(2026, 10, 24), date(2026, 10, 25), date(2026, 3, 28), date(2026, 3, 29)])
def test_a_visit_keeps_its_wall_clock_on_either_side_of_a_change(day: date, session: Session) -> None:
    zone, before = ZoneInfo("Europe/Berlin"), calendar.zone().key
    calendar.use_zone("Europe/Berlin")
    try:
        document = documents(session, datetime(2026, 3, 20, 8, tzinfo=UTC), day)["town", "en"]
    finally:
        calendar.use_zone(before)
    event = rfc5545.read(document).within("VEVENT")[0]
    assert event.value("DTSTART") == f"{day:%Y%m%d}T082000"
    [read, *_] = icalendar.Calendar.from_ical(document).walk("VEVENT")
    assert read["dtstart"].dt.astimezone(UTC) == datetime(day.year, day.month, day.day, 8, 20, tzinfo=zone)
