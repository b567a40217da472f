"""How far what is promised may still give way to visits added beside it.

An addition may move a standing session by the tolerance. So that one addition after the other does not carry it away,
the tolerance counts from the minute that a plan of the coordinator (or its own addition) first gave it, not from where
the last addition has left it. Publishing a plan that moves the visit begins anew: a coordinator has looked at it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.effects import Frame
from schedules.eligibility import Asked
from schedules.models import Plan, Visit, VisitChange


def keep_near_what_was_told(session: Session, asked: Sequence[Asked], tolerance: int) -> list[Asked]:
    """The same with the windows of what is promised cut to what is left of the tolerance, in minutes."""
    told = first_told(session, [one.visit for one in asked if one.visit is not None])
    return [one if one.visit is None else _near(one, one.visit, told[one.visit.id], tolerance) for one in asked]


def first_told(session: Session, visits: Collection[Visit]) -> dict[int, int]:
    """By the visit's id the minute at which its session began before any addition moved it."""
    told = {visit.id: visit.starts for visit in visits}
    moves = session.scalars(
        select(VisitChange)
        .where(VisitChange.visit_id.in_(told), VisitChange.kind == "moved")
        .order_by(VisitChange.visit_id, VisitChange.version.desc())
    ).all()
    plans = {change.after["plan_id"] for change in moves if "plan_id" in change.after}
    additions = set(session.scalars(select(Plan.id).where(Plan.id.in_(plans), Plan.addition)))
    looked_at: set[int] = set()
    for change in moves:
        if change.after.get("plan_id") not in additions:
            looked_at.add(change.visit_id)
        elif change.visit_id not in looked_at:
            told[change.visit_id] = change.before.get("starts", told[change.visit_id])
    return told


def _near(one: Asked, visit: Visit, told: int, tolerance: int) -> Asked:
    """The minute that stands is always kept, also where the tolerance has been made smaller since."""
    first, last = min(told - tolerance, visit.starts), max(told + tolerance, visit.starts)
    frames = [
        each
        if each.day != visit.day
        else Frame(each.day, max(each.opens, first), min(each.closes, last + one.request.session), each.preferred)
        for each in one.windows
    ]
    return replace(one, windows=[each for each in frames if each.closes - each.opens >= one.request.session])
