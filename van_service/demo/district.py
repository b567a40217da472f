"""The facts of the district: units with their committees, services, kinds of venue and hotspots.

Units and committees are real and carry their source; contacts and hotspots are invented. Rows go in directly, for no
use case makes a town.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from schedules.models import Committee, Hotspot, Service, ServiceSkill, Skill, Town, TownKind, VenueKind
from van_service.demo.tables import read_table

HOTSPOT_DAYS_BEFORE = 20
HOTSPOT_DAYS_AFTER = 40


def add_towns(session: Session) -> dict[str, Town]:
    """The 13 units and their 352 committees; the towns by code."""
    towns = {row["code"]: _town(row) for row in read_table("towns")}
    session.add_all(towns.values())
    session.flush()
    session.add_all(
        Committee(code=row["code"], name_zh=row["name_zh"], kind=row["kind"], town_id=towns[row["town_code"]].id)
        for row in read_table("committees")
    )
    session.flush()
    return towns


def _town(row: dict[str, str]) -> Town:
    return Town(
        code=row["code"],
        kind=TownKind(row["kind"]),
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        planning_weight=int(row["planning_weight"]),
        area_km2=float(row["area_km2"]),
        urban=row["urban"] == "1",
        source=f"{row['source']} | confidence: {row['confidence']} | planning weight, not a census result"
        " | contact: invented for the demo",
        contact_name=row["contact_name"],
        contact_phone=row["contact_phone"],
        contact_email=f"town-{row['slug']}@example.org",
    )


def add_services(session: Session) -> dict[str, Service]:
    """The catalogue, by code."""
    services = {row["code"]: _service(row, position) for position, row in enumerate(read_table("services"))}
    session.add_all(services.values())
    session.flush()
    return services


def _service(row: dict[str, str], position: int) -> Service:
    service = Service(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        seal_zh=row["seal_zh"],
        seal_en=row["seal_en"],
        look=row["look"],
        minutes=int(row["minutes"]),
        minutes_least=int(row["minutes_least"]),
        minutes_most=int(row["minutes_most"]),
        setup=int(row["setup"]),
        teardown=int(row["teardown"]),
        kits=int(row["kits"]),
        equipment=row["equipment"].split(),
        needs_power=row["needs_power"] == "1",
        needs_parking=row["needs_parking"] == "1",
        needs_indoor=row["needs_indoor"] == "1",
        help_zh=row["help_zh"],
        help_en=row["help_en"],
        position=position,
    )
    pairs = (need.split(":") for need in row["skills"].split())
    service.skills = [ServiceSkill(skill=Skill(skill), number=int(number)) for skill, number in pairs]
    return service


def add_venue_kinds(session: Session) -> None:
    """The five entries, and the kinds added to them."""
    session.add_all(
        VenueKind(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            position=position,
            open_to_public=row["open_to_public"] == "1",
        )
        for position, row in enumerate(read_table("venue_kinds"))
    )
    session.flush()


def add_hotspots(session: Session, towns: dict[str, Town], today: date) -> None:
    """Topics that people complain about around `today`."""
    session.add_all(
        Hotspot(
            town_id=towns[row["town_code"]].id,
            topic_zh=row["topic_zh"],
            topic_en=row["topic_en"],
            complaints_before=int(row["complaints_before"]),
            complaints_now=int(row["complaints_now"]),
            points=int(row["points"]),
            first_day=today - timedelta(days=HOTSPOT_DAYS_BEFORE),
            last_day=today + timedelta(days=HOTSPOT_DAYS_AFTER),
        )
        for row in read_table("hotspots")
    )
    session.flush()
