"""The board of a draft in a real browser: visits dragged by pointer and by keys, judged before they are put down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import publishing
from schedules.db import Base
from schedules.models import Plan, PlanState, Stop, Tour, Unserved, VisitRequest
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.drafts import draft
from tests.factories import make_days, make_request, make_service, make_shift, make_town, make_van, make_venue
from van_service import create_app
from van_service.accounts import Role, create_account
from van_service.extensions import db
from van_service.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
TUESDAY, WEDNESDAY = date(2026, 6, 9), date(2026, 6, 10)

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """A served draft: one visit on Tuesday that is promised, one left out, and shifts to take them on both days."""

    app: Flask
    url: str
    password: str
    plan: int
    visit: int
    left_out: int
    shifts: dict[date, int]

    def places(self) -> dict[int, tuple[int, int]]:
        """Shift and minute of each visit in the newest draft, by request."""
        with self.app.app_context():
            newest = db.session.scalars(
                select(Plan).where(Plan.state == PlanState.DRAFT).order_by(Plan.id.desc())
            ).first()
            assert newest is not None
            rows = db.session.execute(
                select(Stop.request_id, Tour.shift_id, Stop.starts).join(Tour).where(Stop.plan_id == newest.id)
            )
            return {request: (shift, starts) for request, shift, starts in rows}

    def drafts(self) -> int:
        with self.app.app_context():
            return len(db.session.scalars(select(Plan.id).where(Plan.state == PlanState.DRAFT)).all())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'board.sqlite'}", instance_path=tmp_path, secret_key="only for tests"
    )
    app = create_app(settings)
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        rows = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, *rows)


def furnish(session: Session) -> tuple[str, int, int, int, dict[date, int]]:
    make_days(session, date(2026, 6, 1))
    van = make_van(session)
    shifts = {day: make_shift(session, day, van) for day in (TUESDAY, WEDNESDAY)}
    service = make_service(session, minutes=60, minutes_least=45, setup=10, teardown=5)
    asked = [
        make_request(
            session,
            [(day, 480, 960) for day in shifts],
            now=NOW,
            venue=make_venue(session, make_town(session), latitude=30.91 + offset, longitude=121.46 + offset),
            service=service,
        )
        for offset in (0.01, 0.02)
    ]
    served, left_out = asked
    published = draft(session, [(served, shifts[TUESDAY], 540)], now=NOW)
    publishing.publish(session, published.id, actor="zhou", now=NOW)
    plan = draft(session, [(served, shifts[TUESDAY], 540)], now=NOW)
    session.add(Unserved(plan_id=plan.id, request_id=left_out.id, reason="outranked", detail={"displaces": []}))
    _, password = create_account(session, username="zhou", name="周敏", role=Role.COORDINATOR, now=NOW)
    return password, plan.id, served.id, left_out.id, {day: shift.id for day, shift in shifts.items()}


@pytest.fixture
def board(served: Served, open_page: OpenPage) -> Page:
    """The board of the draft's week, in English."""
    page = sign_in(open_page(locale="en-GB"), served.url, "zhou", served.password)
    page.goto(f"{served.url}/desk/plans/{served.plan}?week=2026-06-08")
    return page


def block(page: Page, request: int) -> Locator:
    return page.locator(f".timed [data-request='{request}']")


def lane(page: Page, served: Served, day: date) -> Locator:
    return page.locator(f".lane[data-shift='{served.shifts[day]}']")


def drag(page: Page, what: Locator, where: Locator, share: float, *, let_go: bool = True) -> None:
    """Take a block by its left edge and carry it to this share of the lane's length."""
    what.scroll_into_view_if_needed()
    box, there = what.bounding_box(), where.bounding_box()
    assert box is not None
    assert there is not None
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    with page.expect_response(lambda answer: "/verdicts" in answer.url):
        page.mouse.move(box["x"] + 12, box["y"] + box["height"] / 2, steps=3)
        page.mouse.move(there["x"] + there["width"] * share, there["y"] + there["height"] / 2, steps=5)
    expect(page.locator(".verdict")).to_be_visible()
    if let_go:
        page.mouse.up()


def test_a_visit_dragged_to_a_lawful_lane_goes_there_in_a_new_draft(served: Served, board: Page) -> None:
    drag(board, block(board, served.visit), lane(board, served, WEDNESDAY), 0.3, let_go=False)
    expect(board.locator(".verdict h3")).to_contain_text("Lawful")
    expect(board.locator(".verdict")).to_contain_text("1 changed, tell ")
    expect(lane(board, served, WEDNESDAY).locator("xpath=..").locator(".ver")).to_contain_text("min")
    board.mouse.up()
    board.wait_for_url(lambda address: f"/plans/{served.plan}?" not in address)
    shift, starts = served.places()[served.visit]
    assert (shift, starts) == (served.shifts[WEDNESDAY], 600)  # 7:00 and three tenths of ten hours
    expect(block(board, served.visit)).to_contain_text("10:00")


