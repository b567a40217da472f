"""The call list: whom to tell by telephone because a message did not arrive, and who has been told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

from flask import render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import audit, calendar, message_log, outbox, wordings
from schedules.call_list import take_back_call as take_back
from schedules.errors import ScheduleError
from schedules.models import Message
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.answers import done, refused
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


def mark_called(message_id: int) -> Response:
    """Tick off that somebody was told by telephone."""
    address = url_for("desk.call_list")
    try:
        message = outbox.mark_called(db.session, message_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("%(name)s is ticked off as told by telephone.", name=message.recipient_name), address)


def take_back_call(message_id: int) -> Response:
    """Put somebody back on the list who was ticked off by mistake."""
    address = url_for("desk.call_list")
    try:
        message = take_back(db.session, message_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("%(name)s is on the list again.", name=message.recipient_name), address)


def print_sheet() -> str:
    """The list on paper, with every number on it; that they were shown is logged."""
    now = utc_now()
    problems = _problems(now)
    numbers = {message.id: number for message in problems if (number := phone_of(message))}
    for message_id in numbers:
        audit.record(db.session, actor=actor(), now=now, verb="revealed", noun="message_phone", noun_id=message_id)
    db.session.commit()
    return render_template(
        "desk/call_sheet.html",
        problems=problems,
        numbers=numbers,
        text_of=partial(wordings.text_of, db.session),
        now=now,
    )


def number_to_call() -> int:
    """How many people are to be called, for the tab."""
    return len(outbox.problems(db.session, since=utc_now() - timedelta(days=DAYS_OF_PROBLEMS)))


def _problems(now: datetime) -> list[Message]:
    found = outbox.problems(db.session, since=now - timedelta(days=DAYS_OF_PROBLEMS))
    today = calendar.local_day(now)
    return sorted(found, key=lambda each: _how_soon(each, today))


def _page(revealed: dict[int, str] | None = None) -> str:
    now = utc_now()
    return render_template(
        "desk/call_list.html",
        problems=_problems(now),
        called=message_log.called_since(db.session, now - timedelta(days=DAYS_OF_PROBLEMS)),
        days_of_problems=DAYS_OF_PROBLEMS,
        text_of=partial(wordings.text_of, db.session),
        phone_of=phone_of,
        may_send_again=may_send_again,
        revealed=revealed or {},
        today=calendar.local_day(now),
    )


def _how_soon(message: Message, today: date) -> tuple[bool, date, int]:
    """Calls about the visits that come next go first, those about what is over last."""
    visit = message.visit
    if visit is None:
        day = calendar.local_day(message.due_at)
        return day < today, day, 0
    return visit.day < today, visit.day, visit.starts
