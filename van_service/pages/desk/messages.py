"""Messages: what people will be told in the coming week, and whom to phone because a message did not arrive."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from schedules import audit, calendar, outbox
from schedules.contacts import masked_email
from schedules.errors import ScheduleError
from schedules.lifecycle import MESSAGE_MOVES
from schedules.messages import text_of
from schedules.models import CrewMember, Message, MessageState, Town, VisitRequest
from schedules.recipients import PHONE
from schedules.reminders import RULES, Lead, person_key
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk.answers import done, refused

_l = lazy_gettext

DAYS_AHEAD = 7
DAYS_OF_PROBLEMS = 14
FIRST_SHOWN = 12

KINDS: dict[str, Any] = {
    "request_received": _l("Request received"),
    "request_accepted": _l("Request accepted"),
    "request_declined": _l("Request declined"),
    "offer": _l("Time offered"),
    "published": _l("Visit promised"),
    "moved": _l("Visit moved"),
    "cancelled": _l("Visit cancelled"),
    "day_before": _l("Reminder, day before"),
    "morning_of": _l("Reminder, same morning"),
    "results_ready": _l("Results ready"),
    "crew_tour": _l("Tomorrow's tour"),
}


def show() -> str:
    """The coming week by day, and the call list."""
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


def send_again(message_id: int) -> Response:
    """Queue a message once more that could not be sent, or may not have been."""
    try:
        outbox.send_again(db.session, message_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.messages"))
    return done(gettext("The message is queued again."), url_for("desk.messages"))


def _page(revealed: dict[int, str] | None = None) -> str:
    now = utc_now()
    coming = outbox.upcoming(db.session, now, DAYS_AHEAD)
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    shown = [message for message in coming if kind in ("", message.kind)]
    return render_template(
        "desk/messages.html",
        days=[(day, list(rows)) for day, rows in groupby(shown, key=lambda each: calendar.local_day(each.due_at))],
        number=len(shown),
        first_shown=FIRST_SHOWN,
        kinds=KINDS,
        kind=kind,
        kinds_present=sorted({message.kind for message in coming}, key=list(KINDS).index),
        problems=outbox.problems(db.session, since=now - timedelta(days=DAYS_OF_PROBLEMS)),
        days_of_problems=DAYS_OF_PROBLEMS,
        text_of=text_of,
        recipient=recipient_in_words,
        rule=rule_in_words,
        phone_of=phone_of,
        may_send_again=lambda message: MessageState.QUEUED in MESSAGE_MOVES[message.state],
        revealed=revealed or {},
        days_ahead=DAYS_AHEAD,
        today=calendar.local_day(now),
    )


def recipient_in_words(message: Message) -> str:
    """The address as those see it who need not know it."""
    return gettext("by phone") if message.recipient == PHONE else masked_email(message.recipient)


def rule_in_words(kind: str) -> str:
    """When a message of this kind is sent."""
    lead = RULES[kind].lead
    if lead is None:
        return gettext("at once")
    return _lead_in_words(lead)


def _lead_in_words(lead: Lead) -> str:
    at = formats.clock(lead.minutes)
    if lead.days == 0:
        return gettext("on the day at %(time)s", time=at)
    if lead.working:
        return gettext("the working day before at %(time)s", time=at)
    return gettext("the day before at %(time)s", time=at)


def phone_of(message: Message) -> str | None:
    """The number of whoever a message is for: a crew member's, the request's contact's, the town's."""
    noun, _, number = person_key(message).partition(":")
    if noun == "crew":
        member = db.session.get(CrewMember, int(number))
        return member.phone if member is not None else None
    if noun == "town":
        town = db.session.get(Town, int(number))
        return town.contact_phone if town is not None else None
    request_id = message.visit.request_id if message.visit is not None else message.request_id
    asked = db.session.get(VisitRequest, request_id) if request_id is not None else None
    return asked.contact_phone if asked is not None else None
