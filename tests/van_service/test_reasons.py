"""Reasons in words carry their numbers, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from routes import alone
from schedules.models import Unserved
from van_service import create_app, reasons
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
    """A request in one language, within which words are made."""
    with app.test_request_context(f"/?lang={request.param}"):
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
                "without the skills (5). Nearest: van1@2026-06-02 earliest 07:30, latest 14:00, 60 min short."
            ),
            "zh_CN": (
                "不可行：空日历里 17 个班次都排不了：放不进所给时段 (12)、随车人员缺技能 (5)。 "
                "最接近：van1@2026-06-02 最早 07:30，最晚 14:00，差 60 分钟。"
            ),
        }[language]
    )


def test_the_outranked_names_what_it_would_displace(language: str) -> None:
    said = reasons.reason_in_words(Unserved(reason="outranked", detail={"displaces": [3, 4], "points": 142}))
    assert (
        said
        == {
            "en": "Outranked: would displace 2 visits, net −142 points.",
            "zh_CN": "被更高优先级占用：需撤下 2 场，净减 142。",
        }[language]
    )


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
