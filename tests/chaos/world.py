"""The district of a chaos run, and what the run knows about it without asking the product.

Every van has requests of its own, with windows on every day, so that a plan of one van and a day or two is small.
Some people have no e-mail address, some mailboxes are always full or gone, some officers file requests themselves.
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from schedules.models import RequestState
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

MONDAY = date(2026, 6, 1)
VISIT_DAYS = tuple(MONDAY + timedelta(days=ahead) for ahead in (1, 2, 3, 4))
STOPS_A_DAY = 12
FIRST_START, STEP = 490, 40
SESSION = 25
FULL, GONE = "full.", "gone."
"""How the addresses of mailboxes begin that refuse every letter for now (451), or for good (550)."""


@dataclass
class VanOf:
    """A van with its shifts by day and the requests that only it serves."""

    code: str
    shifts: dict[str, int] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)


@dataclass
class World:
    """The vans, who is to be told of each request and shift (as person key and e-mail or None), and of which venue."""

    vans: list[VanOf] = field(default_factory=list)
    told_of_request: dict[int, list[tuple[str, str | None]]] = field(default_factory=dict)
    crew_of_shift: dict[int, list[tuple[str, str | None]]] = field(default_factory=dict)
    venue_of_request: dict[int, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Keep it for other processes."""
        path.write_text(json.dumps(asdict(self)), encoding="ascii")

    @classmethod
    def read(cls, path: Path) -> World:
        """What was kept there."""
        kept = json.loads(path.read_text(encoding="ascii"))
        return cls(
            [VanOf(**van) for van in kept["vans"]],
            {int(key): [(who, mail) for who, mail in people] for key, people in kept["told_of_request"].items()},
            {int(key): [(who, mail) for who, mail in people] for key, people in kept["crew_of_shift"].items()},
            {int(key): name for key, name in kept["venue_of_request"].items()},
        )


def make_world(session: Session, *, visits: int, now: datetime, seed: int) -> World:
    """A district in which so many visits can be promised; nothing is promised yet."""
    chance = random.Random(seed)
    make_days(session, MONDAY - timedelta(days=14), 60)
    service = make_service(session, "short", {"tester": 1}, minutes=SESSION, setup=0, teardown=0, kits=0)
    depot = make_depot(session)
    towns = [
        make_town(session, contact_email=_address(chance, f"town{number}", without=0.1, full=0.02, gone=0.02))
        for number in range(max(3, visits // 40))
    ]
    world = World()
    number = 0
    while number < visits:
        van = make_van(session, depot)
        crew = [
            make_crew_member(session, ("driver", "tester"), email=_address(chance, f"{van.code}.{seat}", without=0.2))
            for seat in range(2)
        ]
        of_van = VanOf(van.code)
        for day in VISIT_DAYS:
            shift = make_shift(
                session, day, van, crew, starts=450, ends=1080, lunch_opens=None, lunch_closes=None,
                lunch_minutes=None, max_visits=STOPS_A_DAY, max_driving=None,
            )  # fmt: skip
            of_van.shifts[day.isoformat()] = shift.id
            world.crew_of_shift[shift.id] = [(f"crew:{member.id}", member.email) for member in crew]
        for _ in range(min(len(VISIT_DAYS) * STOPS_A_DAY, visits - number)):
            number += 1
            town = chance.choice(towns)
            mail = _address(chance, f"asks{number}", without=0.1, full=0.01, gone=0.01)
            if town.contact_email and chance.random() < 0.1:
                mail = town.contact_email.upper() if chance.random() < 0.5 else town.contact_email
            request = make_request(
                session,
                [(day, FIRST_START - 10, 1075) for day in VISIT_DAYS],
                now=now,
                venue=make_venue(session, town, latitude=30.92, longitude=121.46),
                service=service,
                contact_email=mail,
                state=RequestState.SUBMITTED if chance.random() < 0.2 else RequestState.ACCEPTED,
            )
            of_van.requests.append(request.id)
            world.venue_of_request[request.id] = request.venue.name_zh
            world.told_of_request[request.id] = _each_once(
                [(f"contact:{request.id}", mail), (f"town:{town.id}", town.contact_email)]
            )
        world.vans.append(of_van)
    session.flush()
    return world


def _address(chance: random.Random, name: str, *, without: float, full: float = 0.0, gone: float = 0.0) -> str | None:
    drawn = chance.random()
    if drawn < without:
        return None
    if drawn < without + full:
        return f"{FULL}{name}@example.org"
    return f"{GONE}{name}@example.org" if drawn < without + full + gone else f"{name}@example.org"


def _each_once(people: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Nobody is told twice who is both: the same mailbox is the same reader, however it is written."""
    mailboxes = [(mail or key).casefold() for key, mail in people]
    return [person for place, person in enumerate(people) if mailboxes[place] not in mailboxes[:place]]
