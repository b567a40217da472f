"""The tone of each state's chip: quiet, informed, good, doubtful or bad. Its word is in `van_service.words`."""

from __future__ import annotations

from enum import StrEnum

from schedules.models import DisruptionState, MessageState, PlanState, RequestState, VisitState

# By class first: members of two string enums with one value ("done") are equal as keys.
TONES: dict[type[StrEnum], dict[str, str]] = {
    RequestState: {
        "submitted": "",
        "accepted": "info",
        "declined": "bad",
        "planned": "info",
        "done": "ok",
        "withdrawn": "line",
        "expired": "warn",
    },
    VisitState: {
        "promised": "info",
        "confirmed": "ok",
        "on_the_way": "info",
        "open": "ok",
        "done": "ok",
        "missed": "bad",
        "cancelled": "bad",
    },
    PlanState: {
        "queued": "",
        "solving": "info",
        "draft": "info",
        "failed": "bad",
        "published": "ok",
        "superseded": "line",
        "discarded": "line",
    },
    DisruptionState: {"open": "warn", "repaired": "ok", "revoked": "line"},
    MessageState: {
        "queued": "",
        "sending": "info",
        "sent": "ok",
        "failed": "warn",
        "dead": "bad",
        "stale": "line",
        "too_late": "bad",
        "unknown": "warn",
        "cancelled": "line",
    },
}


def tone(state: StrEnum) -> str:
    """The chip's class for a state of a request, visit, plan or message."""
    return TONES[type(state)][state.value]
