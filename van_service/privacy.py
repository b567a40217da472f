"""Who sees a contact in clear: a town its own, the crew those of the day's own stops; others see it masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from schedules import audit, contacts
from schedules.models import Town, Visit, VisitRequest
from van_service.accounts import Account, Role


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call, as one caller may see it."""

    name: str
    phone: str
    email: str | None
    masked: bool


def contact_of_request(account: Account, request: VisitRequest) -> Contact:
    """A request's contact: clear for its own town, masked for others."""
    return _contact(
        request.contact_name, request.contact_phone, request.contact_email, clear=_owns(account, request.town_id)
    )


def contact_of_visit(account: Account, visit: Visit, *, today: date) -> Contact:
    """A visit's contact: clear for its own town, and on its day for those who ride on its van."""
    request = visit.request
    rides = account.role is Role.CREW and account.crew_member_id in [member.id for member in visit.shift.crew]
    clear = _owns(account, visit.town_id) or (rides and visit.day == today)
    return _contact(request.contact_name, request.contact_phone, request.contact_email, clear=clear)


def contact_of_town(account: Account, town: Town) -> Contact | None:
    """A town office's contact, None where nobody is named."""
    if not town.contact_name or not town.contact_phone:
        return None
    return _contact(town.contact_name, town.contact_phone, town.contact_email, clear=_owns(account, town.id))


def reveal(session: Session, request: VisitRequest, *, actor: str, now: datetime) -> Contact:
    """A request's contact in clear; that somebody looked is written down."""
    audit.record(session, actor=actor, now=now, verb="revealed", noun="request", noun_id=request.id)
    return _contact(request.contact_name, request.contact_phone, request.contact_email, clear=True)


def _owns(account: Account, town_id: int) -> bool:
    return account.role is Role.TOWN and account.town_id == town_id


def _contact(name: str, phone: str, email: str | None, *, clear: bool) -> Contact:
    if clear:
        return Contact(name, phone, email, masked=False)
    hidden = contacts.masked_email(email) if email else None
    return Contact(contacts.masked_name(name), contacts.masked_phone(phone), hidden, masked=True)
