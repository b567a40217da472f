"""Invented venues, strewn around the real units: inside the district, on land, within their own town.

Names and kinds are in data/venues.csv; where each stands and what it offers is drawn from the seed.
"""

from __future__ import annotations

import math
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.models import Committee, Town, Venue
from van_service.demo.tables import read_table

# Degrees north and east: the box around the district, without what lies in the river or beyond.
NORTH, WEST, EAST = 31.00, 121.35, 121.77
COAST_FROM, COAST_LATITUDE, COAST_SLOPE = 121.50, 30.815, 0.12
KM_PER_DEGREE = 111.2
# The depot, and how far from it a van gets and back within 150 minutes of driving a day.
DEPOT = (30.9188, 121.4612)
FARTHEST_KM = 27.3
# Share of the radius of a disc as large as the town: most people live nearer to its middle than to its rim.
SPREAD = 0.75

STREETS = (
    ("杏园路", "Xingyuan Road"),
    ("望春路", "Wangchun Road"),
    ("和顺路", "Heshun Road"),
    ("新禾路", "Xinhe Road"),
    ("明贤路", "Mingxian Road"),
    ("百合街", "Baihe Street"),
    ("书香路", "Shuxiang Road"),
    ("青禾街", "Qinghe Street"),
    ("康乐路", "Kangle Road"),
    ("映月路", "Yingyue Road"),
)


def add_venues(session: Session, towns: dict[str, Town], rng: Random) -> list[Venue]:
    """Every venue of the table, each flagged as invented."""
    kinds = {row["code"]: row for row in read_table("venue_kinds")}
    committees = {committee.code: committee.id for committee in session.scalars(select(Committee))}
    venues = []
    for row in read_table("venues"):
        town = towns[row["town_code"]]
        latitude, longitude = place_within(town, list(towns.values()), rng)
        street_zh, street_en = rng.choice(STREETS)
        number = rng.randrange(2, 400)
        venue = Venue(
            town_id=town.id,
            kind_code=row["kind"],
            committee_id=committees.get(row["committee_code"]),
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            address_zh=f"{town.name_zh}{street_zh}{number}号",
            address_en=f"{number} {street_en}, {town.name_en}",
            latitude=latitude,
            longitude=longitude,
            liaison_station=row["liaison_station"] == "1",
            invented=True,
            **_offers(kinds[row["kind"]], rng),
        )
        venues.append(venue)
    session.add_all(venues)
    session.flush()
    return venues


def place_within(town: Town, towns: list[Town], rng: Random) -> tuple[float, float]:
    """A point (latitude, longitude in degrees) on land, around the town and nearer to it than to its neighbours."""
    while True:
        reach = SPREAD * _radius_km(town) * math.sqrt(rng.random())
        angle = rng.random() * math.tau
        latitude = round(town.latitude + reach * math.sin(angle) / KM_PER_DEGREE, 5)
        east = reach * math.cos(angle) / (KM_PER_DEGREE * math.cos(math.radians(town.latitude)))
        longitude = round(town.longitude + east, 5)
        point = latitude, longitude
        if on_land(*point) and kilometres(point, DEPOT) <= FARTHEST_KM and _nearest(point, towns) is town:
            return point


def on_land(latitude: float, longitude: float) -> bool:
    """Whether a point lies in the district's box and north of the bay, whose shore turns north-east at 121.50."""
    shore = COAST_LATITUDE + COAST_SLOPE * max(0.0, longitude - COAST_FROM)
    return shore <= latitude <= NORTH and WEST <= longitude <= EAST


def kilometres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """The distance of two near points in degrees, as if the earth were flat."""
    east = (there[1] - here[1]) * math.cos(math.radians(here[0]))
    return math.hypot(there[0] - here[0], east) * KM_PER_DEGREE


def _radius_km(town: Town) -> float:
    return math.sqrt((town.area_km2 or 30.0) / math.pi)


def _nearest(point: tuple[float, float], towns: list[Town]) -> Town:
    """The town in whose disc the point lies deepest, so that a small town keeps its own middle and no more."""
    return min(towns, key=lambda town: kilometres(point, (town.latitude, town.longitude)) / _radius_km(town))


def _offers(kind: dict[str, str], rng: Random) -> dict[str, int | bool]:
    """What a venue of this kind offers the van: people it holds, a room, power, a place to park."""
    least, most = int(kind["least_capacity"]), int(kind["most_capacity"])
    return {
        "capacity": rng.randrange(least, most + 1, 10),
        "indoor_room": rng.random() * 100 < int(kind["indoor_share"]),
        "power": rng.random() * 100 < int(kind["power_share"]),
        "parking": rng.random() * 100 < int(kind["parking_share"]),
    }
