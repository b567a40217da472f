"""Passwords, locks and tokens."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules.errors import NotFound
from van_service import accounts
from van_service.accounts import Account, AccountLocked, ApiToken, Role, SignInFailure, TooManyAttempts, UsernameTaken


@pytest.fixture
def opened(session: Session, now: datetime) -> tuple[Account, str]:
    """An account and its password."""
    return accounts.create_account(session, username="ada", name="Ada", role=Role.COORDINATOR, now=now)


def test_only_the_password_given_once_opens_an_account(
    session: Session, opened: tuple[Account, str], now: datetime
) -> None:
    account, password = opened
    assert accounts.sign_in(session, "ada", password, now=now) is account
    assert accounts.sign_in(session, "ada", password.upper(), now=now) is None
    assert accounts.sign_in(session, "nobody", password, now=now) is None
    assert password not in account.password_hash
    assert account.password_hash.startswith("$argon2id$")


def test_the_fifth_wrong_password_locks_for_a_quarter_of_an_hour(
    session: Session, opened: tuple[Account, str], now: datetime
) -> None:
    account, password = opened
    for _ in range(5):
        assert accounts.sign_in(session, "ada", "wrong", now=now) is None
    with pytest.raises(AccountLocked):
        accounts.sign_in(session, "ada", password, now=now + timedelta(minutes=14))
    assert accounts.sign_in(session, "ada", password, now=now + timedelta(minutes=16)) is account


def test_a_right_password_forgets_the_wrong_ones(session: Session, opened: tuple[Account, str], now: datetime) -> None:
    account, password = opened
    for attempt in ["wrong"] * 4 + [password] + ["wrong"] * 4 + [password]:
        last = accounts.sign_in(session, "ada", attempt, now=now)
    assert last is account


def test_an_address_that_tries_many_names_is_stopped_for_a_while(session: Session, now: datetime) -> None:
    for number in range(accounts.FAILURES_PER_ADDRESS):
        session.add(SignInFailure(address="192.0.2.7", at=now - timedelta(seconds=number)))
    with pytest.raises(TooManyAttempts):
        accounts.sign_in(session, "anybody", "x", now=now, address="192.0.2.7")
    assert accounts.sign_in(session, "anybody", "x", now=now, address="192.0.2.8") is None
    assert accounts.sign_in(session, "anybody", "x", now=now + timedelta(minutes=16), address="192.0.2.7") is None
    assert len(session.scalars(select(SignInFailure)).all()) == 1  # what no longer counts is forgotten


def test_a_closed_account_stays_closed(session: Session, opened: tuple[Account, str], now: datetime) -> None:
    account, password = opened
    account.active = False
    assert accounts.sign_in(session, "ada", password, now=now) is None


def test_a_new_password_ends_the_old_one_and_every_sign_in(
    session: Session, opened: tuple[Account, str], now: datetime
) -> None:
    account, old = opened
    before = account.get_id()
    new = accounts.reset_password(session, account)
    assert accounts.sign_in(session, "ada", old, now=now) is None
    assert accounts.sign_in(session, "ada", new, now=now) is account
    assert account.get_id() != before


def test_a_name_is_given_once(session: Session, opened: tuple[Account, str], now: datetime) -> None:
    with pytest.raises(UsernameTaken):
        accounts.create_account(session, username="ada", name="Another", role=Role.COORDINATOR, now=now)


def test_a_token_opens_its_account_until_it_is_revoked_or_old(
    session: Session, opened: tuple[Account, str], now: datetime
) -> None:
    account, _ = opened
    token, secret = accounts.create_token(session, account, "sheet", now=now)
    assert accounts.account_of_token(session, secret, now=now) is account
    assert accounts.account_of_token(session, secret, now=now + timedelta(days=366)) is None
    assert secret not in session.get_one(ApiToken, token.id).digest
    accounts.revoke_token(session, account, token.id, now=now)
    assert accounts.account_of_token(session, secret, now=now) is None


def test_nobody_revokes_the_token_of_another(session: Session, opened: tuple[Account, str], now: datetime) -> None:
    token, _ = accounts.create_token(session, opened[0], "sheet", now=now)
    other, _ = accounts.create_account(session, username="bo", name="Bo", role=Role.COORDINATOR, now=now)
    with pytest.raises(NotFound):
        accounts.revoke_token(session, other, token.id, now=now)
