"""Edits of drafts by hand: what is wanted, and what was done."""

from __future__ import annotations

from marshmallow import Schema, fields

from schedules.models import EditKind
from van_service.schemas.fields import CalendarDate, Choice, DayMinute, Instant, QueryWhole, RowId, Text


class EditInSchema(Schema):
    """What to change. move and insert need shift_id, swap needs other_request_id; without `starts` the best minute is
    taken. With a reason, rules that people may agree on are broken knowingly; rules of safety never are."""

    kind = Choice(EditKind, required=True)
    request_id = RowId(required=True)
    shift_id = RowId(load_default=None, allow_none=True)
    starts = DayMinute(load_default=None, allow_none=True)
    other_request_id = RowId(load_default=None, allow_none=True)
    reason = Text(most=500, load_default=None, allow_none=True)


class EditSchema(Schema):
    """One edit: where each visit was and is ("17": shift and minute), and the rules that were broken knowingly."""

    id = RowId()
    plan_id = fields.Integer()
    kind = Choice(EditKind)
    request_id = fields.Integer()
    other_request_id = fields.Integer(allow_none=True)
    before = fields.Dict()
    after = fields.Dict()
    overrides = fields.List(fields.Dict())
    reason = fields.String(allow_none=True)
    at = Instant()
    actor = fields.String()


class VerdictQuerySchema(Schema):
    """Which visit might go where; without `starts` the best minute of each shift is judged."""

    request_id = QueryWhole(1, required=True)
    first = CalendarDate(required=True)
    last = CalendarDate(required=True)
    starts = QueryWhole(0, 1439, load_default=None)


class BrokenRuleSchema(Schema):
    """A rule that would be broken, with the numbers that show it."""

    rule = fields.String()
    shift = fields.String(allow_none=True)
    visit = fields.String(allow_none=True)
    detail = fields.Dict()


class LaneSchema(Schema):
    """A shift with the verdict on it.

    `points` is added to the plan's value and `driving` to its minutes on the road, `moved` counts other visits that get
    another minute, `told` promises that change, `people` those of the towns who would hear of it. `spans` are the
    minutes at which the session may begin while all other visits stand still.
    """

    shift_id = fields.Integer(attribute="shift.id")
    van = fields.Integer(attribute="shift.van.number")
    day = fields.Date(attribute="shift.day")
    starts = fields.Integer(attribute="verdict.starts")
    violations = fields.List(fields.Nested(BrokenRuleSchema), attribute="verdict.violations")
    negotiable = fields.Boolean(attribute="verdict.negotiable")
    points = fields.Integer(attribute="verdict.points")
    driving = fields.Integer(attribute="verdict.driving")
    moved = fields.Function(lambda lane: len(lane.verdict.moved), metadata={"type": "integer"})
    told = fields.Function(lambda lane: len(lane.verdict.told), metadata={"type": "integer"})
    people = fields.Integer()
    spans = fields.List(fields.List(fields.Integer()), attribute="verdict.spans")
