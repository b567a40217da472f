"""Disruptions as people enter them: one entry each, recorded with who, when and why, revocable until repaired.

Entering one changes no promise: plans heed it from now on (`schedules.effects`), plans made before are stale, and
`schedules.repairs` looks for a way out. Publishing a plan that knew of it makes it repaired. Nobody is told but the
towns ahead of a crew that runs late (`schedules.delays`): they need to know before anything is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from schedules import audit, calendar, days, delays
from schedules.effects import hits
from schedules.errors import (
    BadChoice,
    BadCount,
    BadText,
    BadWindow,
    BeyondCalendar,
    ChangedMeanwhile,
    Missing,
    MoveNotAllowed,
    NotFound,
    Refused,
    TextTooLong,
    WindowInPast,
    refuse_all,
)
from schedules.finding import find
from schedules.inbox import LONGEST_REASON
from schedules.lifecycle import MOVABLE_VISITS
from schedules.models import (
    CrewMember,
    Disruption,
    DisruptionKind,
    DisruptionState,
    Plan,
    RequestState,
    Shift,
    Van,
    Venue,
    Visit,
    VisitRequest,
    VisitState,
)
from schedules.wishes import is_printable

LONGEST_DAYS = 62
MOST_MINUTES_LATE = 300
MINUTES_PER_DAY = 1440
UNDER_WAY = (VisitState.ON_THE_WAY, VisitState.OPEN)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody says happened. Which fields a kind needs is in `NEEDS`; `visit_id` is the visit a town cancels.

    `last_day` is the first where it is not given. `opens` and `closes` are minutes of the day.
    """

    kind: DisruptionKind
    reason: str
    first_day: date | None = None
    last_day: date | None = None
    opens: int | None = None
    closes: int | None = None
    minutes: int | None = None
    withdraws: bool = False
    van_id: int | None = None
    crew_member_id: int | None = None
    shift_id: int | None = None
    venue_id: int | None = None
    request_id: int | None = None
    visit_id: int | None = None


NEEDS: dict[DisruptionKind, tuple[str, ...]] = {
    DisruptionKind.VAN_OUT: ("van_id", "first_day"),
    DisruptionKind.CREW_ILL: ("crew_member_id", "first_day"),
    DisruptionKind.TOWN_CANCELS: ("visit_id",),
    DisruptionKind.VENUE_CLOSED: ("venue_id", "first_day"),
    DisruptionKind.HEAT: ("first_day",),
    DisruptionKind.STORM: ("first_day",),
    DisruptionKind.CREW_LATE: ("shift_id", "minutes"),
    DisruptionKind.URGENT_VISIT: ("request_id",),
}
"""The fields that an entry of each kind must have, beside the reason; what it does not need is not kept."""
WHO = ("van_id", "crew_member_id", "shift_id", "venue_id", "request_id", "visit_id")


def enter(session: Session, entry: Entry, *, actor: str, now: datetime) -> Disruption:
    """Record what happened.

    Raises:
        Refused: something in the entry is missing or not possible; several problems come as one Invalid.
    """
    refuse_all(list(_problems(session, entry, now)))
    needed = NEEDS[entry.kind]
    named = {field: getattr(entry, field) for field in (*WHO, "minutes") if field in needed}
    visit = find(session, Visit, named.pop("visit_id", None) or 0)
    shift = find(session, Shift, named.get("shift_id") or 0)
    of_row = visit if visit is not None else shift
    first = of_row.day if of_row is not None else (entry.first_day or calendar.local_day(now))
    hourly = entry if "first_day" in needed else None
    disruption = Disruption(
        kind=entry.kind,
        state=DisruptionState.OPEN,
        first_day=first,
        last_day=_last_day(entry, first),
        opens=None if hourly is None else hourly.opens,
        closes=None if hourly is None else hourly.closes,
        withdraws=entry.kind is DisruptionKind.TOWN_CANCELS and entry.withdraws,
        reason=entry.reason.strip(),
        entered_at=now,
        entered_by=actor,
        **named,
    )
    if visit is not None:
        disruption.request_id = visit.request_id
    session.add(disruption)
    session.flush()
    _record(session, disruption, "entered", actor=actor, now=now, after=picture(disruption))
    if entry.kind is DisruptionKind.CREW_LATE and shift is not None:
        delays.tell_delays(session, shift, now=now)
    return disruption


