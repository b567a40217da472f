"""Publishing: one transaction in which a draft becomes the promises made to towns, or nothing happens at all.

Everything that can refuse a plan is asked before the first row changes. Publishers queue behind each other, so that
of two plans that overlap the second is judged by what the first has done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from routes import checker
from routes import plan as proposals
from routes.instances import read_problem
from schedules import audit, calendar, held, overrides, planning, promises, reminders, rulebook, visits
from schedules import changes as disruptions
from schedules.differences import REPLANNED, Change, ChangeKind, Difference, difference, slot_of, stops_of
from schedules.errors import ChangedMeanwhile, MoveNotAllowed, NotFound, StalePlan, UnlawfulPlan
from schedules.finding import find
from schedules.lifecycle import PLAN_MOVES, move_plan, move_request
from schedules.models import DisruptionKind, Plan, PlanState, RequestState, Shift, Stop, Tour, Van, VisitChange
from schedules.models.fleet import shift_code
from schedules.numbering import next_number

__all__ = [
    "REPLANNED",
    "Change",
    "ChangeKind",
    "Difference",
    "InputChange",
    "difference",
    "discard",
    "newcomers",
    "proposal_of",
    "publish",
    "queue_up",
    "staleness",
    "violations",
]

PUBLICATIONS = "publications"
HARMLESS_CHANGES = frozenset({"confirmed"})
"""Changes of a visit that move nothing: a plan made before them is as good as ever."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """A row that a plan was made from ("request", "17") and what became of it: changed, removed, added or past."""

    noun: str
    id: str
    what: str


def publish(session: Session, plan_id: int, *, actor: str, now: datetime) -> Plan:
    """Make the draft's stops the promises to the towns, tell everybody concerned, and supersede what it replaces.

    Refused, nothing has changed. The caller must roll back when this raises.

    Raises:
        MoveNotAllowed: the plan is no draft (any more).
        StalePlan: what it was made from has changed; `detail["changes"]` says what.
        UnlawfulPlan: the checker finds broken rules; `detail["violations"]` names them.
        SlotsHeld: towns hold slots on shifts that the plan changes; `detail["holds"]` names them.
        ChangedMeanwhile: somebody changed a request or visit in this very moment.
    """
    queue_up(session)
    plan = get_draft(session, plan_id)
    _refuse_stale(session, plan, now)
    _refuse_unlawful(session, plan)
    changes = difference(session, plan, now=now)
    if not plan.addition:  # whoever adds a visit has judged it beside every hold
        held.refuse_to_run_over(session, changes, now=now)
    _claim(session, plan, actor=actor, now=now)
    try:
        overrides.keep_agreed_times(session, plan, stops_of(session, plan), actor=actor, now=now)
        _carry_out(session, changes, actor=actor, now=now)
        if not plan.addition:
            _supersede_others(session, plan, actor=actor, now=now)
            disruptions.settle(session, plan, actor=actor, now=now)
        held.settle(session, [change.request.id for change in changes.added], now=now)
        session.flush()
    except StaleDataError as error:
        raise ChangedMeanwhile from error
    counts = {kind.value: len(changes.of(kind)) for kind in ChangeKind}
    audit.record(
        session,
        actor=actor,
        now=now,
        verb="published",
        noun="plan",
        noun_id=plan.id,
        before={"state": PlanState.DRAFT},
        after={"state": PlanState.PUBLISHED, **counts},
    )
    return plan


def queue_up(session: Session) -> None:
    """Wait until whoever changes promises or holds before us has committed; what was read before the wait is old."""
    next_number(session, PUBLICATIONS)
    session.flush()
    session.expire_all()
    rulebook.forget(session)


def discard(session: Session, plan_id: int, *, actor: str, now: datetime) -> Plan:
    """Put a plan aside that will not be published. Raises MoveNotAllowed once it was, or while it is being made."""
    plan = _get_plan(session, plan_id)
    before = plan.state
    _move_if_still(session, plan, PlanState.DISCARDED)
    after = {"state": PlanState.DISCARDED}
    audit.record(
        session,
        actor=actor,
        now=now,
        verb="discarded",
        noun="plan",
        noun_id=plan.id,
        before={"state": before},
        after=after,
    )
    return plan


# May it be published? -------------------------------------------------------------------------------------------------


def staleness(session: Session, plan: Plan) -> list[InputChange]:
    """What the plan was made from and is no longer so; empty while it can be published."""
    current = planning.current_inputs(session, plan)
    entered = (key for key in sorted(current) if key.startswith("disruption:") and key not in plan.inputs)
    return [
        _input_change(key, "removed" if key not in current else "changed")
        for key, version in sorted(plan.inputs.items())
        if current.get(key) != version and not _is_harmless(session, key, version, current)
    ] + [_input_change(key, "added") for key in entered]


def newcomers(session: Session, plan: Plan) -> list[InputChange]:
    """The requests accepted since the plan was made: a reason to think again, not to refuse."""
    current = planning.current_inputs(session, plan)
    return [
        _input_change(key, "added") for key in sorted(current) if key.startswith("request:") and key not in plan.inputs
    ]


def violations(session: Session, plan: Plan) -> list[checker.Violation]:
    """The rules that the stored plan breaks, found by the independent checker on the stored problem.

    What somebody has accepted in editing it by hand is not among them.
    """
    return overrides.unaccepted(session, plan, checker.check(read_problem(plan.problem), proposal_of(session, plan)))


def _input_change(key: str, what: str) -> InputChange:
    noun, _, name = key.partition(":")
    return InputChange(noun, name, what)


def _is_harmless(session: Session, key: str, version: int, current: dict[str, int]) -> bool:
    noun, _, name = key.partition(":")
    if noun != "visit" or key not in current:
        return False
    since = select(VisitChange.kind).where(VisitChange.visit_id == int(name), VisitChange.version > version)
    kinds = set(session.scalars(since))
    return bool(kinds) and kinds <= HARMLESS_CHANGES


def proposal_of(session: Session, plan: Plan) -> proposals.Plan:
    """The rows of the plan as the planner's noun; read as plain columns, for this is asked while somebody drags."""
    stops: dict[int, list[proposals.Stop]] = {}
    places = select(Stop.tour_id, Stop.request_id, Stop.arrives, Stop.starts, Stop.departs)
    for tour_id, request_id, arrives, starts, departs in session.execute(
        places.where(Stop.plan_id == plan.id).order_by(Stop.position)
    ):
        stops.setdefault(tour_id, []).append(proposals.Stop(f"r{request_id}", arrives, starts, departs))
    tours = session.execute(
        select(Tour.id, Van.code, Shift.day, Tour.leaves, Tour.returns, Tour.lunch)
        .join(Shift, Shift.id == Tour.shift_id)
        .join(Van, Van.id == Shift.van_id)
        .where(Tour.plan_id == plan.id)
        .order_by(Tour.id)
    )
    return proposals.Plan(
        problem=(plan.problem or {}).get("name", ""),
        tours=tuple(
            proposals.Tour(shift_code(van, day), leaves, returns, lunch, tuple(stops.get(tour_id, ())))
            for tour_id, van, day, leaves, returns, lunch in tours
        ),
        value=plan.value or 0,
        bound=plan.bound,
        seconds=plan.seconds or 0.0,
        seed=plan.seed,
    )


