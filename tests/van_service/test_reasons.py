"""Reasons in words carry their numbers, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from routes import alone
from schedules.models import Explanation, Unserved
from tests.factories import make_van
from van_service import create_app, reasons
from van_service.extensions import db
from van_service.settings import Settings

IMPOSSIBLE = {
    "rules": {"crew": 5, "window": 12},
    "shifts": 17,
    "nearest": {"rule": "window", "shift": "van1@2026-06-02", "short": 60, "earliest": 450, "latest": 840},
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(database_url="sqlite://", secret_key="only for tests", instance_path=tmp_path))


@pytest.fixture(params=["zh_CN", "en"])
def language(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    """A request in one language, within which words are made, and a van to name."""
    with app.test_request_context(f"/?lang={request.param}"):
        db.create_all()
        make_van(db.session, code="van1", name_zh="1 号车", name_en="Van 1")
        yield request.param


def test_every_rule_that_can_keep_a_request_out_has_words() -> None:
    assert set(alone.RULES) <= set(reasons.OBSTACLES)


def test_the_impossible_names_its_rules_and_the_nearest_miss(language: str) -> None:
    said = reasons.reason_in_words(Unserved(reason="impossible", detail=IMPOSSIBLE))
    assert (
        said
        == {
            "en": (
                "Impossible on all 17 shifts even in an empty calendar: does not fit into the times given (12), crew "
                "without the skills (5). Nearest: Tue 2 June Van 1: earliest 07:30, latest 14:00, 60 min short."
            ),
            "zh_CN": (
                "不可行：空日历里 17 个班次都排不了：放不进所给时段 (12)、随车人员缺技能 (5)。 "
                "最接近：6月2日 周二 1 号车：最早 07:30，最晚 14:00，差 60 分钟。"
            ),
        }[language]
    )


def test_the_outranked_names_what_it_would_displace(language: str) -> None:
    said = reasons.reason_in_words(Unserved(reason="outranked", detail={"displaces": [3, 4], "points": 142}))
    assert (
        said
        == {
            "en": "Outranked: would displace 2 visits. Serving it costs at most 142 points.",
            "zh_CN": "被更高优先级占用：需撤下 2 场。 排上最多净减 142 分。",
        }[language]
    )


@pytest.mark.parametrize(
    ("numbers", "en", "zh"),
    [
        ({"points": 58, "at_least": 58, "exact": True}, "costs exactly 58 points.", "正好净减 58 分。"),
        ({"points": 90, "at_least": 40, "exact": False}, "costs 40 to 90 points.", "净减 40 到 90 分。"),
        ({"points": 90, "at_least": 0, "exact": False}, "costs at most 90 points.", "最多净减 90 分。"),
        ({"points": -20, "at_least": -30, "exact": False}, "is worth 20 points more.", "还能多 20 分。"),
    ],
)
def test_the_price_says_no_more_than_is_proven(numbers: dict[str, Any], en: str, zh: str, language: str) -> None:
    unserved = Unserved(reason="outranked", detail={"displaces": [3], "points": 200})
    known = Explanation(reason={"displaces": [3], **numbers}, changes=[])
    assert reasons.reason_in_words(unserved, known).endswith({"en": en, "zh_CN": zh}[language])


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {
            "rules": {"venue_rest": 2},
            "shifts": 2,
            "nearest": {"rule": "venue_rest", "visited": "2026-06-01", "days": 28},
        },
        {"rules": {"crew": 1}, "shifts": 1, "nearest": {"rule": "crew", "shift": "a", "skills": ["tester", "driver"]}},
        {"rules": {"crew": 1}, "shifts": 1, "nearest": {"rule": "crew", "skill": "tester", "needs": 2, "has": 1}},
        {"rules": {"once": 1}, "shifts": 1, "nearest": None},
    ],
)
def test_a_reason_with_few_numbers_is_still_a_sentence(detail: dict[str, object], language: str) -> None:
    said = reasons.reason_in_words(Unserved(reason="impossible", detail=detail))
    assert said.endswith(("。", "."))
    assert "%(" not in said
