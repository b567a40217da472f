"""How evenly towns are visited, and what the vans' days were spent on. Counts the rows; changes nothing.

Evenness is the Gini coefficient of visits over planning weight: 0 where every town has as many visits for its weight,
towards 1 where few have them all. It is read off the Lorenz curve with towns weighted by their weight (Lerman and
Yitzhaki, "Improving the accuracy of estimates of Gini coefficients", Journal of Econometrics 42(1), 1989).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules.lifecycle import LIVE_VISITS
from schedules.models import Tour, Town, Visit, VisitState

PER_PEOPLE = 10_000
"""Visits are counted for so many of planning weight, which stands in for people."""


@dataclass(frozen=True, slots=True)
class Evenness:
    """Visits of towns over their weights.

    `curve` runs from (0, 0) to (1, 1): shares of all weight and of all visits, the least served towns first. `gini`
    is twice the area between it and the straight line, None where there was no visit or no weight. `ratio` is the
    most visits for the weight over the least, None where a town has none.
    """

    gini: float | None
    curve: tuple[tuple[float, float], ...]
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Recency:
    """Days since towns were visited: the longest, the 90th percentile (nearest rank), and towns never visited."""

    worst: int | None
    ninetieth: int | None
    never: int


@dataclass(frozen=True, slots=True)
class Effort:
    """Visits, done or promised, on van-days, with the minutes away from the depot and on the road."""

    visits: int
    van_days: int
    away: int
    driving: int

    @property
    def visits_a_day(self) -> float | None:
        """Visits per van-day, None without any."""
        return self.visits / self.van_days if self.van_days else None

    @property
    def on_road(self) -> float | None:
        """The share of the time away that was driving, None without any."""
        return self.driving / self.away if self.away else None


def evenness(counts: Iterable[tuple[int, int]]) -> Evenness:
    """The evenness of (visits, weight) of each town; towns without weight are left out."""
    towns = sorted(((visits, weight) for visits, weight in counts if weight > 0), key=lambda town: Fraction(*town))
    visits, weight = sum(town[0] for town in towns), sum(town[1] for town in towns)
    if not visits:
        return Evenness(None, (), None)
    curve = [(0.0, 0.0)]
    under = Fraction(0)
    so_far = seen = 0
    for own_visits, own_weight in towns:
        under += Fraction(own_weight, weight) * Fraction(2 * so_far + own_visits, 2 * visits)
        so_far, seen = so_far + own_visits, seen + own_weight
        curve.append((seen / weight, so_far / visits))
    least, most = (Fraction(*town) for town in (towns[0], towns[-1]))
    return Evenness(float(1 - 2 * under), tuple(curve), float(most / least) if least else None)


def recency(days: Iterable[int | None]) -> Recency:
    """The recency of towns from the days since each was visited, None of one never visited."""
    each = list(days)
    known = sorted(day for day in each if day is not None)
    if not known:
        return Recency(None, None, len(each))
    return Recency(known[-1], known[math.ceil(0.9 * len(known)) - 1], len(each) - len(known))


def visits_for_weight(session: Session, first: date, last: date) -> Sequence[tuple[int, int]]:
    """The visits that took place in these days and the weight, of each town."""
    took_place = (Visit.town_id == Town.id, Visit.state == VisitState.DONE, Visit.day.between(first, last))
    number = select(func.count()).select_from(Visit).where(*took_place).scalar_subquery()
    return [(visits, weight) for visits, weight in session.execute(select(number, Town.planning_weight))]


def effort(session: Session, first: date, last: date) -> Effort:
    """What the vans did and still promise in these days, by the tours of the plans that made the visits."""
    counted = (Visit.state.in_((VisitState.DONE, *LIVE_VISITS)), Visit.day.between(first, last))
    visits, van_days = session.execute(
        select(func.count(), func.count(Visit.shift_id.distinct())).where(*counted)
    ).one()
    tours = (
        select(Tour.id)
        .join(Visit, (Visit.plan_id == Tour.plan_id) & (Visit.shift_id == Tour.shift_id))
        .where(*counted)
        .distinct()
    )
    away, driving = session.execute(
        select(func.sum(Tour.returns - Tour.leaves), func.sum(Tour.driving)).where(Tour.id.in_(tours))
    ).one()
    return Effort(visits, van_days, away or 0, driving or 0)
