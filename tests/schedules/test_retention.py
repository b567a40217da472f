"""What is forgotten and what is not: by age, by state, a batch at a time."""

from __future__ import annotations

import ast
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from schedules import audit, retention
from schedules.calendar import instant
from schedules.db import Base
from schedules.delivery import never
from schedules.jobs import Works, tick
from schedules.models import (
    AuditRow,
    CalendarFeed,
    Explanation,
    FairnessPrice,
    FeedKind,
    Hold,
    HoldKind,
    HoldService,
    HoldState,
    Lease,
    Message,
    MessageState,
    Plan,
    PlanState,
    Unserved,
    VisitState,
)
from schedules.recipients import Person
from schedules.reminders import queue_message, queue_visit_messages
from tests.factories import add, make_request, make_service, make_shift, make_venue
from tests.schedules.promised import change, messages, promised_visit

FACTS = {"number": "1", "venue_zh": "杏园", "venue_en": "Xingyuan", "town_zh": "四团", "town_en": "Situan"}
_numbers = itertools.count(1)
RULES = {rule.name: rule for rule in retention.rules()}


def forget(session, name, now, limit=retention.BATCH):
    return RULES[name].forget(session, now, limit)


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def noted(session, at):
    return audit.record(session, actor="zhou", now=at, verb="set", noun="town", noun_id=1)


def test_audit_rows_are_kept_for_400_days_to_the_day(session, now):
    for days in (399, 400, 401):
        noted(session, now - timedelta(days=days))
    assert forget(session, "audit rows", now) == 1
    assert count(session, AuditRow) == 2


def test_a_batch_is_no_larger_than_allowed(session, now):
    for days in (500, 503, 502, 501):
        noted(session, now - timedelta(days=days))
    assert [forget(session, "audit rows", now, limit=3) for _ in range(3)] == [3, 1, 0]


def make_hold(session, now, state, ended_at):
    venue, shift = make_venue(session), make_shift(session, date(2026, 6, 3))
    service = make_service(session, code=f"service {next(_numbers)}")
    return add(
        session,
        Hold(
            kind=HoldKind.BOOKING, state=state, town_id=venue.town_id, venue_id=venue.id, shift_id=shift.id,
            day=shift.day, starts=540, setup=20, session=90, teardown=20, kits=0, created_at=now, created_by="lu",
            expires_at=now, ended_at=ended_at, services=[HoldService(service_id=service.id, minutes=90)],
        ),
    )  # fmt: skip


def test_holds_that_ended_long_ago_go_with_their_services_and_one_still_held_stays(session, now):
    long_ago = now - timedelta(days=401)
    make_hold(session, long_ago, HoldState.EXPIRED, long_ago)
    make_hold(session, long_ago, HoldState.TAKEN, now - timedelta(days=399))
    make_hold(session, long_ago, HoldState.HELD, None)
    assert forget(session, "holds", now) == 1
    session.expire_all()
    assert sorted(session.scalars(select(Hold.state))) == [HoldState.HELD, HoldState.TAKEN]
    assert count(session, HoldService) == 2


def test_leases_left_behind_by_the_dead_go_and_those_in_force_stay(session, now):
    for name, days in (("explain:1", 3), ("explain:2", 0)):
        add(session, Lease(name=name, owner="a", until=now - timedelta(days=days)))
    assert forget(session, "leases", now) == 1
    assert list(session.scalars(select(Lease.name))) == ["explain:2"]


def test_an_address_revoked_long_ago_loses_its_row_and_one_that_answers_keeps_it(session, now):
    for number, revoked_at in enumerate((None, now - timedelta(days=400), now - timedelta(days=401))):
        add(
            session,
            CalendarFeed(kind=FeedKind.PUBLIC, label="", locale="en", digest=str(number), created_at=now,
                         created_by="zhou", revoked_at=revoked_at),
        )  # fmt: skip
    assert forget(session, "calendar feeds", now) == 1
    assert sorted(session.scalars(select(CalendarFeed.digest))) == ["0", "1"]


