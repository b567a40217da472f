"""Planning runs: rows as the truth, claimed by one runner at a time and picked up again when it dies.

Every step is one conditional UPDATE that names the state it leaves, so that of two racing processes one wins, on SQLite
and PostgreSQL alike. A runner holds a lease by (owner, attempt); whatever it writes after losing the lease changes
nothing. Makes no plan: `schedules.runner` does, `schedules.drafts` stores it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, defer

from schedules import audit
from schedules.errors import Conflict, MoveNotAllowed, NotFound
from schedules.lifecycle import PLAN_MOVES
from schedules.models import Plan, PlanState
from schedules.plan_orders import refuse_bad_order

MOST_PROGRESS_ROWS = 120
STOPPED = "stopped"
"""The failure of a run that somebody called off before it began."""
GIVEN_UP = "given_up"
"""The failure of a run whose runners died every time."""


class LeaseLost(Conflict):
    """Another runner has taken this run over, or it has ended; the result is thrown away."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a runner needs to know of a run that it holds."""

    plan_id: int
    attempt: int
    first_day: date
    last_day: date
    seconds: float
    seed: int
    options: Mapping[str, Any]


# What a coordinator does ----------------------------------------------------------------------------------------------


def queue_plan(
    session: Session,
    first: date,
    last: date,
    *,
    seconds: float,
    seed: int = 1,
    options: Mapping[str, Any] | None = None,
    actor: str,
    now: datetime,
) -> Plan:
    """Ask for a plan of the days from `first` to `last`; a runner picks it up.

    `seconds` is the solver's time. Options: see `schedules.planning.snapshot`.

    Raises:
        Refused: the days are past, too many, beyond the calendar or not announced, or another value is unusable.
    """
    options = dict(options or {})
    refuse_bad_order(session, first, last, seconds=seconds, seed=seed, options=options, now=now)
    plan = Plan(
        state=PlanState.QUEUED,
        first_day=first,
        last_day=last,
        options=options,
        seed=seed,
        seconds_allowed=float(seconds),
        created_at=now,
        created_by=actor,
    )
    session.add(plan)
    session.flush()
    after = {"first_day": first, "last_day": last, "seconds": seconds, "options": options}
    audit.record(session, actor=actor, now=now, verb="queued", noun="plan", noun_id=plan.id, after=after)
    return plan


def request_stop(session: Session, plan_id: int, *, actor: str, now: datetime) -> Plan:
    """Ask a run to end early and keep its best plan so far; one that has not begun is called off.

    Raises:
        MoveNotAllowed: the run has ended.
    """
    plan = _get(session, plan_id)
    called_off = _update(
        session, plan_id, (PlanState.QUEUED,), state=PlanState.FAILED, failure=STOPPED, finished_at=now
    )
    if not called_off and not _update(session, plan_id, (PlanState.SOLVING,), stop_requested=True):
        session.refresh(plan)
        raise MoveNotAllowed(noun="plan", from_=plan.state.value, to=STOPPED)
    session.refresh(plan)
    audit.record(session, actor=actor, now=now, verb="stopped", noun="plan", noun_id=plan_id)
    return plan


def history(session: Session, *, limit: int = 20) -> list[Plan]:
    """The latest runs and what became of them, the newest first; additions were not run for."""
    latest = select(Plan).where(Plan.addition.is_(False)).order_by(Plan.id.desc()).limit(limit)
    return list(session.scalars(latest.options(defer(Plan.problem), defer(Plan.inputs))))  # large, and not read here


def is_any_queued(session: Session) -> bool:
    """Whether some run waits for a runner."""
    return session.scalar(select(Plan.id).where(Plan.state == PlanState.QUEUED).limit(1)) is not None


# What a runner does ---------------------------------------------------------------------------------------------------


def claim_run(session: Session, *, owner: str, now: datetime, lease_seconds: float) -> Plan | None:
    """Take the run that has waited longest, or None where none waits. Of two that try, one gets it."""
    waiting = select(Plan.id).where(Plan.state == PlanState.QUEUED).order_by(Plan.created_at, Plan.id)
    for plan_id in session.scalars(waiting).all():
        if _update(
            session,
            plan_id,
            (PlanState.QUEUED,),
            state=PlanState.SOLVING,
            lease_owner=owner,
            lease_until=now + timedelta(seconds=lease_seconds),
            heartbeat_at=now,
            attempts=Plan.attempts + 1,
            started_at=now,
            phase="reading",
            progress=[],
            value=None,
            bound=None,
        ):
            return session.get_one(Plan, plan_id, populate_existing=True)
    return None


def claim_of(plan: Plan) -> Claim:
    """What a runner keeps of a claimed run once its session is closed."""
    return Claim(
        plan_id=plan.id,
        attempt=plan.attempts,
        first_day=plan.first_day,
        last_day=plan.last_day,
        seconds=plan.seconds_allowed,
        seed=plan.seed,
        options=dict(plan.options) if plan.proposal is None else {**plan.options, "proposal": plan.proposal},
    )