def revoke(session: Session, disruption_id: int, *, actor: str, now: datetime) -> Disruption:
    """Take an entry back; plans made for it can no longer be published.

    Raises:
        MoveNotAllowed: it was revoked before, or a plan that answers it is published.
    """
    disruption = get_disruption(session, disruption_id)
    _end(session, disruption, DisruptionState.REVOKED, actor=actor, now=now)
    _record(
        session,
        disruption,
        "revoked",
        actor=actor,
        now=now,
        before={"state": DisruptionState.OPEN},
        after={"state": DisruptionState.REVOKED},
    )
    shift = find(session, Shift, disruption.shift_id or 0)
    if disruption.kind is DisruptionKind.CREW_LATE and shift is not None:
        delays.tell_delays(session, shift, now=now)
    return disruption


def settle(session: Session, plan: Plan, *, actor: str, now: datetime) -> list[Disruption]:
    """Call those disruptions repaired that a plan now published was made for.

    Raises ChangedMeanwhile where one was revoked since the plan was judged.
    """
    ids = [int(key.partition(":")[2]) for key in plan.inputs if key.startswith("disruption:")]
    held = select(Disruption).where(Disruption.id.in_(ids)).order_by(Disruption.id).with_for_update()
    heeded = list(session.scalars(held.execution_options(populate_existing=True)))
    if any(each.state is DisruptionState.REVOKED for each in heeded):
        raise ChangedMeanwhile  # in the very moment of publishing
    settled = [each for each in heeded if each.state is DisruptionState.OPEN]
    for disruption in settled:
        _end(session, disruption, DisruptionState.REPAIRED, actor=actor, now=now)
        disruption.plan_id = plan.id
        after = {"state": DisruptionState.REPAIRED, "plan_id": plan.id}
        before = {"state": DisruptionState.OPEN}
        _record(session, disruption, "repaired", actor=actor, now=now, before=before, after=after)
    return settled


def get_disruption(session: Session, disruption_id: int) -> Disruption:
    """The disruption. Raises NotFound."""
    disruption = find(session, Disruption, disruption_id)
    if disruption is None:
        raise NotFound(noun="disruption", id=disruption_id)
    return disruption


def list_disruptions(session: Session, *, state: DisruptionState | None = None, limit: int = 50) -> list[Disruption]:
    """The latest disruptions, the newest first; of one state where given."""
    found = select(Disruption).order_by(Disruption.id.desc()).limit(limit)
    if state is not None:
        found = found.where(Disruption.state == state)
    return list(session.scalars(found))


def visits_hit(session: Session, disruption: Disruption) -> list[Visit]:
    """The promises that it touches and no van has set off for, in the order of days and minutes."""
    return _hit(session, disruption, MOVABLE_VISITS)


def visits_hit_under_way(session: Session, disruption: Disruption) -> list[Visit]:
    """The visits that it touches although the van is on its way or there: no plan moves them, people must end them."""
    return _hit(session, disruption, UNDER_WAY)


def _hit(session: Session, disruption: Disruption, states: tuple[VisitState, ...]) -> list[Visit]:
    found = (
        select(Visit)
        .where(Visit.state.in_(states), Visit.day.between(disruption.first_day, disruption.last_day))
        .order_by(Visit.day, Visit.starts, Visit.id)
    )
    return [
        visit for visit in session.scalars(found) if hits(disruption, visit, {member.id for member in visit.shift.crew})
    ]


# What an entry must hold ----------------------------------------------------------------------------------------------


def _problems(session: Session, entry: Entry, now: datetime) -> Iterator[Refused]:
    if not entry.reason.strip():
        yield Missing(field="reason")
    if len(entry.reason) > LONGEST_REASON:
        yield TextTooLong(field="reason", most=LONGEST_REASON, given=len(entry.reason))
    if not is_printable(entry.reason):
        yield BadText(field="reason")
    for field in NEEDS[entry.kind]:
        if getattr(entry, field) is None:
            yield Missing(field=field)
    yield from _about_rows(session, entry, now)
    if "first_day" in NEEDS[entry.kind] and entry.first_day is not None:
        yield from _about_days(session, entry, entry.first_day, now)
        yield from _about_hours(entry)
    if entry.minutes is not None and not 1 <= entry.minutes <= MOST_MINUTES_LATE:
        yield BadCount(field="minutes", least=1, most=MOST_MINUTES_LATE, given=entry.minutes)


