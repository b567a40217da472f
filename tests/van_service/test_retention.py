"""What floor 3 forgets: wrong passwords that no longer count, answers kept for repeats, tokens that ended long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.retention import BATCH
from tests.van_service.conftest import make_account
from van_service.accounts import LOCK_MINUTES, ApiToken, Role, SignInFailure
from van_service.idempotency import KEPT, IdempotencyKey
from van_service.retention import RULES, rules_of
from van_service.settings import Settings


def forget(session: Session, name: str, now: datetime) -> int:
    return next(rule for rule in RULES if rule.name == name).forget(session, now, BATCH)


def test_failures_are_forgotten_when_they_no_longer_count(session: Session, now: datetime) -> None:
    for minutes in (LOCK_MINUTES - 1, LOCK_MINUTES):
        session.add(SignInFailure(address="192.0.2.1", at=now - timedelta(minutes=minutes)))
    session.flush()
    assert forget(session, "sign-in failures", now) == 1
    assert list(session.scalars(select(SignInFailure.at))) == [now - timedelta(minutes=LOCK_MINUTES - 1)]


def test_answers_are_forgotten_when_no_repeat_would_find_them(session: Session, now: datetime) -> None:
    account = make_account(session, "desk", Role.COORDINATOR, now)
    for key, age in (("young", KEPT - timedelta(minutes=1)), ("old", KEPT)):
        session.add(IdempotencyKey(account_id=account.id, key=key, digest="", created_at=now - age))
    session.flush()
    assert forget(session, "answers to repeated requests", now) == 1
    assert list(session.scalars(select(IdempotencyKey.key))) == ["young"]


@pytest.mark.parametrize(
    ("revoked", "expires", "goes"),
    [(None, -300, False), (91, -300, True), (90, -300, False), (None, 91, True), (None, 90, False)],
)
def test_a_token_is_forgotten_three_months_after_its_end(
    session: Session, now: datetime, revoked: int | None, expires: int, goes: bool
) -> None:
    account = make_account(session, "desk", Role.COORDINATOR, now)
    for token in session.scalars(select(ApiToken)):
        session.delete(token)
    ended = None if revoked is None else now - timedelta(days=revoked)
    session.add(
        ApiToken(
            account_id=account.id,
            digest="d",
            label="",
            created_at=now,
            expires_at=now - timedelta(days=expires),
            revoked_at=ended,
        )
    )
    session.flush()
    assert (forget(session, "tokens", now) == 1) is goes


def test_messages_cannot_be_set_to_be_forgotten_while_they_are_needed(settings: Settings) -> None:
    assert len(rules_of(settings)) > len(RULES)
    with pytest.raises(ValueError, match="14 days"):
        rules_of(Settings(message_days=13))