def beat(
    session: Session,
    plan_id: int,
    *,
    owner: str,
    attempt: int,
    now: datetime,
    lease_seconds: float,
    phase: str,
    progress: Sequence[Sequence[float | None]],
) -> bool:
    """Renew the lease and show how far the run is; False where the lease is lost.

    `progress` is the whole curve so far, rows of [seconds, value, bound]; long ones are thinned.
    """
    rows = thinned([list(row) for row in progress])
    latest = rows[-1] if rows else [0.0, None, None]
    return _update(
        session,
        plan_id,
        (PlanState.SOLVING,),
        holder=(owner, attempt),
        lease_until=now + timedelta(seconds=lease_seconds),
        heartbeat_at=now,
        phase=phase,
        progress=rows,
        value=latest[1],
        bound=latest[2],
    )


def thinned(rows: list[list[float | None]]) -> list[list[float | None]]:
    """At most MOST_PROGRESS_ROWS of them, the first and the last included."""
    step = -(-len(rows) // MOST_PROGRESS_ROWS)
    return rows if step <= 1 else [*rows[:-1:step], rows[-1]]


def stop_requested(session: Session, plan_id: int) -> bool:
    """Whether somebody wants the run to end early."""
    return bool(session.scalar(select(Plan.stop_requested).where(Plan.id == plan_id)))


def fail_run(
    session: Session,
    plan_id: int,
    *,
    owner: str,
    attempt: int,
    reason: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """End a run that can make no plan, with a code for the reason; False where the lease is lost."""
    return _update(
        session,
        plan_id,
        (PlanState.SOLVING,),
        holder=(owner, attempt),
        **_failed(reason, now),
        summary={"failure": dict(detail or {})},
    )


def give_back(session: Session, plan_id: int, *, owner: str, attempt: int, attempts: int, now: datetime) -> bool:
    """Let another runner try, or give up after so many `attempts`; False where the lease is lost.

    For a runner that is told to end, `attempts` counts one more, since that was not the run's fault.
    """
    values = _failed(GIVEN_UP, now) if attempt >= attempts else _queued_again()
    return _update(session, plan_id, (PlanState.SOLVING,), holder=(owner, attempt), **values)


def requeue_lost(session: Session, *, now: datetime, attempts: int) -> int:
    """Queue the runs whose runner has gone silent, failing those tried `attempts` times; how many were touched."""
    lost = (Plan.state == PlanState.SOLVING, Plan.lease_until < now)
    given_up = update(Plan).where(*lost, Plan.attempts >= attempts).values(**_failed(GIVEN_UP, now))
    again = update(Plan).where(*lost).values(**_queued_again())
    return sum(_rows(session, statement) for statement in (given_up, again))


def _failed(reason: str, now: datetime) -> dict[str, Any]:
    return {
        "state": PlanState.FAILED,
        "failure": reason,
        "finished_at": now,
        "lease_owner": None,
        "lease_until": None,
        "phase": None,
    }


def _queued_again() -> dict[str, Any]:
    return {"state": PlanState.QUEUED, "lease_owner": None, "lease_until": None, "phase": None}


# Within ---------------------------------------------------------------------------------------------------------------


def _get(session: Session, plan_id: int) -> Plan:
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise NotFound(noun="plan", id=plan_id)
    return plan


def end_solving(session: Session, plan_id: int, *, owner: str, attempt: int, **values: Any) -> Plan:
    """Move a run to a draft with these values and give back its row.

    Raises:
        LeaseLost: the run is no longer this runner's.
    """
    values = {"state": PlanState.DRAFT, "lease_owner": None, "lease_until": None, "phase": None, **values}
    if not _update(session, plan_id, (PlanState.SOLVING,), holder=(owner, attempt), **values):
        _lose(plan_id)
    return session.get_one(Plan, plan_id, populate_existing=True)


def _lose(plan_id: int) -> NoReturn:
    raise LeaseLost(noun="plan", id=plan_id)


def _update(
    session: Session,
    plan_id: int,
    sources: tuple[PlanState, ...],
    *,
    holder: tuple[str, int] | None = None,
    **values: Any,
) -> bool:
    """Change one run if it is still in one of the states and, where given, still held by (owner, attempt)."""
    to = values.get("state")
    if to is not None and any(to not in PLAN_MOVES[source] for source in sources):
        raise MoveNotAllowed(noun="plan", from_=sources[0].value, to=to.value)
    statement = update(Plan).where(Plan.id == plan_id, Plan.state.in_(sources))
    if holder is not None:
        statement = statement.where(Plan.lease_owner == holder[0], Plan.attempts == holder[1])
    return _rows(session, statement.values(**values)) == 1


def _rows(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return int(done.rowcount)
