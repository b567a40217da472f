"""What the board's script is told of every lane, in both languages, and the same over the API."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schedules import publishing
from schedules.models import Shift, VisitRequest
from tests.drafts import draft
from tests.upset import TUESDAY, WEDNESDAY, Week, make_week
from tests.van_service.conftest import make_account
from tests.van_service.page_calls import send, signed_in
from van_service.accounts import Role
from van_service.extensions import db

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def week(app: Flask, now: datetime) -> Week:
    with app.app_context():
        week = make_week(db.session, now=now)
        make_account(db.session, "coordinator", Role.COORDINATOR, now)
        make_account(db.session, "office", Role.TOWN, now, town_id=week.first.town_id)
        db.session.commit()
        for row in vars(week).values():  # their columns stay readable outside of the session
            for each in row.values() if isinstance(row, dict) else [row]:
                db.session.refresh(each)
                db.session.expunge(each)
    return week


@pytest.fixture
def plan(app: Flask, week: Week, now: datetime) -> int:
    with app.app_context():
        wanted = ((week.first, week.shifts[TUESDAY], 540), (week.second, week.other_shifts[TUESDAY], 540))
        placed = [
            (db.session.get_one(VisitRequest, asked.id), db.session.get_one(Shift, shift.id), starts)
            for asked, shift, starts in wanted
        ]
        return draft(db.session, placed, now=now).id


def address(plan: int, week: Week, **given: object) -> str:
    query = {"request": week.first.id, "from": TUESDAY, "to": WEDNESDAY} | given
    return f"/desk/plans/{plan}/verdicts?" + "&".join(f"{name}={value}" for name, value in query.items())


def test_a_lane_says_time_value_and_promises(app: Flask, week: Week, plan: int) -> None:
    answer = signed_in(app, "coordinator").get(address(plan, week))
    assert answer.status_code == 200
    lane = answer.json["lanes"][str(week.other_shifts[WEDNESDAY].id)]
    assert lane["lawful"] is True
    rows = dict(lane["rows"])
    assert rows.keys() >= {"New time", "Value", "Promises"}
    assert rows["New time"].startswith("Wed ")
    assert "→" in rows["Value"]
    assert lane["title"].startswith("Lawful")
    assert all(first <= last for first, last in lane["spans"])


def test_a_chinese_reader_reads_chinese(app: Flask, week: Week, plan: int) -> None:
    answer = signed_in(app, "coordinator", locale="zh_CN").get(address(plan, week))
    lane = answer.json["lanes"][str(week.other_shifts[WEDNESDAY].id)]
    assert lane["title"].startswith("可行")
    assert {"新时间", "目标值", "破坏的承诺"} <= dict(lane["rows"]).keys()


def test_a_broken_rule_has_its_numbers(app: Flask, week: Week, plan: int) -> None:
    desk = signed_in(app, "coordinator")
    lane = desk.get(address(plan, week, starts=960)).json["lanes"][str(week.shifts[TUESDAY].id)]
    assert lane["lawful"] is False
    assert lane["title"] == "Breaks: outside its times"
    assert lane["rows"][0][0] == "outside its times"
    assert "16:00–" in lane["rows"][0][1]


def test_the_api_says_the_same_in_numbers(app: Flask, week: Week, plan: int) -> None:
    desk = signed_in(app, "coordinator")
    page = desk.get(address(plan, week)).json["lanes"]
    api = desk.get(
        f"/api/v1/plans/{plan}/verdicts?request_id={week.first.id}&first={TUESDAY}&last={WEDNESDAY}"
    ).json  # fmt: skip
    assert {str(lane["shift_id"]) for lane in api} == page.keys()
    for lane in api:
        said = page[str(lane["shift_id"])]
        assert said["lawful"] == (lane["violations"] == [])
        assert (said["starts"], said["spans"]) == (lane["starts"], lane["spans"])


@pytest.mark.parametrize("given", [{"request": "x"}, {"from": "2026-13-01"}, {"to": ""}])
def test_what_cannot_be_read_is_said(app: Flask, week: Week, plan: int, given: dict[str, str]) -> None:
    answer = signed_in(app, "coordinator").get(address(plan, week, **given))
    assert answer.status_code == 400
    assert answer.json["error"]


def test_a_draft_kept_in_mind_is_given_up_once_it_is_none(app: Flask, week: Week, plan: int, now: datetime) -> None:
    desk = signed_in(app, "coordinator")
    assert desk.get(address(plan, week)).status_code == 200
    assert desk.get(address(plan, week, request=987654)).status_code == 409
    with app.app_context():
        publishing.discard(db.session, plan, actor="zhou", now=now)
        db.session.commit()
    assert desk.get(address(plan, week)).status_code == 409


def test_a_town_learns_nothing_of_lanes(app: Flask, week: Week, plan: int) -> None:
    assert signed_in(app, "office").get(address(plan, week)).status_code == 403


def test_undo_and_redo_lead_back_to_the_board(app: Flask, week: Week, plan: int) -> None:
    desk: FlaskClient = signed_in(app, "coordinator")
    form = {
        "kind": "move", "request_id": str(week.first.id), "shift_id": str(week.other_shifts[WEDNESDAY].id),
        "starts": "10:00", "week": "2026-06-08",
    }  # fmt: skip
    answer = send(desk, f"/desk/plans/{plan}/edit", form, page="/desk")
    assert answer.status_code == 303
    made = answer.location.partition("/plans/")[2].partition("?")[0]
    assert answer.location.endswith(f"?week=2026-06-08#stop-{week.first.id}")
    undone = send(desk, f"/desk/plans/{made}/undo", {"week": "2026-06-08"}, page="/desk")
    assert undone.location.endswith(f"/plans/{plan}?week=2026-06-08")
    assert 'id="board-redo"' in desk.get(f"/desk/plans/{plan}").text
    again = send(desk, f"/desk/plans/{plan}/redo", {"week": "2026-06-08"}, page="/desk")
    assert again.status_code == 303
    assert 'id="board-undo"' in desk.get(again.location).text
