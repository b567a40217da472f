"""GET /healthz: whether the database, its migrations, the scheduler and the planning runner are as they should be."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from schedules import health
from schedules.timetable import Rhythm, rhythms
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.settings import Settings

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show_health() -> Response:
    """200 where all is well, 503 naming the parts that are not; ages are null before a process first shows itself."""
    found = health.report(db.session, now=utc_now(), rhythms=rhythms_of(current_app.extensions["settings"]))
    response = jsonify(
        status="ok" if found.ok else "failing",
        failing=found.failing,
        database="ok" if found.database else "away",
        migration=found.migration,
        migration_expected=found.migration_expected,
        scheduler_age_seconds=found.scheduler_age,
        runner_age_seconds=found.runner_age,
    )
    response.status_code = 200 if found.ok else 503
    return response


def rhythms_of(settings: Settings) -> dict[str, Rhythm]:
    """How often each tick of this installation's scheduler comes, and how long it may be silent."""
    return rhythms(tick_seconds=settings.tick_seconds, lease_seconds=settings.scheduler_lease_seconds)
