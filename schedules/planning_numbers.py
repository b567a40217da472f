"""Changing the numbers of planning: within limits, by the version that was read, written down; and what it overtakes.

What the numbers mean is `schedules.prizes`'s business. A draft made by other numbers is no longer what the planner
would propose, so it cannot be published (`publishing.staleness`); numbers that no plan is made by leave drafts alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from schedules import audit, calendar
from schedules.errors import BadChoice, BadCount, ChangedMeanwhile, Missing, Refused, refuse_all
from schedules.models import Plan, PlanningSettings, PlanState
from schedules.planning_inputs import inputs_of_numbers
from schedules.prizes import DEFAULTS, planning_numbers

ONLY_ROW = 1
_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the most that a number may be, both included."""

    least: int
    most: int


LIMITS: Mapping[str, Limits] = {
    "visit": Limits(1, _POINTS),
    "raised": Limits(0, _POINTS),
    "urgent": Limits(0, _POINTS),
    "waiting_day": Limits(0, 1_000),
    "recency_day": Limits(0, 1_000),
    "recency_cap_days": Limits(0, 366),
    "preferred": Limits(0, _POINTS),
    "town_shortfall": Limits(0, _POINTS),
    "driving_minute": Limits(0, 100),
    "promise_drop": Limits(0, _POINTS),
    "promise_other_day": Limits(0, _POINTS),
    "promise_other_van": Limits(0, _POINTS),
    "promise_retime": Limits(0, _POINTS),
    "promise_tolerance": Limits(0, 60),
    "freeze_days": Limits(0, 20),
    "venue_rest_days": Limits(0, 366),
    "notice_days": Limits(0, 30),
    "request_lead_days": Limits(0, 60),
    "hold_minutes": Limits(1, 60),
    "holds_per_town": Limits(1, 20),
    "offer_hours": Limits(2, 240),
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers in force; version 0 until somebody has changed one."""

    values: Mapping[str, int]
    version: int
    changed_at: datetime | None
    changed_by: str | None


def numbers_in_force(session: Session) -> Numbers:
    """Every number by its name, with the version that changing them asks for."""
    row = session.get(PlanningSettings, ONLY_ROW)
    values = planning_numbers(session)
    return (
        Numbers(values, 0, None, None) if row is None else Numbers(values, row.version, row.changed_at, row.changed_by)
    )


def change_numbers(
    session: Session, numbers: Mapping[str, int], *, version: int | None, actor: str, now: datetime
) -> Numbers:
    """Put all numbers in place of those in force; the caller rolls back when this raises.

    Raises:
        Missing, BadChoice, BadCount: a number is left out, unknown, or beyond its limits (`field` is its name).
        ChangedMeanwhile: they are no longer those of `version` (None: whichever they are).
    """
    refuse_all(list(_problems(numbers)))
    stand = numbers_in_force(session)
    if version not in (None, stand.version):
        raise ChangedMeanwhile(field="version", version=stand.version)
    before, after = audit.changed(dict(stand.values), dict(numbers))
    if not after:
        return stand
    row = session.get(PlanningSettings, ONLY_ROW)
    if row is None:
        row = PlanningSettings(id=ONLY_ROW)
        session.add(row)
    row.values = {name: number for name, number in numbers.items() if number != DEFAULTS[name]}
    row.changed_by = actor
    row.touch(now)
    try:
        session.flush()
    except (IntegrityError, StaleDataError) as error:  # somebody else was first, in this very moment
        raise ChangedMeanwhile(field="version") from error
    audit.record(
        session, actor=actor, now=now, verb="changed", noun="settings", noun_id=ONLY_ROW, before=before, after=after
    )
    return numbers_in_force(session)


def drafts_overtaken(session: Session, *, now: datetime) -> int:
    """How many drafts with days ahead were made by other numbers than those in force."""
    present = inputs_of_numbers(planning_numbers(session))
    ahead = select(Plan.inputs).where(Plan.state == PlanState.DRAFT, Plan.last_day >= calendar.local_day(now))
    return sum(
        any(inputs.get(key, number) != number for key, number in present.items()) for inputs in session.scalars(ahead)
    )


def _problems(numbers: Mapping[str, int]) -> Iterator[Refused]:
    for name in numbers.keys() - LIMITS.keys():
        yield BadChoice(field=name, given=name, known=list(LIMITS))
    for name, limits in LIMITS.items():
        if name not in numbers:
            yield Missing(field=name)
        elif type(numbers[name]) is not int or not limits.least <= numbers[name] <= limits.most:
            yield BadCount(field=name, least=limits.least, most=limits.most, given=numbers[name])
