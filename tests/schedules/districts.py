"""Districts for the tests of planning runs: small ones of any kind by seed, and one that keeps a solver busy."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from schedules.models import Priority, RequestState
from tests.factories import (
    make_crew_member,
    make_days,
    make_depot,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_van,
    make_venue,
    make_visit,
)

MONDAY = date(2026, 6, 1)
LAST = MONDAY + timedelta(days=27)
SKILLS = ("tester", "presenter", "legal_officer")


def small_district(session: Session, seed: int, *, now: datetime) -> None:
    """Two vans, up to eight days, up to fourteen requests; some promised, pinned, alternatives, urgent or hopeless."""
    chance = random.Random(seed)
    make_days(session, MONDAY - timedelta(days=40), 110)
    towns = [
        make_town(session, planning_weight=chance.choice((50_000, 150_000)), urban=chance.random() < 0.3)
        for _ in range(3)
    ]
    depot = make_depot(session)
    vans = [make_van(session, depot, equipment=chance.choice(([], ["food_lab"]))) for _ in range(2)]
    crew = [make_crew_member(session, tuple(chance.sample(SKILLS, k=chance.choice((1, 1, 2))))) for _ in range(6)]
    services = [
        make_service(
            session,
            f"service{number}",
            {chance.choice(SKILLS): chance.choice((1, 1, 2))},
            equipment=chance.choice(([], [], ["food_lab"])),
            kits=chance.choice((0, 24)),
        )
        for number in range(3)
    ]
    days = [MONDAY + timedelta(days=ahead) for ahead in range(12)]
    shifts = [
        make_shift(
            session, day, van, chance.sample(crew, k=3),
            starts=chance.choice((390, 480)),
            out_of_service=None if chance.random() < 0.9 else "workshop",
            reserve=chance.random() < 0.1,
            max_driving=chance.choice((90, 150, None)),
        )
        for day in chance.sample(days, k=5)
        for van in vans
    ]  # fmt: skip
    venues = [
        make_venue(
            session,
            chance.choice(towns),
            latitude=30.9 + chance.uniform(-0.1, 0.1),
            longitude=121.46 + chance.uniform(-0.2, 0.2),
        )
        for _ in range(9)
    ]
    for _ in range(chance.randint(4, 14)):
        asked_days = chance.sample(days, k=chance.randint(1, 4))
        windows = [
            (day, opens, opens + chance.choice((120, 150, 240)))
            for day in asked_days
            for opens in [chance.choice((420, 540, 780))]
        ]
        request = make_request(
            session,
            windows,
            now=now,
            venue=chance.choice(venues),
            service=chance.choice(services),
            priority=chance.choice((Priority.NORMAL, Priority.NORMAL, Priority.URGENT)),
            alternative_group=chance.choice((None, None, None, "either")),
            submitted_at=now - timedelta(days=chance.randint(0, 40)),
        )
        fitting = [shift for shift in shifts if shift.day == windows[0][0]]
        if fitting and chance.random() < 0.15:
            make_visit(session, request, chance.choice(fitting), windows[0][1], state="promised")
            request.state = RequestState.PLANNED
    session.flush()


def busy_district(session: Session, *, now: datetime, requests: int = 80, shifts: int = 6) -> None:
    """Short sessions at any hour of any day on unlimited shifts: no solver proves a plan of it in a minute."""
    chance = random.Random(7)
    make_days(session, MONDAY - timedelta(days=7), 70)
    town = make_town(session)
    van = make_van(session)
    crew = [make_crew_member(session, ("tester",))]
    service = make_service(session, "short", {"tester": 1}, minutes=30, setup=0, teardown=0, kits=0)
    days = [MONDAY + timedelta(days=ahead + 1 + 2 * (ahead // 4)) for ahead in range(shifts)]
    for day in days:
        make_shift(session, day, van, crew, max_visits=None, max_driving=None)
    for _ in range(requests):
        venue = make_venue(
            session, town, latitude=30.9 + chance.uniform(-0.1, 0.1), longitude=121.46 + chance.uniform(-0.2, 0.2)
        )
        make_request(session, [(day, 480, 990) for day in days], now=now, venue=venue, service=service)
    session.flush()
