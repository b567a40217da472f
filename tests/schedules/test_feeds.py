"""Making, listing and revoking calendar feeds: the token is told once and stored nowhere, every step is audited."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schedules import feeds
from schedules.errors import BadChoice, BadText, Missing, NotFound, Refused, TextTooLong, TooMany
from schedules.models import AuditRow, CalendarFeed, FeedKind
from tests.factories import make_crew_member, make_town, make_van


def made(session: Session, kind: FeedKind, *, now: datetime, label: str = "办公室", **given: Any) -> CalendarFeed:
    feed, _ = feeds.make_feed(session, kind, label, locale="zh_CN", actor="zhou", now=now, **given)
    return feed


def test_a_token_finds_its_feed_and_stands_in_no_column(session: Session, now: datetime) -> None:
    feed, token = feeds.make_feed(session, FeedKind.PUBLIC, "website", locale="en", actor="zhou", now=now)
    assert feeds.feed_of_token(session, token) is feed
    assert len(token) >= 40
    stored = [getattr(feed, column.key) for column in inspect(CalendarFeed).columns]
    rows = session.scalars(select(AuditRow)).all()
    assert [text for text in (*stored, *(f"{row.before}{row.after}" for row in rows)) if token in str(text)] == []


def test_a_wrong_token_finds_nothing(session: Session, now: datetime) -> None:
    made(session, FeedKind.PUBLIC, now=now)
    with pytest.raises(NotFound):
        feeds.feed_of_token(session, "wrong")


def test_making_and_revoking_are_audited(session: Session, now: datetime) -> None:
    town = make_town(session)
    feed = made(session, FeedKind.TOWN, now=now, owner_id=town.id)
    for _ in range(2):  # the second changes nothing
        feeds.revoke_feed(session, feed.id, actor="li", now=now + timedelta(days=1))
    rows = session.scalars(select(AuditRow).where(AuditRow.noun == "calendar_feed").order_by(AuditRow.id)).all()
    assert [(row.actor, row.verb) for row in rows] == [("zhou", "created"), ("li", "revoked")]
    assert rows[0].after == {"kind": "town", "label": "办公室", "town_id": town.id}
    assert (feed.revoked_at, feed.revoked_by, feed.live) == (now + timedelta(days=1), "li", False)


def test_one_owner_sees_and_ends_only_its_own(session: Session, now: datetime) -> None:
    mine, theirs = make_town(session), make_town(session)
    feed = made(session, FeedKind.TOWN, now=now, owner_id=theirs.id)
    assert feeds.list_feeds(session, kind=FeedKind.TOWN, owner_id=mine.id) == []
    assert feeds.list_feeds(session, kind=FeedKind.TOWN, owner_id=theirs.id) == [feed]
    for kind in (FeedKind.TOWN, FeedKind.CREW):  # a crew member of the same number is somebody else
        with pytest.raises(NotFound):
            feeds.revoke_feed(session, feed.id, actor="town", now=now, kind=kind, owner_id=mine.id)


@pytest.mark.parametrize(
    ("label", "error"), [("  ", Missing), ("x" * 61, TextTooLong), ("a\x00b", BadText), ("a\ud800", BadText)]
)
def test_a_label_must_be_one(label: str, error: type[Refused], session: Session, now: datetime) -> None:
    with pytest.raises(error) as refused:
        made(session, FeedKind.PUBLIC, now=now, label=label)
    assert refused.value.field == "label"


def test_a_label_stands_in_one_line(session: Session, now: datetime) -> None:
    assert made(session, FeedKind.PUBLIC, now=now, label=" my\n phone ").label == "my phone"


@pytest.mark.parametrize(
    ("kind", "field"), [(FeedKind.TOWN, "town_id"), (FeedKind.CREW, "crew_member_id"), (FeedKind.VAN, "van_id")]
)
def test_a_feed_needs_its_owner(kind: FeedKind, field: str, session: Session, now: datetime) -> None:
    for owner, error in ((None, Missing), (999, BadChoice), (2**40, BadChoice)):
        with pytest.raises(error) as refused:
            made(session, kind, now=now, owner_id=owner)
        assert refused.value.field == field


def test_whoever_no_longer_rides_gets_none_and_loses_the_old(session: Session, now: datetime) -> None:
    member = make_crew_member(session)
    feed = made(session, FeedKind.CREW, now=now, owner_id=member.id)
    assert feed.live
    member.active = False
    session.flush()
    assert not feed.live
    with pytest.raises(BadChoice):
        made(session, FeedKind.CREW, now=now, owner_id=member.id)


def test_there_is_an_end_to_living_addresses_of_one_owner(session: Session, now: datetime) -> None:
    van, other = make_van(session), make_van(session)
    first, *_ = [made(session, FeedKind.VAN, now=now, owner_id=van.id) for _ in range(feeds.MOST_LIVE)]
    with pytest.raises(TooMany):
        made(session, FeedKind.VAN, now=now, owner_id=van.id)
    made(session, FeedKind.VAN, now=now, owner_id=other.id)
    feeds.revoke_feed(session, first.id, actor="zhou", now=now)
    made(session, FeedKind.VAN, now=now, owner_id=van.id)


def test_a_reading_is_written_down_once_an_hour(session: Session, now: datetime) -> None:
    feed = made(session, FeedKind.PUBLIC, now=now)
    written = [feeds.note_reading(session, feed, now=now + timedelta(minutes=minutes)) for minutes in (0, 59, 60, 61)]
    assert written == [True, False, True, False]
    session.expire(feed)
    assert feed.last_read_at == now + timedelta(minutes=60)


def test_the_database_refuses_a_feed_of_two_owners(session: Session, now: datetime) -> None:
    feed = made(session, FeedKind.VAN, now=now, owner_id=make_van(session).id)
    feed.town_id = make_town(session).id
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
