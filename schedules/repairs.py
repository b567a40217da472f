"""Ways out of what happened: a repair queues the proposals of `routes.proposals` as plans, and one of them is chosen.

A proposal is a plan like any other: the runner makes it, its difference shows whom to tell what, publishing it is the
usual single transaction. Until then everything can be undone: put the proposals aside, revoke the disruption.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from routes.proposals import ProposalKind
from schedules import audit, calendar, changes, publishing, runs
from schedules.errors import Conflict, MoveNotAllowed, NotFound
from schedules.finding import find
from schedules.lifecycle import LIVE_VISITS
from schedules.models import Day, Disruption, DisruptionKind, DisruptionState, Plan, PlanState, Repair, Visit
from schedules.plan_orders import LONGEST_HORIZON_DAYS

DAYS_BEHIND = 7
"""A repair looks so many days beyond the last disruption, and as far as anything is promised."""

UNDER_WAY = (PlanState.QUEUED, PlanState.SOLVING)


class NothingToRepair(Conflict):
    """Nothing is out of order: enter what happened first."""


def start(session: Session, *, seconds: float, seed: int = 1, actor: str, now: datetime) -> Repair:
    """Queue a proposal of each kind for everything that is open, sharing the solver's `seconds`; reserves may drive.

    Raises:
        NothingToRepair: no disruption is open.
        Refused: the days are not announced.
    """
    open_ones = [each for each in open_disruptions(session) if each.last_day >= calendar.local_day(now)]
    if not open_ones:
        raise NothingToRepair
    first, last = _days(session, open_ones, now)
    repair = Repair(created_at=now, created_by=actor, first_day=first, last_day=last, chosen=None)
    session.add(repair)
    session.flush()
    for kind in ProposalKind:
        plan = runs.queue_plan(
            session,
            first,
            last,
            seconds=seconds / len(ProposalKind),
            seed=seed,
            options={"reserve": False},
            actor=actor,
            now=now,
        )
        plan.repair_id, plan.proposal = repair.id, kind.value
    session.flush()
    after = {"disruptions": [each.id for each in open_ones], "first_day": first, "last_day": last}
    audit.record(session, actor=actor, now=now, verb="started", noun="repair", noun_id=repair.id, after=after)
    return repair


def choose(session: Session, repair_id: int, plan_id: int, *, actor: str, now: datetime) -> Plan:
    """Take one proposal as the draft to publish, and put the others aside.

    Raises:
        NotFound: the repair has no such proposal.
        MoveNotAllowed: the proposal is no draft (yet, or any more).
    """
    repair = get_repair(session, repair_id)
    proposals = proposals_of(session, repair)
    chosen = next((plan for plan in proposals if plan.id == plan_id), None)
    if chosen is None:
        raise NotFound(noun="plan", id=plan_id)
    if chosen.state is not PlanState.DRAFT:
        raise MoveNotAllowed(noun="plan", from_=chosen.state.value, to="chosen")
    repair.chosen = chosen.proposal
    _put_aside(session, [plan for plan in proposals if plan is not chosen], actor=actor, now=now)
    session.flush()
    after = {"proposal": chosen.proposal, "plan_id": chosen.id}
    audit.record(session, actor=actor, now=now, verb="chosen", noun="repair", noun_id=repair.id, after=after)
    return chosen


def undo(session: Session, disruption_id: int, *, actor: str, now: datetime) -> Disruption:
    """Revoke a disruption and put the proposals aside that were made for it.

    Raises:
        MoveNotAllowed: it was revoked before, or a plan that answers it is published.
    """
    disruption = changes.revoke(session, disruption_id, actor=actor, now=now)
    made_for_it = select(Plan).where(
        Plan.repair_id.is_not(None),
        Plan.state.in_((*UNDER_WAY, PlanState.DRAFT)),
        Plan.created_at >= disruption.entered_at,
    )
    _put_aside(session, list(session.scalars(made_for_it)), actor=actor, now=now)
    return disruption


def open_disruptions(session: Session) -> list[Disruption]:
    """What waits to be repaired, the newest first."""
    return changes.list_disruptions(session, state=DisruptionState.OPEN)


def get_repair(session: Session, repair_id: int) -> Repair:
    """The repair. Raises NotFound."""
    repair = find(session, Repair, repair_id)
    if repair is None:
        raise NotFound(noun="repair", id=repair_id)
    return repair


def proposals_of(session: Session, repair: Repair) -> list[Plan]:
    """The repair's plans, from the one that changes least; drafts made from them by hand are not among them."""
    order = {kind.value: place for place, kind in enumerate(ProposalKind)}
    found = select(Plan).where(Plan.repair_id == repair.id, Plan.edited_from_id.is_(None))
    return sorted(session.scalars(found), key=lambda plan: order.get(plan.proposal or "", len(order)))


def disruptions_of(session: Session, repair: Repair) -> list[Disruption]:
    """What the repair is for: what its plans heeded, or what is open while none has been made yet."""
    keys = {key for plan in proposals_of(session, repair) for key in plan.inputs if key.startswith("disruption:")}
    if not keys:
        return open_disruptions(session)
    ids = [int(key.partition(":")[2]) for key in keys]
    return list(session.scalars(select(Disruption).where(Disruption.id.in_(ids)).order_by(Disruption.id)))


def latest_repair(session: Session) -> Repair | None:
    """The repair that was started last."""
    return session.scalar(select(Repair).order_by(Repair.id.desc()).limit(1))


def latest_drafts(session: Session, plans: Iterable[Plan]) -> list[Plan]:
    """Of some plans those that somebody may publish next: neither edited since nor proposals that wait to be chosen."""
    live = (PlanState.DRAFT, PlanState.PUBLISHED)
    edited = set(session.scalars(select(Plan.edited_from_id).where(Plan.state.in_(live))))
    chosen = {repair.id: repair.chosen for repair in session.scalars(select(Repair))}
    return [
        plan
        for plan in plans
        if plan.id not in edited and (plan.repair_id is None or chosen.get(plan.repair_id) == plan.proposal)
    ]


def _days(session: Session, disruptions: Sequence[Disruption], now: datetime) -> tuple[date, date]:
    """From today as far as anything is promised, or a week beyond the last disruption, within what is announced."""
    today = calendar.local_day(now)
    promised = session.scalar(select(func.max(Visit.day)).where(Visit.state.in_(LIVE_VISITS)))
    upset = [each.first_day if each.kind is DisruptionKind.URGENT_VISIT else each.last_day for each in disruptions]
    wished = max([today, *upset]) + timedelta(days=DAYS_BEHIND)
    last = min(max(wished, promised or today), today + timedelta(days=LONGEST_HORIZON_DAYS - 1))
    unsure = session.scalar(select(func.min(Day.date)).where(Day.date > today, Day.announced.is_(False)))
    known = session.scalar(select(func.max(Day.date))) or last
    last = min(last, known)
    return today, last if unsure is None or unsure > last else unsure - timedelta(days=1)


def _put_aside(session: Session, plans: Sequence[Plan], *, actor: str, now: datetime) -> None:
    """Discard drafts; end what is still being made, so that nobody waits for it."""
    for plan in plans:
        if plan.state in UNDER_WAY:
            runs.request_stop(session, plan.id, actor=actor, now=now)
        if plan.state in (PlanState.DRAFT, PlanState.FAILED):
            publishing.discard(session, plan.id, actor=actor, now=now)
