"""Drafts changed by hand: each edit makes a new draft from the one before, checked at once; undo goes back to that one.

A broken rule is named and nothing happens, unless it is one that people may agree on and a reason is given: then it is
marked in the new draft and in the audit trail, and publishing lets just that pass. Rules of safety are never broken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from routes import Problem, read_problem, score_parts, write_problem
from routes import edits as by_hand
from routes import plan as proposals
from routes.checker import Violation
from routes.problem import Pin
from schedules import audit, decisions, overrides, planning, publishing
from schedules.drafts import tour_row
from schedules.errors import BadChoice, Conflict, Missing, MoveNotAllowed
from schedules.finding import find
from schedules.inbox import refuse_bad_reason
from schedules.models import EditKind, Plan, PlanEdit, PlanState, Shift, Unserved, VisitRequest

BY_HAND = "by_hand"
"""The reason of a request that somebody took out of a draft."""


class BrokenRules(Conflict):
    """This breaks rules; nothing was changed."""


class NotTheLatestDraft(Conflict):
    """A newer draft was made from this one by hand; undo that first, or change that one."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wants: `shift_id` and `starts` for move and insert, `other_request_id` for swap.

    With a `reason` broken rules are accepted as far as people may agree on them.
    """

    kind: EditKind
    request_id: int
    shift_id: int | None = None
    starts: int | None = None
    other_request_id: int | None = None
    reason: str | None = None


def edit(session: Session, plan_id: int, wish: Edit, *, actor: str, now: datetime) -> Plan:
    """Make a new draft that differs by one edit.

    Raises:
        MoveNotAllowed: the plan is no draft. NotTheLatestDraft: it has been edited already.
        Refused: the wish names what the draft does not know, or gives a reason that cannot be stored.
        BrokenRules: `detail["rules"]` names them, `negotiable` says whether a reason would do, `spot` is the cheapest
            lawful place nearby (shift, starts, points) or None.
    """
    plan = _latest_draft(session, plan_id)
    if wish.reason:
        refuse_bad_reason(wish.reason)
    problem, before = read_problem(plan.problem), publishing.proposal_of(session, plan)
    visit = _known(problem, wish.request_id, "request_id")
    if wish.kind in (EditKind.PIN, EditKind.UNPIN):
        return _pin(session, plan, problem, before, wish, actor=actor, now=now)
    edited = _edited(session, problem, before, visit, wish)
    broken = overrides.unaccepted(session, plan, edited.violations)
    if broken:
        _refuse_unless_agreed(session, problem, before, visit, wish, broken)
    accepted = [{"rule": each.rule, "shift": each.shift, "visit": each.visit} for each in broken]
    change = _Change(plan, problem, before, edited.plan, wish, accepted)
    return _store(session, change, actor=actor, now=now)


def undo(session: Session, plan_id: int, *, actor: str, now: datetime) -> Plan:
    """Go back to the draft before the last edit, which is put aside. Raises MoveNotAllowed where nothing was edited."""
    plan = _latest_draft(session, plan_id)
    earlier = find(session, Plan, plan.edited_from_id or 0)
    if earlier is None:
        raise MoveNotAllowed(noun="plan", from_=plan.state.value, to="undone")
    for done in plan.edits:
        if done.kind in (EditKind.PIN, EditKind.UNPIN):
            _pin_request(session, done.request_id, done.before, actor=actor, now=now)
    publishing.discard(session, plan.id, actor=actor, now=now)
    return earlier


def edits_of(session: Session, plan: Plan) -> list[PlanEdit]:
    """Everything that was changed by hand on the way to this plan, in that order."""
    return overrides.edits_of(session, plan)


def edited_into(session: Session, plan: Plan) -> Plan | None:
    """The draft, or published plan, that was made from this one by hand; None where it is the latest."""
    live = (PlanState.DRAFT, PlanState.PUBLISHED)
    return session.scalar(select(Plan).where(Plan.edited_from_id == plan.id, Plan.state.in_(live)).limit(1))


# One edit -------------------------------------------------------------------------------------------------------------


def _latest_draft(session: Session, plan_id: int) -> Plan:
    plan = publishing.get_draft(session, plan_id)
    if edited_into(session, plan) is not None:
        raise NotTheLatestDraft(noun="plan", id=plan.id)
    return plan


def _known(problem: Problem, request_id: int | None, field: str) -> str:
    if request_id is None:
        raise Missing(field=field)
    if f"r{request_id}" not in problem.visit_by_id:
        raise BadChoice(field=field, given=request_id)
    return f"r{request_id}"


def _edited(session: Session, problem: Problem, before: proposals.Plan, visit: str, wish: Edit) -> by_hand.Edited:
    served = before.served
    if (visit in served) != (wish.kind is not EditKind.INSERT):
        raise BadChoice(field="request_id", given=wish.request_id)
    if wish.kind is EditKind.DROP:
        return by_hand.drop(problem, before, visit)
    if wish.kind is EditKind.SWAP:
        other = _known(problem, wish.other_request_id, "other_request_id")
        if other not in served or other == visit:
            raise BadChoice(field="other_request_id", given=wish.other_request_id)
        return by_hand.swap(problem, before, visit, other)
    return by_hand.place(problem, before, visit, _shift_code(session, problem, wish), wish.starts)


def _shift_code(session: Session, problem: Problem, wish: Edit) -> str:
    if wish.shift_id is None:
        raise Missing(field="shift_id")
    shift = find(session, Shift, wish.shift_id)
    if shift is None or shift.code not in problem.shift_by_id:
        raise BadChoice(field="shift_id", given=wish.shift_id)
    if wish.starts is not None and not 0 <= wish.starts < 24 * 60:
        raise BadChoice(field="starts", given=wish.starts)
    return shift.code


def _refuse_unless_agreed(
    session: Session, problem: Problem, before: proposals.Plan, visit: str, wish: Edit, broken: Sequence[Violation]
) -> None:
    negotiable = all(each.rule in by_hand.NEGOTIABLE for each in broken)
    if negotiable and wish.reason and wish.reason.strip():
        return
    near = _shift_code(session, problem, wish) if wish.shift_id is not None else None
    spot = None
    if wish.kind in (EditKind.MOVE, EditKind.INSERT):
        spot = by_hand.cheapest_spot(problem, before, visit, near)
    raise BrokenRules(
        rules=[{"rule": each.rule, "shift": each.shift, "visit": each.visit, **each.detail} for each in broken],
        negotiable=negotiable,
        spot=None if spot is None else {"shift": spot.shift, "starts": spot.starts, "points": spot.points},
    )


# Pins -----------------------------------------------------------------------------------------------------------------


def _pin(
    session: Session,
    plan: Plan,
    problem: Problem,
    before: proposals.Plan,
    wish: Edit,
    *,
    actor: str,
    now: datetime,
) -> Plan:
    """Pin a request to where this draft has it, for this and all later plans, or let it go."""
    name = f"r{wish.request_id}"
    at = {stop.visit: (tour.shift, stop.starts) for tour, stop in before.stops()}
    if name not in at:
        raise BadChoice(field="request_id", given=wish.request_id)
    request = session.get_one(VisitRequest, wish.request_id)
    was = {"shift_id": request.pinned_shift_id, "starts": request.pinned_starts}
    pin = Pin(*at[name]) if wish.kind is EditKind.PIN else None
    shift = next(tour.shift for tour in plan.tours if tour.shift.code == at[name][0])
    becomes = {"shift_id": shift.id, "starts": at[name][1]} if pin is not None else {"shift_id": None, "starts": None}
    _pin_request(session, request.id, becomes, actor=actor, now=now)
    visits = tuple(replace(each, pin=pin) if each.id == name else each for each in problem.visits)
    change = _Change(plan, replace(problem, visits=visits), before, before, wish, [], pins=(was, becomes))
    made = _store(session, change, actor=actor, now=now)
    key = f"request:{request.id}"
    made.inputs = {**made.inputs, key: planning.current_inputs(session, made)[key]}
    session.flush()
    return made


def _pin_request(session: Session, request_id: int, to: dict[str, Any], *, actor: str, now: datetime) -> None:
    if to.get("shift_id") is None:
        decisions.unpin(session, request_id, actor=actor, now=now)
    else:
        decisions.pin(session, request_id, to["shift_id"], to.get("starts"), actor=actor, now=now)


# The new draft --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Change:
    """A draft's problem and proposal before and after an edit, and the broken rules that were accepted."""

    plan: Plan
    problem: Problem
    before: proposals.Plan
    after: proposals.Plan
    wish: Edit
    accepted: list[dict[str, Any]]
    pins: tuple[dict[str, Any], dict[str, Any]] | None = None


