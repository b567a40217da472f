"""Which holds count now, whether a plan would run over one, and how one ends.

A hold counts by the clock: once `expires_at` is reached it is over, whether or not anybody has noted it. One of the
wait list also ends with its request's waiting.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload

from schedules import audit, calendar
from schedules.differences import ChangeKind, Difference
from schedules.errors import SlotsHeld
from schedules.lifecycle import move_hold
from schedules.models import (
    Hold,
    HoldKind,
    HoldState,
    Message,
    MessageState,
    RequestState,
    Shift,
    VisitRequest,
)
from schedules.reminders import WAITING

STANDS_STILL = (ChangeKind.KEPT, ChangeKind.DROPPED)


def is_live(hold: Hold, now: datetime) -> bool:
    """Whether the slot is still kept for its town."""
    waits = hold.kind is HoldKind.BOOKING or (
        hold.request is not None and hold.request.state is RequestState.ACCEPTED
    )  # fmt: skip
    return hold.state is HoldState.HELD and hold.expires_at > now and waits


def live_holds(
    session: Session,
    *,
    now: datetime,
    days: tuple[date, date] | None = None,
    town_id: int | None = None,
    kind: HoldKind | None = None,
) -> list[Hold]:
    """The holds that count now, the oldest first; of these days (both included), one town, one kind, where given."""
    found = all_holds().where(Hold.state == HoldState.HELD, Hold.expires_at > now)
    if days is not None:
        found = found.where(Hold.day.between(*days))
    if town_id is not None:
        found = found.where(Hold.town_id == town_id)
    if kind is not None:
        found = found.where(Hold.kind == kind)
    return [hold for hold in session.scalars(found.order_by(Hold.id)) if is_live(hold, now)]


def all_holds() -> Select[Hold]:
    """Every hold with what is read of it."""
    return select(Hold).options(
        joinedload(Hold.town),
        joinedload(Hold.venue),
        joinedload(Hold.shift).joinedload(Shift.van),
        joinedload(Hold.request).selectinload(VisitRequest.windows),
    )


def refuse_to_run_over(session: Session, changes: Difference, *, now: datetime) -> None:
    """Raise SlotsHeld where changes touch a shift on which a slot is held, unless they serve the very request.

    Whether the slot would still fit beside them nobody asks: a hold is short, and what it keeps was promised whole.
    """
    moved = [change for change in changes.changes if change.kind not in STANDS_STILL and change.new is not None]
    touched = {change.new.shift.id for change in moved if change.new is not None}
    served = {(change.request.id, change.new.shift.id) for change in moved if change.new is not None}
    in_the_way = [
        hold
        for hold in live_holds(session, now=now)
        if hold.shift_id in touched and (hold.request_id, hold.shift_id) not in served
    ]
    if in_the_way:
        last = max(hold.expires_at for hold in in_the_way).astimezone(calendar.zone())
        until = f"{last:%Y-%m-%d %H:%M}"
        raise SlotsHeld(number=len(in_the_way), until=until, holds=[_told(hold) for hold in in_the_way])


def _told(hold: Hold) -> dict[str, str | int]:
    return {
        "hold": hold.id,
        "town": hold.town_id,
        "day": hold.day.isoformat(),
        "starts": hold.starts,
        "until": hold.expires_at.astimezone(calendar.zone()).isoformat(timespec="minutes"),
    }


# The end of a hold ----------------------------------------------------------------------------------------------------


def end(session: Session, hold: Hold, to: HoldState, *, actor: str, now: datetime) -> Hold:
    """End a hold: its slot is free or taken, its request no longer pinned to it, its message void if still unsent."""
    before = hold.state
    move_hold(hold, to, now=now)
    request = hold.request
    if request is not None and hold.kind is HoldKind.WAIT_LIST and request.pinned_shift_id == hold.shift_id:
        request.pinned_shift_id = request.pinned_starts = None
    session.flush()
    session.execute(
        update(Message)
        .where(Message.key.startswith(f"hold:{hold.id}:"), Message.state.in_(WAITING))
        .values(state=MessageState.STALE)
    )
    audit.record(
        session,
        actor=actor,
        now=now,
        verb=to.value,
        noun="hold",
        noun_id=hold.id,
        before={"state": before},
        after={"state": to, "request_id": hold.request_id},
    )
    return hold


def settle(session: Session, request_ids: Collection[int], *, now: datetime) -> None:
    """End what was offered to requests that a plan has just promised a visit."""
    offered = select(Hold).where(Hold.state == HoldState.HELD, Hold.request_id.in_(request_ids))
    for hold in session.scalars(offered).all():
        end(session, hold, HoldState.TAKEN, actor="system", now=now)


def end_what_is_over(session: Session, *, now: datetime) -> int:
    """Note the end of the holds whose time, or whose request's waiting, is over; how many there were."""
    over = _over(session, now)
    for hold in over:
        end(session, hold, HoldState.EXPIRED, actor="system", now=now)
    return len(over)


def is_any_over(session: Session, *, now: datetime) -> bool:
    """Whether there is an end to note."""
    return bool(_over(session, now))


def _over(session: Session, now: datetime) -> list[Hold]:
    return [hold for hold in session.scalars(all_holds().where(Hold.state == HoldState.HELD)) if not is_live(hold, now)]