def _refuse_stale(session: Session, plan: Plan, now: datetime) -> None:
    changes = [*staleness(session, plan), *_passed(session, plan, now)]
    if changes:
        raise StalePlan(changes=[asdict(change) for change in changes])


def _passed(session: Session, plan: Plan, now: datetime) -> Iterator[InputChange]:
    """The stops whose time has come although nobody has promised them yet."""
    for change in difference(session, plan).changes:
        slot = None if change.stop is None else slot_of(change.stop)
        if slot is not None and calendar.instant(slot.day, slot.starts) <= now:
            yield InputChange("day", slot.day.isoformat(), "past")


def _refuse_unlawful(session: Session, plan: Plan) -> None:
    if plan.problem is None:
        raise UnlawfulPlan(violations=[])
    broken = violations(session, plan)
    if broken:
        raise UnlawfulPlan(
            violations=[
                {"rule": each.rule, "shift": each.shift, "visit": each.visit, "detail": dict(each.detail)}
                for each in broken
            ]
        )


# The transaction ------------------------------------------------------------------------------------------------------


def _get_plan(session: Session, plan_id: int) -> Plan:
    plan = find(session, Plan, plan_id)
    if plan is None:
        raise NotFound(noun="plan", id=plan_id)
    return plan


def get_draft(session: Session, plan_id: int) -> Plan:
    """The plan. Raises NotFound, and MoveNotAllowed where it is no draft (any more)."""
    plan = _get_plan(session, plan_id)
    if plan.state is not PlanState.DRAFT:
        raise MoveNotAllowed(noun="plan", from_=plan.state.value, to=PlanState.PUBLISHED.value)
    return plan


