"""The demo district: real units, everything else invented, filed through the same use cases as real data.

`load_demo` is the only door. The same seed and the same `now` give the same district, apart from the passwords.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import calendar, days
from schedules.models import Day, Town
from van_service.demo.accounts import DemoAccount, add_accounts, renew_passwords, town_usernames
from van_service.demo.district import add_hotspots, add_services, add_towns, add_venue_kinds
from van_service.demo.history import PAST_WEEKS, Past, add_history, settle_messages
from van_service.demo.requests import add_requests
from van_service.demo.roster import add_crew, add_fleet, add_shifts, is_market_shift
from van_service.demo.terms import is_teaching_day
from van_service.demo.venues import add_venues
from van_service.demo.wishes import Draughts

__all__ = ["DemoAccount", "horizon", "is_loaded", "load_demo", "renew_passwords"]

ROSTER_WEEKS = 8
REQUEST_WEEKS = 4
COORDINATOR = "coordinator"


def load_demo(session: Session, *, now: datetime, seed: int = 1) -> list[DemoAccount]:
    """Fill an empty database with the demo district as it stands at `now`; the accounts with their passwords.

    Promises reach to the end of this week, so that a coordinator can plan the next four at once.
    """
    today = calendar.local_day(now)
    first, last = horizon(today)
    towns = add_towns(session)
    add_services(session)
    add_venue_kinds(session)
    add_hotspots(session, towns, today)
    venues = add_venues(session, towns, Random(f"{seed}:venues"))
    start = today - timedelta(days=today.weekday(), weeks=PAST_WEEKS)
    fill_calendar(session, start, last, now=now)
    crew = add_crew(session)
    end = today - timedelta(days=today.weekday()) + timedelta(weeks=ROSTER_WEEKS, days=6)
    shifts = add_shifts(session, add_fleet(session), crew, days.working_days(session, start, end))
    draughts = Draughts(
        venues=venues,
        weights={town.id: math.sqrt(town.planning_weight) for town in towns.values()},
        rng=Random(f"{seed}:wishes"),
        market_days={shift.day for shift in shifts if is_market_shift(shift.van.number, shift.day)},
        is_teaching_day=is_teaching_day,
    )
    names = {towns[code].id: username for code, username in town_usernames().items()}
    past = Past(session, draughts, towns, names, now)
    add_history(past, shifts, start=start, end=first - timedelta(days=1), seed=seed)
    ahead = [shift for shift in shifts if first <= shift.day <= last]
    add_requests(session, draughts, ahead, names, days=days.working_days(session, first, last), now=now)
    settle_messages(session, now=now)
    return add_accounts(session, towns, crew, now=now)


def horizon(today: date) -> tuple[date, date]:
    """The four weeks that the demo's requests ask for: from the coming Monday on."""
    first = today + timedelta(days=7 - today.weekday())
    return first, first + timedelta(weeks=REQUEST_WEEKS, days=-1)


def is_loaded(session: Session) -> bool:
    """Whether the database has towns, of the demo or of real life."""
    return session.scalar(select(Town.id).limit(1)) is not None


def fill_calendar(session: Session, first: date, last: date, *, now: datetime) -> None:
    """The day table from last year to next. Where no holidays are announced yet, the demo's coordinator takes the
    guess for granted between `first` and `last`, or nobody could ask for a visit; every other guessed day stays marked.
    """
    days.seed_days(session, date(first.year - 1, 1, 1), date(max(first.year, last.year) + 1, 12, 31), now=now)
    guessed = select(Day).where(Day.date.between(first, last), Day.announced.is_(False)).order_by(Day.date)
    for day in session.scalars(guessed).all():
        days.set_day(session, day.date, day.kind, day.name_zh, day.name_en, actor=COORDINATOR, now=now)
