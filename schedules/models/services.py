"""The catalogue of services with the minutes, skills and kits that each needs."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schedules.db import Base


class Skill(StrEnum):
    DRIVER = "driver"
    TESTER = "tester"
    PRESENTER = "presenter"
    LEGAL_OFFICER = "legal_officer"
    COMPLAINT_HANDLER = "complaint_handler"
    METROLOGIST = "metrologist"


class Service(Base):
    """What the van can do at a venue. `look` is the stylesheet's name of its colour and weave."""

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    seal_zh: Mapped[str]
    seal_en: Mapped[str]
    look: Mapped[str]
    minutes: Mapped[int]
    minutes_least: Mapped[int]
    minutes_most: Mapped[int]
    setup: Mapped[int]
    teardown: Mapped[int]
    kits: Mapped[int] = mapped_column(default=0)
    equipment: Mapped[list[str]] = mapped_column(default=list)
    needs_power: Mapped[bool] = mapped_column(default=False)
    needs_parking: Mapped[bool] = mapped_column(default=False)
    needs_indoor: Mapped[bool] = mapped_column(default=False)
    help_zh: Mapped[str] = mapped_column(default="")
    help_en: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    skills: Mapped[list[ServiceSkill]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class ServiceSkill(Base):
    """How many crew members with one skill a service needs."""

    __tablename__ = "service_skill"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    skill: Mapped[Skill] = mapped_column(primary_key=True)
    number: Mapped[int]
