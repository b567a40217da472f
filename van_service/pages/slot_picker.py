"""The times that the vans can keep, as a town sees them before it asks: by week and half-day, the best of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from routes.offers import Grade
from schedules import holds, requests
from schedules.errors import HoldOver, NotFound
from schedules.held import is_live
from schedules.holds import Need, Slot
from schedules.models import Hold, Town, Venue, VisitRequest
from van_service.pages.day_picker import NOON
from van_service.pages.wish_form import WishForm
from van_service.travel import travel_of_app

CHOICE = re.compile(r"(\d{1,10})\.(\d{1,4})")
RANK = {Grade.GOOD: 0, Grade.POSSIBLE: 1, Grade.TIGHT: 2}
TONES = {Grade.GOOD: "good", Grade.POSSIBLE: "poss", Grade.TIGHT: "tight"}


@dataclass(frozen=True, slots=True)
class Column:
    """A day of a week with the best slot of its morning and of its afternoon, where there is one."""

    day: date
    am: Slot | None
    pm: Slot | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The slot that a button stands for ("17.570": shift 17, minute 570)."""

    shift_id: int
    starts: int


def need_of(form: WishForm, venue: Venue | None) -> Need:
    """What the form asks a slot for; whatever is missing is refused with its field's name."""
    wish = form.wish(venue)
    return Need(wish.venue_id, wish.services, wish.brings)


def weeks(session: Session, town: Town, form: WishForm, venue: Venue | None, *, now: datetime) -> list[list[Column]]:
    """The weeks that have a slot, each with its working days; the one held counts as free. Raises Refused."""
    need, kept = need_of(form, venue), held_slot(session, form, town, now=now)
    best: dict[tuple[date, str], Slot] = {}
    for slot in holds.slots(session, town.id, need, now=now, travel=travel_of_app(), instead_of=kept):
        key = slot.day, "am" if slot.starts < NOON else "pm"
        if key not in best or _rank(slot) < _rank(best[key]):
            best[key] = slot
    mondays = sorted({day - timedelta(days=day.weekday()) for day, _ in best})
    return [[column for column in _week(monday, best) if _shown(column)] for monday in mondays]


def chosen(text: str) -> Choice | None:
    """The slot of the button that was pressed."""
    found = CHOICE.fullmatch(text)
    return Choice(int(found[1]), int(found[2])) if found else None


def held_slot(session: Session, form: WishForm, town: Town, *, now: datetime) -> Hold | None:
    """What the form says is held, while it is."""
    if not (form.held.isascii() and form.held.isdigit() and len(form.held) <= 10):
        return None
    try:
        kept = holds.get_hold(session, int(form.held), town.id)
    except NotFound:
        return None
    return kept if is_live(kept, now) else None


def press(
    session: Session,
    town: Town,
    form: WishForm,
    venue: Venue | None,
    sent: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Do what the pressed button says: hold its slot in place of the one held before, give that back, or nothing.

    Raises Refused, SlotGone, TooManyHolds.
    """
    kept = held_slot(session, form, town, now=now)
    choice = chosen(sent.get("hold", ""))
    if kept is not None and (choice is not None or sent.get("step") == "release"):
        holds.release(session, kept.id, actor=actor, now=now, town_id=town.id)
        form.held = ""
    if choice is not None:
        need = need_of(form, venue)
        kept = holds.hold(
            session, town.id, need, choice.shift_id, choice.starts, actor=actor, now=now, travel=travel_of_app()
        )
        form.held = str(kept.id)


def ask_for(
    session: Session, town: Town, form: WishForm, venue: Venue | None, *, actor: str, now: datetime
) -> VisitRequest:
    """File the request of the form, for the slot that is held where one is. Raises Refused, HoldOver, SlotGone."""
    if not form.held:
        return requests.submit(session, town.id, form.wish(venue), actor=actor, now=now, own_town_id=town.id)
    kept = held_slot(session, form, town, now=now)
    if kept is None:
        raise HoldOver(field="hold")
    wish = form.wish(venue)
    return holds.book(session, kept.id, wish, actor=actor, now=now, town_id=town.id, travel=travel_of_app())


def tone(slot: Slot) -> str:
    """The stylesheet's class of a slot."""
    return TONES[slot.grade]


def _week(monday: date, best: dict[tuple[date, str], Slot]) -> Sequence[Column]:
    days = [monday + timedelta(days=offset) for offset in range(7)]
    return [Column(day, best.get((day, "am")), best.get((day, "pm"))) for day in days]


def _shown(column: Column) -> bool:
    return column.day.weekday() < 5 or column.am is not None or column.pm is not None


def _rank(slot: Slot) -> tuple[int, int, int]:
    return RANK[slot.grade], slot.points, slot.starts