def _about_rows(session: Session, entry: Entry, now: datetime) -> Iterator[Refused]:
    """Whoever is hit must exist, and be in a state in which this can happen."""
    needed = NEEDS[entry.kind]
    for field, model in (("van_id", Van), ("crew_member_id", CrewMember), ("venue_id", Venue)):
        given = getattr(entry, field)
        if field in needed and given is not None and find(session, model, given) is None:
            yield BadChoice(field=field, given=given)
    if "visit_id" in needed and entry.visit_id is not None:
        visit = find(session, Visit, entry.visit_id)
        if visit is None or visit.state not in MOVABLE_VISITS:
            yield BadChoice(field="visit_id", given=entry.visit_id)
    if "shift_id" in needed and entry.shift_id is not None:
        shift = find(session, Shift, entry.shift_id)
        if shift is None or shift.day != calendar.local_day(now):
            yield BadChoice(field="shift_id", given=entry.shift_id)
    if "request_id" in needed and entry.request_id is not None:
        request = find(session, VisitRequest, entry.request_id)
        if request is None or request.state is not RequestState.ACCEPTED:
            yield BadChoice(field="request_id", given=entry.request_id)


def _about_days(session: Session, entry: Entry, first: date, now: datetime) -> Iterator[Refused]:
    last = entry.last_day or first
    if last < first:
        yield BadWindow(field="last_day")
    elif last < calendar.local_day(now):
        yield WindowInPast(field="last_day")
    elif (last - first).days >= LONGEST_DAYS:
        yield BadCount(field="last_day", least=1, most=LONGEST_DAYS, given=(last - first).days + 1)
    elif days.get_day(session, last) is None:
        yield BeyondCalendar(field="last_day", day=last.isoformat())


def _about_hours(entry: Entry) -> Iterator[Refused]:
    """A van's hours run from the first day to the last; other hours are of each day and so must come in pairs."""
    for field in ("opens", "closes"):
        minute = getattr(entry, field)
        if minute is not None and not 0 <= minute <= MINUTES_PER_DAY:
            yield BadWindow(field=field)
    if entry.kind is DisruptionKind.VAN_OUT and entry.last_day not in (None, entry.first_day):
        return
    if entry.kind is not DisruptionKind.VAN_OUT and (entry.opens is None) != (entry.closes is None):
        yield Missing(field="opens" if entry.opens is None else "closes")
    elif entry.opens is not None and entry.closes is not None and entry.opens >= entry.closes:
        yield BadWindow(field="closes", opens=entry.opens, closes=entry.closes)


def _last_day(entry: Entry, first: date) -> date:
    """An urgent visit is wanted until a plan places it; what names no last day lasts one day."""
    if entry.kind is DisruptionKind.URGENT_VISIT:
        return first + timedelta(days=LONGEST_DAYS - 1)
    return first if entry.last_day is None or "first_day" not in NEEDS[entry.kind] else entry.last_day


# Within ---------------------------------------------------------------------------------------------------------------


def _end(session: Session, disruption: Disruption, to: DisruptionState, *, actor: str, now: datetime) -> None:
    """End an open disruption in one conditional statement: of two who revoke and publish, one wins."""
    ended = session.execute(
        update(Disruption)
        .where(Disruption.id == disruption.id, Disruption.state == DisruptionState.OPEN)
        .values(state=to, ended_at=now, ended_by=actor)
        .execution_options(synchronize_session=False)
    )
    session.refresh(disruption)
    if not isinstance(ended, CursorResult) or ended.rowcount != 1:
        raise MoveNotAllowed(noun="disruption", from_=disruption.state.value, to=to.value)


def picture(disruption: Disruption) -> dict[str, object]:
    """What the audit trail keeps of an entry."""
    names = ("kind", "first_day", "last_day", "opens", "closes", "minutes", "van_id", "crew_member_id", "shift_id")
    values = {name: getattr(disruption, name) for name in (*names, "venue_id", "request_id", "reason")}
    return {name: value for name, value in values.items() if value is not None}


def _record(session: Session, disruption: Disruption, verb: str, **said: object) -> None:
    audit.record(session, verb=verb, noun="disruption", noun_id=disruption.id, **said)  # type: ignore[arg-type]
