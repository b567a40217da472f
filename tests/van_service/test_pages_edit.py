"""The page on which drafts are changed by hand: forms for every edit, the broken rule in words, do it anyway, undo."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schedules.models import EditKind, Plan, PlanEdit, PlanState, Shift, VisitRequest
from tests.drafts import draft
from tests.upset import TUESDAY, WEDNESDAY, Week, make_week
from tests.van_service.conftest import make_account
from tests.van_service.page_calls import send, signed_in
from van_service.accounts import Role
from van_service.extensions import db


@pytest.fixture
def week(app: Flask, now: datetime) -> Week:
    with app.app_context():
        week = make_week(db.session, now=now)
        make_account(db.session, "coordinator", Role.COORDINATOR, now)
        db.session.commit()
        for row in vars(week).values():  # their columns stay readable outside of the session
            for each in row.values() if isinstance(row, dict) else [row]:
                db.session.refresh(each)
                db.session.expunge(each)
    return week


@pytest.fixture
def plan(app: Flask, week: Week, now: datetime) -> int:
    with app.app_context():
        wanted = (
            (week.first, week.shifts[TUESDAY], 540),
            (week.second, week.other_shifts[TUESDAY], 540),
            (week.outdoors, week.shifts[WEDNESDAY], 810),
        )
        placed = [
            (db.session.get_one(VisitRequest, asked.id), db.session.get_one(Shift, shift.id), starts)
            for asked, shift, starts in wanted
        ]
        return draft(db.session, placed, now=now).id


@pytest.fixture
def desk(app: Flask, week: Week) -> FlaskClient:
    return signed_in(app, "coordinator")


def change(desk: FlaskClient, plan: int, **form: object) -> tuple[int, str]:
    """Send one edit; the status and the id of the new draft, or the page that says why not."""
    answer = send(desk, f"/desk/plans/{plan}/edit", {key: str(value) for key, value in form.items()}, page="/desk")
    return answer.status_code, answer.text


def latest(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(Plan.id).order_by(Plan.id.desc())).first() or 0


def test_the_page_has_a_form_for_every_edit(desk: FlaskClient, week: Week, plan: int) -> None:
    page = desk.get(f"/desk/plans/{plan}/edit?visit={week.first.id}").text
    for kind in (EditKind.MOVE, EditKind.SWAP, EditKind.PIN, EditKind.DROP):
        assert f'name="kind" value="{kind.value}"' in page
    assert f"/desk/plans/{plan}/edit" in desk.get(f"/desk/plans/{plan}").text


def test_every_edit_is_made_listed_and_undone(app: Flask, desk: FlaskClient, week: Week, plan: int) -> None:
    goal = week.other_shifts[WEDNESDAY].id
    edits: list[dict[str, object]] = [
        {"kind": "move", "request_id": week.first.id, "shift_id": goal, "starts": "10:00"},
        {"kind": "swap", "request_id": week.first.id, "other_request_id": week.second.id},
        {"kind": "pin", "request_id": week.outdoors.id},
        {"kind": "unpin", "request_id": week.outdoors.id},
        {"kind": "drop", "request_id": week.outdoors.id},
        {"kind": "insert", "request_id": week.outdoors.id, "shift_id": goal},
    ]
    here = plan
    for edit in edits:
        status, text = change(desk, here, **edit)
        assert status == 303, (edit, text)
        here = latest(app)
    page = desk.get(f"/desk/plans/{here}/edit").text
    for words in ("put elsewhere", "swapped", "unpinned", "taken out", "put in"):
        assert words in page
    for _ in edits:
        assert send(desk, f"/desk/plans/{here}/undo", page="/desk").status_code == 303
        with app.app_context():
            here = db.session.get_one(Plan, here).edited_from_id or 0
    assert here == plan
    with app.app_context():
        states = [each.state for each in db.session.scalars(select(Plan).where(Plan.edited_from_id.is_not(None)))]
        assert states == [PlanState.DISCARDED] * len(edits)


def test_a_broken_rule_is_named_and_done_anyway_only_with_a_reason(
    app: Flask, desk: FlaskClient, week: Week, plan: int
) -> None:
    wish = {"kind": "move", "request_id": week.first.id, "shift_id": week.other_shifts[WEDNESDAY].id, "starts": "14:10"}
    status, page = change(desk, plan, **wish)
    assert status == 409
    assert "The session lies in a time the town gave (starts 14:10, ends 15:10)" in page
    assert "The cheapest lawful place nearby" in page
    assert "Do it anyway, say why" in page
    status, _ = change(desk, plan, **wish, reason="agreed on the phone")
    assert status == 303
    review = desk.get(f"/desk/plans/{latest(app)}/publish").text
    assert "agreed on the phone" in review
    assert "Publish and tell" in review
    with app.app_context():
        assert db.session.scalars(select(PlanEdit.reason)).all() == ["agreed on the phone"]


def test_no_reason_makes_up_for_a_rule_of_safety(app: Flask, desk: FlaskClient, week: Week, plan: int) -> None:
    wish = {"kind": "move", "request_id": week.first.id, "shift_id": week.other_shifts[WEDNESDAY].id, "starts": "16:00"}
    status, page = change(desk, plan, **wish, reason="please")
    assert status == 409
    assert "no reason makes up for it" in page
    assert "Do it anyway" not in page
    assert latest(app) == plan


def test_a_draft_that_was_edited_leads_to_the_newer_one_and_leaves_the_first_page(
    app: Flask, desk: FlaskClient, week: Week, plan: int
) -> None:
    change(desk, plan, kind="drop", request_id=week.first.id)
    made = latest(app)
    assert f"Plan {made} was made from this one by hand." in desk.get(f"/desk/plans/{plan}/edit").text
    home = desk.get("/desk").text
    assert f"/desk/plans/{made}" in home
    assert f'/desk/plans/{plan}"' not in home


def test_what_is_no_time_is_said(desk: FlaskClient, week: Week, plan: int) -> None:
    status, _ = change(
        desk, plan, kind="move", request_id=week.first.id, shift_id=week.shifts[TUESDAY].id, starts="soon"
    )
    assert status == 303
    assert "“soon” is no time." in desk.get("/desk").text


def test_the_api_names_the_broken_rules_and_a_lawful_place(app: Flask, week: Week, plan: int) -> None:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer token of coordinator"
    wish = {"kind": "move", "request_id": week.first.id, "shift_id": week.other_shifts[WEDNESDAY].id, "starts": 850}
    answer = client.post(f"/api/v1/plans/{plan}/edits", json=wish)
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["code"] == "broken_rules"
    numbers = answer.json["numbers"]
    assert [rule["rule"] for rule in numbers["rules"]] == ["window"]
    assert numbers["negotiable"] is True
    assert date.fromisoformat(numbers["spot"]["shift"].partition("@")[2]) == WEDNESDAY
    made = client.post(f"/api/v1/plans/{plan}/edits", json=wish | {"reason": "agreed"})
    assert made.status_code == 201
    assert made.json is not None
    listed = client.get(f"/api/v1/plans/{made.json['id']}/edits").json
    assert listed is not None
    assert [(each["kind"], each["reason"]) for each in listed] == [("move", "agreed")]
    undone = client.post(f"/api/v1/plans/{made.json['id']}/undo")
    assert undone.json is not None
    assert undone.json["id"] == plan
