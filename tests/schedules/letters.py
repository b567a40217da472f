"""A letter on its way, as channels get it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schedules.transmissions import Item, Letter

FACTS = {
    "number": "2606-0012",
    "venue_zh": "杏园社区",
    "venue_en": "Xingyuan",
    "town_zh": "四团镇",
    "town_en": "Situan",
}


def letter(
    number: int = 1, recipient: str = "lu@example.org", *, facts: dict[str, Any] | None = None, **given: Any
) -> Letter:
    """A letter of one message, about a request received; what is given replaces its parts."""
    values: dict[str, Any] = {
        "key": f"visit:{number}:v1:contact:1:published",
        "channel": "email",
        "recipient": recipient,
        "recipient_name": "陆燕",
        "locale": "zh_CN",
        "items": (Item(number, "request_received", facts or FACTS),),
        "written_at": datetime(2026, 6, 1, tzinfo=UTC),
    }
    return Letter(**(values | given))
