"""What a coordinator should know of the scheduler: that it is silent, or which part of its work does not get done."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from schedules import health
from van_service.extensions import db
from van_service.health import rhythms_of

WORK: dict[str, LazyString] = {
    "deliver": _l("sending messages"),
    "reminders": _l("reminders and the crews' tours"),
    "office_news": _l("news for the office"),
    "plan_runs": _l("taking up lost planning runs"),
    "requests": _l("ending requests whose days are over"),
    "wait_list": _l("offers to the wait list"),
    "nightly_plan": _l("the plan proposed overnight"),
    "retention": _l("forgetting what is old"),
}
"""What each tick does, in the words of people; the heartbeat is the scheduler itself."""


def scheduler_trouble(now: datetime) -> tuple[bool, list[str]]:
    """Whether no scheduler has shown itself for a while, and else which of its work does not get done."""
    rhythms = rhythms_of(current_app.extensions["settings"])
    failing = health.report(db.session, now=now, rhythms=rhythms).failing
    if health.SCHEDULER in failing:
        return True, []
    undone = (part.removeprefix(health.TICK) for part in failing)
    return False, [str(WORK[name]) for name in undone if name in WORK]
