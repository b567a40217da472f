"""Messages in words, and times of day as people write them."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest
from flask import Flask
from flask_babel import Babel

from schedules import crew_tours, freshness, office_news, realigning, rosters
from schedules.models import Message, MessageState
from schedules.rulebook import DEFAULTS
from van_service.pages.desk.message_words import CHANNELS, EVENTS, KINDS, REASONS, why_in_words
from van_service.pages.desk.rule_form import UNREADABLE, minutes_of


def test_every_kind_and_channel_has_its_words() -> None:
    assert KINDS.keys() == DEFAULTS.keys()
    assert EVENTS.keys() == {kind for kind, rule in DEFAULTS.items() if rule.lead is None}
    assert {channel for rule in DEFAULTS.values() for channel in rule.channels} <= CHANNELS.keys()


def reasons_in(module: ModuleType, *functions: str) -> set[str]:
    """The stable words that these functions give as the reason why a message is not sent."""
    tree = ast.parse(inspect.getsource(module))
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in functions]
    returned = [node.value for body in bodies for node in ast.walk(body) if isinstance(node, ast.Return)]
    shown = [value.orelse if isinstance(value, ast.IfExp) else value for value in returned]
    shown += [value.body for value in returned if isinstance(value, ast.IfExp)]
    parts = [
        part for value in shown if value is not None and not isinstance(value, ast.Call) for part in ast.walk(value)
    ]
    words = {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    names = {part.id for part in parts if isinstance(part, ast.Name) and part.id.isupper()}
    return words | {getattr(module, name) for name in names}


def test_every_reason_not_to_send_has_its_words() -> None:
    given = {
        *reasons_in(freshness, "judge", "_outdated"),
        *reasons_in(crew_tours, "why_outdated"),
        *reasons_in(rosters, "why_outdated"),
        *reasons_in(office_news, "why_outdated"),
        *realigning.CALLED_OFF_BY_RULE,
        "sender_died",
    }
    assert len(given) > 10
    assert given - REASONS.keys() == set()


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        (MessageState.QUEUED, "waits_for_morning", "waits for the end of quiet hours"),
        (MessageState.STALE, "waits_for_morning", "The visit has changed since; a newer message says how."),
        (MessageState.STALE, None, "The visit has changed since; a newer message says how."),
        (MessageState.STALE, "muted", "The person does not want messages of this kind."),
        (MessageState.SENT, None, ""),
    ],
)
def test_why_a_message_was_not_sent_is_said_in_words(state: MessageState, error: str | None, said: str) -> None:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        assert why_in_words(Message(state=state, last_error=error)) == said


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
