"""Applying a change that would serve a request: the request, the shift or a pin is altered in one step, and audited.

A change was found on a draft. It is applied only while that draft's data are as they were, but for the changes that
were applied to it before; all of them together must still be possible, which the pins' own test decides. The request is
then kept on the shift that was found, so the next plan serves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from routes import read_problem
from routes.changes import ANYWAY, Change, Means, changed
from routes.compiled import compile_problem
from routes.pins import ContradictoryPins, pinned_tours
from routes.problem import Problem, Visit, Window
from schedules import audit, publishing, rosters
from schedules.decisions import pin, unpin
from schedules.errors import BadChoice, ChangeGone, MoveNotAllowed, NotFound
from schedules.inbox import get_request, record
from schedules.means import means_of
from schedules.models import (
    CrewMember,
    Explanation,
    Plan,
    PlanState,
    RequestState,
    RequestWindow,
    Shift,
    VisitRequest,
)


def get_explanation(session: Session, plan_id: int, request_id: int) -> Explanation:
    """The explanation of a request that a plan leaves out. Raises NotFound while there is none."""
    found = select(Explanation).where(Explanation.plan_id == plan_id, Explanation.request_id == request_id)
    row = session.scalar(found)
    if row is None:
        raise NotFound(noun="explanation", id=request_id)
    return row


def apply_change(
    session: Session, plan_id: int, request_id: int, number: int, *, actor: str, now: datetime
) -> VisitRequest:
    """Make the change of this number (from 0) that the explanation of a request lists; the next plan serves it.

    Raises:
        NotFound: there is no such plan, request or explanation.
        BadChoice: there is no change of this number.
        MoveNotAllowed: a change was applied already, or the request does not wait any more.
        ChangeGone: the data have changed, or changes applied before leave no room; nothing is altered.
    """
    row = get_explanation(session, plan_id, request_id)
    if not 0 <= number < len(row.changes):
        raise BadChoice(field="number", given=number, known=list(range(len(row.changes))))
    request = get_request(session, request_id)
    if row.applied is not None or request.state not in (RequestState.ACCEPTED, RequestState.PLANNED):
        raise MoveNotAllowed(noun="request", from_=request.state.value, to="changed")
    plan = session.get_one(Plan, plan_id)
    applied = _applied(session, plan_id)
    _refuse_moved_on(session, plan)
    _refuse_impossible(session, plan, [*applied, (row, number)], now=now)
    claim(session, row, number, actor=actor, now=now)
    change = row.changes[number]
    shift = shift_of_code(session, change["shift"])
    carry_out(session, request, shift, change, actor=actor, now=now)
    pin(session, request_id, shift.id, actor=actor, now=now)
    after = {"plan": plan_id, **{key: change[key] for key in ("kind", "shift", "detail", "points")}}
    record(session, request, "change_applied", actor=actor, now=now, after=after)
    return request


def stale_since(session: Session, plan: Plan) -> list[publishing.InputChange]:
    """What a plan was made from and has changed otherwise than by changes applied to it."""
    ours = {key for row, number in _applied(session, plan.id) for key in _touched(session, row, number)}
    return [each for each in publishing.staleness(session, plan) if f"{each.noun}:{each.id}" not in ours]


def last_day_needed(session: Session, plan: Plan) -> date:
    """The last day that the next plan must have so that it serves what was applied to this one."""
    codes = [row.changes[number]["shift"] for row, number in _applied(session, plan.id)]
    return max([plan.last_day, *(date.fromisoformat(code.rpartition("@")[2]) for code in codes)])


# May it be applied? ---------------------------------------------------------------------------------------------------


def _applied(session: Session, plan_id: int) -> list[tuple[Explanation, int]]:
    found = select(Explanation).where(Explanation.plan_id == plan_id, Explanation.applied.is_not(None))
    rows = session.scalars(found.order_by(Explanation.applied_at, Explanation.id))
    return [(row, row.applied) for row in rows if row.applied is not None]


def _touched(session: Session, row: Explanation, number: int) -> Iterable[str]:
    """The inputs of a plan that a change alters by itself."""
    change = row.changes[number]
    yield f"request:{row.request_id}"
    yield f"shift:{shift_of_code(session, change['shift']).id}"
    if "unpinned" in change["detail"]:
        yield f"request:{change['detail']['unpinned']}"


def _refuse_moved_on(session: Session, plan: Plan) -> None:
    if plan.state is not PlanState.DRAFT or plan.problem is None:
        raise ChangeGone(noun="plan", id=plan.id)
    moved = stale_since(session, plan)
    if moved:
        raise ChangeGone(noun="plan", id=plan.id, changes=[f"{each.noun}:{each.id}" for each in moved])


def _refuse_impossible(session: Session, plan: Plan, wanted: list[tuple[Explanation, int]], *, now: datetime) -> None:
    """Let the makers judge whether one plan can hold all that was applied and this."""
    problem = read_problem(plan.problem)
    means = means_of(session, plan, problem, [row.request_id for row, _ in wanted], now=now)
    try:
        for row, number in wanted:
            problem = _changed(problem, means, row, number)
        pinned_tours(compile_problem(problem))
    except (ContradictoryPins, LookupError, StopIteration) as error:
        visits = list(error.visits) if isinstance(error, ContradictoryPins) else []
        raise ChangeGone(noun="request", id=wanted[-1][0].request_id, visits=visits) from error


def _changed(problem: Problem, means: Means, row: Explanation, number: int) -> Problem:
    """The problem with a stored change made; of a request that was changed before, as the request is now."""
    stored, name = row.changes[number], f"r{row.request_id}"
    detail = dict(stored["detail"])
    if "unpinned" in detail:
        detail["unpinned"] = f"r{detail['unpinned']}"
    change = Change(stored["kind"], name, stored["shift"], detail)
    if row.applied is not None and change.kind in ("fewer_services", "unpin"):
        present = _as_it_is(problem.visit_by_id[name], row.request)
        problem = replace(problem, visits=tuple(present if each.id == name else each for each in problem.visits))
        if change.kind == "fewer_services" or detail["unpinned"] == name:
            change = Change(ANYWAY, name, stored["shift"])
    return changed(problem, means, change)


def _as_it_is(visit: Visit, request: VisitRequest) -> Visit:
    return replace(
        visit,
        setup=request.setup,
        session=request.session,
        teardown=request.teardown,
        kits=request.kits,
        crew={},  # whether the crew can do it was asked when the change was applied
        equipment=frozenset(),
        windows=tuple(Window(window.day, window.opens, window.closes) for window in request.windows),
    )


def claim(session: Session, row: Explanation, number: int, *, actor: str, now: datetime) -> None:
    """Note that a change is applied. Raises MoveNotAllowed for the second of two who apply at once."""
    values = {"applied": number, "applied_at": now, "applied_by": actor}
    free = update(Explanation).where(Explanation.id == row.id, Explanation.applied.is_(None)).values(**values)
    done = session.execute(free)
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise MoveNotAllowed(noun="request", from_="changed", to="changed")
    session.refresh(row)


# What is altered ------------------------------------------------------------------------------------------------------


def shift_of_code(session: Session, code: str) -> Shift:
    """The shift that the planner calls so ("van1@2026-06-01")."""
    van, _, day = code.rpartition("@")
    found = select(Shift).where(Shift.day == date.fromisoformat(day))
    shift = next((each for each in session.scalars(found) if each.van.code == van), None)
    if shift is None:
        raise NotFound(noun="shift", id=code)
    return shift


def carry_out(
    session: Session, request: VisitRequest, shift: Shift, change: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Alter what the kind of change says; a reserve shift and what is served anyway need no more than the pin.

    Raises ChangeGone where what is to be altered is no longer as it was.
    """
    ask_otherwise(request, change)
    match change["kind"]:
        case "unpin":
            unpin(session, int(change["detail"]["unpinned"]), actor=actor, now=now)
        case "extra_crew" | "extra_kits" | "overtime":
            _alter_shift(session, shift, change, actor=actor, now=now)
    request.touch(now)
    session.flush()


