"""A crew's day made ready to be shown: the legs of the tour, the stop that comes next, what to load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from schedules import calendar
from schedules.models import Visit, VisitState
from schedules.visits import TourView
from van_service.pages import formats

_l = lazy_gettext

OVER = (VisitState.DONE, VisitState.MISSED, VisitState.CANCELLED)

# The words of the equipment codes of the catalogue.
EQUIPMENT: dict[str, Any] = {
    "food_lab": _l("Food testing bench and cool box"),
    "panels": _l("Display panels"),
    "projector": _l("Projector and screen"),
    "tablet": _l("Tablet with the 12315 system"),
    "standard_weights": _l("Standard weights"),
    "booth": _l("Booth and shelves"),
}


@dataclass(frozen=True, slots=True)
class Leg:
    """A line of the tour: `kind` is depot, drive, stop or lunch; minutes of the day where it has a time of its own."""

    kind: str
    text: str = ""
    at: int | None = None
    visit: Visit | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What the crew can say of a visit: its word in the past, the planned minute, and when it happened."""

    code: str
    word: str
    button: str
    happened: str


@dataclass(frozen=True, slots=True)
class KitItem:
    """Something to load, and how much of it."""

    code: str
    name: str
    amount: str


@dataclass(frozen=True, slots=True)
class CrewDay:
    """One shift's day; `chosen` is the visit shown large."""

    tour: TourView
    legs: Sequence[Leg]
    chosen: Visit | None
    chosen_number: int
    is_next: bool
    unreported: Sequence[Visit]
    kit: Sequence[KitItem] = field(default_factory=tuple)


def day_of(tour: TourView, visit_id: int | None) -> CrewDay:
    """The day with the visit asked for shown large, else the next one, else the last."""
    coming = next_visit(tour.visits)
    asked_for = [visit for visit in tour.visits if visit.id == visit_id]
    chosen = next(iter([*asked_for, *([coming] if coming else []), *reversed(tour.visits)]), None)
    return CrewDay(
        tour=tour,
        legs=list(_legs(tour)),
        chosen=chosen,
        chosen_number=tour.visits.index(chosen) + 1 if chosen is not None else 0,
        is_next=chosen is not None and chosen is coming,
        unreported=[visit for visit in tour.visits if visit.state is VisitState.OPEN and visit.closed_at is not None],
        kit=list(_kit(tour)),
    )


def next_visit(visits: Sequence[Visit]) -> Visit | None:
    """The first visit still to be driven to or held; with none left, the first whose report is missing."""
    left = [visit for visit in visits if visit.state not in OVER]
    to_hold = [visit for visit in left if visit.closed_at is None]
    return next(iter(to_hold or left), None)


def steps_of(visit: Visit, *, reported: bool) -> list[Step]:
    """The five steps of a visit with the time at which each happened."""
    done = formats.clock(calendar.local_minutes(visit.closed_at)) if reported and visit.closed_at else ""
    return [
        Step("set-off", gettext("Set off"), gettext("We set off"), _time(visit.set_off_at)),
        Step("arrive", gettext("Arrived"), gettext("We are here"), _time(visit.arrived_at)),
        Step("open", gettext("Opened"), gettext("Open the session"), _time(visit.opened_at)),
        Step("close", gettext("Closed"), gettext("Close the session"), _time(visit.closed_at)),
        Step("report", gettext("Report"), gettext("Write the report"), done),
    ]


def planned_minute(tour: TourView, visit: Visit, step: str) -> tuple[int, str] | None:
    """When the next step is planned, and the word for it; None for the report."""
    if step == "set-off":
        drive = tour.drives.get(visit.id)
        return (visit.arrives - drive, str(gettext("set off"))) if drive is not None else _arrive(visit)
    if step == "arrive":
        return _arrive(visit)
    if step == "open":
        return visit.starts, str(gettext("open"))
    if step == "close":
        return visit.closes, str(gettext("close"))
    return None


def _arrive(visit: Visit) -> tuple[int, str]:
    return visit.arrives, str(gettext("arrive"))


