"""Sample facts of every kind of message: what a preview shows, and what a changed wording is tried with.

Each kind has the cases in which its letter reads differently; the first is the usual one. Invented, and free of people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]

PLACE: Facts = {
    "venue_zh": "杏园社区",
    "venue_en": "Xingyuan community",
    "town_zh": "四团镇",
    "town_en": "Situan",
}
VISIT: Facts = {
    **PLACE,
    "day": "2026-06-16",
    "starts": 570,
    "closes": 690,
    "venue_id": 1,
    "van": 2,
    "number": "2026-0012",
    "request_state": "planned",
}
REQUEST: Facts = {**PLACE, "number": "2026-0012"}
STOP: Facts = {**PLACE, "arrives": 545, "starts": 570, "venue_id": 1}
SHIFT: Facts = {"day": "2026-06-16", "van": 2, "starts": 480, "ends": 990, "shift_id": 1}
ENDED: Facts = {**VISIT, "reason": "heat", "request_state": "accepted"}

SAMPLES: Mapping[str, tuple[Facts, ...]] = {
    "request_received": (REQUEST,),
    "request_accepted": (REQUEST,),
    "request_declined": ({**REQUEST, "reason": "venue_closed"}, REQUEST),
    "request_expired": (REQUEST,),
    "offer": (
        {
            **REQUEST,
            "day": "2026-06-16",
            "starts": 570,
            "closes": 690,
            "until_day": "2026-06-12",
            "until_minute": 600,
        },
    ),
    "published": (VISIT,),
    "moved": (
        {**VISIT, "before": {"day": "2026-06-15", "starts": 540, "van": 1}},
        {**VISIT, "before": {"day": "2026-06-16", "starts": 570, "van": 1}},
        VISIT,
    ),
    "cancelled": (ENDED, {**VISIT, "request_state": "withdrawn"}),
    "day_before": (VISIT,),
    "morning_of": (VISIT,),
    "crew_on_the_way": ({**VISIT, "expected": 550}, VISIT),
    "delayed": ({**VISIT, "late": 25, "expected": 595}, {**VISIT, "late": 0, "expected": 570}),
    "visit_missed": (ENDED, {**VISIT, "request_state": "withdrawn"}),
    "results_ready": (VISIT,),
    "crew_tour": (
        {"day": "2026-06-16", "van": 2, "stops": [STOP, {**STOP, "arrives": 800, "starts": 825}]},
        {"day": "2026-06-16", "van": 2, "stops": [STOP]},
        {"day": "2026-06-16", "van": 2, "stops": []},
    ),
    "roster_changed": (
        {**SHIFT, "change": "added"},
        {**SHIFT, "change": "removed"},
        {**SHIFT, "change": "hours", "before": {"starts": 480, "ends": 960}},
    ),
    "unconfirmed": (VISIT,),
    "plan_stale": (
        {"plan": 12, "first_day": "2026-06-15", "last_day": "2026-06-28", "changes": 3},
        {"plan": 12, "first_day": "2026-06-15", "last_day": "2026-06-28", "changes": 1},
    ),
    "kits_low": ({"van": 2, "first_day": "2026-06-15", "last_day": "2026-06-19", "planned": 216, "stock": 240},),
    "days_missing": ({"year": 2027, "days": 365},),
    "channel_test": ({"code": "7F3A", "day": "2026-06-16", "minutes": 570},),
}
