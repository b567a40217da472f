"""Short names, for where there is little room: blocks of the board, points of the map."""

from __future__ import annotations

from datetime import date

from schedules.models import Shift, Town
from van_service.pages import formats

ENDINGS_ZH = ("旅游区", "街道", "镇")
ENDINGS_EN = (" Tourism Area", " Subdistrict", " Town")
ZONE = {"zh": "旅", "en": " TA"}


def short_town(town: Town) -> str:
    """南桥 of 南桥镇, 海湾旅 of 海湾旅游区; Nanqiao of Nanqiao Town."""
    name = formats.localized(town)
    endings, zone = (ENDINGS_ZH, ZONE["zh"]) if formats.is_chinese() else (ENDINGS_EN, ZONE["en"])
    for ending in endings:
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending) + (zone if ending == endings[0] else "")
    return name


def short_van(shift: Shift) -> str:
    """车1, V1: the number by which people call the van."""
    return f"车{shift.van.number}" if formats.is_chinese() else f"V{shift.van.number}"


def short_day(day: date) -> str:
    """6月16日, 16 Jun."""
    return formats.date_only(day) if formats.is_chinese() else f"{day.day} {day:%b}"
