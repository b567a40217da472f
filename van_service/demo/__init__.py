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
from van_service.demo.requests import COORDINATOR, add_requests
from van_service.demo.roster import add_crew, add_fleet, add_shifts, is_market_shift
from van_service.demo.terms import is_teaching_day
from van_service.demo.venues import add_venues
from van_service.demo.wishes import Draughts

__all__ = ["DemoAccount", "horizon", "is_loaded", "load_demo", "renew_passwords"]

ROSTER_WEEKS = 8
REQUEST_WEEKS = 4


def load_demo(session: Session, *, now: datetime, seed: int = 1) -> list[DemoAccount]:
    """Fill an empty database with the demo district as it stands at `now`; the accounts with their passwords.

    Nothing is promised after today, so that a coordinator can plan at once.
    """
    today = calendar.local_day(now)
    towns = add_towns(session)
    add_services(session)
    add_venue_kinds(session)
    add_hotspots(session, towns, today)
    venues = add_venues(session, towns, Random(f"{seed}:venues"))
    start = today - timedelta(days=today.weekday(), weeks=PAST_WEEKS)
    days.seed_days(session, date(start.year - 1, 1, 1), date(today.year + 1, 12, 31), now=now)
    first, last = horizon(session, today)
    take_guesses_for_granted(session, start, last, now=now)
    crew = add_crew(session)
    roster_days = days.working_days(session, start, today + timedelta(weeks=ROSTER_WEEKS))
    shifts = add_shifts(session, add_fleet(session), crew, roster_days)
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


def horizon(session: Session, today: date) -> tuple[date, date]:
    """The four weeks that the demo's requests ask for: from the next working day on."""
    first = days.add_working_days(session, today, 1)
    return first, first + timedelta(weeks=REQUEST_WEEKS, days=-1)


def is_loaded(session: Session) -> bool:
    """Whether the database has towns, of the demo or of real life."""
    return session.scalar(select(Town.id).limit(1)) is not None


def take_guesses_for_granted(session: Session, first: date, last: date, *, now: datetime) -> None:
    """Have the demo's coordinator set the days that nobody has announced yet, or no one could ask for a visit then.

    Only the days between `first` and `last`; every other guessed day stays marked as a guess.
    """
    guessed = select(Day).where(Day.date.between(first, last), Day.announced.is_(False)).order_by(Day.date)
    for day in session.scalars(guessed).all():
        days.set_day(session, day.date, day.kind, day.name_zh, day.name_en, actor=COORDINATOR, now=now)
