"""Bearer tokens of the API."""

from __future__ import annotations

from marshmallow import Schema, fields

from van_service.schemas.fields import Instant, RowId, Text


class TokenInSchema(Schema):
    """What a token is for, in the owner's words."""

    label = Text(least=1, most=80, required=True)


class TokenSchema(Schema):
    """A token as it is listed, without its secret."""

    id = RowId()
    label = fields.String()
    created_at = Instant()
    expires_at = Instant(allow_none=True)
    revoked_at = Instant(allow_none=True)


class NewTokenSchema(TokenSchema):
    """A token just made; the secret is told this once."""

    secret = fields.String()
