"""Messages in words, and times of day as people write them."""

from __future__ import annotations

import pytest

from schedules.rulebook import DEFAULTS
from van_service.pages.desk.message_words import CHANNELS, EVENTS, KINDS
from van_service.pages.desk.rule_form import UNREADABLE, minutes_of


def test_every_kind_and_channel_has_its_words() -> None:
    assert KINDS.keys() == DEFAULTS.keys()
    assert EVENTS.keys() == {kind for kind, rule in DEFAULTS.items() if rule.lead is None}
    assert {channel for rule in DEFAULTS.values() for channel in rule.channels} <= CHANNELS.keys()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("16:00", 960),
        ("7:05", 425),
        ("1600", 960),
        ("16：30", 990),
        ("24:00", UNREADABLE),
        ("12:60", UNREADABLE),
        ("", UNREADABLE),
        ("²²:00", UNREADABLE),
    ],
)
def test_times_of_day_are_read_as_people_write_them(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes
