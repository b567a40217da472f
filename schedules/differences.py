"""What publishing a plan would change: each promise kept, moved, dropped or added, and who would be told.

Only reads. A plan speaks of the requests in its own problem and of no others: a plan made for one van leaves the other
van's promises alone. Visits that a van has set off for are as they are, whatever a plan says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from schedules import calendar
from schedules.effects import cause_of
from schedules.lifecycle import LIVE_VISITS, MOVABLE_VISITS
from schedules.models import Disruption, Message, Plan, Shift, Stop, Tour, Unserved, Visit, VisitRequest
from schedules.recipients import Person, people_for
from schedules.reminders import WAITING


class ChangeKind(StrEnum):
    """What becomes of a promise. `OTHER_VAN` keeps day and time, so that the town notices nothing."""

    KEPT = "kept"
    RETIMED = "retimed"
    OTHER_VAN = "other_van"
    OTHER_DAY = "other_day"
    DROPPED = "dropped"
    ADDED = "added"


MESSAGES = {
    ChangeKind.RETIMED: "moved",
    ChangeKind.OTHER_DAY: "moved",
    ChangeKind.DROPPED: "cancelled",
    ChangeKind.ADDED: "published",
}
"""The kind of message that each change sends; the other changes send none.

News about a visit that still waits to be sent is renewed instead: a visit that its town has not heard of is not moved.
"""

RENEWING = (ChangeKind.RETIMED, ChangeKind.OTHER_DAY, ChangeKind.OTHER_VAN)
"""The changes under which waiting news is renewed."""

REPLANNED = "replanned"
"""The reason of a visit that is cancelled because a newer plan leaves its request out."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Which shift serves a request on which day; minutes after midnight of the session."""

    shift: Shift
    day: date
    starts: int
    closes: int


@dataclass(frozen=True, slots=True)
class Change:
    """One request's promise before (`visit`, `old`) and after (`stop`, `new`), and the people to tell.

    `message` is the kind of message that tells them. `why` is the plan's reason for leaving a dropped request out,
    `cause` the disruption that its promise falls to.
    """

    kind: ChangeKind
    request: VisitRequest
    visit: Visit | None
    stop: Stop | None
    old: Slot | None
    new: Slot | None
    tell: tuple[Person, ...] = ()
    message: str | None = None
    why: Unserved | None = None
    cause: Disruption | None = None

    @property
    def reason(self) -> str:
        """The code of what the town is told when its visit is dropped."""
        return REPLANNED if self.cause is None else self.cause.kind.value


@dataclass(frozen=True)
class Difference:
    """All changes by kind, each list in the order of days and minutes."""

    kept: list[Change] = field(default_factory=list)
    retimed: list[Change] = field(default_factory=list)
    other_van: list[Change] = field(default_factory=list)
    other_day: list[Change] = field(default_factory=list)
    dropped: list[Change] = field(default_factory=list)
    added: list[Change] = field(default_factory=list)

    def of(self, kind: ChangeKind) -> list[Change]:
        """The changes of one kind."""
        found: list[Change] = getattr(self, kind.value)
        return found

    @property
    def changes(self) -> list[Change]:
        """Everything that does not stay as it is."""
        return [change for kind in ChangeKind if kind is not ChangeKind.KEPT for change in self.of(kind)]

    @property
    def people(self) -> list[Person]:
        """Everybody who would be told something, once each."""
        return list({person.key: person for change in self.changes for person in change.tell}.values())

    @property
    def shifts(self) -> list[Shift]:
        """The shifts whose crews get another tour, by day and van."""
        slots = [slot for change in self.changes for slot in (change.old, change.new) if slot is not None]
        found = {slot.shift.id: slot.shift for slot in slots}
        return sorted(found.values(), key=lambda shift: (shift.day, shift.van_id))

    def on_or_before(self, day: date) -> list[Change]:
        """The changes that touch a day up to this one, such as the last day of the freeze."""
        touched = [(change, [slot.day for slot in (change.old, change.new) if slot]) for change in self.changes]
        return [change for change, its_days in touched if min(its_days) <= day]


def difference(session: Session, plan: Plan, *, now: datetime | None = None) -> Difference:
    """What publishing the plan would change. With `now`, promises whose time has come are no longer dropped."""
    stops = {stop.request_id: stop for stop in stops_of(session, plan)}
    standing = {visit.request_id: visit for visit in _standing_visits(session, plan, stops)}
    reasons = {unserved.request_id: unserved for unserved in plan.unserved}
    disruptions, unsent = _disruptions_of(session, plan), _unsent_news(session, standing.values())
    found = Difference()
    for request_id in stops.keys() | standing.keys():
        stop, visit = stops.get(request_id), standing.get(request_id)
        if stop is None and not _is_droppable(visit, plan, now):
            continue
        news = None if visit is None else unsent.get(visit.id)
        change = _compare(session, visit, stop, news, reasons.get(request_id), disruptions)
        found.of(change.kind).append(change)
    for kind in ChangeKind:
        found.of(kind).sort(key=_when)
    return found