def test_the_lanes_show_their_own_verdicts_and_get_their_words_back(served: Served, board: Page) -> None:
    before = board.locator(".timed .ver").all_inner_texts()
    drag(board, block(board, served.visit), lane(board, served, TUESDAY), 0.05, let_go=False)
    assert board.locator(".timed .ver").all_inner_texts() != before
    board.keyboard.press("Escape")
    expect(board.locator(".verdict")).to_have_count(0)
    assert board.locator(".timed .ver").all_inner_texts() == before
    board.mouse.up()
    assert served.drafts() == 1


def test_what_is_left_out_can_be_dragged_onto_the_board(served: Served, board: Page) -> None:
    drag(board, board.locator(f"#request-{served.left_out} > .top"), lane(board, served, WEDNESDAY), 0.3)
    board.wait_for_url(lambda address: f"/plans/{served.plan}?" not in address)
    assert served.places()[served.left_out][0] == served.shifts[WEDNESDAY]


def test_keys_carry_a_visit_and_undo_and_redo_it(served: Served, board: Page) -> None:
    block(board, served.visit).focus()
    with board.expect_response(lambda answer: "/verdicts" in answer.url):
        board.keyboard.press("Space")
    expect(board.locator(".verdict")).to_be_visible()
    board.keyboard.press("ArrowDown")
    board.keyboard.press("ArrowRight")
    board.keyboard.press("Enter")
    board.wait_for_url(lambda address: f"/plans/{served.plan}?" not in address)
    moved = served.places()[served.visit]
    assert moved == (served.shifts[WEDNESDAY], 545)
    board.locator("body").press("u")
    board.wait_for_url(lambda address: f"/plans/{served.plan}?" in address)
    assert served.places()[served.visit] == (served.shifts[TUESDAY], 540)
    board.locator("body").press("r")
    board.wait_for_url(lambda address: f"/plans/{served.plan}?" not in address)
    assert served.places()[served.visit] == moved


def test_a_key_pins_a_visit_and_another_opens_the_form(served: Served, board: Page) -> None:
    block(board, served.visit).press("l")
    board.wait_for_url(lambda address: f"/plans/{served.plan}?" not in address)
    with served.app.app_context():
        assert db.session.get_one(VisitRequest, served.visit).pinned_shift_id == served.shifts[TUESDAY]
    expect(block(board, served.visit)).to_have_attribute("data-pinned", "yes")
    block(board, served.visit).press("m")
    board.wait_for_url(lambda address: "/edit?visit=" in address)


def test_a_broken_rule_is_named_before_anything_is_put_down(served: Served, board: Page) -> None:
    with served.app.app_context():
        plan = db.session.get_one(Plan, served.plan)
        visits = [{**visit, "crew": {"metrologist": 1}} for visit in plan.problem["visits"]]
        plan.problem = {**plan.problem, "visits": visits}
        db.session.commit()
    drag(board, block(board, served.visit), lane(board, served, WEDNESDAY), 0.3, let_go=False)
    expect(board.locator(".verdict.bad h3")).to_have_text("Breaks: lacks Metrologist")
    expect(board.locator(".verdict.bad .tip")).to_contain_text("say why it is all right")
    board.mouse.up()
    expect(board.get_by_role("alert")).to_contain_text("It breaks")  # the form twin asks for a reason
    assert served.drafts() == 1


def test_a_server_that_does_not_answer_loses_nothing(served: Served, board: Page) -> None:
    board.context.set_offline(True)
    block(board, served.visit).focus()
    board.keyboard.press("Space")
    expect(board.locator("#board-says")).to_have_text("The server did not answer. Nothing was changed.")
    board.context.set_offline(False)
    assert served.places()[served.visit] == (served.shifts[TUESDAY], 540)
    expect(block(board, served.visit)).to_be_focused()


def test_a_click_still_opens_the_request(served: Served, board: Page) -> None:
    block(board, served.visit).click()
    board.wait_for_url(f"{served.url}/desk/requests/{served.visit}")


@in_four_guises
def test_a_board_with_a_carried_visit_is_accessible(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = sign_in(
        open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True),
        served.url,
        "zhou",
        served.password,
    )
    page.goto(f"{served.url}/desk/plans/{served.plan}?week=2026-06-08")
    if page.locator(".board.timed").is_visible():  # a phone has lists and forms instead
        drag(page, block(page, served.visit), lane(page, served, WEDNESDAY), 0.3, let_go=False)
    assert faults(page) == []
