"""Rows for tests: each `make_...` builds one noun with sensible values and takes what matters as keywords.

The county made by default is small enough to draw: a depot, two towns, a few venues, two vans, working days.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from schedules.models import (
    CrewMember,
    Day,
    DayKind,
    DaySource,
    Depot,
    Priority,
    RequestService,
    RequestState,
    RequestWindow,
    Service,
    ServiceSkill,
    Shift,
    Town,
    TownKind,
    Van,
    Venue,
    VenueKind,
    Visit,
    VisitRequest,
    VisitState,
)

_numbers = count(1)


def add(session: Session, row: Any) -> Any:
    """Store one row and give it back with its id."""
    session.add(row)
    session.flush()
    return row


def make_town(session: Session, **given: Any) -> Town:
    number = next(_numbers)
    values = {
        "code": f"3101209{number:05d}",
        "kind": TownKind.TOWN,
        "name_zh": f"试验{number}镇",
        "name_en": f"Trial Town {number}",
        "latitude": 30.92,
        "longitude": 121.46,
        "planning_weight": 50_000,
        "source": "invented for a test",
        "contact_name": "陆燕",
        "contact_phone": "13800005678",
        "contact_email": f"town{number}@example.org",
    }
    return add(session, Town(**(values | given)))


def make_venue_kind(session: Session, code: str = "community") -> VenueKind:
    open_to_public = code in ("community", "market", "mall")
    kind = VenueKind(code=code, name_zh="社区", name_en="Community", open_to_public=open_to_public)
    return session.get(VenueKind, code) or add(session, kind)


def make_venue(session: Session, town: Town | None = None, **given: Any) -> Venue:
    number = next(_numbers)
    town = town or make_town(session)
    kind = make_venue_kind(session, given.pop("kind_code", "community"))
    values = {
        "town_id": town.id,
        "kind_code": kind.code,
        "name_zh": f"试验场所{number}",
        "name_en": f"Trial venue {number}",
        "latitude": 30.95,
        "longitude": 121.50,
        "capacity": 200,
        "indoor_room": True,
        "power": True,
        "parking": True,
        "invented": True,
    }
    return add(session, Venue(**(values | given)))


def make_service(
    session: Session, code: str = "food_rapid_test", skills: dict[str, int] | None = None, **given: Any
) -> Service:
    values = {
        "code": code,
        "name_zh": "食品快检",
        "name_en": "Food rapid test",
        "seal_zh": "检",
        "seal_en": "FT",
        "look": "test",
        "minutes": 120,
        "minutes_least": 90,
        "minutes_most": 150,
        "setup": 25,
        "teardown": 20,
        "kits": 24,
        "equipment": [],
    }
    service = Service(**(values | given))
    needs = {"tester": 2} if skills is None else skills
    service.skills = [ServiceSkill(skill=skill, number=number) for skill, number in needs.items()]
    return add(session, service)


def make_depot(session: Session, **given: Any) -> Depot:
    values = {"name_zh": "南桥车场", "name_en": "Nanqiao depot", "latitude": 30.918, "longitude": 121.461}
    return add(session, Depot(**(values | given)))


def make_van(session: Session, depot: Depot | None = None, **given: Any) -> Van:
    number = next(_numbers)
    values = {
        "code": f"van{number}",
        "number": number,
        "name_zh": f"沪A·巡{number}",
        "name_en": f"Van {number}",
        "plate": f"沪A·D{number:04d}",
        "depot_id": (depot or make_depot(session)).id,
        "equipment": [],
        "kits": 48,
    }
    return add(session, Van(**(values | given)))


def make_crew_member(session: Session, skills: tuple[str, ...] = ("driver", "tester"), **given: Any) -> CrewMember:
    number = next(_numbers)
    values = {
        "code": f"crew{number}",
        "name": f"队员{number}",
        "phone": "13900001234",
        "email": f"crew{number}@example.org",
        "skills": list(skills),
    }
    return add(session, CrewMember(**(values | given)))


def make_shift(
    session: Session, day: date, van: Van | None = None, crew: list[CrewMember] | None = None, **given: Any
) -> Shift:
    values = {
        "van_id": (van or make_van(session)).id,
        "day": day,
        "starts": 480,
        "ends": 990,
        "lunch_opens": 660,
        "lunch_closes": 810,
        "lunch_minutes": 60,
        "max_visits": 3,
        "max_driving": 150,
        "kits": 48,
    }
    shift = Shift(**(values | given))
    if crew is None:
        crew = [make_crew_member(session), make_crew_member(session, ("tester", "presenter", "legal_officer"))]
    shift.crew = crew
    return add(session, shift)


def make_day(session: Session, day: date, kind: DayKind = DayKind.WORKING, *, announced: bool = True) -> Day:
    return add(session, Day(date=day, kind=kind, source=DaySource.COORDINATOR, announced=announced))


def make_days(session: Session, first: date, number: int = 35) -> None:
    """Days from `first` on: Monday to Friday work."""
    for day in (first + timedelta(days=offset) for offset in range(number)):
        kind = DayKind.WORKING if day.weekday() < 5 else DayKind.WEEKEND
        session.add(Day(date=day, kind=kind, source=DaySource.COORDINATOR, announced=True))
    session.flush()


def make_request(
    session: Session,
    windows: list[tuple[date, int, int]],
    *,
    now: datetime,
    venue: Venue | None = None,
    service: Service | None = None,
    **given: Any,
) -> VisitRequest:
    """A request with windows given as (day, opens, closes); accepted unless another state is given."""
    number = next(_numbers)
    venue = venue or make_venue(session)
    service = service or make_service(session, code=f"service{number}")
    values = {
        "number": f"T-{number:04d}",
        "town_id": venue.town_id,
        "venue_id": venue.id,
        "state": RequestState.ACCEPTED,
        "priority": Priority.NORMAL,
        "setup": service.setup,
        "session": service.minutes,
        "teardown": service.teardown,
        "kits": service.kits,
        "people": 80,
        "contact_name": "陆燕",
        "contact_phone": "13800005678",
        "contact_email": "town@example.org",
        "submitted_at": now,
        "submitted_by": "town",
    }
    request = VisitRequest(**(values | given))
    request.windows = [RequestWindow(day=day, opens=opens, closes=closes) for day, opens, closes in windows]
    request.services = [RequestService(service_id=service.id, minutes=service.minutes)]
    return add(session, request)


def make_visit(session: Session, request: VisitRequest, shift: Shift, starts: int = 540, **given: Any) -> Visit:
    """A promise of the shift to the request, whose state becomes "planned"; arrival and departure follow `starts`."""
    number = next(_numbers)
    values = {
        "uid": f"visit-{number}",
        "request_id": request.id,
        "town_id": request.town_id,
        "venue_id": request.venue_id,
        "shift_id": shift.id,
        "state": VisitState.PROMISED,
        "day": shift.day,
        "arrives": starts - request.setup,
        "starts": starts,
        "closes": starts + request.session,
        "departs": starts + request.session + request.teardown,
    }
    if request.state is RequestState.ACCEPTED:
        request.state = RequestState.PLANNED
    return add(session, Visit(**(values | given)))
