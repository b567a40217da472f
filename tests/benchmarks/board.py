"""How soon the coordinator's board stands and answers: four weeks, five vans, 400 requests, in a real Chromium.

`python -m tests.benchmarks board [--write-readme]`. The pages come from the product's own web process. Painting and
layout shifts are what Chromium reports; a verdict counts from the key that picks a visit up until it is on the screen.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy.orm import sessionmaker

from schedules import runner, runs
from tests.benchmarks.sections import write_section
from tests.browser.chromium import CHROMIUM_FLAGS, DESK, chromium
from tests.browser.looking import sign_in
from tests.hard_county import REQUESTS, fill
from tests.processes.product import Product
from van_service.accounts import Role, create_account
from van_service.clock import system_clock
from van_service.extensions import db

VANS, WORKING_DAYS = 5, 20
ROUNDS, CARRIED = 7, 20
PAINT_MS, VERDICT_MS, SCRIPT_BYTES = 1500, 150, 60_000

WATCH = """
  window.shifts = 0;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) window.shifts += each.value; })
    .observe({type: 'layout-shift', buffered: true});
  new PerformanceObserver((list) => { window.largest = list.getEntries().at(-1).startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
"""
PAINTED = """() => ({
  first: performance.getEntriesByName('first-contentful-paint')[0].startTime, largest: window.largest,
  scripts: performance.getEntriesByType('resource').filter((each) => /static.*[.]js/.test(each.name))
    .reduce((sum, each) => sum + each.decodedBodySize, 0),
})"""
CARRY = """async (block) => {
  block.focus();
  const began = performance.now();
  const shown = new Promise((done) => {
    const watch = new MutationObserver(() => {
      if (document.querySelector('.verdict')) { watch.disconnect(); done(performance.now()); }
    });
    watch.observe(document.body, {childList: true, subtree: true});
  });
  block.dispatchEvent(new KeyboardEvent('keydown', {key: ' ', bubbles: true, cancelable: true}));
  const ended = await shown;
  block.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true, cancelable: true}));
  return ended - began;
}"""


class Measured(NamedTuple):
    """Milliseconds of first and largest paint and of verdicts, the sum of layout shifts, and bytes of own scripts."""

    first: list[float]
    largest: list[float]
    verdicts: list[float]
    shifts: float
    scripts: int
    visits: int


def measure_and_print(*, write_readme: bool) -> int:
    """Measure, print and, if asked, write the table into the README; 1 where a figure is not reached."""
    found = measure()
    text = table(found)
    print(text)
    if write_readme:
        write_section("board", text)
    reached = (
        max(found.first) <= PAINT_MS
        and max(found.verdicts) <= VERDICT_MS
        and found.shifts == 0
        and found.scripts <= SCRIPT_BYTES
    )
    return 0 if reached else 1


def table(found: Measured) -> str:
    """A line for each figure with what it must be."""
    rows = [
        ("first paint of content", _times(found.first), f"<= {PAINT_MS} ms"),
        ("largest paint of content", _times(found.largest), ""),
        ("verdict on the screen", _times(found.verdicts), f"<= {VERDICT_MS} ms"),
        ("layout shift, loading and carrying", f"{found.shifts:g}", "none"),
        ("own JavaScript", f"{found.scripts / 1000:.1f} kB", f"<= {SCRIPT_BYTES // 1000} kB"),
    ]
    head = f"{VANS} vans, {WORKING_DAYS} days, {REQUESTS} requests, {found.visits} placed; {ROUNDS} loads."
    lines = [f"| {name} | {value} | {least} |" for name, value, least in rows]
    return "\n".join([head, "", "| figure | measured | must be |", "|-|-|-|", *lines])


def measure() -> Measured:
    """The figures on a county filled for the purpose."""
    with tempfile.TemporaryDirectory() as folder, Product(Path(folder), PLAN_SECONDS="20") as product:
        product.flask("db", "upgrade")
        password, plan_id, monday, visits = furnish(product)
        product.start("web")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
            address = f"{product.url}/desk/plans/{plan_id}?week={monday}"
            loads = [_load(browser, product, password, address) for _ in range(ROUNDS)]
            browser.close()
    return Measured(
        first=[load["first"] for load in loads],
        largest=[load["largest"] for load in loads],
        verdicts=[took for load in loads for took in load["verdicts"]],
        shifts=max(load["shifts"] for load in loads),
        scripts=loads[0]["scripts"],
        visits=visits,
    )


def furnish(product: Product) -> tuple[str, int, date, int]:
    """The county with a plan of it; the coordinator's password, the plan, a Monday of it and its visits."""
    app = product.app
    with app.app_context():
        now = system_clock()
        days = fill(db.session, now, vans=VANS, working_days=WORKING_DAYS)
        _, password = create_account(db.session, username="zhou", name="周敏", role=Role.COORDINATOR, now=now)
        plan = runs.queue_plan(db.session, days[0], days[-1], seconds=20, actor="zhou", now=now)
        plan_id = plan.id
        db.session.commit()
        runner.run_one(sessionmaker(db.engine), owner="benchmark", clock=system_clock)
        db.session.expire_all()
        visits = plan.summary["served"]
        db.engine.dispose()
    return password, plan_id, next(day for day in days if day.weekday() == 0), visits


def _load(browser: Browser, product: Product, password: str, address: str) -> dict[str, Any]:
    """One load of the board in a browser that has seen none of it but the sign-in, and visits carried on it."""
    context = browser.new_context(viewport=DESK, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, product.url, "zhou", password)
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    painted = page.evaluate(PAINTED)
    verdicts = _carry(page)
    painted |= {"verdicts": verdicts, "shifts": page.evaluate("window.shifts")}
    context.close()
    return dict(painted)


def _carry(page: Page) -> Sequence[float]:
    blocks = page.locator(".timed .ses[data-request]").element_handles()[:CARRIED]
    return [block.evaluate(CARRY) for block in blocks]


def _times(milliseconds: Sequence[float]) -> str:
    return f"median {statistics.median(milliseconds):.0f} ms, worst {max(milliseconds):.0f} ms"
