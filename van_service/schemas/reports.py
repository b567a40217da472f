"""Reports: what the crew counted at a visit, and the sums over many."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from schedules.models import SampleResult
from schedules.reports import LARGEST_COUNT, MOST_SAMPLES, ReportIn, SampleIn
from van_service.schemas.fields import (
    CalendarDate,
    Choice,
    Instant,
    QueryWhole,
    Sized,
    SpanQuerySchema,
    Text,
    Whole,
    YesNo,
)


class SampleInSchema(Schema):
    """One sample worth a line of its own."""

    food = Text(least=1, most=100, required=True)
    item = Text(least=1, most=100, required=True)
    result = Choice(SampleResult, required=True)
    repeated = YesNo(load_default=False)
    stall = Text(most=100, load_default=None, allow_none=True)
    referred_to = Text(most=100, load_default=None, allow_none=True)

    @post_load
    def _sample(self, values: dict[str, Any], **_: Any) -> SampleIn:
        return SampleIn(**values)


class ReportInSchema(Schema):
    """What was counted. `samples` may list only some of `samples_tested`, but every suspected positive."""

    people = Whole(0, LARGEST_COUNT, required=True)
    leaflets = Whole(0, LARGEST_COUNT, load_default=0)
    consultations = Whole(0, LARGEST_COUNT, load_default=0)
    complaints = Whole(0, LARGEST_COUNT, load_default=0)
    kits_used = Whole(0, LARGEST_COUNT, load_default=0)
    samples_tested = Whole(0, LARGEST_COUNT, load_default=0)
    samples = fields.List(fields.Nested(SampleInSchema), load_default=(), validate=Sized(min=0, max=MOST_SAMPLES))
    note = Text(most=2000, load_default=None, allow_none=True)

    @post_load
    def _report(self, values: dict[str, Any], **_: Any) -> ReportIn:
        return ReportIn(**values)


class SampleSchema(Schema):
    """A sample as it was written down."""

    food = fields.String()
    item = fields.String()
    result = Choice(SampleResult)
    repeated = fields.Boolean()
    stall = fields.String(allow_none=True)
    referred_to = fields.String(allow_none=True)


class ReportSchema(Schema):
    """The counts of one visit."""

    visit_id = fields.Integer()
    people = fields.Integer()
    leaflets = fields.Integer()
    consultations = fields.Integer()
    complaints = fields.Integer()
    kits_used = fields.Integer()
    samples_tested = fields.Integer()
    suspected_positives = fields.Integer()
    note = fields.String(allow_none=True)
    filed_at = Instant()
    filed_by = fields.String()
    samples = fields.List(fields.Nested(SampleSchema))


class TotalsQuerySchema(SpanQuerySchema):
    """Sums over which days, and of which town."""

    first = CalendarDate(required=True)
    last = CalendarDate(required=True)
    town_id = QueryWhole(1, load_default=None)


class TotalsSchema(Schema):
    """Sums over the visits of some days."""

    visits = fields.Integer()
    people = fields.Integer()
    leaflets = fields.Integer()
    consultations = fields.Integer()
    complaints = fields.Integer()
    kits_used = fields.Integer()
    samples_tested = fields.Integer()
    suspected_positives = fields.Integer()
    missed = fields.Integer()
    cancelled = fields.Integer()
