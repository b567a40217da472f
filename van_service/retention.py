"""What floor 3 forgets beside `schedules.retention`: wrong passwords, answers kept for repeats, dead tokens."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from schedules import retention
from schedules.retention import Rule, days_before, delete_some
from van_service.accounts import LOCK_MINUTES, ApiToken, SignInFailure
from van_service.idempotency import KEPT, IdempotencyKey
from van_service.settings import Settings

TOKEN_DAYS = 90
"""A token that has ended is still shown for so long, so that its owner sees what became of it."""


def rules_of(settings: Settings) -> list[Rule]:
    """All that this installation forgets.

    Raises ValueError where messages would be forgotten while they are needed.
    """
    return [*retention.rules(settings.message_days), *RULES]


def _forget_failures(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, SignInFailure.id, SignInFailure.at <= now - timedelta(minutes=LOCK_MINUTES), limit)


def _forget_answers(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, IdempotencyKey.id, IdempotencyKey.created_at <= now - KEPT, limit)


def _forget_tokens(session: Session, now: datetime, limit: int) -> int:
    long_ago = days_before(now, TOKEN_DAYS)
    ended = (ApiToken.revoked_at < long_ago) | (ApiToken.expires_at < long_ago)
    return delete_some(session, ApiToken.id, ended, limit)


RULES = (
    Rule("sign-in failures", _forget_failures),
    Rule("answers to repeated requests", _forget_answers),
    Rule("tokens", _forget_tokens),
)
