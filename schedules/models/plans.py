"""Plans: immutable proposals with their tours, stops and unserved requests, and the run that makes each.

The row is also the run: queued, solving under a lease, then a draft. Once a draft, nothing but its state changes.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.fleet import Shift
from schedules.models.requests import VisitRequest


class PlanState(StrEnum):
    QUEUED = "queued"
    SOLVING = "solving"
    DRAFT = "draft"
    FAILED = "failed"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


class EditKind(StrEnum):
    MOVE = "move"
    INSERT = "insert"
    SWAP = "swap"
    DROP = "drop"
    PIN = "pin"
    UNPIN = "unpin"


class Plan(Base):
    """A proposal for the days from `first_day` to `last_day`.

    `inputs` maps every row the plan was made from to its version ("request:17" -> 3); `progress` is the run's curve,
    a list of [seconds, value, bound]; `problem` is the planner's JSON, kept so that a plan can be judged again. An
    `addition` is one shift's tour with one more visit: it stands beside the plan in force and supersedes none.
    A plan of a repair names it and which of its proposals it is; one made by hand names the draft it was made from.
    """

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[PlanState] = mapped_column(index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seed: Mapped[int] = mapped_column(default=1)
    seconds_allowed: Mapped[float]
    addition: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    created_by: Mapped[str]

    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    stop_requested: Mapped[bool] = mapped_column(default=False)
    phase: Mapped[str | None]
    progress: Mapped[list[Any]] = mapped_column(default=list)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    failure: Mapped[str | None]

    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[dict[str, Any] | None]
    travel_source: Mapped[str | None]
    value: Mapped[int | None]
    bound: Mapped[float | None]
    proven: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[float | None]
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)

    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]

    repair_id: Mapped[int | None] = mapped_column(ForeignKey("repair.id"), index=True)
    proposal: Mapped[str | None]
    edited_from_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"), index=True)

    tours: Mapped[list[Tour]] = relationship(cascade="all, delete-orphan", order_by="Tour.id")
    unserved: Mapped[list[Unserved]] = relationship(cascade="all, delete-orphan", order_by="Unserved.id")
    edits: Mapped[list[PlanEdit]] = relationship(cascade="all, delete-orphan", order_by="PlanEdit.id")

    @property
    def gap(self) -> float | None:
        """(bound - value) / max(1, |bound|), or None where no bound is known."""
        if self.value is None or self.bound is None:
            return None
        return (self.bound - self.value) / max(1.0, abs(self.bound))


class Tour(Base):
    """One shift's ordered stops in a plan."""

    __tablename__ = "tour"
    __table_args__ = (UniqueConstraint("plan_id", "shift_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    leaves: Mapped[int]
    returns: Mapped[int]
    lunch: Mapped[int | None]
    driving: Mapped[int]

    shift: Mapped[Shift] = relationship()
    stops: Mapped[list[Stop]] = relationship(
        cascade="all, delete-orphan", order_by="Stop.position", back_populates="tour"
    )


class Stop(Base):
    """A request's place in a tour; `drive` is the minutes from the place before it."""

    __tablename__ = "stop"
    __table_args__ = (UniqueConstraint("plan_id", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"))
    position: Mapped[int]
    drive: Mapped[int]
    arrives: Mapped[int]
    starts: Mapped[int]
    departs: Mapped[int]

    tour: Mapped[Tour] = relationship(back_populates="stops")
    request: Mapped[VisitRequest] = relationship()


class Unserved(Base):
    """A request the plan leaves out. `reason` is a code of `schedules.reasons`, `detail` its numbers, no words."""

    __tablename__ = "unserved"
    __table_args__ = (UniqueConstraint("plan_id", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"))
    reason: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    request: Mapped[VisitRequest] = relationship()


class PlanEdit(Base):
    """What somebody changed by hand in making this plan from the one before.

    `before` and `after` hold shift and minute of each visit moved, or the pin. `overrides` are the broken rules that
    were accepted, each as {"rule", "shift", "visit"}, and `reason` says why.
    """

    __tablename__ = "plan_edit"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    kind: Mapped[EditKind]
    request_id: Mapped[int] = mapped_column(ForeignKey("visit_request.id"))
    other_request_id: Mapped[int | None] = mapped_column(ForeignKey("visit_request.id"))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    overrides: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str | None]
    at: Mapped[datetime]
    actor: Mapped[str]

    request: Mapped[VisitRequest] = relationship(foreign_keys=[request_id])
    other_request: Mapped[VisitRequest | None] = relationship(foreign_keys=[other_request_id])
