"""What an error looks like: RFC 9457 with a stable code and the fields at fault."""

from __future__ import annotations

from marshmallow import Schema, fields


class FieldErrorSchema(Schema):
    """One value that is not acceptable."""

    field = fields.String(metadata={"description": "path of the value, such as windows[0].day", "examples": ["people"]})
    code = fields.String(metadata={"description": "stable, for programs"})
    message = fields.String(metadata={"description": "in the caller's language"})


class ProblemSchema(Schema):
    """A problem document."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "in the caller's language"})
    code = fields.String(required=True, metadata={"description": "stable, for programs"})
    errors = fields.List(fields.Nested(FieldErrorSchema), required=True)
    numbers = fields.Dict(metadata={"description": "the numbers behind the sentence"})
