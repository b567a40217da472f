"""Venues: finding the places a van can stand at, and adding one."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from schedules import audit
from schedules.errors import (
    BadChoice,
    BadCount,
    Missing,
    NotFound,
    OutsideDistrict,
    Refused,
    TextTooLong,
    refuse_all,
)
from schedules.finding import find
from schedules.models import Town, Venue, VenueKind, Visit, VisitState

LATITUDES = (30.70, 31.08)
LONGITUDES = (121.28, 121.86)
"""A box around the district with a little margin; an outline is not at hand."""

LONGEST_NAME = 120
LARGEST_CAPACITY = 100_000


def list_venues(
    session: Session,
    *,
    town_id: int | None = None,
    text: str | None = None,
    kind_code: str | None = None,
    after_id: int | None = None,
    limit: int = 50,
    inactive: bool = False,
) -> list[Venue]:
    """Venues by id, those whose name or address contains `text` in either language; `after_id` starts the next page."""
    found = select(Venue).options(joinedload(Venue.town), joinedload(Venue.kind)).order_by(Venue.id).limit(limit)
    if not inactive:
        found = found.where(Venue.active)
    if town_id is not None:
        found = found.where(Venue.town_id == town_id)
    if kind_code is not None:
        found = found.where(Venue.kind_code == kind_code)
    if after_id is not None:
        found = found.where(Venue.id > after_id)
    if text:
        columns = (Venue.name_zh, Venue.name_en, Venue.address_zh, Venue.address_en)
        found = found.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return list(session.scalars(found))


def get_venue(session: Session, venue_id: int, town_id: int | None = None) -> Venue:
    """The venue. Raises NotFound, also where it is another town's than `town_id`."""
    venue = find(session, Venue, venue_id)
    if venue is None or town_id not in (None, venue.town_id):
        raise NotFound(noun="venue", id=venue_id)
    return venue


def list_kinds(session: Session) -> list[VenueKind]:
    """The kinds of venue in the order of the catalogue."""
    return list(session.scalars(select(VenueKind).order_by(VenueKind.position, VenueKind.code)))


def last_visit_day(session: Session, venue_id: int) -> date | None:
    """The day of the last visit there that took place."""
    return session.scalar(select(func.max(Visit.day)).where(Visit.venue_id == venue_id, Visit.state == VisitState.DONE))


def add_venue(
    session: Session,
    town_id: int,
    *,
    kind_code: str,
    name_zh: str,
    latitude: float,
    longitude: float,
    capacity: int,
    actor: str,
    now: datetime,
    name_en: str | None = None,
    address_zh: str | None = None,
    address_en: str | None = None,
    committee_id: int | None = None,
    liaison_station: bool = False,
    indoor_room: bool = False,
    power: bool = False,
    parking: bool = False,
    invented: bool = False,
) -> Venue:
    """Add a place with a WGS-84 point. Without an English name it goes by its Chinese one.

    Raises:
        Refused: a value is not acceptable; several are an Invalid.
    """
    venue = Venue(
        town_id=town_id,
        kind_code=kind_code,
        committee_id=committee_id,
        name_zh=name_zh.strip(),
        name_en=(name_en or name_zh).strip(),
        address_zh=address_zh,
        address_en=address_en,
        latitude=latitude,
        longitude=longitude,
        capacity=capacity,
        liaison_station=liaison_station,
        indoor_room=indoor_room,
        power=power,
        parking=parking,
        invented=invented,
        changed_at=now,
    )
    _refuse_bad(session, venue)
    session.add(venue)
    session.flush()
    after = {"name_zh": venue.name_zh, "town_id": town_id, "kind_code": kind_code, "point": [latitude, longitude]}
    audit.record(session, actor=actor, now=now, verb="added", noun="venue", noun_id=venue.id, after=after)
    return venue


def _refuse_bad(session: Session, venue: Venue) -> None:
    problems: list[Refused] = []
    if find(session, Town, venue.town_id) is None:
        problems.append(BadChoice(field="town_id"))
    if session.get(VenueKind, venue.kind_code) is None:
        problems.append(BadChoice(field="kind_code"))
    if not venue.name_zh:
        problems.append(Missing(field="name_zh"))
    for field in ("name_zh", "name_en", "address_zh", "address_en"):
        if len(getattr(venue, field) or "") > LONGEST_NAME:
            problems.append(TextTooLong(field=field, most=LONGEST_NAME))
    if not LATITUDES[0] <= venue.latitude <= LATITUDES[1]:
        problems.append(OutsideDistrict(field="latitude", least=LATITUDES[0], most=LATITUDES[1]))
    if not LONGITUDES[0] <= venue.longitude <= LONGITUDES[1]:
        problems.append(OutsideDistrict(field="longitude", least=LONGITUDES[0], most=LONGITUDES[1]))
    if not 1 <= venue.capacity <= LARGEST_CAPACITY:
        problems.append(BadCount(field="capacity", least=1, most=LARGEST_CAPACITY, given=venue.capacity))
    refuse_all(problems)
