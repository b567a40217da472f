"""The lists behind the planning, to look things up and check them: places, services, fleet, roster, days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from flask import render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from schedules import calendar
from schedules import venues as places
from schedules.models import (
    CrewMember,
    Day,
    Depot,
    Service,
    Shift,
    Town,
    Van,
    Venue,
    Visit,
    VisitState,
)
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.arguments import day_given

VENUES_A_PAGE = 60
WEEKS_OF_ROSTER = 4
MONTHS_OF_DAYS = 3


def venues() -> str:
    """The venues, narrowed by town, kind or a part of the name."""
    town_id, kind = request.args.get("town", type=int), request.args.get("kind") or None
    text, after = request.args.get("q", "").strip()[:80], request.args.get("after", type=int)
    found = places.list_venues(
        db.session,
        town_id=town_id,
        kind_code=kind,
        text=text or None,
        after_id=after,
        limit=VENUES_A_PAGE + 1,
        inactive=True,
    )
    shown = found[:VENUES_A_PAGE]
    return render_template(
        "desk/masters_venues.html",
        found=shown,
        next_after=shown[-1].id if len(found) > VENUES_A_PAGE else None,
        number=db.session.scalar(select(func.count()).select_from(Venue)) or 0,
        last_days=_last_days(shown),
        town_id=town_id,
        kind=kind,
        text=text,
        towns=list(db.session.scalars(select(Town).order_by(Town.code))),
        kinds=places.list_kinds(db.session),
    )


def services() -> str:
    """The catalogue: minutes, people, equipment and what the venue must have."""
    found = db.session.scalars(select(Service).order_by(Service.position, Service.id))
    return render_template("desk/masters_services.html", found=list(found))


def fleet() -> str:
    """Vans, depots and crew."""
    return render_template(
        "desk/masters_fleet.html",
        vans=list(db.session.scalars(select(Van).options(joinedload(Van.depot)).order_by(Van.number))),
        depots=list(db.session.scalars(select(Depot).order_by(Depot.id))),
        crew=list(db.session.scalars(select(CrewMember).order_by(CrewMember.code))),
    )


def roster() -> str:
    """Four weeks of shifts; `?from=` names a day of the first week."""
    today = calendar.local_day(utc_now())
    first = _monday(day_given("from") or today)
    last = first + timedelta(weeks=WEEKS_OF_ROSTER) - timedelta(days=1)
    found = db.session.scalars(
        select(Shift).where(Shift.day.between(first, last)).options(joinedload(Shift.van)).order_by(Shift.day)
    )
    by_day: dict[date, list[Shift]] = defaultdict(list)
    for shift in found:
        by_day[shift.day].append(shift)
    rows = {row.date: row for row in db.session.scalars(select(Day).where(Day.date.between(first, last)))}
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return render_template(
        "desk/masters_roster.html",
        days=[day for day in days if by_day[day] or (day in rows and rows[day].works)],
        by_day=by_day,
        rows=rows,
        vans=list(db.session.scalars(select(Van).order_by(Van.number))),
        first=first,
        last=last,
        earlier=first - timedelta(weeks=WEEKS_OF_ROSTER),
        later=first + timedelta(weeks=WEEKS_OF_ROSTER),
        today=today,
    )


def days() -> str:
    """Three months of the day table with the source of each claim; `?from=` names a day of the first month."""
    today = calendar.local_day(utc_now())
    first = (day_given("from") or today).replace(day=1)
    months = [_next_month(first, number) for number in range(MONTHS_OF_DAYS)]
    last = _next_month(first, MONTHS_OF_DAYS) - timedelta(days=1)
    rows = {row.date: row for row in db.session.scalars(select(Day).where(Day.date.between(first, last)))}
    return render_template(
        "desk/masters_days.html",
        months=[(month, _weeks_of(month)) for month in months],
        rows=rows,
        special=[row for row in rows.values() if row.name_zh or row.kind.value == "make_up"],
        unannounced=sorted({row.date.year for row in rows.values() if not row.announced}),
        sources=sorted({row.source for row in rows.values()}),
        earlier=_next_month(first, -MONTHS_OF_DAYS),
        later=_next_month(first, MONTHS_OF_DAYS),
        today=today,
    )


def _last_days(found: list[Venue]) -> dict[int, date]:
    """For each venue the day of its last visit that took place."""
    rows = db.session.execute(
        select(Visit.venue_id, func.max(Visit.day))
        .where(Visit.venue_id.in_([venue.id for venue in found]), Visit.state == VisitState.DONE)
        .group_by(Visit.venue_id)
    )
    return dict(rows.all())


def _weeks_of(month: date) -> list[list[date | None]]:
    """The month as rows of seven days, None for days of other months."""
    last = _next_month(month, 1) - timedelta(days=1)
    days: list[date | None] = [None] * month.weekday()
    days += [month + timedelta(days=offset) for offset in range((last - month).days + 1)]
    days += [None] * (-len(days) % 7)
    return [days[start : start + 7] for start in range(0, len(days), 7)]


def _next_month(first: date, number: int) -> date:
    index = first.year * 12 + first.month - 1 + number
    return date(index // 12, index % 12 + 1, 1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
