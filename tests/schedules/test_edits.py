"""Drafts changed by hand: checked at once, broken rules named, accepted only with a reason, undone one by one."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import audit, edits, publishing
from schedules.edits import BrokenRules, Edit, NotTheLatestDraft
from schedules.errors import BadChoice, MoveNotAllowed, UnlawfulPlan
from schedules.models import AuditRow, EditKind, Plan, PlanState, Shift, VisitRequest
from tests.drafts import draft
from tests.upset import TUESDAY, WEDNESDAY, Week, make_week, visit_to


@pytest.fixture
def week(session: Session, now: datetime) -> Week:
    return make_week(session, now=now)


@pytest.fixture
def plan(session: Session, week: Week, now: datetime) -> Plan:
    """A draft that keeps all promises and leaves `waiting` out."""
    placed = [
        (week.first, week.shifts[TUESDAY], 540),
        (week.second, week.other_shifts[TUESDAY], 540),
        (week.outdoors, week.shifts[WEDNESDAY], 810),
    ]
    return draft(session, placed, now=now)


def edit(session: Session, plan: Plan, wish: Edit, now: datetime) -> Plan:
    made = edits.edit(session, plan.id, wish, actor="zhou", now=now)
    session.commit()
    return made


def places(session: Session, plan: Plan) -> dict[int, tuple[str, int]]:
    return {
        stop.request_id: (tour.shift.code, stop.starts) for tour in plan.tours for stop in tour.stops
    }  # fmt: skip


def test_a_moved_visit_is_in_a_new_draft_and_the_old_one_stays_as_it_was(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    before = places(session, plan)
    goal = week.other_shifts[WEDNESDAY]
    made = edit(session, plan, Edit(EditKind.MOVE, week.first.id, shift_id=goal.id, starts=600), now)
    assert places(session, made) == {**before, week.first.id: (goal.code, 600)}
    assert places(session, plan) == before
    assert (made.state, made.edited_from_id) == (PlanState.DRAFT, plan.id)
    assert publishing.violations(session, made) == []
    [note] = edits.edits_of(session, made)
    assert (note.kind, note.actor, note.overrides) == (EditKind.MOVE, "zhou", [])
    assert note.after == {str(week.first.id): {"shift": goal.code, "starts": 600}}


def test_a_swap_exchanges_two_visits(session: Session, week: Week, plan: Plan, now: datetime) -> None:
    wish = Edit(EditKind.SWAP, week.first.id, other_request_id=week.outdoors.id)
    made = edit(session, plan, wish, now)
    after = places(session, made)
    assert after[week.first.id] == (week.shifts[WEDNESDAY].code, 810)
    assert after[week.outdoors.id] == (week.shifts[TUESDAY].code, 540)


def test_a_dropped_visit_is_left_out_and_says_that_it_was_taken_out_by_hand(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    made = edit(session, plan, Edit(EditKind.DROP, week.first.id), now)
    assert week.first.id not in places(session, made)
    assert {row.request_id: row.reason for row in made.unserved}[week.first.id] == "by_hand"
    assert [change.request.id for change in publishing.difference(session, made).dropped] == [week.first.id]


def test_a_waiting_request_is_inserted(session: Session, week: Week, plan: Plan, now: datetime) -> None:
    wish = Edit(EditKind.INSERT, week.waiting.id, shift_id=week.other_shifts[TUESDAY].id)
    made = edit(session, plan, wish, now)
    assert [change.request.id for change in publishing.difference(session, made).added] == [week.waiting.id]
    assert publishing.violations(session, made) == []


def test_a_broken_rule_is_named_with_the_cheapest_place_nearby(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    goal = week.other_shifts[TUESDAY]
    with pytest.raises(BrokenRules) as error:  # the town's times end at 15:00; 14:10 + 60 min is later
        edits.edit(
            session, plan.id, Edit(EditKind.MOVE, week.first.id, shift_id=goal.id, starts=850), actor="zhou", now=now
        )
    assert [rule["rule"] for rule in error.value.detail["rules"]] == ["window"]
    assert error.value.detail["negotiable"]
    assert error.value.detail["spot"]["shift"] in (week.shifts[TUESDAY].code, goal.code)
    session.rollback()
    assert len(session.scalars(select(Plan)).all()) == 2  # the one published before, and the draft


def test_do_it_anyway_needs_a_reason_and_is_marked_in_plan_and_audit(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    goal = week.other_shifts[WEDNESDAY]
    wish = Edit(EditKind.MOVE, week.first.id, shift_id=goal.id, starts=850, reason="电话里说好了")
    made = edit(session, plan, wish, now)
    [note] = edits.edits_of(session, made)
    assert (note.reason, [each["rule"] for each in note.overrides]) == ("电话里说好了", ["window"])
    row = audit.rows_about(session, "plan", plan.id)[-1]
    assert (row.verb, row.after["reason"], row.after["overrides"][0]["rule"]) == ("edited", "电话里说好了", "window")
    assert made.bound is None  # it is no plan that the bound is about
    publishing.publish(session, made.id, actor="zhou", now=now)
    session.commit()
    visit = visit_to(session, week.first)
    assert (visit.day, visit.starts) == (WEDNESDAY, 850)
    windows = session.get_one(VisitRequest, week.first.id).windows
    assert (WEDNESDAY, 850, 910) in [(window.day, window.opens, window.closes) for window in windows]


def test_rules_of_safety_are_never_broken_whatever_the_reason(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    late = Edit(EditKind.MOVE, week.first.id, shift_id=week.other_shifts[WEDNESDAY].id, starts=960, reason="就这样")
    with pytest.raises(BrokenRules) as error:
        edits.edit(session, plan.id, late, actor="zhou", now=now)
    assert "shift_hours" in [rule["rule"] for rule in error.value.detail["rules"]]
    assert not error.value.detail["negotiable"]


def test_what_was_not_accepted_is_still_refused_by_publishing(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    wish = Edit(
        EditKind.MOVE, week.first.id, shift_id=week.other_shifts[WEDNESDAY].id, starts=850, reason="电话里说好了"
    )
    made = edit(session, plan, wish, now)
    made.edits[0].overrides = []
    session.commit()
    with pytest.raises(UnlawfulPlan):
        publishing.publish(session, made.id, actor="zhou", now=now)


def test_edits_are_undone_one_by_one(session: Session, week: Week, plan: Plan, now: datetime) -> None:
    first = edit(session, plan, Edit(EditKind.DROP, week.first.id), now)
    second = edit(session, first, Edit(EditKind.DROP, week.second.id), now)
    with pytest.raises(NotTheLatestDraft):
        edits.edit(session, first.id, Edit(EditKind.DROP, week.outdoors.id), actor="zhou", now=now)
    assert [note.request_id for note in edits.edits_of(session, second)] == [week.first.id, week.second.id]
    assert edits.undo(session, second.id, actor="zhou", now=now) is first
    assert edits.undo(session, first.id, actor="zhou", now=now) is plan
    assert (second.state, first.state, plan.state) == (PlanState.DISCARDED, PlanState.DISCARDED, PlanState.DRAFT)
    with pytest.raises(MoveNotAllowed):
        edits.undo(session, plan.id, actor="zhou", now=now)
    assert publishing.staleness(session, plan) == []


def test_a_pin_holds_for_later_plans_and_goes_with_its_undo(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    made = edit(session, plan, Edit(EditKind.PIN, week.first.id), now)
    assert (week.first.pinned_shift_id, week.first.pinned_starts) == (week.shifts[TUESDAY].id, 540)
    assert publishing.staleness(session, made) == []
    goal = week.other_shifts[TUESDAY].id
    with pytest.raises(BrokenRules) as error:
        edits.edit(session, made.id, Edit(EditKind.MOVE, week.first.id, shift_id=goal), actor="zhou", now=now)
    assert [rule["rule"] for rule in error.value.detail["rules"]] == ["pin"]
    loose = edit(session, made, Edit(EditKind.UNPIN, week.first.id), now)
    assert week.first.pinned_shift_id is None
    edits.edit(session, loose.id, Edit(EditKind.MOVE, week.first.id, shift_id=goal), actor="zhou", now=now)
    session.rollback()
    edits.undo(session, loose.id, actor="zhou", now=now)
    assert week.first.pinned_shift_id == week.shifts[TUESDAY].id
    edits.undo(session, made.id, actor="zhou", now=now)
    session.commit()
    assert week.first.pinned_shift_id is None
    assert publishing.staleness(session, plan) == []


@pytest.mark.parametrize("kind", [EditKind.MOVE, EditKind.DROP, EditKind.PIN, EditKind.SWAP])
def test_what_is_not_in_the_draft_cannot_be_changed(
    session: Session, week: Week, plan: Plan, now: datetime, kind: EditKind
) -> None:
    shift = session.scalars(select(Shift)).first()
    assert shift is not None
    wish = Edit(kind, week.waiting.id, shift_id=shift.id, other_request_id=week.first.id)
    with pytest.raises(BadChoice) as error:
        edits.edit(session, plan.id, wish, actor="zhou", now=now)
    assert error.value.field == "request_id"


def test_a_published_plan_is_never_edited(session: Session, week: Week, now: datetime) -> None:
    published = session.scalars(select(Plan).where(Plan.state == PlanState.PUBLISHED)).one()
    with pytest.raises(MoveNotAllowed):
        edits.edit(session, published.id, Edit(EditKind.DROP, week.first.id), actor="zhou", now=now)
    assert session.scalars(select(AuditRow).where(AuditRow.verb == "edited")).all() == []
