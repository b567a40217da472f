"""What a visit is worth in points, taken apart, and every other number of planning that a coordinator may change.

A visit is worth several hundred points and a minute of driving one, so no lawful visit is left out to save an hour's
driving. The prize of a visit is the sum of

    base      `visit`
    priority  nothing, `raised` or `urgent`
    waiting   `waiting_day` for each day since the request was filed, without end: whoever waits long enough outranks
              everybody who does not, so no request starves
    hotspot   the points of the town's hotspots of the day
    recency   `recency_day` for each day since the town's last visit, at most `recency_cap_days` of them; a town that
              was never visited counts as having waited that long

Missing a visit that a town is due costs about a third of an ordinary visit, dropping a promise about two. Knows
requests and settings; who is eligible and when is `schedules.planning`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.orm import Session

from routes.problem import Weights
from schedules.calendar import local_day
from schedules.models import PlanningSettings, Priority, VisitRequest

DEFAULTS: Mapping[str, int] = {
    "visit": 300,
    "raised": 100,
    "urgent": 300,
    "waiting_day": 4,
    "recency_day": 3,
    "recency_cap_days": 35,
    "preferred": 25,
    "town_shortfall": 140,
    "driving_minute": 1,
    "promise_drop": 800,
    "promise_other_day": 240,
    "promise_other_van": 40,
    "promise_retime": 80,
    "promise_tolerance": 15,
    "freeze_days": 3,
    "venue_rest_days": 28,
    "notice_days": 1,
    "request_lead_days": 0,
    "hold_minutes": 10,
    "holds_per_town": 3,
    "offer_hours": 24,
}
"""Points, minutes and days by name. An ordinary visit (a week's waiting, a fortnight since the last one) comes to 370.

`preferred` is the bonus for a window that the town prefers, `promise_tolerance` the minutes by which a session may
move unpunished, `freeze_days` the working days in which promises stand still, `venue_rest_days` the days between two
visits to one venue, `notice_days` how long before its day a new visit must be planned (1: from tomorrow on), and
`request_lead_days` how long before the day a request must be filed. A town holds a slot for `hold_minutes`, at most
`holds_per_town` at once, and one that the wait list offers it for `offer_hours` of working days.
"""

NOT_OF_PLANS = frozenset({"request_lead_days", "hold_minutes", "holds_per_town", "offer_hours"})
"""The numbers that no plan is made by."""


@dataclass(frozen=True, slots=True)
class PrizeParts:
    """The points of one visit, part by part, as coordinators are shown them."""

    base: int
    priority: int
    waiting: int
    hotspot: int
    recency: int

    @property
    def total(self) -> int:
        return self.base + self.priority + self.waiting + self.hotspot + self.recency

    def as_numbers(self) -> dict[str, int]:
        """The parts and their total, for storing and showing."""
        return {**asdict(self), "total": self.total}


def planning_numbers(session: Session) -> dict[str, int]:
    """The numbers in force: the defaults, and what coordinators have changed; nonsense is passed over."""
    row = session.get(PlanningSettings, 1)
    changed = {} if row is None else row.values
    usable = {
        name: number
        for name, number in changed.items()
        if name in DEFAULTS and type(number) is int and number >= 0
    }  # fmt: skip
    return {**DEFAULTS, **usable}


def prize_parts(
    request: VisitRequest,
    *,
    today: date,
    days_since: int | None,
    hotspot_points: int,
    settings: Mapping[str, int],
    urgent: bool = False,
) -> PrizeParts:
    """The prize of a visit planned `today`; `days_since` the town's last visit, None where there was none.

    `urgent` counts the request as urgent whatever its own priority is.
    """
    raised = {Priority.NORMAL: 0, Priority.RAISED: settings["raised"], Priority.URGENT: settings["urgent"]}
    waited = max(0, (today - local_day(request.submitted_at)).days)
    cap = settings["recency_cap_days"]
    since = cap if days_since is None else max(0, min(days_since, cap))
    return PrizeParts(
        base=settings["visit"],
        priority=raised[Priority.URGENT if urgent else request.priority],
        waiting=settings["waiting_day"] * waited,
        hotspot=max(0, hotspot_points),
        recency=settings["recency_day"] * since,
    )


def weights(settings: Mapping[str, int]) -> Weights:
    """The points for driving and for each way of breaking a promise."""
    return Weights(
        travel=settings["driving_minute"],
        drop=settings["promise_drop"],
        other_day=settings["promise_other_day"],
        other_van=settings["promise_other_van"],
        retime=settings["promise_retime"],
        tolerance=settings["promise_tolerance"],
    )
