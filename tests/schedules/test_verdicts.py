"""Verdicts for the lanes of a draft, and edits made again that were undone."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from schedules import edits, publishing, redo, verdicts
from schedules.edits import BrokenRules, Edit
from schedules.errors import BadChoice, MoveNotAllowed, NotFound
from schedules.models import EditKind, Plan
from tests.drafts import draft
from tests.upset import TUESDAY, WEDNESDAY, Week, make_week


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


def lanes(session: Session, plan: Plan, request_id: int, starts: int | None = None) -> dict[int, verdicts.Lane]:
    sheet = verdicts.read_sheet(session, plan.id)
    found = verdicts.lanes(session, sheet, request_id, TUESDAY, WEDNESDAY, starts=starts)
    return {lane.shift.id: lane for lane in found}


def places(plan: Plan) -> dict[int, tuple[int, int]]:
    return {stop.request_id: (tour.shift_id, stop.starts) for tour in plan.tours for stop in tour.stops}


def test_every_lane_says_what_the_edit_would_come_to(session: Session, week: Week, plan: Plan, now: datetime) -> None:
    found = lanes(session, plan, week.first.id)
    assert set(found) == {shift.id for kind in (week.shifts, week.other_shifts) for shift in kind.values()} & set(found)
    assert len(found) >= 4
    for shift_id, lane in found.items():
        wish = Edit(EditKind.MOVE, week.first.id, shift_id=shift_id)
        if lane.verdict.violations:
            with pytest.raises(BrokenRules) as broken:
                edits.edit(session, plan.id, wish, actor="zhou", now=now)
            said = {rule["rule"] for rule in broken.value.detail["rules"]}
            assert said == {violation.rule for violation in lane.verdict.violations}
        else:
            made = edits.edit(session, plan.id, wish, actor="zhou", now=now)
            assert places(made)[week.first.id] == (shift_id, lane.verdict.starts)
            assert made.value == (plan.value or 0) + lane.verdict.points
        session.rollback()


def test_the_town_of_a_promise_that_would_change_is_counted(session: Session, week: Week, plan: Plan) -> None:
    found = lanes(session, plan, week.first.id)
    own, other = week.shifts[TUESDAY].id, week.other_shifts[WEDNESDAY].id
    stays = lanes(session, plan, week.first.id, starts=540)[own]
    assert (stays.verdict.told, stays.people) == ((), 0)
    assert found[other].verdict.told == (f"r{week.first.id}",)
    assert found[other].people >= 1
    assert lanes(session, plan, week.waiting.id)[other].people == 0


def test_a_minute_may_be_asked_for(session: Session, week: Week, plan: Plan) -> None:
    goal = week.other_shifts[WEDNESDAY].id
    [(first, last), *_] = lanes(session, plan, week.first.id)[goal].verdict.spans
    assert first < last
    assert lanes(session, plan, week.first.id, starts=last)[goal].verdict.starts == last


def test_what_the_draft_does_not_know_is_refused(session: Session, week: Week, plan: Plan, now: datetime) -> None:
    with pytest.raises(BadChoice):
        lanes(session, plan, 987_654)
    with pytest.raises(BadChoice):
        lanes(session, plan, week.first.id, starts=1440)
    with pytest.raises(NotFound):
        verdicts.read_sheet(session, plan.id + 1000)
    publishing.discard(session, plan.id, actor="zhou", now=now)
    with pytest.raises(MoveNotAllowed):
        verdicts.refuse_other_than_draft(session, plan.id)


@pytest.mark.parametrize("kind", ["move", "insert", "swap", "drop", "pin"])
def test_an_edit_that_was_undone_is_made_again(
    session: Session, week: Week, plan: Plan, now: datetime, kind: str
) -> None:
    goal = week.other_shifts[WEDNESDAY].id
    wish = {
        "move": Edit(EditKind.MOVE, week.first.id, shift_id=goal, starts=600),
        "insert": Edit(EditKind.INSERT, week.waiting.id, shift_id=goal),
        "swap": Edit(EditKind.SWAP, week.first.id, other_request_id=week.outdoors.id),
        "drop": Edit(EditKind.DROP, week.first.id),
        "pin": Edit(EditKind.PIN, week.first.id),
    }[kind]
    made = edits.edit(session, plan.id, wish, actor="zhou", now=now)
    after, pins = places(made), made.problem
    assert edits.undo(session, made.id, actor="zhou", now=now).id == plan.id
    assert redo.undone(session, plan) is not None
    again = redo.redo(session, plan.id, actor="zhou", now=now)
    assert again.id != made.id
    assert (places(again), again.problem, again.value) == (after, pins, made.value)
    assert redo.undone(session, plan) is None


def test_there_is_nothing_to_do_again_before_anything_was_undone(
    session: Session, week: Week, plan: Plan, now: datetime
) -> None:
    with pytest.raises(MoveNotAllowed):
        redo.redo(session, plan.id, actor="zhou", now=now)
    with pytest.raises(NotFound):
        redo.redo(session, plan.id + 1000, actor="zhou", now=now)
