"""The call list: whom to tell by telephone because a message did not arrive, and who has been told."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from schedules import audit, calendar, outbox
from schedules.messages import text_of
from schedules.models import Message
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.message_words import phone_of
from van_service.pages.desk.messages import may_send_again

DAYS_OF_PROBLEMS = 14


def show() -> str:
    """Whom to call, and who was called."""
    return _page()


def reveal_phone(message_id: int) -> str:
    """Show the number to call instead of a message; that it was shown is logged."""
    message = db.session.get(Message, message_id)
    number = phone_of(message) if message is not None else None
    if message is None or number is None:
        return _page()
    audit.record(db.session, actor=actor(), now=utc_now(), verb="revealed", noun="message_phone", noun_id=message.id)
    db.session.commit()
    return _page(revealed={message.id: number})


def _page(revealed: dict[int, str] | None = None) -> str:
    now = utc_now()
    return render_template(
        "desk/call_list.html",
        problems=outbox.problems(db.session, since=now - timedelta(days=DAYS_OF_PROBLEMS)),
        days_of_problems=DAYS_OF_PROBLEMS,
        text_of=text_of,
        phone_of=phone_of,
        may_send_again=may_send_again,
        revealed=revealed or {},
        today=calendar.local_day(now),
    )