def _claim(session: Session, plan: Plan, *, actor: str, now: datetime) -> None:
    _move_if_still(session, plan, PlanState.PUBLISHED)
    plan.published_at, plan.published_by = now, actor
    session.flush()


def _move_if_still(session: Session, plan: Plan, to: PlanState) -> None:
    """Move the plan in one conditional statement, because plans carry no version: of two callers one succeeds."""
    sources = [state for state, targets in PLAN_MOVES.items() if to in targets]
    moved = session.execute(
        update(Plan)
        .where(Plan.id == plan.id, Plan.state.in_(sources))
        .values(state=to)
        .execution_options(synchronize_session=False)
    )
    session.refresh(plan)
    if not isinstance(moved, CursorResult) or moved.rowcount != 1:
        raise MoveNotAllowed(noun="plan", from_=plan.state.value, to=to.value)


def _carry_out(session: Session, changes: Difference, *, actor: str, now: datetime) -> None:
    for change in changes.dropped:
        _drop(session, change, actor=actor, now=now)
    for change in changes.kept:
        if change.visit is not None and change.stop is not None:
            promises.follow(session, change.visit, change.stop)
    for change in (*changes.retimed, *changes.other_day, *changes.other_van):
        assert change.visit is not None
        assert change.stop is not None
        promises.move(session, change.visit, change.stop, actor=actor, now=now)
        _tell_of_move(session, change, now=now)
    for change in changes.added:
        assert change.stop is not None
        visit = promises.promise(session, change.stop, actor=actor, now=now)
        move_request(change.request, RequestState.PLANNED, now=now)
        session.flush()
        reminders.queue_visit_messages(session, visit, "published", now=now)


def _drop(session: Session, change: Change, *, actor: str, now: datetime) -> None:
    """Take a promise back and say why; a town that called its visit off may have taken its request back too."""
    assert change.visit is not None
    cause = change.cause
    by_town = cause is not None and cause.kind is DisruptionKind.TOWN_CANCELS
    withdrawn = by_town and cause is not None and cause.withdraws
    visits.cancel(
        session,
        change.visit.id,
        change.reason,
        actor=actor,
        now=now,
        by="town" if by_town else "planning",
        request_to=RequestState.WITHDRAWN if withdrawn else RequestState.ACCEPTED,
    )


def _tell_of_move(session: Session, change: Change, *, now: datetime) -> None:
    """Say what the town does not know yet; a town that notices nothing is only reminded of the right van."""
    assert change.visit is not None
    if change.message is None:
        reminders.queue_visit_reminders(session, change.visit, now=now)
    else:
        reminders.queue_visit_messages(session, change.visit, change.message, now=now)


def _supersede_others(session: Session, plan: Plan, *, actor: str, now: datetime) -> None:
    overlapping = select(Plan).where(
        Plan.state == PlanState.PUBLISHED,
        Plan.id != plan.id,
        Plan.first_day <= plan.last_day,
        Plan.last_day >= plan.first_day,
    )
    for other in session.scalars(overlapping):
        move_plan(other, PlanState.SUPERSEDED)
        after = {"state": PlanState.SUPERSEDED, "by": plan.id}
        before = {"state": PlanState.PUBLISHED}
        audit.record(
            session, actor=actor, now=now, verb="superseded", noun="plan", noun_id=other.id, before=before, after=after
        )
