"""What the tests of holds and of the wait list share: a small county whose Thursday has room for two visits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from schedules.holds import Need
from schedules.models import Service, Shift, Town, Venue
from schedules.wishes import Wish, WishService, WishWindow
from tests.factories import make_days, make_service, make_shift, make_town, make_van, make_venue

MONDAY = date(2026, 6, 1)
TUESDAY = date(2026, 6, 2)
THURSDAY = date(2026, 6, 11)


class County(NamedTuple):
    """A day's only shift, and towns that each have a venue of their own."""

    shift: Shift
    towns: list[Town]
    venues: list[Venue]
    service: Service


def make_county(
    session: Session, *, first: date = MONDAY, day: date = THURSDAY, towns: int = 2, **shift: object
) -> County:
    """All venues lie at one point 6 km from the depot, so that only the van's hours count.

    `first` is the day from which on one looks; the day table begins a week before.
    """
    make_days(session, first - timedelta(days=7), 70)
    service = make_service(session)
    units = [make_town(session) for _ in range(towns)]
    return County(
        shift=make_shift(session, day, make_van(session), **shift),
        towns=units,
        venues=[make_venue(session, town) for town in units],
        service=service,
    )


def need_of(county: County, index: int = 0) -> Need:
    return Need(county.venues[index].id, (WishService(county.service.code),))


def wish_of(county: County, index: int = 0, *windows: tuple[date, int, int]) -> Wish:
    need = need_of(county, index)
    return Wish(
        venue_id=need.venue_id,
        services=need.services,
        windows=tuple(WishWindow(*window) for window in windows),
        people=60,
        contact_name="陆燕",
        contact_phone="13800005678",
        contact_email=f"contact{index}@example.org",
    )


def minutes_later(now: datetime, minutes: float) -> datetime:
    return now + timedelta(minutes=minutes)
