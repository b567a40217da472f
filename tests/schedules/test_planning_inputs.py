"""What a plan was made from, as fingerprints: what makes a draft stale, and what does not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from schedules.models import Day, DayKind, Plan, PlanState, RequestState
from schedules.planning import current_inputs, snapshot
from schedules.publishing import newcomers, staleness
from tests.factories import add, make_days, make_request, make_shift, make_visit

MONDAY = date(2026, 6, 1)
FRIDAY, NEXT_MONDAY = MONDAY + timedelta(days=4), MONDAY + timedelta(days=7)
LAST = MONDAY + timedelta(days=27)


@pytest.fixture(autouse=True)
def calendar_rows(session):
    make_days(session, MONDAY - timedelta(days=7), 70)


def wish(session, now):
    return make_request(session, [(NEXT_MONDAY, 540, 720)], now=now)


@pytest.fixture
def drafted(session, now):
    """A draft made from one request, one promise and two shifts."""
    shift = make_shift(session, NEXT_MONDAY)
    told = make_shift(session, FRIDAY)
    request = wish(session, now)
    promised = make_request(session, [(FRIDAY, 540, 720)], now=now, state=RequestState.PLANNED)
    visit = make_visit(session, promised, told, 570)
    plan = add(
        session,
        Plan(
            state=PlanState.DRAFT, first_day=MONDAY, last_day=LAST, seconds_allowed=1, created_at=now,
            created_by="c", inputs=snapshot(session, MONDAY, LAST, now=now).inputs,
        ),
    )  # fmt: skip
    return {"plan": plan, "shift": shift, "request": request, "promised": promised, "visit": visit, "told": told}


def test_inputs_name_everything_the_plan_was_made_from(session, drafted):
    nouns = sorted(key.partition(":")[0] for key in drafted["plan"].inputs)
    pairs = ["day"] * 2 + ["request"] * 2 + ["service"] * 2 + ["shift"] * 2 + ["venue"] * 2
    assert nouns == sorted([*pairs, "settings", "visit"])


def test_a_draft_is_fresh_while_nothing_that_matters_changes(session, now, drafted):
    drafted["request"].contact_phone = "13900000000"
    drafted["shift"].touch(now)
    session.flush()
    assert staleness(session, drafted["plan"]) == []


def test_a_new_request_leaves_a_draft_publishable_and_is_named_as_new(session, now, drafted):
    fresh = wish(session, now)
    assert staleness(session, drafted["plan"]) == []
    assert [(each.noun, each.id) for each in newcomers(session, drafted["plan"])] == [("request", str(fresh.id))]


def changes() -> dict[str, Any]:
    def shorten(rows, session):
        rows["request"].windows[0].closes = 700

    def withdraw(rows, session):
        rows["request"].state = RequestState.WITHDRAWN

    def change_crew(rows, session):
        rows["shift"].crew.pop()

    def change_skill(rows, session):
        rows["shift"].crew[0].skills = ["driver"]

    def break_down(rows, session):
        rows["told"].out_of_service = "engine"

    def move_venue(rows, session):
        rows["request"].venue.latitude += 0.1

    def need_more(rows, session):
        rows["request"].services[0].service.skills[0].number += 1

    def close_day(rows, session):
        session.get(Day, NEXT_MONDAY).kind = DayKind.HOLIDAY

    def promise_on_it(rows, session):
        other = make_request(session, [(NEXT_MONDAY, 540, 720)], now=rows["now"], state=RequestState.PLANNED)
        make_visit(session, other, rows["shift"])

    return {
        "request": [shorten, withdraw],
        "shift": [change_crew, change_skill, break_down, promise_on_it],
        "venue": [move_venue],
        "service": [need_more],
        "day": [close_day],
    }


@pytest.mark.parametrize(
    ("noun", "change"),
    [(noun, change) for noun, each in changes().items() for change in each],
    ids=lambda given: given if isinstance(given, str) else given.__name__,
)
def test_a_change_that_matters_makes_a_draft_stale(session, now, drafted, noun, change):
    change({**drafted, "now": now}, session)
    session.flush()
    session.expire_all()
    assert [(each.noun, each.what) for each in staleness(session, drafted["plan"])] == [(noun, "changed")]


def test_a_visit_that_moves_makes_a_draft_stale_with_its_shift(session, drafted):
    drafted["visit"].starts += 10
    drafted["visit"].version += 1
    session.flush()
    assert {each.noun for each in staleness(session, drafted["plan"])} == {"visit", "shift"}


def test_a_row_that_is_gone_is_missing_from_the_current_inputs(session, drafted):
    shift = drafted["shift"]
    key = f"shift:{shift.id}"
    shift.crew = []
    session.flush()
    session.delete(shift)
    session.flush()
    assert key in drafted["plan"].inputs
    assert key not in current_inputs(session, drafted["plan"])
