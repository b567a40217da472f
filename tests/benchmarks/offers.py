"""How soon a town sees the slots that are free: in the planning floor alone, and through the API with its database.

`python -m tests.benchmarks offers [--write-readme]`. Both calendars have 20 van-days and 60 promised visits. Each
question is asked of a calendar made anew, as the product does. Counted is the processor's time of this process, which
other programs on the machine do not lengthen.
"""

from __future__ import annotations

import gc
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy.orm import Session

from routes import Problem, Promise, read_problem
from routes.offers import Calendar
from routes.planner import plan_visits
from schedules.db import Base
from schedules.models import Town, Venue
from tests.benchmarks.district import district
from tests.benchmarks.sections import write_section
from tests.factories import (
    make_days,
    make_request,
    make_service,
    make_shift,
    make_town,
    make_van,
    make_venue,
    make_visit,
)
from tests.van_service.conftest import make_account
from van_service import create_app
from van_service.accounts import Role
from van_service.extensions import db
from van_service.settings import Settings

PROMISED = 60
SEEDS = (1, 2, 3, 4, 5)
NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
MONDAY = date(2026, 6, 1)
ROUNDS = 10


class Measured(NamedTuple):
    """Milliseconds of many questions, and how many slots they found in all."""

    where: str
    milliseconds: list[float]
    slots: int

    def quantile(self, share: float) -> float:
        """The time that this share of the questions did not exceed."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure_and_print(*, write_readme: bool) -> None:
    """Measure, print and, if asked, write the table into the README."""
    logging.disable(logging.INFO)
    text = table([in_routes(), through_the_api()])
    print(text)
    if write_readme:
        write_section("offers", text)


def table(measured: list[Measured]) -> str:
    """A line for each floor."""
    rows = ["| where | questions | slots found | median | p99 | worst |", "|-|-|-|-|-|-|"]
    for each in measured:
        times = f"{statistics.median(each.milliseconds):.1f} ms | {each.quantile(0.99):.1f} ms"
        rows.append(
            f"| {each.where} | {len(each.milliseconds)} | {each.slots} | {times} | {max(each.milliseconds):.1f} ms |"
        )
    return "\n".join(rows)


def in_routes() -> Measured:
    """The districts of size M, 60 of their visits promised as a plan serves them; each of the others asks."""
    milliseconds, slots = [], 0
    for seed in SEEDS:
        problem = _promised(read_problem(district("M", seed)))
        for visit in problem.visits:
            if visit.promise is None:
                took, offers = _timed(lambda visit=visit, problem=problem: Calendar(problem).offers(visit))
                milliseconds.append(took)
                slots += len(offers)
    return Measured("routes", milliseconds, slots)


def through_the_api() -> Measured:
    """POST /api/v1/offers on SQLite, from every town's venue in turn."""
    milliseconds, slots = [], 0
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(secret_key="only measured", instance_path=Path(folder)).completed())
        app.extensions["clock"] = lambda: NOW
        with app.app_context():
            Base.metadata.create_all(db.engine)
            venues = furnish(db.session)
            db.session.commit()
        gc.collect()
        gc.freeze()  # as wsgi.py does
        for body in (_body(venue) for _ in range(ROUNDS) for venue in venues):
            took, items = _timed(lambda body=body: _ask(app, body))
            milliseconds.append(took)
            slots += len(items)
        with app.app_context():
            db.engine.dispose()
    return Measured("API, SQLite", milliseconds, slots)


def furnish(session: Session) -> list[int]:
    """Two vans on ten days, three promised visits on each, and twenty venues without one; the ids of these."""
    make_days(session, MONDAY - timedelta(days=7), 60)
    towns = [make_town(session) for _ in range(13)]
    service = make_service(session, minutes=60, minutes_least=45, setup=10, teardown=5, kits=6)
    days = [MONDAY + timedelta(days=7 + day + 2 * (day // 5)) for day in range(10)]
    vans = [make_van(session) for _ in range(2)]
    number = 0
    for day in days:
        for van in vans:
            shift = make_shift(session, day, van, max_visits=5)
            for starts in (530, 620, 760):
                venue = _venue(session, towns[number % 13].id, number)
                asked = make_request(session, [(day, 480, 990)], now=NOW, venue=venue, service=service)
                make_visit(session, asked, shift, starts)
                number += 1
    make_account(session, "desk", Role.COORDINATOR, NOW)
    return [_venue(session, towns[index % 13].id, 100 + index).id for index in range(20)]


def _venue(session: Session, town_id: int, number: int) -> Venue:
    """Venues within some five kilometres of the depot, so that three a day can be kept."""
    row: Venue = make_venue(
        session,
        session.get_one(Town, town_id),
        latitude=30.918 + (number * 7 % 11 - 5) * 0.008,
        longitude=121.461 + (number * 5 % 13 - 6) * 0.008,
    )
    return row


def _body(venue_id: int) -> dict[str, object]:
    return {"venue_id": venue_id, "services": [{"code": "food_rapid_test"}]}


def _ask(app: Flask, body: dict[str, object]) -> list[object]:
    with app.app_context():
        venue = db.session.get_one(Venue, body["venue_id"])
        town_id = venue.town_id
    answer = app.test_client().post(
        "/api/v1/offers", json={**body, "town_id": town_id}, headers={"Authorization": "Bearer token of desk"}
    )
    assert answer.status_code == 200, answer.text
    items: list[object] = answer.json["items"]
    return items


def _promised(problem: Problem) -> Problem:
    plan = plan_visits(problem, seconds=3, threads=1)
    told = {stop.visit: Promise(tour.shift, stop.starts) for tour, stop in plan.stops()}
    kept = set(sorted(told)[:PROMISED])
    visits = (
        replace(visit, pin=None, promise=told[visit.id] if visit.id in kept else None) for visit in problem.visits
    )
    return replace(problem, visits=tuple(visits))


def _timed(work: Callable[[], list[object]]) -> tuple[float, list[object]]:
    began = time.process_time()
    found = work()
    return (time.process_time() - began) * 1000, found
