"""How evenly towns are served and what that costs, as numbers and pictures for the coverage page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from routes.fairness_price import Rule
from schedules import fairness_price
from schedules.evenness import Effort, Evenness, effort, evenness, visits_for_weight
from schedules.models import Plan

SQUARE = (8.0, 142.0)
"""The Lorenz curve's corners in a picture 150 wide and high."""
PRICE_X = (46.0, 322.0)
PRICE_Y = (34.0, 102.0)
"""Where the steps stand in a picture 368 wide and 150 high: the most points on top."""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One rule's place in the picture, with its numbers."""

    rule: Rule
    x: float
    y: float
    points: int
    in_force: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What the rule in force gives up against no rule at all, and what towns get for it; `gap` is the widest."""

    plan: Plan
    points: list[PricePoint]
    given_up: int
    share: float
    towns: int
    visits: int
    gap: float | None


@dataclass(frozen=True, slots=True)
class Account:
    """The evenness of this year so far and of the same days a year ago, the spans' effort, and the price."""

    year: Evenness
    year_before: Evenness
    lorenz: str
    effort: Effort
    price: Price | None


def account(session: Session, first: date, last: date, today: date) -> Account:
    """The account of the days from `first` to `last`, and of the year up to today."""
    year = evenness(visits_for_weight(session, today.replace(month=1, day=1), today))
    return Account(
        year=year,
        year_before=evenness(visits_for_weight(session, *year_before(today))),
        lorenz=lorenz_path(year.curve),
        effort=effort(session, first, last),
        price=price_of(session),
    )


def year_before(today: date) -> tuple[date, date]:
    """From the first of January to the same day, last year; the 28th of February for the 29th."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(today.year - 1, 1, 1), date(today.year - 1, today.month, day)


def lorenz_path(curve: Sequence[tuple[float, float]]) -> str:
    """The closed path between the curve and the straight line."""
    low, high = SQUARE
    side = high - low
    points = [f"{low + side * across:.1f} {high - side * up:.1f}" for across, up in curve]
    return f"M{'L'.join(points)}Z" if points else ""


def price_of(session: Session) -> Price | None:
    """The price of fairness in the newest plan in which it was worked out."""
    found = fairness_price.newest(session)
    if found is None:
        return None
    plan, steps = found
    by_rule = {step["rule"]: step for step in steps}
    free, ours = by_rule[Rule.NONE.value], by_rule[Rule.IN_FORCE.value]
    given_up = free["points"] - ours["points"]
    gaps = [step["gap"] for step in steps]
    return Price(
        plan=plan,
        points=_points(steps),
        given_up=given_up,
        share=given_up / abs(free["points"]) if free["points"] else 0.0,
        towns=free["without"] - ours["without"],
        visits=free["missing"] - ours["missing"],
        gap=None if None in gaps else max(gaps),
    )


def _points(steps: Sequence[dict[str, Any]]) -> list[PricePoint]:
    """The steps from left to right; all at one height where they are worth the same."""
    top, low = max(step["points"] for step in steps), min(step["points"] for step in steps)
    across = (PRICE_X[1] - PRICE_X[0]) / max(len(steps) - 1, 1)
    down = (PRICE_Y[1] - PRICE_Y[0]) / max(top - low, 1)
    return [
        PricePoint(
            rule=Rule(step["rule"]),
            x=round(PRICE_X[0] + across * index, 1),
            y=round(PRICE_Y[0] + down * (top - step["points"]), 1),
            points=step["points"],
            in_force=step["rule"] == Rule.IN_FORCE.value,
        )
        for index, step in enumerate(steps)
    ]
