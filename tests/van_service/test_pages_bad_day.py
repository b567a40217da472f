"""The bad-day page: every kind's form, what is wrong said beside its field, three ways out, choosing, taking back."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schedules import repairs, visits
from schedules.models import Disruption, DisruptionKind, DisruptionState, Plan, PlanState, Visit, VisitState
from tests.upset import Week, enter, entry_of, make_plans, make_week, visit_to
from tests.van_service.conftest import Clock, make_account
from tests.van_service.page_calls import error_beside, send, signed_in
from van_service.accounts import Role
from van_service.extensions import db

DAWN = datetime(2026, 6, 8, 22, 30, tzinfo=UTC)  # Tuesday 9 June, 6:30 in Shanghai
BAD_DAY = "/desk/bad-day"


@pytest.fixture
def week(app: Flask, clock: Clock, now: datetime) -> Week:
    with app.app_context():
        week = make_week(db.session, now=now)
        make_account(db.session, "coordinator", Role.COORDINATOR, now)
        db.session.commit()
        for row in vars(week).values():  # their columns stay readable outside of the session
            for each in row.values() if isinstance(row, dict) else [row]:
                db.session.refresh(each)
                db.session.expunge(each)
    clock.now = DAWN
    return week


@pytest.fixture
def desk(app: Flask, week: Week) -> FlaskClient:
    return signed_in(app, "coordinator")


def form_of(app: Flask, week: Week, kind: DisruptionKind) -> dict[str, str]:
    """What a coordinator types into the form of this kind."""
    with app.app_context():
        entry = entry_of(db.session, week, kind)
    names = ("van_id", "crew_member_id", "venue_id", "visit_id", "shift_id", "request_id", "minutes")
    form = {name: str(getattr(entry, name)) for name in names if getattr(entry, name) is not None}
    if entry.first_day is not None:
        form["first_day"] = entry.first_day.isoformat()
    for name in ("opens", "closes"):
        minute = getattr(entry, name)
        if minute is not None:
            form[name] = f"{minute // 60:02d}:{minute % 60:02d}"
    return {"kind": kind.value, "reason": "说明原因", **form}


@pytest.mark.parametrize("kind", list(DisruptionKind))
def test_every_kind_has_a_form_and_is_noted_with_whom_it_hits(
    app: Flask, desk: FlaskClient, week: Week, kind: DisruptionKind
) -> None:
    form = form_of(app, week, kind)
    page = desk.get(f"{BAD_DAY}?kind={kind.value}").text
    assert all(f'name="{name}"' in page for name in form)
    answer = send(desk, BAD_DAY, form, page=BAD_DAY)
    assert answer.status_code == 303, answer.text
    after = desk.get(BAD_DAY).text
    assert "It is noted." in after
    assert "说明原因" in after
    with app.app_context():
        row = db.session.scalars(select(Disruption)).one()
        assert (row.kind, row.state, row.entered_by) == (kind, DisruptionState.OPEN, "coordinator")


def test_what_is_wrong_is_said_beside_its_field(desk: FlaskClient, week: Week) -> None:
    form = {"kind": "storm", "reason": "", "first_day": "2026-06-10", "opens": "9 o'clock", "closes": "11:00"}
    answer = send(desk, BAD_DAY, form, page=BAD_DAY)
    assert answer.status_code == 422
    assert error_beside(answer.text, "opens") == "“9 o'clock” is no time. Write it as 09:30."
    answer = send(desk, BAD_DAY, form | {"opens": "12:00"}, page=BAD_DAY)
    assert error_beside(answer.text, "reason") == "This is needed."
    assert error_beside(answer.text, "closes") == "A time span must begin before it ends and stay within its day."


def test_three_ways_out_stand_side_by_side_and_one_is_taken(app: Flask, desk: FlaskClient, week: Week) -> None:
    send(desk, BAD_DAY, form_of(app, week, DisruptionKind.VAN_OUT), page=BAD_DAY)
    started = send(desk, "/desk/repairs", page=BAD_DAY)
    assert started.status_code == 303
    waiting = desk.get(started.location).text
    assert waiting.count("Waits for the planner") == 3
    with app.app_context():
        make_plans(db.session, now=DAWN)
    page = desk.get(started.location).text
    for words in ("Keep the times", "Stay within the day", "Other days too"):
        assert words in page
    assert page.count("Proven optimal · gap 0.0%") == 3
    assert "the van was out of service" in page
    with app.app_context():
        repair = repairs.latest_repair(db.session)
        assert repair is not None
        same_day = repairs.proposals_of(db.session, repair)[1].id
    taken = send(desk, f"{started.location}/choose", {"plan_id": str(same_day)}, page=BAD_DAY)
    assert taken.location.endswith(f"/desk/plans/{same_day}/publish")
    review = desk.get(taken.location).text
    assert "first@example.org" not in review
    assert "6月9日 周二 10:55" in review
    assert send(desk, f"/desk/plans/{same_day}/publish", page=BAD_DAY).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Disruption.state)).all() == [DisruptionState.REPAIRED]
        states = [plan.state for plan in db.session.scalars(select(Plan).where(Plan.repair_id.is_not(None)))]
        assert sorted(states) == [PlanState.DISCARDED, PlanState.DISCARDED, PlanState.PUBLISHED]


def test_revoking_puts_the_proposals_aside(app: Flask, desk: FlaskClient, week: Week) -> None:
    with app.app_context():
        disruption = enter(db.session, week, DisruptionKind.VAN_OUT, now=DAWN).id
        repairs.start(db.session, seconds=6, actor="coordinator", now=DAWN)
        db.session.commit()
        made = [plan.id for plan in make_plans(db.session, now=DAWN)]
    answer = send(desk, f"{BAD_DAY}/{disruption}/revoke", page=BAD_DAY)
    assert answer.status_code == 303
    assert "It is revoked" in desk.get(BAD_DAY).text
    with app.app_context():
        assert {db.session.get_one(Plan, plan_id).state for plan_id in made} == {PlanState.DISCARDED}


def test_without_anything_open_there_is_no_way_out_to_find(desk: FlaskClient, week: Week) -> None:
    send(desk, "/desk/repairs", page=BAD_DAY)
    assert "Nothing is out of order: enter what happened first." in desk.get(BAD_DAY).text


def test_a_visit_that_is_hit_under_way_is_ended_on_the_same_page(app: Flask, desk: FlaskClient, week: Week) -> None:
    with app.app_context():
        visit = visit_to(db.session, week.first)
        visits.set_off(db.session, visit.id, actor="crew", now=DAWN)
        for kind in (DisruptionKind.VAN_OUT, DisruptionKind.VAN_OUT):
            enter(db.session, week, kind, now=DAWN)
        db.session.commit()
        number = visit.id
    page = desk.get(BAD_DAY).text
    assert page.count(f'action="/desk/visits/{number}/cancel"') == 1  # hit twice, ended once
    reason = unescape(page.partition(f'id="end-{number}"')[2].partition(">")[2].partition("<")[0])
    assert reason == "the van was out of service"  # never whose illness: towns read only the kind of reason
    address = "/desk/bad-day#open"
    ended = send(desk, f"/desk/visits/{number}/cancel", {"reason": reason, "next": address}, page=BAD_DAY)
    assert ended.location == address
    after = desk.get(BAD_DAY).text
    assert "The visit is cancelled." in after
    assert "under way" not in after.partition('id="open"')[2].partition("Find ways out")[0]
    with app.app_context():
        assert db.session.get_one(Visit, number).state is VisitState.CANCELLED


def test_the_page_of_a_visit_leads_to_its_calling_off(app: Flask, desk: FlaskClient, week: Week) -> None:
    with app.app_context():
        visit = visit_to(db.session, week.first).id
    assert f"kind=town_cancels&amp;visit_id={visit}" in desk.get(f"/desk/visits/{visit}").text
    page = desk.get(f"{BAD_DAY}?kind=town_cancels&visit_id={visit}").text
    assert f'<option value="{visit}" selected>' in page


def test_a_stale_draft_names_what_was_noted_since(app: Flask, desk: FlaskClient, week: Week) -> None:
    with app.app_context():
        enter(db.session, week, DisruptionKind.VAN_OUT, now=DAWN)
        repairs.start(db.session, seconds=6, actor="coordinator", now=DAWN)
        db.session.commit()
        plan = make_plans(db.session, now=DAWN)[0].id
        enter(db.session, week, DisruptionKind.STORM, now=DAWN)
    assert "Storm, outdoors: Wed 10 June, all day was noted since" in desk.get(f"/desk/plans/{plan}/publish").text