def _store(session: Session, change: _Change, *, actor: str, now: datetime) -> Plan:
    """The new draft with what was done and its audit row."""
    made = _new_draft(session, change, actor=actor, now=now)
    session.add(made)
    session.flush()
    problem, after, wish = change.problem, change.after, change.wish
    shift_ids = _shift_ids(session, {tour.shift for tour in after.tours}, problem)
    made.tours = [tour_row(made, problem, tour, shift_ids[tour.shift]) for tour in after.tours]
    made.unserved = _unserved(change.plan, after, problem)
    was, becomes = change.pins or (_places(change.before, wish), _places(after, wish))
    note = PlanEdit(
        kind=wish.kind,
        request_id=wish.request_id,
        other_request_id=wish.other_request_id if wish.kind is EditKind.SWAP else None,
        before=was,
        after=becomes,
        overrides=change.accepted,
        reason=(wish.reason or "").strip() or None,
        at=now,
        actor=actor,
    )
    made.edits = [note]
    session.flush()
    told = {"plan_id": made.id, "kind": wish.kind, "request_id": wish.request_id, "places": becomes}
    told |= {"overrides": change.accepted, "reason": note.reason} if change.accepted else {}
    number, before = change.plan.id, {"places": was}
    audit.record(session, actor=actor, now=now, verb="edited", noun="plan", noun_id=number, before=before, after=told)
    return made


