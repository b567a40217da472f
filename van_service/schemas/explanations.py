"""Explanations: the reason with its numbers, the changes with what each costs, the next best places of a stop."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from van_service import remedies
from van_service.schemas.fields import Instant, Whole
from van_service.schemas.places import TownNameSchema
from van_service.schemas.plans import InputChangeSchema
from van_service.schemas.requests import RequestSchema
from van_service.schemas.slots import HoldSchema


class RemedySchema(Schema):
    """A change that would serve the request, re-solved and checked; `points` is what the plan gains by it."""

    number = fields.Integer()
    kind = fields.String()
    points = fields.Integer()
    shift_code = fields.String(attribute="change.shift")
    starts = fields.Integer(attribute="change.starts")
    detail = fields.Dict(attribute="change.detail")
    displaces = fields.List(fields.Integer(), attribute="change.displaces")
    adds = fields.List(fields.Integer(), attribute="change.adds")
    moves = fields.List(fields.Integer(), attribute="change.moves")
    words = fields.String(attribute="text")
    cost_in_words = fields.String(attribute="cost")


class ExplanationSchema(Schema):
    """Why a plan leaves a request out. Of an outranked one, serving it costs `at_least` to `points` points."""

    request_id = fields.Integer()
    request_number = fields.String(attribute="request.number")
    town = fields.Nested(TownNameSchema, attribute="request.town")
    reason = fields.Dict()
    changes = fields.List(fields.Nested(RemedySchema))
    nothing_helps = fields.String(metadata={"description": "what is known where no change was found, in words"})
    made_at = Instant()
    applied = fields.Integer(allow_none=True)
    applied_at = Instant(allow_none=True)
    applied_by = fields.String(allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Changes and proofs in the caller's language."""
        if attr == "changes":
            return remedies.remedies_of(obj)
        if attr == "nothing_helps":
            return remedies.nothing_helps(obj)
        return super().get_attribute(obj, attr, default)


class ExplanationsSchema(Schema):
    """What is explained so far; `waiting` requests are not yet, and what `stale` names has changed since."""

    explanations = fields.List(fields.Nested(ExplanationSchema))
    waiting = fields.Integer()
    stale = fields.List(fields.Nested(InputChangeSchema))


class ApplySchema(Schema):
    """The number of the change to make."""

    number = Whole(0, required=True)


class OwnChangeSchema(Schema):
    """A change of the town's own that would serve its request now, beside everything that is promised."""

    number = fields.Integer()
    kind = fields.String()
    detail = fields.Dict(attribute="change.detail")
    words = fields.String(attribute="text")


class MadeChangeSchema(Schema):
    """The request as it is then, and the time that it is offered, where one is free."""

    request = fields.Nested(RequestSchema)
    offer = fields.Nested(HoldSchema, allow_none=True)


class ElsewhereSchema(Schema):
    """Another shift for a stop: the plan would be worth `points` less."""

    shift_code = fields.String()
    starts = fields.Integer()
    points = fields.Integer()
    displaces = fields.List(fields.Integer())


class WhyHereSchema(Schema):
    """Where a request is served, and the next best places; one that is pinned has none."""

    request_id = fields.Integer()
    shift_code = fields.String()
    starts = fields.Integer()
    pinned = fields.Boolean()
    next_best = fields.List(fields.Nested(ElsewhereSchema))
