"""`flask account` and `flask plan` do what they say and leave a trace."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import health, leases
from schedules.jobs import LEASE
from schedules.models import AuditRow, Plan, PlanState, Town
from tests.van_service.conftest import Clock, District
from van_service import accounts


def _run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


def test_a_made_account_opens_with_the_printed_password(
    app: Flask, district: District, session_factory: sessionmaker[Session], now: datetime
) -> None:
    with session_factory() as session:
        code = session.get_one(Town, district.town).code
    status, output = _run(app, "account", "create", "situan", "--role", "town", "--name", "四团", "--town", code)
    assert status == 0, output
    found = re.fullmatch(r"situan  (\w{12})   \(shown only now\)\n", output)
    assert found is not None
    with session_factory() as session:
        account = accounts.sign_in(session, "situan", found[1], now=now)
        assert account is not None
        assert account.town_id == district.town
        row = session.scalars(select(AuditRow).where(AuditRow.noun == "account")).one()
        assert (row.actor, row.verb, row.origin) == ("command line", "created", "flask account create")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "x", "--role", "town", "--name", "X"], "code of its town"),
        (["create", "x", "--role", "crew", "--name", "X", "--crew-member", "nobody"], "no crew member"),
        (["create", "town", "--role", "coordinator", "--name", "X"], "already an account"),
        (["reset", "nobody"], "no account"),
    ],
)
def test_a_wrong_word_makes_no_account(
    words: list[str], said: str, app: Flask, district: District, session_factory: sessionmaker[Session]
) -> None:
    status, output = _run(app, "account", *words)
    assert status != 0
    assert said in output
    with session_factory() as session:
        assert accounts.find_account(session, "x") is None


def test_a_reset_account_opens_with_the_new_password_only(
    app: Flask, district: District, session_factory: sessionmaker[Session], now: datetime
) -> None:
    passwords = [_run(app, "account", "reset", "town")[1].split()[1] for _ in range(2)]
    with session_factory() as session:
        opened = [accounts.sign_in(session, "town", password, now=now) is not None for password in passwords]
    assert opened == [False, True]


def test_accounts_are_listed_without_secrets(app: Flask, district: District) -> None:
    status, output = _run(app, "account", "list")
    assert status == 0
    assert [line.split()[0] for line in output.splitlines()] == ["coordinator", "crew", "other_town", "town"]
    assert "$argon2" not in output


def test_a_queued_plan_waits_for_the_runner(
    app: Flask, district: District, session_factory: sessionmaker[Session]
) -> None:
    status, output = _run(app, "plan", "queue", "2026-06-02", "2026-06-05", "--seconds", "2")
    assert (status, output) == (0, "Plan 1 waits for the runner.\n")
    with session_factory() as session:
        plan = session.get_one(Plan, 1)
        assert (plan.state, plan.seconds_allowed, plan.created_by) == (PlanState.QUEUED, 2.0, "command line")


def test_a_plan_of_past_days_is_refused(app: Flask, district: District) -> None:
    status, output = _run(app, "plan", "queue", "2026-05-01", "2026-05-02")
    assert status != 0
    assert "last_day" in output


def test_a_problem_is_exported_as_it_is(
    app: Flask, district: District, session_factory: sessionmaker[Session], now: datetime, tmp_path: Path
) -> None:
    with session_factory.begin() as session:
        session.add(
            Plan(
                state=PlanState.DRAFT,
                first_day=district.tuesday,
                last_day=district.tuesday,
                seconds_allowed=1.0,
                created_at=now,
                created_by="test",
                problem={"format": "roving-van-problem/1", "name": "奉贤"},
            )
        )
    status, output = _run(app, "plan", "export", "1", "--out", str(tmp_path / "problem.json"))
    assert status == 0, output
    assert json.loads((tmp_path / "problem.json").read_text(encoding="utf-8"))["name"] == "奉贤"
    assert _run(app, "plan", "export", "2")[0] != 0


def test_the_status_says_who_ticks_and_what_fails(
    app: Flask, clock: Clock, session_factory: sessionmaker[Session]
) -> None:
    status, output = _run(app, "scheduler", "status")
    assert status == 1
    assert "Ticking: nobody" in output
    with session_factory.begin() as session:
        leases.acquire(session, LEASE, "desk:17:abc", 60.0)
        health.beat(session, "tick:deliver", "desk:17:abc", clock.now - timedelta(seconds=4))
    status, output = _run(app, "scheduler", "status")
    assert status == 0
    assert "Ticking: desk:17:abc" in output
    assert re.search(r"^deliver +4 s ago$", output, re.MULTILINE)
    assert re.search(r"^retention +never$", output, re.MULTILINE)


def test_the_status_fails_where_a_tick_does(app: Flask, clock: Clock, session_factory: sessionmaker[Session]) -> None:
    with session_factory.begin() as session:
        leases.acquire(session, LEASE, "a", 60.0)
        health.beat(session, "failed:reminders", "a", clock.now - timedelta(seconds=9))
        health.beat(session, "tick:deliver", "a", clock.now - timedelta(minutes=9))
    status, output = _run(app, "scheduler", "status")
    assert status == 1
    assert re.search(r"^deliver .*SILENT", output, re.MULTILINE)
    assert re.search(r"^reminders .*FAILED 9 s ago", output, re.MULTILINE)
