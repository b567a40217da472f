"""The coordinator's pages in a real browser: accessible, as wide as the screen, usable by keys and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import publishing, runs
from schedules.db import Base
from schedules.models import Explanation, Message, MessageState, Plan, PlanState, RequestState, Unserved, VisitRequest
from tests.browser.district import serve
from tests.browser.looking import faults, in_four_guises, sign_in
from tests.drafts import FIRST, LAST, draft
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
    """The served app, the coordinator's password, and the ids of a request to judge and of a draft."""

    app: Flask
    url: str
    password: str
    waiting: int
    plan: int
    moved: int


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A promise, a draft that moves it and leaves a request out, a request to judge, a lost message; on a free port."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'desk.sqlite'}", secret_key="only for tests", instance_path=tmp_path
        )
    )
    app.extensions["clock"] = lambda: NOW
    with app.app_context():
        Base.metadata.create_all(db.engine)
        password, waiting, plan, moved = furnish(db.session)
        db.session.commit()
    with serve(app) as url:
        yield Served(app, url, password, waiting, plan, moved)


def furnish(session: Session) -> tuple[str, int, int, int]:
    """The rows of the district; the password and the ids of the waiting request, the draft and the moved request."""
    make_days(session, date(2026, 6, 1))
    van = make_van(session)
    tuesday = make_shift(session, TUESDAY, van)
    make_shift(session, WEDNESDAY, van)
    service = make_service(session)
    windows = [(TUESDAY, 480, 720), (WEDNESDAY, 480, 720)]
    spots = [(30.91, 121.40), (30.93, 121.60), (30.85, 121.55)]
    served, left_out, waiting = (
        make_request(
            session,
            windows,
            now=NOW,
            venue=make_venue(session, make_town(session, latitude=lat, longitude=lng), latitude=lat, longitude=lng),
            service=service,
            state=state,
        )
        for (lat, lng), state in zip(
            spots, (RequestState.ACCEPTED, RequestState.ACCEPTED, RequestState.SUBMITTED), strict=True
        )
    )
    first = draft(session, [(served, tuesday, 540)], now=NOW)
    publishing.publish(session, first.id, actor="zhou", now=NOW)
    for number, message in enumerate(session.scalars(select(Message).order_by(Message.id))):
        message.state = MessageState.SENT if number else MessageState.DEAD
    plan = draft(session, [(served, tuesday, 570)], now=NOW)
    plan.bound, plan.seconds, plan.progress = plan.value + 90.0, 3.0, [[0.1, 100, None], [2.0, plan.value, 900.0]]
    session.add(
        Unserved(plan_id=plan.id, request_id=left_out.id, reason="outranked", detail={"displaces": [], "points": 9})
    )
    hours = {"was_opens": 480, "was_closes": 720, "opens": 480, "closes": 921, "minutes": 201}
    session.add(
        Explanation(
            plan_id=plan.id,
            request_id=left_out.id,
            reason={"class": "outranked", "points": 9, "displaces": []},
            made_at=NOW,
            changes=[
                {
                    "kind": "wider_window",
                    "shift": tuesday.code,
                    "detail": {"day": TUESDAY.isoformat(), **hours},
                    "points": -27,
                    "starts": 720,
                    "displaces": [served.id, waiting.id],
                    "adds": [],
                    "moves": [],
                }
            ],
        )
    )
    _, password = create_account(session, username="zhou", name="周敏", role=Role.COORDINATOR, now=NOW)
    return password, waiting.id, plan.id, served.id


def signed_in(served: Served, page: Page) -> Page:
    return sign_in(page, served.url, "zhou", served.password)


