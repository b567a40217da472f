"""Rules that somebody has knowingly broken in a draft, with a reason: what publishing lets pass, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from routes.checker import Violation
from schedules import audit
from schedules.models import Plan, PlanEdit, RequestWindow, Stop


def edits_of(session: Session, plan: Plan) -> list[PlanEdit]:
    """Everything that was changed by hand on the way to this plan, in that order."""
    found: list[PlanEdit] = []
    here: Plan | None = plan
    while here is not None:
        found = [*here.edits, *found]
        here = session.get(Plan, here.edited_from_id) if here.edited_from_id is not None else None
    return found


def accepted(session: Session, plan: Plan) -> list[dict[str, Any]]:
    """The broken rules that were accepted, each as {"rule", "shift", "visit"}."""
    return [override for edit in edits_of(session, plan) for override in edit.overrides]


def unaccepted(session: Session, plan: Plan, violations: Iterable[Violation]) -> list[Violation]:
    """The violations that nobody has accepted."""
    allowed = {(each["rule"], each["shift"], each["visit"]) for each in accepted(session, plan)}
    return [each for each in violations if (each.rule, each.shift, each.visit) not in allowed]


def keep_agreed_times(session: Session, plan: Plan, stops: Iterable[Stop], *, actor: str, now: datetime) -> None:
    """Give each request the time that was agreed with its town although it had not asked for it.

    Else the next plan would find that the promise lies outside the request's windows, and break it.
    """
    agreed = {each["visit"] for each in accepted(session, plan) if each["rule"] == "window"}
    for stop in stops:
        request, day = stop.request, stop.tour.shift.day
        closes = stop.starts + request.session
        if f"r{request.id}" not in agreed or any(
            window.day == day and window.opens <= stop.starts and closes <= window.closes for window in request.windows
        ):
            continue
        request.windows.append(RequestWindow(day=day, opens=stop.starts, closes=closes, preferred=False))
        request.touch(now)
        session.flush()
        after = {"day": day, "opens": stop.starts, "closes": closes}
        audit.record(session, actor=actor, now=now, verb="agreed", noun="request", noun_id=request.id, after=after)
