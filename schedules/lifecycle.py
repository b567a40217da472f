"""The life cycles: for each noun one table of allowed moves, and the only functions that move it.

Knows states and nothing else: who may ask for a move, and what it entails, is the use cases' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from schedules.errors import MoveNotAllowed
from schedules.models import (
    Hold,
    HoldState,
    Message,
    MessageState,
    Plan,
    PlanState,
    RequestState,
    Visit,
    VisitRequest,
    VisitState,
)

State = TypeVar("State", RequestState, PlanState, VisitState, MessageState, HoldState)

# A request goes back to "submitted" when its town changes what was accepted, and back to "accepted" when a replan,
# a cancellation or a missed visit takes the promise away.
REQUEST_MOVES: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.SUBMITTED: frozenset(
        {RequestState.ACCEPTED, RequestState.DECLINED, RequestState.WITHDRAWN, RequestState.EXPIRED}
    ),
    RequestState.ACCEPTED: frozenset(
        {
            RequestState.SUBMITTED,
            RequestState.DECLINED,
            RequestState.PLANNED,
            RequestState.WITHDRAWN,
            RequestState.EXPIRED,
        }
    ),
    RequestState.DECLINED: frozenset(),
    RequestState.PLANNED: frozenset({RequestState.ACCEPTED, RequestState.DONE, RequestState.WITHDRAWN}),
    RequestState.DONE: frozenset(),
    RequestState.WITHDRAWN: frozenset(),
    RequestState.EXPIRED: frozenset(),
}

# A run whose process died goes from "solving" back to "queued".
PLAN_MOVES: Mapping[PlanState, frozenset[PlanState]] = {
    PlanState.QUEUED: frozenset({PlanState.SOLVING, PlanState.FAILED, PlanState.DISCARDED}),
    PlanState.SOLVING: frozenset({PlanState.QUEUED, PlanState.DRAFT, PlanState.FAILED}),
    PlanState.DRAFT: frozenset({PlanState.PUBLISHED, PlanState.DISCARDED}),
    PlanState.FAILED: frozenset({PlanState.DISCARDED}),
    PlanState.PUBLISHED: frozenset({PlanState.SUPERSEDED}),
    PlanState.SUPERSEDED: frozenset(),
    PlanState.DISCARDED: frozenset(),
}

# A confirmed visit that a new plan moves must be confirmed again. The van may set off without the town's word.
VISIT_MOVES: Mapping[VisitState, frozenset[VisitState]] = {
    VisitState.PROMISED: frozenset(
        {VisitState.CONFIRMED, VisitState.ON_THE_WAY, VisitState.MISSED, VisitState.CANCELLED}
    ),
    VisitState.CONFIRMED: frozenset(
        {VisitState.PROMISED, VisitState.ON_THE_WAY, VisitState.MISSED, VisitState.CANCELLED}
    ),
    VisitState.ON_THE_WAY: frozenset({VisitState.OPEN, VisitState.MISSED, VisitState.CANCELLED}),
    VisitState.OPEN: frozenset({VisitState.DONE, VisitState.CANCELLED}),
    VisitState.DONE: frozenset(),
    VisitState.MISSED: frozenset(),
    VisitState.CANCELLED: frozenset(),
}

# "Failed" waits for its next attempt; a sender that died in the middle leaves "unknown" or goes back to "queued".
# What is dead or unknown can be queued again by hand.
MESSAGE_MOVES: Mapping[MessageState, frozenset[MessageState]] = {
    MessageState.QUEUED: frozenset(
        {MessageState.SENDING, MessageState.STALE, MessageState.TOO_LATE, MessageState.CANCELLED}
    ),
    MessageState.SENDING: frozenset(
        {MessageState.SENT, MessageState.FAILED, MessageState.DEAD, MessageState.UNKNOWN, MessageState.QUEUED}
    ),
    MessageState.SENT: frozenset(),
    MessageState.FAILED: frozenset(
        {MessageState.SENDING, MessageState.DEAD, MessageState.STALE, MessageState.TOO_LATE, MessageState.CANCELLED}
    ),
    MessageState.DEAD: frozenset({MessageState.QUEUED}),
    MessageState.STALE: frozenset(),
    MessageState.TOO_LATE: frozenset(),
    MessageState.UNKNOWN: frozenset({MessageState.QUEUED, MessageState.SENT, MessageState.DEAD}),
    MessageState.CANCELLED: frozenset(),
}

# Every end of a hold is final; "passed" is the town's word, "expired" the clock's.
HOLD_MOVES: Mapping[HoldState, frozenset[HoldState]] = {
    HoldState.HELD: frozenset({HoldState.TAKEN, HoldState.RELEASED, HoldState.PASSED, HoldState.EXPIRED}),
    HoldState.TAKEN: frozenset(),
    HoldState.RELEASED: frozenset(),
    HoldState.PASSED: frozenset(),
    HoldState.EXPIRED: frozenset(),
}

LIVE_VISITS = (VisitState.PROMISED, VisitState.CONFIRMED, VisitState.ON_THE_WAY, VisitState.OPEN)
"""Promises that still stand."""

MOVABLE_VISITS = (VisitState.PROMISED, VisitState.CONFIRMED)
"""Promises that no van has set off for yet."""


def move_request(request: VisitRequest, to: RequestState, *, now: datetime) -> None:
    """Raises MoveNotAllowed."""
    _refuse("request", REQUEST_MOVES, request.state, to)
    request.state = to
    request.touch(now)


def move_plan(plan: Plan, to: PlanState) -> None:
    """Raises MoveNotAllowed."""
    _refuse("plan", PLAN_MOVES, plan.state, to)
    plan.state = to


def move_visit(visit: Visit, to: VisitState) -> None:
    """Raises MoveNotAllowed. Only `schedules.visits` calls this, because each change of a visit needs a version."""
    _refuse("visit", VISIT_MOVES, visit.state, to)
    visit.state = to


def move_message(message: Message, to: MessageState) -> None:
    """Raises MoveNotAllowed."""
    _refuse("message", MESSAGE_MOVES, message.state, to)
    message.state = to


def revive_message(message: Message) -> None:
    """Queue a stale message again that was stopped by a rule, or whose cause is back; nobody may ask for it by hand.

    Raises MoveNotAllowed.
    """
    if message.state is not MessageState.STALE:
        raise MoveNotAllowed(noun="message", from_=message.state.value, to=MessageState.QUEUED.value)
    message.state, message.last_error = MessageState.QUEUED, None


def move_hold(hold: Hold, to: HoldState, *, now: datetime) -> None:
    """Raises MoveNotAllowed."""
    _refuse("hold", HOLD_MOVES, hold.state, to)
    hold.state, hold.ended_at = to, now


def _refuse(noun: str, moves: Mapping[State, frozenset[State]], present: State, to: State) -> None:
    if to not in moves[present]:
        raise MoveNotAllowed(noun=noun, from_=present.value, to=to.value)
