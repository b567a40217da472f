"""Marks of state: the word of each state and the tone of its chip (quiet, informed, good, doubtful, bad)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from schedules.models import MessageState, PlanState, RequestState, VisitState

_l = lazy_gettext


class Mark(NamedTuple):
    """How a state looks: its chip's class and its word."""

    tone: str
    word: LazyString


# By class first: members of two string enums with one value ("done") are equal as keys.
MARKS: dict[type[StrEnum], dict[str, Mark]] = {
    RequestState: {
        "submitted": Mark("", _l("Submitted")),
        "accepted": Mark("info", _l("Accepted")),
        "declined": Mark("bad", _l("Declined")),
        "planned": Mark("info", _l("Planned")),
        "done": Mark("ok", _l("Done")),
        "withdrawn": Mark("line", _l("Withdrawn")),
        "expired": Mark("warn", _l("Not served in time")),
    },
    VisitState: {
        "promised": Mark("info", _l("Promised")),
        "confirmed": Mark("ok", _l("Confirmed")),
        "on_the_way": Mark("info", _l("On the way")),
        "open": Mark("ok", _l("Open now")),
        "done": Mark("ok", _l("Done")),
        "missed": Mark("bad", _l("Missed")),
        "cancelled": Mark("bad", _l("Cancelled")),
    },
    PlanState: {
        "queued": Mark("", _l("Waiting")),
        "solving": Mark("info", _l("Solving")),
        "draft": Mark("info", _l("Draft")),
        "failed": Mark("bad", _l("Failed")),
        "published": Mark("ok", _l("Published")),
        "superseded": Mark("line", _l("Superseded")),
        "discarded": Mark("line", _l("Discarded")),
    },
    MessageState: {
        "queued": Mark("", _l("Waiting to be sent")),
        "sending": Mark("info", _l("Sending")),
        "sent": Mark("ok", _l("Sent")),
        "failed": Mark("warn", _l("Will be tried again")),
        "dead": Mark("bad", _l("Could not be sent")),
        "stale": Mark("line", _l("Overtaken")),
        "too_late": Mark("bad", _l("Too late, not sent")),
        "unknown": Mark("warn", _l("Perhaps sent")),
    },
}


def tone(state: StrEnum) -> str:
    """The chip's class for a state of a request, visit, plan or message."""
    return MARKS[type(state)][state.value].tone


def word(state: StrEnum) -> str:
    """The state in the reader's language."""
    return str(MARKS[type(state)][state.value].word)
