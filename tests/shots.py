"""Photographs of every page as each role, so that looking at the product is cheap: `make shots`.

Starts the demo district in a folder of its own, plans and publishes four weeks, then walks the links of each
role's pages and photographs one of each kind in Chinese and English, at 1280 and 390 px, light and dark. Everything
lands in `shots/`, with one contact sheet per role.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from schedules.models import Shift, Visit, VisitState
from tests.browser.chromium import CHROMIUM_FLAGS, DESK, PHONE, chromium
from tests.browser.looking import sign_in
from tests.processes.product import Product
from van_service.accounts import Account
from van_service.extensions import db

OUT = Path("shots")
LOCALES = {"zh_CN": "zh-CN", "en": "en-GB"}
WIDTHS = {1280: DESK, 390: PHONE}
SCHEMES = ("light", "dark")
THUMBNAIL = (300, 420)
COLUMNS = 8


@dataclass(frozen=True)
class Role:
    """Whose eyes we look through: the account that signs in, or nobody; `also` are pages that no link leads to."""

    name: str
    username: str | None
    also: tuple[tuple[str, str], ...] = ()


NAMES = ("nobody", "town", "crew", "coordinator")


def roles_of(product: Product) -> tuple[Role, ...]:
    """The roles, the crew member being one who has driven and will drive."""
    with product.app.app_context():
        coming = select(Visit).where(Visit.state == VisitState.PROMISED).order_by(Visit.day, Visit.starts)
        visit = db.session.scalars(coming).first()
        assert visit is not None
        accounts = select(Account).where(Account.crew_member_id.in_([member.id for member in visit.shift.crew]))
        crew = db.session.scalars(accounts).first()
        assert crew is not None
        done = select(Visit).join(Visit.shift).where(Visit.state == VisitState.DONE)
        driven = db.session.scalars(
            done.where(Shift.crew.any(id=crew.crew_member_id)).order_by(Visit.day.desc())
        ).first()
        assert driven is not None
        also = (("crew-tour", f"/crew?day={visit.day}"), ("crew-report", f"/crew/visits/{driven.id}/report"))
        return (
            Role("nobody", None),
            Role("town", "town-situan"),
            Role("crew", crew.username, also),
            Role("coordinator", "coordinator"),
        )


def main() -> None:
    """Photograph everything, or what the arguments leave of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", choices=NAMES)
    parser.add_argument("--quick", action="store_true", help="light pictures only")
    given = parser.parse_args()
    schemes = SCHEMES[:1] if given.quick else SCHEMES
    with tempfile.TemporaryDirectory() as folder, Product(Path(folder)) as product, sync_playwright() as playwright:
        product.load_demo()
        product.start()
        product.publish(product.plan())
        product.plan()  # a draft beside the published plan, so that there is something to review
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for role in roles_of(product):
            if given.role not in (None, role.name):
                continue
            photograph(browser, product, role, schemes)
        browser.close()


def photograph(browser: Browser, product: Product, role: Role, schemes: tuple[str, ...]) -> None:
    """Every page of one role in every guise, and their contact sheet."""
    folder = OUT / role.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    addresses: dict[str, str] = {}
    for locale, width, scheme in guises(schemes):
        context = browser.new_context(
            base_url=product.url,
            viewport=WIDTHS[width],
            locale=LOCALES[locale],
            color_scheme=scheme,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        page = context.new_page()
        if role.username:
            sign_in(page, product.url, role.username, product.passwords[role.username])
        addresses = addresses or dict([*find_pages(product.app, page), *role.also])
        for name, address in addresses.items():
            page.goto(address)
            page.screenshot(path=folder / f"{name}.{locale}.{width}.{scheme}.png", full_page=True)
        context.close()
    contact_sheet(role.name, sorted(folder.glob("*.png")))


def guises(schemes: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    """Each combination of language, width and colours."""
    for locale in LOCALES:
        for width in WIDTHS:
            for scheme in schemes:
                yield locale, width, scheme


def find_pages(app: Flask, page: Page) -> Iterator[tuple[str, str]]:
    """Follow links from the front page: the first address found of each endpoint, with a name for the file."""
    waiting, seen = ["/"], set[str]()
    while waiting:
        address = waiting.pop(0)
        response = page.goto(address)
        if response is None or "text/html" not in response.headers.get("content-type", ""):
            continue
        endpoint = endpoint_of(app, page.url)
        if endpoint is None or endpoint in seen:
            continue
        seen.add(endpoint)
        yield re.sub(r"\W+", "-", endpoint), urlsplit(page.url)._replace(scheme="", netloc="").geturl()
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            target = urlsplit(link)
            if target.netloc == urlsplit(page.url).netloc and endpoint_of(app, link) not in (None, *seen):
                waiting.append(target._replace(scheme="", netloc="", fragment="").geturl())


def endpoint_of(app: Flask, url: str) -> str | None:
    """The page that answers this address, None for what is no page of ours or changes something."""
    found = app.url_map.bind("localhost").test(urlsplit(url).path, method="GET")
    if not found:
        return None
    endpoint, _arguments = app.url_map.bind("localhost").match(urlsplit(url).path, method="GET")
    leaves = ("static", "assets", "api", "sign_out")
    return None if any(word in endpoint for word in leaves) else str(endpoint)


def contact_sheet(name: str, pictures: list[Path]) -> None:
    """Small copies side by side, each with its file's name."""
    width, height = THUMBNAIL
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (width + 12), rows * (height + 28)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, path in enumerate(pictures):
        x, y = number % COLUMNS * (width + 12), number // COLUMNS * (height + 28)
        with Image.open(path) as picture:
            picture.thumbnail((width, 10_000))
            sheet.paste(picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, height))), (x, y + 18))
        draw.text((x + 2, y + 2), path.stem, fill="black")
    sheet.save(OUT / f"{name}.png")
    print(f"{OUT / name}.png: {len(pictures)} pictures")


if __name__ == "__main__":
    main()
