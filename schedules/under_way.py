"""What is left of a shift that has begun: where its van stands, from when it is free, and what it still has.

The visits that the crew has set off for stay as they are; only what comes behind them can be repaired. Minutes come
from the plan that was published, so a crew that runs late must say so (`DisruptionKind.CREW_LATE`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from routes import problem as planner
from schedules import calendar
from schedules.lifecycle import MOVABLE_VISITS
from schedules.models import Shift, Stop, Tour, Venue, Visit, VisitRequest, VisitState

GONE = (VisitState.CANCELLED, VisitState.MISSED)


@dataclass(frozen=True)
class Rest:
    """The van is free from the minute `starts` at `venue` (None: its depot); what it has used up until then.

    `fed` is true where the crew has had its lunch by the plan.
    """

    starts: int
    venue: Venue | None = None
    kits: int = 0
    visits: int = 0
    driven: int = 0
    fed: bool = False

    def of(self, shift: planner.Shift, place: int | None) -> planner.Shift | None:
        """The shift as a problem's shift from now on; None where nothing of it is left. `place` is the venue's."""
        starts = max(shift.starts, self.starts)
        if starts >= shift.ends:
            return None
        return replace(
            shift,
            starts=starts,
            start_place=shift.start_place if place is None else place,
            kits=max(0, shift.kits - self.kits),
            max_visits=None if shift.max_visits is None else max(0, shift.max_visits - self.visits),
            max_driving=None if shift.max_driving is None else max(0, shift.max_driving - self.driven),
            lunch=self._lunch(shift.lunch, starts),
        )

    def _lunch(self, lunch: planner.Lunch | None, starts: int) -> planner.Lunch | None:
        """A lunch that is still owed is eaten at once if its hours are over: it is put off, never dropped."""
        if lunch is None or self.fed:
            return None
        return replace(lunch, closes=max(lunch.closes, starts + lunch.minutes))


def rests_of(
    session: Session, shifts: Iterable[Shift], late: Mapping[int, int], assumed: Collection[int], *, now: datetime
) -> dict[int, Rest]:
    """What is left of each of these shifts, by id; `late` are the minutes that crews run behind, by shift.

    `assumed` are the ids of visits that go on as planned although no crew has said so.
    """
    shifts = list(shifts)
    found = (
        select(Visit)
        .where(Visit.shift_id.in_([shift.id for shift in shifts]), Visit.state.not_in(GONE))
        .options(joinedload(Visit.venue), joinedload(Visit.request).joinedload(VisitRequest.venue))
        .order_by(Visit.starts, Visit.id)
    )
    visits: dict[int, list[Visit]] = {}
    for visit in session.scalars(found):
        visits.setdefault(visit.shift_id, []).append(visit)
    tours = newest_tours(session, visits)
    drives = drives_to(session, (visit for each in visits.values() for visit in each))
    return {
        shift.id: rest_of(
            shift,
            [each for each in visits.get(shift.id, ()) if each.state not in MOVABLE_VISITS or each.id in assumed],
            tours.get(shift.id),
            drives,
            late=late.get(shift.id, 0),
            now=now,
        )
        for shift in shifts
    }


def rest_of(
    shift: Shift, begun: Sequence[Visit], tour: Tour | None, drives: Mapping[int, int], *, late: int, now: datetime
) -> Rest:
    """What is left of one shift behind the visits `begun`; `tour` is the one published last, `drives` by visit."""
    clock = calendar.local_minutes(now) if calendar.local_day(now) == shift.day else 0
    if not begun:
        leaves = tour.leaves if tour is not None and late else shift.starts
        return Rest(max(leaves + late, clock))
    last = begun[-1]
    free = last.departs if last.left_at is None else calendar.local_minutes(last.left_at)
    return Rest(
        starts=max(free + late, clock),
        venue=last.venue,
        kits=sum(visit.request.kits for visit in begun),
        visits=len(begun),
        driven=sum(drives.get(visit.id, 0) for visit in begun),
        fed=_has_eaten(shift, tour, by=free),
    )


def _has_eaten(shift: Shift, tour: Tour | None, *, by: int) -> bool:
    """Whether lunch is over by the plan. A published tour without one was planned for a crew that had eaten."""
    if tour is None or not shift.lunch_minutes:
        return False
    return tour.lunch is None or tour.lunch + shift.lunch_minutes <= by


def drives_to(session: Session, visits: Iterable[Visit]) -> dict[int, int]:
    """The minutes of driving to each visit by the plan it stands by, by visit id."""
    by_stop = {(visit.plan_id, visit.request_id): visit.id for visit in visits if visit.plan_id is not None}
    found = select(Stop.plan_id, Stop.request_id, Stop.drive).where(
        Stop.plan_id.in_({plan for plan, _ in by_stop}), Stop.request_id.in_({asked for _, asked in by_stop})
    )
    return {
        by_stop[plan_id, asked]: drive
        for plan_id, asked, drive in session.execute(found)
        if (plan_id, asked) in by_stop
    }


def newest_tours(session: Session, visits: Mapping[int, Sequence[Visit]]) -> dict[int, Tour]:
    """The newest published tour of each shift that visits stand on, by shift."""
    plans = {visit.plan_id for each in visits.values() for visit in each if visit.plan_id is not None}
    newest = select(func.max(Tour.id)).where(Tour.plan_id.in_(plans), Tour.shift_id.in_(visits)).group_by(Tour.shift_id)
    rows = session.scalars(select(Tour).where(Tour.id.in_(newest)).options(selectinload(Tour.stops)))
    return {tour.shift_id: tour for tour in rows}