def stops_of(session: Session, plan: Plan) -> list[Stop]:
    """The plan's stops with all that is read of them."""
    found = (
        select(Stop)
        .where(Stop.plan_id == plan.id)
        .options(
            joinedload(Stop.tour).joinedload(Tour.shift).joinedload(Shift.van),
            joinedload(Stop.request).joinedload(VisitRequest.town),
            joinedload(Stop.request).joinedload(VisitRequest.venue),
        )
        .order_by(Stop.id)
    )
    return list(session.scalars(found))


def requests_considered(plan: Plan) -> set[int]:
    """The ids of the requests that the planner could have placed: the visits "r17" of its problem."""
    visits = (plan.problem or {}).get("visits", ())
    return {int(visit["id"][1:]) for visit in visits}


def _disruptions_of(session: Session, plan: Plan) -> list[Disruption]:
    """The disruptions that the plan was made for."""
    ids = [int(key.partition(":")[2]) for key in plan.inputs if key.startswith("disruption:")]
    return list(session.scalars(select(Disruption).where(Disruption.id.in_(ids)).order_by(Disruption.id)))


def _unsent_news(session: Session, visits: Iterable[Visit]) -> dict[int, str]:
    """By visit the kind of message about its present version that still waits, "published" before "moved"."""
    versions = {visit.id: visit.version for visit in visits}
    waiting = session.execute(
        select(Message.visit_id, Message.visit_version, Message.kind).where(
            Message.visit_id.in_(versions), Message.kind.in_(("published", "moved")), Message.state.in_(WAITING)
        )
    )
    found: dict[int, str] = {}
    for visit_id, version, kind in waiting:
        if visit_id is not None and versions[visit_id] == version and found.get(visit_id) != "published":
            found[visit_id] = kind
    return found


def _standing_visits(session: Session, plan: Plan, requests: Iterable[int]) -> list[Visit]:
    """The promises that stand for these requests and for all others that the plan considered."""
    ids = requests_considered(plan) | set(requests)
    found = (
        select(Visit)
        .where(Visit.state.in_(LIVE_VISITS), Visit.request_id.in_(ids))
        .options(
            joinedload(Visit.shift).joinedload(Shift.van),
            joinedload(Visit.request).joinedload(VisitRequest.town),
            joinedload(Visit.request).joinedload(VisitRequest.venue),
        )
        .order_by(Visit.id)
    )
    return list(session.scalars(found))


def _is_droppable(visit: Visit | None, plan: Plan, now: datetime | None) -> bool:
    """Whether a promise that the plan does not keep is within its days and still lies ahead."""
    if visit is None or visit.state not in MOVABLE_VISITS:
        return False
    if not plan.first_day <= visit.day <= plan.last_day:
        return False
    return now is None or calendar.instant(visit.day, visit.starts) > now


def _compare(
    session: Session,
    visit: Visit | None,
    stop: Stop | None,
    news: str | None,
    why: Unserved | None,
    disruptions: Sequence[Disruption],
) -> Change:
    old = None if visit is None else Slot(visit.shift, visit.day, visit.starts, visit.closes)
    new = None if stop is None else slot_of(stop)
    kind = ChangeKind.KEPT if visit is not None and visit.state not in MOVABLE_VISITS else _kind(old, new)
    source = stop or visit
    assert source is not None  # one of the two made us look
    message = news if news is not None and kind in RENEWING else MESSAGES.get(kind)
    tell = () if message is None else tuple(people_for(session, message, request=source.request))
    if visit is None or stop is not None:
        return Change(kind, source.request, visit, stop, old, new, tell, message)
    return Change(kind, source.request, visit, stop, old, new, tell, message, why, cause_of(disruptions, visit))


def slot_of(stop: Stop) -> Slot:
    """When and by whom a stop serves its request."""
    shift = stop.tour.shift
    return Slot(shift, shift.day, stop.starts, stop.starts + stop.request.session)


def _kind(old: Slot | None, new: Slot | None) -> ChangeKind:
    if old is None:
        return ChangeKind.ADDED
    if new is None:
        return ChangeKind.DROPPED
    if old.day != new.day:
        return ChangeKind.OTHER_DAY
    if old.starts != new.starts or old.closes != new.closes:
        return ChangeKind.RETIMED
    return ChangeKind.KEPT if old.shift.id == new.shift.id else ChangeKind.OTHER_VAN


def _when(change: Change) -> tuple[date, int, int]:
    slot = change.new or change.old
    assert slot is not None  # every change has a before or an after
    return slot.day, slot.starts, change.request.id
