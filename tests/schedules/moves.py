"""What the tests of calendars do to visits: promise, move to another tour, and change who rides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from schedules import audit, feeds, promises
from schedules.models import CalendarFeed, CrewMember, FeedKind, Shift, Stop, Visit
from tests.factories import make_request
from tests.van_service.promised import promise, published_plan


def feed_for(session: Session, kind: FeedKind, owner: Any = None, *, now: datetime) -> CalendarFeed:
    feed, _ = feeds.make_feed(
        session, kind, "test", locale="en", actor="zhou", now=now, owner_id=owner.id if owner is not None else None
    )
    return feed


def promised(session: Session, shift: Shift, *, now: datetime, starts: int = 570, **request: Any) -> Visit:
    asked = make_request(session, [(shift.day, 480, 900)], now=now, **request)
    return promise(session, published_plan(session, shift, now=now), asked, starts=starts, now=now)


def moved(session: Session, visit: Visit, shift: Shift, *, starts: int, now: datetime) -> Visit:
    """The visit as another plan wants it."""
    asked, tour = visit.request, published_plan(session, shift, now=now).tours[0]
    stop = Stop(
        plan_id=tour.plan_id,
        request_id=asked.id,
        position=0,
        drive=12,
        arrives=starts - asked.setup,
        starts=starts,
        departs=starts + asked.session + asked.teardown,
    )
    tour.stops.append(stop)
    session.flush()
    return promises.move(session, visit, stop, actor="zhou", now=now)


def roster(session: Session, shift: Shift, crew: list[CrewMember], *, now: datetime) -> None:
    """Another crew on a shift, audited as every change of a shift is."""
    before = [member.code for member in shift.crew]
    shift.crew = crew
    shift.touch(now)
    session.flush()
    audit.record(
        session,
        actor="zhou",
        now=now,
        verb="changed",
        noun="shift",
        noun_id=shift.id,
        before={"crew": before},
        after={"crew": [member.code for member in crew]},
    )