def _new_draft(session: Session, change: _Change, *, actor: str, now: datetime) -> Plan:
    """The row of the new draft. The bound of the one before stays true while no rule is broken and no pin let go."""
    plan, after = change.plan, change.after
    lawful = not change.accepted and not overrides.accepted(session, plan)
    bound = plan.bound if lawful and change.wish.kind is not EditKind.UNPIN else None
    driving = score_parts(change.problem, after).driving_minutes
    return Plan(
        state=PlanState.DRAFT,
        first_day=plan.first_day,
        last_day=plan.last_day,
        options=plan.options,
        seed=plan.seed,
        seconds_allowed=plan.seconds_allowed,
        created_at=now,
        created_by=actor,
        finished_at=now,
        inputs=plan.inputs,
        problem=write_problem(change.problem),
        travel_source=plan.travel_source,
        value=after.value,
        bound=bound,
        proven=bound is not None and bound - after.value < 1,
        seconds=plan.seconds,
        summary={**plan.summary, "served": len(after.served), "driving": driving},
        repair_id=plan.repair_id,
        proposal=plan.proposal,
        edited_from_id=plan.id,
    )


def _shift_ids(session: Session, codes: Collection[str], problem: Problem) -> dict[str, int]:
    days = {problem.shift_by_id[code].day for code in codes}
    return {shift.code: shift.id for shift in session.scalars(select(Shift).where(Shift.day.in_(days)))}


def _places(plan: proposals.Plan, wish: Edit) -> dict[str, Any]:
    """Where the visits of an edit are in a plan, by request: {"17": {"shift": "van1@...", "starts": 540}}."""
    names = {f"r{number}" for number in (wish.request_id, wish.other_request_id) if number is not None}
    return {
        stop.visit[1:]: {"shift": tour.shift, "starts": stop.starts}
        for tour, stop in plan.stops()
        if stop.visit in names
    }


def _unserved(plan: Plan, after: proposals.Plan, problem: Problem) -> list[Unserved]:
    """The reasons of the draft before for what is still left out; what somebody took out has no other reason."""
    reasons = {row.request_id: row for row in plan.unserved}
    rows = []
    for visit in problem.visits:
        if visit.id not in after.served:
            number = int(visit.id[1:])
            known = reasons.get(number)
            reason, detail = (known.reason, known.detail) if known is not None else (BY_HAND, {})
            rows.append(Unserved(request_id=number, reason=reason, detail=detail))
    return rows
