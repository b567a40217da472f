"""Calendar feeds: who may read which visits in a calendar of their own, by a secret address."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base
from schedules.models.fleet import CrewMember, Van
from schedules.models.towns import Town


class FeedKind(StrEnum):
    TOWN = "town"
    CREW = "crew"
    VAN = "van"
    PUBLIC = "public"


class CalendarFeed(Base):
    """One address of one kind of calendar. Of its token only the digest is kept; once revoked it stays revoked.

    The town, the crew member or the van is the one whose visits it shows; the public one has none of them.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'town') = (town_id IS NOT NULL) AND (kind = 'crew') = (crew_member_id IS NOT NULL)"
            " AND (kind = 'van') = (van_id IS NOT NULL)",
            name="whose",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[FeedKind]
    town_id: Mapped[int | None] = mapped_column(ForeignKey("town.id"), index=True)
    crew_member_id: Mapped[int | None] = mapped_column(ForeignKey("crew_member.id"), index=True)
    van_id: Mapped[int | None] = mapped_column(ForeignKey("van.id"), index=True)
    label: Mapped[str]
    locale: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    last_read_at: Mapped[datetime | None]

    town: Mapped[Town | None] = relationship()
    crew_member: Mapped[CrewMember | None] = relationship()
    van: Mapped[Van | None] = relationship()

    @property
    def live(self) -> bool:
        """Whether its address still answers: it was not revoked, and whoever it was made for still rides."""
        return self.revoked_at is None and (self.crew_member is None or self.crew_member.active)
