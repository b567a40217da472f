"""Messages to come, and one message with everything about it: its text, its rule, what may still be done."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from flask import render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import audit, calendar, outbox
from schedules.errors import NotFound, ScheduleError
from schedules.lifecycle import MESSAGE_MOVES
from schedules.messages import text_of
from schedules.models import Message, MessageState
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.message_words import KINDS

DAYS_AHEAD = 7
FIRST_SHOWN = 12


def show() -> str:
    """The coming week by day."""
    now = utc_now()
    coming = outbox.upcoming(db.session, now, DAYS_AHEAD)
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    shown = [message for message in coming if kind in ("", message.kind)]
    return render_template(
        "desk/messages.html",
        days=[(day, list(rows)) for day, rows in groupby(shown, key=lambda each: _day_of(each, now))],
        number=len(shown),
        first_shown=FIRST_SHOWN,
        kind=kind,
        kinds_present=sorted({message.kind for message in coming}, key=list(KINDS).index),
        text_of=text_of,
        days_ahead=DAYS_AHEAD,
        today=calendar.local_day(now),
    )


def message(message_id: int) -> str:
    """One message."""
    found = db.session.get(Message, message_id)
    if found is None:
        raise NotFound(noun="message", id=message_id)
    return render_template(
        "desk/message.html",
        message=found,
        text=text_of(found),
        may_send_again=may_send_again(found),
        history=audit.rows_about(db.session, "message", found.id),
        today=calendar.local_day(utc_now()),
    )


def send_again(message_id: int) -> Response:
    """Queue a message once more that could not be sent, or may not have been."""
    address = url_for("desk.message", message_id=message_id)
    try:
        outbox.send_again(db.session, message_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("The message is queued again."), address)


def may_send_again(message: Message) -> bool:
    """Whether a person may queue the message once more."""
    return MessageState.QUEUED in MESSAGE_MOVES[message.state] and message.state is not MessageState.SENDING


def _day_of(message: Message, now: datetime) -> object:
    """The day under which a message is listed: what is due already goes out today."""
    return calendar.local_day(max(message.due_at, now))
