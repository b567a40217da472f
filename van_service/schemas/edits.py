"""Edits of drafts by hand: what is wanted, and what was done."""

from __future__ import annotations

from marshmallow import Schema, fields

from schedules.models import EditKind
from van_service.schemas.fields import Choice, DayMinute, Instant, RowId, Text


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
