"""Twenty clients over HTTP, served by several web processes, for the last slots of a day: nobody gets another's."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import calendar
from schedules.models import Hold, HoldState, Visit
from tests.processes.product import Product
from tests.schedules.slots import make_county
from van_service.accounts import Role, create_account, create_token
from van_service.clock import system_clock

pytestmark = pytest.mark.process

CLIENTS = 20
PATIENCE = 120
BOOKING = {"people": 60, "contact_name": "陆燕", "contact_phone": "13800005678"}


def a_working_day(weeks: int = 2) -> date:
    """A Thursday some weeks ahead."""
    today = calendar.local_day(system_clock())
    return today + timedelta(days=7 * weeks + (3 - today.weekday()) % 7)


def rows(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """A day with room for two visits; the token and the wish of each of twenty towns that book by themselves."""
    now = system_clock()
    county = make_county(session, first=calendar.local_day(now), day=a_working_day(), towns=CLIENTS)
    clients = []
    for town, venue in zip(county.towns, county.venues, strict=True):
        town.self_booking = True
        account, _ = create_account(
            session, username=f"rush{town.id}", name="陆燕", role=Role.TOWN, now=now, town_id=town.id
        )
        _, token = create_token(session, account, "rush", now=now)
        clients.append((token, {"venue_id": venue.id, "services": [{"code": county.service.code}]}))
    return clients


def book(url: str, token: str, need: dict[str, Any]) -> str:
    """Hold the best slot left and book it, trying again where somebody was faster."""
    with requests.Session() as http:
        http.headers["Authorization"] = f"Bearer {token}"
        while True:
            found = http.post(f"{url}/offers", json=need, timeout=PATIENCE)
            found.raise_for_status()
            if not (items := found.json()["items"]):
                return "nothing left"
            slot = {name: items[0][name] for name in ("shift_id", "starts")}
            held = http.post(f"{url}/holds", json=need | slot, timeout=PATIENCE)
            if held.status_code == 409 and held.json()["code"] == "slot_gone":
                continue
            held.raise_for_status()
            booked = http.post(f"{url}/holds/{held.json()['id']}/book", json=BOOKING, timeout=PATIENCE)
            booked.raise_for_status()
            return str(booked.json()["state"])


def test_several_web_processes_give_each_slot_once(
    session_factory: sessionmaker[Session], database_url: str, tmp_path: Path
) -> None:
    with session_factory.begin() as session:
        clients = rows(session)
    outcomes: Counter[str] = Counter()
    troubles: list[Exception] = []
    ready = threading.Barrier(CLIENTS)

    def rush(token: str, need: dict[str, Any]) -> None:
        try:
            ready.wait()
            outcomes[book(f"{product.url}/api/v1", token, need)] += 1
        except Exception as trouble:
            troubles.append(trouble)

    with Product(tmp_path, database_url=database_url) as product:
        product.start("web")
        threads = [threading.Thread(target=rush, args=client) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert troubles == []
    assert outcomes == {"planned": 2, "nothing left": CLIENTS - 2}
    with session_factory() as session:
        first, second = session.scalars(select(Visit).order_by(Visit.starts)).all()
        assert first.day == second.day == a_working_day()
        assert first.departs <= second.arrives
        assert set(session.scalars(select(Hold.state))) == {HoldState.TAKEN}
