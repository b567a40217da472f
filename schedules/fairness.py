"""Fairness between towns: how many visits each is due, how many it has had, and how long it has waited.

A town is due one visit a month, two where its planning weight is above 100,000; and none shall wait longer than 35
days. The numbers are defaults of the district's rhythm (see the glossary in the README), kept here by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules.lifecycle import LIVE_VISITS
from schedules.models import Town, Visit, VisitState

LARGE_TOWN_WEIGHT = 100_000
VISITS_A_MONTH = 1
VISITS_A_MONTH_OF_A_LARGE_TOWN = 2
LONGEST_WAIT_DAYS = 35
DAYS_A_MONTH = Fraction(1461, 48)
"""The mean month: 365.25 days in 12."""


@dataclass(frozen=True, slots=True)
class TownCoverage:
    """A town's account for some days: visits due, done and still promised; `days_since_last` is None before any."""

    town: Town
    due: int
    done: int
    planned: int
    days_since_last: int | None
    weight: int

    @property
    def missing(self) -> int:
        """Due visits that neither took place nor are promised."""
        return max(0, self.due - self.done - self.planned)

    @property
    def overdue(self) -> bool:
        """Whether the town has waited longer than any should."""
        return self.days_since_last is not None and self.days_since_last > LONGEST_WAIT_DAYS


def due_of(town: Town, days: int) -> int:
    """The visits that a town is due in so many days, the monthly number prorated and rounded to the nearest."""
    large = town.planning_weight > LARGE_TOWN_WEIGHT
    monthly = VISITS_A_MONTH_OF_A_LARGE_TOWN if large else VISITS_A_MONTH
    return int(monthly * days / DAYS_A_MONTH + Fraction(1, 2))


def due_with_history(town: Town, days: int, days_since_last: int | None) -> int:
    """As `due_of`, but at least one where the town would otherwise wait too long before the days are over."""
    would_wait_too_long = days_since_last is None or days_since_last + days > LONGEST_WAIT_DAYS
    return max(due_of(town, days), int(would_wait_too_long and days > 0))


def days_since_last_visit(session: Session, today: date) -> dict[int, int | None]:
    """For every town's id the days since its last visit that took place, None where there was none."""
    last = _last_visits(session, today)
    ids = session.scalars(select(Town.id).order_by(Town.id))
    return {town_id: (today - last[town_id]).days if town_id in last else None for town_id in ids}


def coverage(session: Session, first: date, last: date, *, today: date) -> list[TownCoverage]:
    """The account of every town for the days from `first` to `last`, in the order of their codes.

    `days_since_last` counts up to `today`; what is due looks at the wait as it is on `first`.
    """
    done = _visits_by_town(session, first, last, (VisitState.DONE,))
    planned = _visits_by_town(session, first, last, LIVE_VISITS)
    since_today = days_since_last_visit(session, today)
    before_first = days_since_last_visit(session, first - timedelta(days=1))
    length = (last - first).days + 1
    return [
        TownCoverage(
            town=town,
            due=due_with_history(town, length, before_first[town.id]),
            done=done.get(town.id, 0),
            planned=planned.get(town.id, 0),
            days_since_last=since_today[town.id],
            weight=town.planning_weight,
        )
        for town in session.scalars(select(Town).order_by(Town.code))
    ]


def _last_visits(session: Session, today: date) -> dict[int, date]:
    took_place = (Visit.state == VisitState.DONE, Visit.day <= today)
    rows = session.execute(select(Visit.town_id, func.max(Visit.day)).where(*took_place).group_by(Visit.town_id))
    return dict(rows.all())


def _visits_by_town(session: Session, first: date, last: date, states: tuple[VisitState, ...]) -> Mapping[int, int]:
    rows = session.execute(
        select(Visit.town_id, func.count())
        .where(Visit.day.between(first, last), Visit.state.in_(states))
        .group_by(Visit.town_id)
    )
    return dict(rows.all())