def proposal(session, now, days=61, by="scheduler", state=PlanState.DISCARDED, **given):
    created = now - timedelta(days=days)
    request = make_request(session, [(created.date(), 480, 720)], now=created)
    plan = Plan(state=state, first_day=created.date(), last_day=created.date(), seconds_allowed=1, created_at=created,
                created_by=by, unserved=[Unserved(request_id=request.id, reason="day")], **given)  # fmt: skip
    add(session, plan)
    add(session, Explanation(plan_id=plan.id, request_id=request.id, made_at=created))
    add(session, FairnessPrice(plan_id=plan.id, made_at=created))
    return plan.id


def test_old_proposals_that_came_to_nothing_go_with_their_reasons(session, now):
    gone = [proposal(session, now), proposal(session, now, state=PlanState.FAILED)]
    worked_on = proposal(session, now)
    kept = [
        worked_on,
        proposal(session, now, days=60),
        proposal(session, now, by="zhou", edited_from_id=worked_on),
        proposal(session, now, state=PlanState.DRAFT),
        proposal(session, now, state=PlanState.PUBLISHED),
    ]
    assert forget(session, "proposals", now) == len(gone)
    assert sorted(session.scalars(select(Plan.id))) == kept
    assert {count(session, hanging) for hanging in (Explanation, FairnessPrice, Unserved)} == {len(kept)}


def test_everything_that_hangs_on_a_plan_is_thought_of():
    """A table made later that points at plans must be said here what becomes of its rows when a proposal goes."""
    pointing = {table.name for table in Base.metadata.sorted_tables for key in table.foreign_keys
                if key.column.table.name == "plan"}  # fmt: skip
    gone_with_it = {"tour", "stop", "unserved", "plan_edit", "explanation", "fairness_price"}
    never_of_what_was_not_published = {"visit", "message", "disruption", "plan"}
    assert pointing <= gone_with_it | never_of_what_was_not_published


def old_message(session, now, state, days=181):
    to = Person("contact:1", "陆燕", "lu@example.org")
    sent_at = now - timedelta(days=days)
    message = queue_message(
        session, kind="request_received", to=to, facts=FACTS, now=sent_at, key=f"t:{next(_numbers)}"
    )
    message.state = state
    session.flush()
    return message.id


@pytest.mark.parametrize("state", retention.ENDED_MESSAGES)
def test_an_old_message_forgets_whom_it_went_to_and_keeps_its_key_and_text(session, now, state):
    forgotten = old_message(session, now, state)
    kept = old_message(session, now, state, days=180)
    assert forget(session, "addresses", now) == 1
    assert forget(session, "addresses", now) == 0
    session.expire_all()
    message = session.get(Message, forgotten)
    assert (message.recipient, message.recipient_name, message.facts) == ("", "陆*", FACTS)
    assert session.get(Message, kept).recipient == "lu@example.org"


@pytest.mark.parametrize("state", sorted(set(MessageState) - set(retention.ENDED_MESSAGES)))
def test_a_message_that_may_still_be_sent_forgets_nothing(session, now, state):
    old_message(session, now, state, days=1000)
    assert forget(session, "addresses", now) == 0


def test_messages_of_a_visit_that_still_stands_forget_nothing(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    for message in messages(session):
        message.state = MessageState.SENT
    session.flush()
    much_later = now + timedelta(days=300)
    assert forget(session, "addresses", much_later) == 0
    change(session, visit, state=VisitState.DONE)
    assert forget(session, "addresses", much_later) == len(messages(session))


def test_messages_that_are_still_needed_cannot_be_forgotten(session):
    with pytest.raises(ValueError, match="14 days"):
        retention.rules(message_days=13)


def test_a_tick_works_off_all_batches(session_factory, now, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    with session_factory.begin() as session:
        for days in range(401, 406):
            noted(session, now - timedelta(days=days))
    tick(Works(session_factory, {}, lambda: now, "a", 60.0, 3, never), "retention")
    with session_factory() as session:
        assert count(session, AuditRow) == 0


def test_a_day_of_retention_is_a_day_of_the_calendar():
    noon = instant(date(2026, 7, 1), 720)
    assert retention.days_before(noon, 200) == instant(date(2025, 12, 13), 0)


def test_nobody_else_deletes_audit_rows():
    """By the text of the product: `delete(AuditRow)` or `delete_some(..., AuditRow...)` stands in one module."""
    found = {
        path.name
        for folder in ("schedules", "van_service")
        for path in Path(folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and "delete" in ast.unparse(node.func)
        if any("AuditRow" in ast.unparse(argument) for argument in node.args)
    }
    assert found == {"retention.py"}
