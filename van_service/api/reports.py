"""Reports: filed by the crew, read by the town, summed for everybody."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schedules import reports
from schedules.models import Report
from van_service.accounts import Role
from van_service.api.answers import committed
from van_service.auth import actor, current_crew_member_id, current_town_id, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.reports import ReportInSchema, ReportSchema, TotalsQuerySchema, TotalsSchema

blueprint = Blueprint("Reports", __name__, url_prefix="/api/v1", description="What happened")


@blueprint.put("/visits/<id:visit_id>/report")
@blueprint.arguments(ReportInSchema)
@blueprint.response(200, ReportSchema)
@for_roles(Role.CREW, Role.COORDINATOR)
def file_report(values: reports.ReportIn, visit_id: int) -> Response:
    """Write down what happened; the visit is done and its town is told. Filed again, the report is corrected."""
    report = reports.file_report(
        db.session, visit_id, values, actor=actor(), now=utc_now(), crew_member_id=current_crew_member_id()
    )
    return committed(ReportSchema(), report)


@blueprint.get("/visits/<id:visit_id>/report")
@blueprint.response(200, ReportSchema)
@for_roles(*Role)
def show_report(visit_id: int) -> Report:
    """A visit's report; a town sees its own."""
    return reports.get_report(db.session, visit_id, town_id=current_town_id())


@blueprint.get("/reports/totals")
@blueprint.arguments(TotalsQuerySchema, location="query")
@blueprint.response(200, TotalsSchema)
@for_roles(Role.TOWN, Role.COORDINATOR)
def show_totals(query: dict[str, Any]) -> reports.Totals:
    """The sums over some days; a town sees its own."""
    town_id = current_town_id() or query["town_id"]
    return reports.totals(db.session, query["first"], query["last"], town_id)
