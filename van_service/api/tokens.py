"""The caller's own bearer tokens."""

from __future__ import annotations

from types import SimpleNamespace

from flask import Response
from flask_smorest import Blueprint

from schedules import audit
from van_service import accounts
from van_service.accounts import ApiToken, Role
from van_service.api.answers import committed, committed_nothing
from van_service.auth import actor, caller, for_roles
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.schemas.tokens import NewTokenSchema, TokenInSchema, TokenSchema

blueprint = Blueprint("Tokens", __name__, url_prefix="/api/v1/tokens", description="Keys for programs")


@blueprint.get("")
@blueprint.response(200, TokenSchema(many=True))
@for_roles(*Role)
def list_tokens() -> list[ApiToken]:
    """One's own tokens, the newest first."""
    return accounts.tokens_of(db.session, caller())


@blueprint.post("")
@blueprint.arguments(TokenInSchema)
@blueprint.response(201, NewTokenSchema)
@for_roles(*Role)
def make_token(values: dict[str, str]) -> Response:
    """Make a token that may do what its owner may; its secret is told this once."""
    now = utc_now()
    token, secret = accounts.create_token(db.session, caller(), values["label"], now=now)
    audit.record(db.session, actor=actor(), now=now, verb="created", noun="token", noun_id=token.id)
    told = SimpleNamespace(**{name: getattr(token, name) for name in TokenSchema().fields}, secret=secret)
    return committed(NewTokenSchema(), told, 201, location=f"/api/v1/tokens/{token.id}")


@blueprint.delete("/<id:token_id>")
@blueprint.response(204)
@for_roles(*Role)
def revoke_token(token_id: int) -> Response:
    """End one of one's own tokens."""
    now = utc_now()
    accounts.revoke_token(db.session, caller(), token_id, now=now)
    audit.record(db.session, actor=actor(), now=now, verb="revoked", noun="token", noun_id=token_id)
    return committed_nothing()
