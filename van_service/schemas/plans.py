"""Plans: the run with its progress, the proposal with its reasons, and what publishing would change."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schedules.differences import ChangeKind
from schedules.models import PlanState
from van_service.reasons import reason_in_words
from van_service.schemas.fields import CalendarDate, Choice, Instant, QueryWhole, RowId, Sized, Text, Whole, YesNo
from van_service.schemas.places import TownNameSchema


class PlanOptionsSchema(Schema):
    """Which vans may drive (null: all), and whether reserve shifts stay free."""

    vans = fields.List(Text(least=1, most=40), allow_none=True, validate=Sized(min=1, max=50))
    reserve = YesNo()


class PlanInSchema(Schema):
    """A plan to make: its days, the solver's seconds (the setting's where not given), the seed."""

    first_day = CalendarDate(required=True)
    last_day = CalendarDate(required=True)
    seconds = Whole(1, 600, load_default=None, allow_none=True)
    seed = Whole(0, load_default=1)
    options = fields.Nested(PlanOptionsSchema, load_default=dict)


class PlanQuerySchema(Schema):
    """How many plans, the newest first."""

    limit = QueryWhole(1, 200, load_default=20)


class PlanSchema(Schema):
    """A plan and the run that makes it. `bound` is a number that no lawful plan exceeds, null where none is known."""

    id = RowId()
    state = Choice(PlanState)
    first_day = fields.Date()
    last_day = fields.Date()
    options = fields.Dict()
    seed = fields.Integer()
    seconds_allowed = fields.Float()
    created_at = Instant()
    created_by = fields.String()
    attempts = fields.Integer()
    stop_requested = fields.Boolean()
    phase = fields.String(allow_none=True)
    progress = fields.List(
        fields.List(fields.Float(allow_none=True)), metadata={"description": "rows of seconds, value, bound"}
    )
    started_at = Instant(allow_none=True)
    heartbeat_at = Instant(allow_none=True)
    finished_at = Instant(allow_none=True)
    failure = fields.String(allow_none=True)
    value = fields.Integer(allow_none=True)
    bound = fields.Float(allow_none=True)
    gap = fields.Float(allow_none=True)
    proven = fields.Boolean()
    seconds = fields.Float(allow_none=True)
    travel_source = fields.String(allow_none=True)
    summary = fields.Dict()
    published_at = Instant(allow_none=True)
    published_by = fields.String(allow_none=True)


class StopSchema(Schema):
    """A request's place in a tour; minutes after midnight, `drive` from the place before."""

    request_id = fields.Integer()
    position = fields.Integer()
    drive = fields.Integer()
    arrives = fields.Integer()
    starts = fields.Integer()
    departs = fields.Integer()


class TourSchema(Schema):
    """One shift's ordered stops."""

    shift_id = fields.Integer()
    shift_code = fields.String(attribute="shift.code")
    van_id = fields.Integer(attribute="shift.van_id")
    day = fields.Date(attribute="shift.day")
    leaves = fields.Integer()
    returns = fields.Integer()
    lunch = fields.Integer(allow_none=True)
    driving = fields.Integer()
    stops = fields.List(fields.Nested(StopSchema))


class UnservedSchema(Schema):
    """A request that the plan leaves out: the class of the reason, its numbers, and both in words."""

    request_id = fields.Integer()
    request_number = fields.String(attribute="request.number")
    town = fields.Nested(TownNameSchema, attribute="request.town")
    reason = fields.String()
    detail = fields.Dict()
    words = fields.String()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The reason in the caller's language."""
        return reason_in_words(obj) if attr == "words" else super().get_attribute(obj, attr, default)


class SlotSchema(Schema):
    """Which shift on which day; minutes after midnight of the session."""

    shift_code = fields.String(attribute="shift.code")
    van_id = fields.Integer(attribute="shift.van_id")
    day = fields.Date()
    starts = fields.Integer()
    closes = fields.Integer()


class ChangeSchema(Schema):
    """One request's promise before and after."""

    kind = Choice(ChangeKind)
    request_id = fields.Integer(attribute="request.id")
    request_number = fields.String(attribute="request.number")
    town = fields.Nested(TownNameSchema, attribute="request.town")
    visit_id = fields.Integer(attribute="visit.id", allow_none=True, dump_default=None)
    old = fields.Nested(SlotSchema, allow_none=True)
    new = fields.Nested(SlotSchema, allow_none=True)
    people_to_tell = fields.Integer()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """How many people would be told."""
        return len(obj.tell) if attr == "people_to_tell" else super().get_attribute(obj, attr, default)


class InputChangeSchema(Schema):
    """A row that the plan was made from, and what became of it since."""

    noun = fields.String()
    id = fields.String()
    what = fields.String()


class DifferenceSchema(Schema):
    """What publishing would change, whom it would tell, and what makes the plan stale."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    changes = fields.List(fields.Nested(ChangeSchema))
    people_to_tell = fields.Integer()
    stale = fields.List(fields.Nested(InputChangeSchema))
