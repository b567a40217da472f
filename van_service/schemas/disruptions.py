"""Disruptions as they are entered and shown, and the repairs that answer them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from routes.proposals import ProposalKind
from schedules import changes, repairs
from schedules.differences import ChangeKind
from schedules.models import DisruptionKind, DisruptionState, PlanState
from schedules.publishing import difference
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.fields import CalendarDate, Choice, DayMinute, Instant, QueryWhole, RowId, Text, Whole, YesNo
from van_service.schemas.plans import PlanSchema


class DisruptionInSchema(Schema):
    """What happened. Which fields a kind needs: van_out van_id; crew_ill crew_member_id; town_cancels visit_id;
    venue_closed venue_id; crew_late shift_id and minutes; urgent_visit request_id; all others first_day alone."""

    kind = Choice(DisruptionKind, required=True)
    reason = Text(least=1, most=500, required=True)
    first_day = CalendarDate(load_default=None, allow_none=True)
    last_day = CalendarDate(load_default=None, allow_none=True)
    opens = DayMinute(load_default=None, allow_none=True)
    closes = DayMinute(load_default=None, allow_none=True)
    minutes = Whole(1, changes.MOST_MINUTES_LATE, load_default=None, allow_none=True)
    withdraws = YesNo(load_default=False)
    van_id = RowId(load_default=None, allow_none=True)
    crew_member_id = RowId(load_default=None, allow_none=True)
    shift_id = RowId(load_default=None, allow_none=True)
    venue_id = RowId(load_default=None, allow_none=True)
    request_id = RowId(load_default=None, allow_none=True)
    visit_id = RowId(load_default=None, allow_none=True)


class DisruptionQuerySchema(Schema):
    """Which disruptions: of one state, the newest first."""

    state = Choice(DisruptionState, load_default=None)
    limit = QueryWhole(1, 200, load_default=50)


class DisruptionSchema(Schema):
    """A disruption. `visits_hit` are the promised visits that cannot stay as they are because of it."""

    id = RowId()
    kind = Choice(DisruptionKind)
    state = Choice(DisruptionState)
    first_day = fields.Date()
    last_day = fields.Date()
    opens = fields.Integer(allow_none=True)
    closes = fields.Integer(allow_none=True)
    minutes = fields.Integer(allow_none=True)
    withdraws = fields.Boolean()
    van_id = fields.Integer(allow_none=True)
    crew_member_id = fields.Integer(allow_none=True)
    shift_id = fields.Integer(allow_none=True)
    venue_id = fields.Integer(allow_none=True)
    request_id = fields.Integer(allow_none=True)
    reason = fields.String()
    entered_at = Instant()
    entered_by = fields.String()
    ended_at = Instant(allow_none=True)
    ended_by = fields.String(allow_none=True)
    plan_id = fields.Integer(allow_none=True)
    visits_hit = fields.List(fields.Integer())

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The visits hit as they are now."""
        if attr == "visits_hit":
            return [visit.id for visit in changes.visits_hit(db.session, obj)]
        return super().get_attribute(obj, attr, default)


class RepairInSchema(Schema):
    """How long to look for the proposals, all together."""

    seconds = Whole(1, 600, load_default=9)
    seed = Whole(0, load_default=1)


class ChoiceSchema(Schema):
    """The proposal to take."""

    plan_id = RowId(required=True)


class ProposalSchema(Schema):
    """One way out: the plan with its value, bound and gap, and once it is there what publishing it would change."""

    kind = Choice(ProposalKind)
    plan = fields.Nested(PlanSchema)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True)
    people_to_tell = fields.Integer(allow_none=True)
    driving_minutes = fields.Integer(allow_none=True)


class RepairSchema(Schema):
    """A search for ways out, with its proposals."""

    id = RowId()
    created_at = Instant()
    created_by = fields.String()
    first_day = fields.Date()
    last_day = fields.Date()
    chosen = fields.String(allow_none=True)
    disruptions = fields.List(fields.Integer())
    proposals = fields.List(fields.Nested(ProposalSchema))

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """What the repair is for, and its proposals as they are now."""
        if attr == "disruptions":
            return [each.id for each in repairs.disruptions_of(db.session, obj)]
        if attr == "proposals":
            return [_proposal(plan) for plan in repairs.proposals_of(db.session, obj)]
        return super().get_attribute(obj, attr, default)


def _proposal(plan: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": ProposalKind(plan.proposal), "plan": plan}
    if plan.state not in (PlanState.DRAFT, PlanState.PUBLISHED):
        return {**told, "counts": None, "people_to_tell": None, "driving_minutes": None}
    found = difference(db.session, plan, now=utc_now())
    return {
        **told,
        "counts": {kind.value: len(found.of(kind)) for kind in ChangeKind},
        "people_to_tell": len(found.people),
        "driving_minutes": sum(tour.driving for tour in plan.tours),
    }
