"""The fleet and its roster: a depot, two vans, ten people, and who rides with whom on which working day.

The mixes repeat every four weeks, so that some days lack a skill on one van or on both: real limits for a planner.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from schedules.models import CrewMember, Depot, Shift, Van
from van_service.demo.tables import read_table
from van_service.demo.venues import DEPOT

# Any Monday: the four weeks of the roster are counted from here.
FIRST_MONDAY = date(2024, 1, 1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)

DAY_SHIFT = {"starts": 8 * 60, "ends": 16 * 60 + 30}
MARKET_SHIFT = {"starts": 6 * 60 + 30, "ends": 14 * 60}
LUNCH = {"lunch_opens": 11 * 60, "lunch_closes": 13 * 60 + 30, "lunch_minutes": 60}
LIMITS = {"max_visits": 3, "max_driving": 150}
KITS = 48

# Who is away in the two-week rhythm, by day 0 to 9; crew-3 stands in for drivers and testers.
AWAY_DRIVER = {0: "crew-1", 5: "crew-2"}
AWAY_TESTER = {1: "crew-4", 3: "crew-5", 6: "crew-6", 8: "crew-7"}
AWAY_OFFICER = {2: "crew-10", 4: "crew-8", 9: "crew-9"}
OFFICER_PAIRS = (("crew-8", "crew-9"), ("crew-8", "crew-10"), ("crew-9", "crew-10"))


def add_fleet(session: Session) -> list[Van]:
    """The depot at the district's seat, and two vans; only the first carries the booth."""
    depot = Depot(name_zh="南桥车场（虚构）", name_en="Nanqiao depot (invented)", latitude=DEPOT[0], longitude=DEPOT[1])
    session.add(depot)
    session.flush()
    common = ["food_lab", "panels", "projector", "tablet", "standard_weights"]
    vans = [
        Van(
            code=f"van{number}",
            number=number,
            name_zh=f"{number}号车",
            name_en=f"Van {number}",
            plate=f"沪A·示例{number}",
            depot_id=depot.id,
            equipment=[*common, "booth"] if number == 1 else common,
            kits=KITS,
        )
        for number in (1, 2)
    ]
    session.add_all(vans)
    session.flush()
    return vans


def add_crew(session: Session) -> dict[str, CrewMember]:
    """The ten people, by code."""
    crew = {
        row["code"]: CrewMember(
            code=row["code"],
            name=row["name"],
            phone=row["phone"],
            email=f"{row['code']}@example.org",
            skills=row["skills"].split(),
        )
        for row in read_table("crew")
    }
    session.add_all(crew.values())
    session.flush()
    return crew


def add_shifts(session: Session, vans: list[Van], crew: dict[str, CrewMember], days: Iterable[date]) -> list[Shift]:
    """A shift per van on each of these working days, but for the training days."""
    shifts = []
    for day in days:
        if is_training(day):
            continue
        for van, codes in zip(vans, crews_of(day), strict=True):
            hours = MARKET_SHIFT if is_market_shift(van.number, day) else DAY_SHIFT
            shift = Shift(van_id=van.id, day=day, kits=KITS, **hours, **LUNCH, **LIMITS)
            shift.out_of_service = "车辆保养" if is_maintenance(van.number, day) else None
            shift.reserve = is_reserve(van.number, day)
            shift.crew = [crew[code] for code in codes]
            shifts.append(shift)
    session.add_all(shifts)
    session.flush()
    return shifts


def crews_of(day: date) -> tuple[list[str], list[str]]:
    """Who rides on van 1 and who on van 2."""
    rhythm = week_of(day) % 2 * 5 + min(day.weekday(), FRIDAY)
    drivers = [code for code in ("crew-1", "crew-2") if code != AWAY_DRIVER.get(rhythm)]
    testers = [code for code in ("crew-4", "crew-5", "crew-6", "crew-7") if code != AWAY_TESTER.get(rhythm)]
    drivers += ["crew-3"] * (2 - len(drivers))
    testers += ["crew-3"] * (4 - len(testers))
    first, second = _officers(day, rhythm)
    if day.toordinal() % 2:
        drivers.reverse()
        first, second = second, first
    return [drivers[0], *testers[:2], *first], [drivers[1], *testers[2:], *second]


def _officers(day: date, rhythm: int) -> tuple[list[str], list[str]]:
    """Presenters, legal officers and complaint handlers: two for one van, what is left for the other."""
    if is_legal_training(day):
        return ["crew-10"], []
    here = [code for code in ("crew-8", "crew-9", "crew-10") if code != AWAY_OFFICER.get(rhythm)]
    pair = [code for code in OFFICER_PAIRS[day.toordinal() % 3] if code in here]
    return pair, [code for code in here if code not in pair]


def week_of(day: date) -> int:
    """Weeks since the roster's first Monday."""
    return (day - FIRST_MONDAY).days // 7


def is_training(day: date) -> bool:
    """One Wednesday in four nobody drives."""
    return day.weekday() == WEDNESDAY and week_of(day) % 4 == 1


def is_legal_training(day: date) -> bool:
    """One Thursday in four both legal officers are away."""
    return day.weekday() == THURSDAY and week_of(day) % 4 == 2


def is_maintenance(van_number: int, day: date) -> bool:
    """One Monday in four the second van stands in the workshop."""
    return van_number == 2 and day.weekday() == MONDAY and week_of(day) % 4 == 3


def is_market_shift(van_number: int, day: date) -> bool:
    """Van 1 starts early on Tuesdays and van 2 on Fridays, in time for the markets."""
    return (van_number, day.weekday()) in ((1, TUESDAY), (2, FRIDAY))


def is_reserve(van_number: int, day: date) -> bool:
    """Two van-days in four weeks are kept free for hotspots and rain."""
    return (van_number, day.weekday(), week_of(day) % 4) in ((1, WEDNESDAY, 3), (2, MONDAY, 1))
