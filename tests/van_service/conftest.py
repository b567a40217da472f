"""The app on an empty database of either kind, a small district in it, and callers of every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import CrewMember, Service, Shift, Town, Van, Venue
from tests.factories import add, make_crew_member, make_days, make_service, make_shift, make_town, make_van, make_venue
from van_service import create_app
from van_service.accounts import Account, ApiToken, Role, digest_of
from van_service.extensions import db
from van_service.settings import Settings


class Clock:
    """A clock that tests set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, secret_key="only for tests", instance_path=tmp_path, demo=False)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Iterator[Flask]:
    """The whole app, its time driven by `clock`."""
    app = create_app(settings)
    app.config["TESTING"] = True
    app.extensions["clock"] = clock
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return app.test_client()


@dataclass(frozen=True)
class District:
    """Ids of a district small enough to draw: two towns with a venue each, a van that drives Tuesday and Wednesday."""

    town: int
    venue: int
    other_town: int
    other_venue: int
    service: int
    crew_member: int
    shift: int
    next_shift: int
    tuesday: date
    saturday: date


@pytest.fixture
def district(session_factory: sessionmaker[Session], now: datetime) -> District:
    """The district, with an account and a bearer token of every role (see `as_role`)."""
    with session_factory.begin() as session:
        town: Town = make_town(session)
        other: Town = make_town(session)
        venue: Venue = make_venue(session, town)
        other_venue: Venue = make_venue(session, other)
        service: Service = make_service(session)
        member: CrewMember = make_crew_member(session)
        crew = [member, make_crew_member(session)]
        van: Van = make_van(session)
        make_days(session, now.date())
        tuesday = now.date() + timedelta(days=1)
        shift: Shift = make_shift(session, tuesday, van, crew)
        next_shift: Shift = make_shift(session, tuesday + timedelta(days=1), van, crew)
        make_account(session, "coordinator", Role.COORDINATOR, now)
        make_account(session, "town", Role.TOWN, now, town_id=town.id)
        make_account(session, "other_town", Role.TOWN, now, town_id=other.id)
        make_account(session, "crew", Role.CREW, now, crew_member_id=member.id)
        return District(
            town=town.id,
            venue=venue.id,
            other_town=other.id,
            other_venue=other_venue.id,
            service=service.id,
            crew_member=member.id,
            shift=shift.id,
            next_shift=next_shift.id,
            tuesday=tuesday,
            saturday=now.date() + timedelta(days=5),
        )


def make_account(session: Session, username: str, role: Role, now: datetime, **given: Any) -> Account:
    """An account that nobody can sign in to, with a bearer token that spells its name."""
    account = Account(username=username, name=username, role=role, password_hash="!", created_at=now, **given)
    add(session, account)
    add(
        session, ApiToken(account_id=account.id, digest=digest_of(f"token of {username}"), label="test", created_at=now)
    )
    return account


@pytest.fixture
def as_role(app: Flask, district: District) -> Callable[[str], FlaskClient]:
    """`as_role("town")`: a client that sends the bearer token of that account."""

    def as_role(username: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer token of {username}"
        return client

    return as_role


@pytest.fixture
def wish(district: District) -> dict[str, Any]:
    """The body of a request that is acceptable."""
    return {
        "venue_id": district.venue,
        "services": [{"code": "food_rapid_test", "minutes": 120}],
        "windows": [{"day": district.tuesday.isoformat(), "opens": 540, "closes": 720}],
        "people": 80,
        "contact_name": "陆燕",
        "contact_phone": "13800005678",
        "contact_email": "lu.yan@example.org",
    }
