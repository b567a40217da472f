"""Filing the demo's wishes as requests of the coming four weeks, through the same use cases as real ones.

Most are accepted, the newest wait for the coordinator, a few cannot be served on purpose, each for an honest reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from schedules import requests
from schedules.calendar import instant, local_day
from schedules.models import Priority, Shift, VisitRequest
from schedules.requests import WishWindow
from van_service.demo import roster
from van_service.demo.recipes import BY_CODE, at
from van_service.demo.wishes import Draft, Draughts

COORDINATOR = "coordinator"
# More wishes than two vans can serve: about one in seven stays out.
WISHES_PER_SHIFT = 2.88
LEFT_IN_INBOX = 7
FILED_DAYS_BEFORE = (5, 26)
OFFICE_HOURS = (at(8, 45), at(16, 45))


def file_request(
    session: Session, draft: Draft, town_names: dict[int, str], *, filed_at: datetime, decided_at: datetime | None
) -> VisitRequest:
    """Submit a wish in its town's name, and accept it unless `decided_at` is None."""
    request = requests.submit(session, draft.town_id, draft.wish, actor=town_names[draft.town_id], now=filed_at)
    if decided_at is not None:
        requests.accept(session, request.id, actor=COORDINATOR, now=decided_at)
    return request


def add_requests(
    session: Session,
    draughts: Draughts,
    shifts: Sequence[Shift],
    town_names: dict[int, str],
    *,
    days: Sequence[date],
    now: datetime,
) -> list[VisitRequest]:
    """The requests for these working days: accepted ones, and the last few still to be judged."""
    rng = draughts.rng
    special = impossible_drafts(draughts, days, shifts) + alternative_drafts(draughts, days)
    number = round(WISHES_PER_SHIFT * sum(shift.out_of_service is None for shift in shifts))
    usual = draughts.draw(days, number - len(special))
    inbox = [draft for draft in usual if draft.first_day > local_day(now) + timedelta(days=7)][-LEFT_IN_INBOX:]
    accepted = [draft for draft in usual if draft not in inbox] + special
    filings = [(filing_time(rng, now, *FILED_DAYS_BEFORE), draft, True) for draft in accepted]
    filings += [(filing_time(rng, now, 1, 2), draft, False) for draft in inbox]
    filings.sort(key=lambda filing: filing[0])
    return [
        file_request(
            session,
            draft,
            town_names,
            filed_at=filed_at,
            decided_at=min(filed_at + timedelta(hours=rng.randrange(3, 72)), now) if decided else None,
        )
        for filed_at, draft, decided in filings
    ]


def filing_time(rng: Random, now: datetime, least: int, most: int) -> datetime:
    """An office hour between `least` and `most` days ago."""
    day = local_day(now) - timedelta(days=rng.randrange(least, most + 1))
    if day.weekday() > roster.FRIDAY:
        day -= timedelta(days=2)
    return instant(day, rng.randrange(*OFFICE_HOURS))


def impossible_drafts(draughts: Draughts, days: Sequence[date], shifts: Sequence[Shift]) -> list[Draft]:
    """Wishes that no plan can serve: too early for any van, on a day without a shift, without anybody who may do it."""
    driving = {shift.day for shift in shifts}
    late = [day for day in days if day in driving and day.weekday() in (roster.MONDAY, roster.WEDNESDAY)]
    idle = [day for day in days if day not in driving]
    without_law = [day for day in days if day in driving and roster.is_legal_training(day)]
    wishes: list[tuple[str, list[date], tuple[int, int]]] = [
        ("market_morning", late[:2], (at(6), at(8, 15))),
        ("community_morning", idle[:1], (at(9), at(11, 30))),
        ("enterprise_call", without_law[:1], (at(13), at(15, 30))),
    ]
    drafts = []
    for code, chosen, hours in wishes:
        venues = draughts.free_venues(BY_CODE[code], days[0])
        if chosen and venues:
            windows = [WishWindow(day, *hours, preferred=index == 0) for index, day in enumerate(chosen)]
            drafts.append(draughts.draft(BY_CODE[code], draughts.rng.choice(venues), windows))
    return drafts


def alternative_drafts(draughts: Draughts, days: Sequence[date]) -> list[Draft]:
    """Two towns, the largest that can, each name two venues of which one is enough."""
    drafts: list[Draft] = []
    towns = sorted({venue.town_id for venue in draughts.venues}, key=lambda town_id: -draughts.weights[town_id])
    for group, code in (("demo-1", "community_morning"), ("demo-2", "seniors_talk")):
        recipe = BY_CODE[code]
        able = [town_id for town_id in towns if len(draughts.free_venues(recipe, days[0], town_id)) > 1]
        if not able:
            continue
        towns.remove(able[0])
        windows = [WishWindow(day, *recipe.hours[0]) for day in sorted(draughts.rng.sample(days, 3))]
        drafts += [
            draughts.draft(recipe, venue, windows, priority=Priority.NORMAL, alternative_group=group)
            for venue in draughts.rng.sample(draughts.free_venues(recipe, days[0], able[0]), 2)
        ]
    return drafts
