"""A county too hard to plan in a moment: a few vans, three weeks, and far more wide requests than can be served."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from schedules.calendar import local_day
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
)

VANS, WORKING_DAYS, REQUESTS = 3, 15, 400


def fill(session: Session, now: datetime, *, vans: int = VANS, working_days: int = WORKING_DAYS) -> list[date]:
    """A few vans, three weeks, and more requests with wide windows than they can serve; the days."""
    dice = random.Random(7)
    today = local_day(now)
    make_days(session, today, 40)
    days = [day for day in (today + timedelta(days=ahead) for ahead in range(1, 40)) if day.weekday() < 5][
        :working_days
    ]
    depot = make_depot(session)
    for _number in range(vans):
        van = make_van(session, depot)
        crew = [make_crew_member(session, ("driver", "tester")), make_crew_member(session, ("tester", "presenter"))]
        for day in days:
            make_shift(session, day, van, crew, max_visits=4)
    service = make_service(session, minutes=60, setup=15, teardown=10, kits=4)
    towns = [make_town(session) for _number in range(5)]
    for number in range(REQUESTS):
        point = {"latitude": 30.85 + dice.random() / 7, "longitude": 121.40 + dice.random() / 3}
        venue = make_venue(session, towns[number % len(towns)], **point)
        windows = [(day, 510, 960) for day in dice.sample(days, 8)]
        make_request(session, windows, now=now - timedelta(days=dice.randrange(20)), venue=venue, service=service)
    return days
