"""Calendar feeds: making, listing and revoking the secret addresses, and finding the feed behind one.

A token is told once, to whoever makes the feed; only its digest is stored. What a feed shows is
`schedules.feed_events`' business.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from schedules import audit
from schedules.errors import BadChoice, BadText, Missing, NotFound, TextTooLong, TooMany
from schedules.finding import find
from schedules.models import CalendarFeed, CrewMember, FeedKind, Town, Van
from schedules.wishes import is_printable

LONGEST_LABEL = 60
MOST_LIVE = 20
"""As many living addresses of one town, crew member or van, and as many public ones."""

BETWEEN_SIGNS = timedelta(hours=1)
"""That a feed was read is written down at most this often: clients ask again and again."""

OWNERS = {FeedKind.TOWN: Town, FeedKind.CREW: CrewMember, FeedKind.VAN: Van}
COLUMNS = {FeedKind.TOWN: "town_id", FeedKind.CREW: "crew_member_id", FeedKind.VAN: "van_id"}


def make_feed(
    session: Session,
    kind: FeedKind,
    label: str,
    *,
    locale: str,
    actor: str,
    now: datetime,
    owner_id: int | None = None,
) -> tuple[CalendarFeed, str]:
    """Make a feed and its token, which is given back once and kept only as a digest.

    `owner_id` names the town, the crew member or the van; a public feed has none.

    Raises:
        Missing, TextTooLong, BadText: the label is no label; Missing also where the owner is.
        BadChoice: there is no such town, crew member or van, or it is not in service any more.
        TooMany: the owner has as many living feeds as it may have.
    """
    label = _label(label)
    owner = _owner(session, kind, owner_id)
    if len([feed for feed in list_feeds(session, kind=kind, owner_id=owner_id) if feed.live]) >= MOST_LIVE:
        raise TooMany(field="label", most=MOST_LIVE)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed(
        kind=kind, label=label, locale=locale, digest=_digest(token), created_at=now, created_by=actor, **owner
    )
    session.add(feed)
    session.flush()
    told = {"kind": kind, "label": label, **owner}
    audit.record(session, actor=actor, now=now, verb="created", noun="calendar_feed", noun_id=feed.id, after=told)
    return feed, token


def list_feeds(
    session: Session, *, kind: FeedKind | None = None, owner_id: int | None = None, with_revoked: bool = False
) -> list[CalendarFeed]:
    """The feeds, the newest first; of one kind and one owner where given, revoked ones only where asked for."""
    found = select(CalendarFeed).options(
        joinedload(CalendarFeed.town), joinedload(CalendarFeed.crew_member), joinedload(CalendarFeed.van)
    )
    if kind is not None:
        found = found.where(CalendarFeed.kind == kind)
    if kind in COLUMNS and owner_id is not None:
        found = found.where(getattr(CalendarFeed, COLUMNS[kind]) == owner_id)
    if not with_revoked:
        found = found.where(CalendarFeed.revoked_at.is_(None))
    return list(session.scalars(found.order_by(CalendarFeed.id.desc())))


def get_feed(
    session: Session, feed_id: int, *, kind: FeedKind | None = None, owner_id: int | None = None
) -> CalendarFeed:
    """The feed. Raises NotFound, also where it is of another kind or of another owner than the one named."""
    feed = find(session, CalendarFeed, feed_id)
    if feed is None or (kind is not None and (feed.kind is not kind or getattr(feed, COLUMNS[kind]) != owner_id)):
        raise NotFound(noun="calendar_feed", id=feed_id)
    return feed


def revoke_feed(
    session: Session,
    feed_id: int,
    *,
    actor: str,
    now: datetime,
    kind: FeedKind | None = None,
    owner_id: int | None = None,
) -> CalendarFeed:
    """End a feed's address for good; repeating it changes nothing. Raises NotFound as `get_feed` does."""
    feed = get_feed(session, feed_id, kind=kind, owner_id=owner_id)
    if feed.revoked_at is None:
        feed.revoked_at, feed.revoked_by = now, actor
        session.flush()
        audit.record(session, actor=actor, now=now, verb="revoked", noun="calendar_feed", noun_id=feed.id)
    return feed


def feed_of_token(session: Session, token: str) -> CalendarFeed:
    """The feed of this token, living or not. Raises NotFound."""
    feed = session.scalar(select(CalendarFeed).where(CalendarFeed.digest == _digest(token)))
    if feed is None:
        raise NotFound(noun="calendar_feed")
    return feed


def note_reading(session: Session, feed: CalendarFeed, *, now: datetime) -> bool:
    """Write down that the feed was read, at most once an hour; whether anything was written."""
    if feed.last_read_at is not None and feed.last_read_at > now - BETWEEN_SIGNS:
        return False
    feed.last_read_at = now
    session.flush()
    return True


def _label(label: str) -> str:
    label = " ".join(label.split())
    if not label:
        raise Missing(field="label")
    if len(label) > LONGEST_LABEL:
        raise TextTooLong(field="label", most=LONGEST_LABEL)
    if not is_printable(label):
        raise BadText(field="label")
    return label


def _owner(session: Session, kind: FeedKind, owner_id: int | None) -> dict[str, int]:
    """The column that names the owner."""
    if kind is FeedKind.PUBLIC:
        return {}
    column = COLUMNS[kind]
    if owner_id is None:
        raise Missing(field=column)
    row = find(session, OWNERS[kind], owner_id)
    if row is None or not getattr(row, "active", True):
        raise BadChoice(field=column, given=owner_id)
    return {column: owner_id}


def _digest(token: str) -> str:
    """What is stored of a token: random enough that a plain digest cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()