@in_four_guises
def test_the_desk_is_accessible_and_fits_the_screen(
    served: Served, open_page: OpenPage, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    with served.app.app_context():
        run = runs.queue_plan(db.session, FIRST, LAST, seconds=10, actor="zhou", now=NOW).id
        db.session.commit()
    page = signed_in(served, open_page(viewport=viewport, locale=locale, color_scheme=scheme, bypass_csp=True))
    for path in (
        "",
        "/requests",
        "/requests?state=accepted",
        f"/requests/{served.waiting}",
        "/run",
        f"/run/{run}",
        f"/plans/{served.plan}?day={TUESDAY}",
        f"/plans/{served.plan}?view=table",
        f"/plans/{served.plan}/publish",
        f"/plans/{served.plan}/requests/{served.moved}/why",
        "/visits?from=2026-06-08",
        "/visits/1",
        "/coverage",
        "/messages",
        "/masters",
        "/masters/services",
        "/masters/fleet",
        "/masters/roster?from=2026-06-08",
        "/masters/days",
        "/masters/points",
    ):
        page.goto(f"{served.url}/desk{path}")
        assert (path, faults(page)) == (path, [])


def test_the_map_numbers_the_stops_of_the_day(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/plans/{served.plan}?day={TUESDAY}")
    expect(page.locator(".map-stop")).to_have_text(["1"])
    expect(page.locator("path.map-open")).to_have_count(1)
    expect(page.locator("path.map-tour")).to_have_count(1)


def test_a_block_of_the_board_lies_where_its_minutes_say(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/plans/{served.plan}?day={TUESDAY}")
    block = page.locator("a.seg.ses").first.bounding_box()
    lane = page.locator(".lane", has=page.locator("a.seg.ses")).first.bounding_box()
    # 9:30 to 11:30 on a board from 7:00 to 17:00: a quarter from the left, two tenths long
    assert (block["x"] - lane["x"]) / lane["width"] == pytest.approx(0.25, abs=0.01)
    assert block["width"] / lane["width"] == pytest.approx(0.2, abs=0.01)


def test_a_visit_of_the_board_opens_by_keys(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/plans/{served.plan}?day={TUESDAY}")
    page.locator("h3 a[aria-current=date]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('a.seg.ses')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/requests/*")


def test_a_request_is_declined_by_keys(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/requests/{served.waiting}")
    page.locator("summary", has_text="退回并说明").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("广场在修路")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("已退回：广场在修路")


def test_the_progress_moves_by_itself_and_leads_to_the_plan(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page())
    page.goto(f"{served.url}/desk/run")
    page.locator("#first_day").fill(FIRST.isoformat())
    page.locator("#last_day").fill(LAST.isoformat())
    page.get_by_role("button", name="开始排班").click()
    expect(page.locator("#progress h2")).to_have_text("等待求解")
    with served.app.app_context():
        plan = runs.claim_run(db.session, owner="runner", now=NOW, lease_seconds=30)
        assert plan is not None
        curve = [[0.1, 900, None], [0.5, 1000, 1250.0]]
        runs.beat(
            db.session, plan.id, owner="runner", attempt=1, now=NOW, lease_seconds=30, phase="columns", progress=curve
        )
        db.session.commit()
    expect(page.locator("#progress h2")).to_have_text("找更好的行程")
    expect(page.locator("#progress .facts")).to_contain_text("20.0%")
    page.get_by_role("button", name="就用现在这份").click()
    expect(page.locator("#progress")).to_contain_text("即将结束，保留目前最好的")
    with served.app.app_context():
        plan = db.session.scalars(select(Plan).where(Plan.state == PlanState.SOLVING)).one()
        plan.state, plan.finished_at = PlanState.DRAFT, NOW
        db.session.commit()
    page.wait_for_url("**/desk/plans/*")


def test_accepting_planning_and_publishing_work_without_scripts(served: Served, open_page: OpenPage) -> None:
    page = signed_in(served, open_page(java_script_enabled=False))
    page.goto(f"{served.url}/desk/requests")
    page.locator("input.tick").check()
    page.get_by_role("button", name="受理所选").click()
    expect(page.locator(".flashed")).to_contain_text("已受理 1 件申请")
    page.goto(f"{served.url}/desk/plans/{served.plan}/publish")
    page.locator(".draft summary").first.click()
    expect(page.locator(".draft .msg").first).to_contain_text("改到 6月9日 周二 09:30")
    page.get_by_role("button", name="发布并告知").click()
    expect(page.locator(".flashed")).to_contain_text("1 场已承诺")
    with served.app.app_context():
        assert db.session.get_one(VisitRequest, served.waiting).state is RequestState.ACCEPTED
        assert db.session.get_one(Plan, served.plan).state is PlanState.PUBLISHED