def _legs(tour: TourView) -> Iterator[Leg]:
    """From depot to depot. Lunch stands where the plan has it: before leaving, before or after a drive, or at home."""
    depot = formats.localized(tour.shift.van.depot)
    lunches = [tour.lunch] if tour.lunch is not None else []
    if tour.leaves is not None:
        yield from _lunch_before(tour, lunches, tour.leaves)
        yield Leg("depot", str(gettext("Leave %(depot)s", depot=depot)), tour.leaves)
    before = tour.leaves
    for number, visit in enumerate(tour.visits, 1):
        setup = visit.starts - visit.request.setup
        has_lunch = any(at < setup for at in lunches)
        yield from _lunch_before(tour, lunches, visit.arrives)
        drive = tour.drives.get(visit.id)
        if drive is not None:
            yield Leg("drive", _drive(drive, _slack(tour, before, setup, drive, has_lunch=has_lunch)))
        yield from _lunch_before(tour, lunches, setup)
        yield Leg("stop", at=visit.starts, visit=visit, number=number)
        before = visit.departs
    yield from _home(tour, lunches, depot)


def _home(tour: TourView, lunches: list[int], depot: str) -> Iterator[Leg]:
    if tour.returns is None:
        return
    on_the_way = [at for at in lunches if at < tour.returns]
    yield from _lunch_before(tour, lunches, tour.returns)
    if tour.visits and tour.as_planned:
        eating = (tour.shift.lunch_minutes or 0) * len(on_the_way)
        yield Leg("drive", _drive(tour.returns - tour.visits[-1].departs - eating, 0))
    yield Leg("depot", str(gettext("Back at %(depot)s", depot=depot)), tour.returns)
    yield from _lunch_before(tour, lunches, 24 * 60)


def _lunch_before(tour: TourView, lunches: list[int], minute: int) -> Iterator[Leg]:
    """The lunch still to come, if it begins before this minute."""
    while lunches and lunches[0] < minute:
        minutes = formats.duration(tour.shift.lunch_minutes or 0)
        yield Leg("lunch", str(gettext("Lunch %(minutes)s", minutes=minutes)), lunches.pop(0))


def _slack(tour: TourView, before: int | None, setup: int, drive: int, *, has_lunch: bool) -> int:
    if before is None or not tour.as_planned:
        return 0
    return max(0, setup - before - drive - (tour.shift.lunch_minutes or 0) * has_lunch)


def _drive(minutes: int, slack: int) -> str:
    words = str(gettext("Drive %(minutes)s", minutes=formats.duration(minutes)))
    spare = gettext("%(minutes)s to spare", minutes=formats.duration(slack))
    return f"{words} · {spare}" if slack else words


def _kit(tour: TourView) -> Iterator[KitItem]:
    visits = [visit for visit in tour.visits if visit.state not in (VisitState.MISSED, VisitState.CANCELLED)]
    services = [each.service for visit in visits for each in visit.request.services]
    kits = sum(visit.request.kits for visit in visits)
    if kits:
        spare = max(0, tour.shift.kits - kits)
        amount = gettext("%(number)s + %(spare)s spare", number=kits, spare=spare) if spare else str(kits)
        yield KitItem("kits", str(gettext("Test kits")), amount)
    for code in sorted({code for service in services for code in service.equipment}):
        yield KitItem(code, str(EQUIPMENT.get(code, code.replace("_", " "))), str(gettext("1 set")))
    people = sum(visit.request.people for visit in visits)
    if people:
        amount = ngettext("about %(num)s", "about %(num)s", people)
        yield KitItem("leaflets", str(gettext("Leaflets")), amount)


def _time(at: Any) -> str:
    return formats.local_time(at) if at is not None else ""


def site_of(visit: Visit) -> list[str]:
    """What the place offers the van, on record or by the host's word."""
    brought: Mapping[str, bool] = {
        "parking": visit.venue.parking,
        "power": visit.venue.power,
        "indoor": visit.venue.indoor_room,
    }
    words = {"parking": gettext("parking"), "power": gettext("power"), "indoor": gettext("indoor room")}
    return [words[code] for code, has in brought.items() if has or code in visit.request.brings]
