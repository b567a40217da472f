"""Disruptions: what upset the days to come, and the repairs that answer them.

A disruption is a fact that somebody entered; nothing else is changed by it until a plan that answers it is published.
Until then it can be revoked, and is as if it had never been said.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.fleet import CrewMember, Shift, Van
from schedules.models.requests import VisitRequest
from schedules.models.venues import Venue


class DisruptionKind(StrEnum):
    VAN_OUT = "van_out"
    CREW_ILL = "crew_ill"
    TOWN_CANCELS = "town_cancels"
    VENUE_CLOSED = "venue_closed"
    HEAT = "heat"
    STORM = "storm"
    CREW_LATE = "crew_late"
    URGENT_VISIT = "urgent_visit"


class DisruptionState(StrEnum):
    OPEN = "open"
    REPAIRED = "repaired"
    REVOKED = "revoked"


class Disruption(Base):
    """What happened, from `first_day` to `last_day`; who is hit stands in the one column that the kind uses.

    `opens` and `closes` are minutes of the day (of a van that is out: from `opens` of the first day to `closes` of the
    last); None where the whole day is meant. `minutes` is how late a crew runs. `withdraws` says of a town that
    cancels that it does not ask for another day either. `plan_id` is the published plan that answers it.
    """

    __tablename__ = "disruption"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DisruptionKind]
    state: Mapped[DisruptionState] = mapped_column(index=True)
    first_day: Mapped[date] = mapped_column(index=True)
    last_day: Mapped[date] = mapped_column(index=True)
    opens: Mapped[int | None]
    closes: Mapped[int | None]
    minutes: Mapped[int | None]
    withdraws: Mapped[bool] = mapped_column(default=False)
    van_id: Mapped[int | None] = mapped_column(ForeignKey("van.id"))
    crew_member_id: Mapped[int | None] = mapped_column(ForeignKey("crew_member.id"))
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("visit_request.id"))
    reason: Mapped[str]
    entered_at: Mapped[datetime]
    entered_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))

    van: Mapped[Van | None] = relationship()
    crew_member: Mapped[CrewMember | None] = relationship()
    shift: Mapped[Shift | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    request: Mapped[VisitRequest | None] = relationship()


class Repair(Base):
    """One search for a way out: the plans whose `repair_id` it is are its proposals, `chosen` the one taken."""

    __tablename__ = "repair"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    chosen: Mapped[str | None]