def ask_otherwise(request: VisitRequest, change: Mapping[str, Any]) -> None:
    """Alter the request alone, where the kind of change does. Raises ChangeGone where it is no longer as it was."""
    detail = change["detail"]
    match change["kind"]:
        case "wider_window":
            _widen(request, detail)
        case "other_day" | "later_day":
            day = date.fromisoformat(detail["day"])
            request.windows.append(
                RequestWindow(day=day, opens=detail["opens"], closes=detail["closes"], preferred=False)
            )
        case "fewer_services":
            _drop_service(request, str(detail["without"]))


def _widen(request: VisitRequest, detail: Mapping[str, Any]) -> None:
    for window in request.windows:
        was = (window.day.isoformat(), window.opens, window.closes)
        if was == (detail["day"], detail["was_opens"], detail["was_closes"]):
            window.opens, window.closes = detail["opens"], detail["closes"]
            return
    raise ChangeGone(noun="request", id=request.id)


def _drop_service(request: VisitRequest, code: str) -> None:
    kept = [each for each in request.services if each.service.code != code]
    if len(kept) != len(request.services) - 1 or not kept:
        raise ChangeGone(noun="request", id=request.id)
    request.services = kept
    request.setup = max(each.service.setup for each in kept)
    request.session = max(each.minutes for each in kept)
    request.teardown = max(each.service.teardown for each in kept)
    request.kits = sum(each.service.kits for each in kept)


def _alter_shift(session: Session, shift: Shift, change: Mapping[str, Any], *, actor: str, now: datetime) -> None:
    before, roster, detail = _picture(shift), rosters.roster_of(shift), change["detail"]
    if change["kind"] == "extra_kits":
        shift.kits += detail["kits"]
    elif change["kind"] == "overtime":
        shift.starts, shift.ends = detail["starts"], detail["ends"]
    else:
        member = session.scalar(select(CrewMember).where(CrewMember.code == detail["member"]))
        if member is None or not member.active or _rides(session, member, shift.day):
            raise ChangeGone(noun="crew_member", id=str(detail["member"]))
        shift.crew.append(member)
    shift.touch(now)
    session.flush()
    old, new = audit.changed(before, _picture(shift))
    audit.record(session, actor=actor, now=now, verb="changed", noun="shift", noun_id=shift.id, before=old, after=new)
    rosters.tell_changes(session, shift, roster, now=now)


def _rides(session: Session, member: CrewMember, day: date) -> bool:
    """Whether somebody is on another shift that day, perhaps since the change was found."""
    return any(member in shift.crew for shift in session.scalars(select(Shift).where(Shift.day == day)))


def _picture(shift: Shift) -> dict[str, Any]:
    return {
        "starts": shift.starts,
        "ends": shift.ends,
        "kits": shift.kits,
        "crew": [member.code for member in shift.crew],
    }
