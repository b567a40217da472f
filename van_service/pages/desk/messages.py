"""Messages to come, and one message with everything about it: its text, its rule, what may still be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby

from flask import render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import audit, calendar, forecast, message_log, outbox, wordings
from schedules.errors import NotFound, ScheduleError
from schedules.forecast import Departure
from schedules.lifecycle import MESSAGE_MOVES
from schedules.models import Message, MessageState
from schedules.reminders import WAITING
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.message_words import KINDS

DAYS_AHEAD = 7
FIRST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing that is said at one time, in one language, to one or several people."""

    messages: tuple[Message, ...]
    at: datetime

    @property
    def first(self) -> Message:
        """The message that stands for all of them."""
        return self.messages[0]


@dataclass(frozen=True, slots=True)
class DayOfMessages:
    """What goes out on one day, in the order of time, and to how many people in all."""

    day: date
    sayings: list[Saying]
    number: int


def show() -> str:
    """The coming week by day."""
    now = utc_now()
    coming = outbox.upcoming(db.session, now, DAYS_AHEAD)
    departures = forecast.forecast(db.session, coming, now=now)
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    shown = [message for message in coming if kind in ("", message.kind)]
    return render_template(
        "desk/messages.html",
        days=_by_day(shown, departures),
        departures=departures,
        number=len(shown),
        first_shown=FIRST_SHOWN,
        kind=kind,
        kinds_present=sorted({message.kind for message in coming}, key=list(KINDS).index),
        text_of=partial(wordings.text_of, db.session),
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
        text=wordings.text_of(db.session, found),
        back=_list_of(found),
        departure=_departure(found),
        others=message_log.others_in_letter(db.session, found),
        may_call_off=MessageState.CANCELLED in MESSAGE_MOVES[found.state],
        may_send_again=may_send_again(found),
        history=audit.rows_about(db.session, "message", found.id),
        today=calendar.local_day(utc_now()),
    )


def call_off(message_id: int) -> Response:
    """Let a message that waits never be sent."""
    address = url_for("desk.message", message_id=message_id)
    try:
        outbox.call_off(db.session, message_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("The message is called off: it will not be sent."), address)


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


def _departure(message: Message) -> Departure | None:
    """When a message that waits is going to leave; what waits behind the coming week leaves when it is due."""
    if message.state not in WAITING:
        return None
    now = utc_now()
    coming = outbox.upcoming(db.session, now, DAYS_AHEAD)
    return forecast.forecast(db.session, coming, now=now).get(message.id, Departure(message.due_at))


def _list_of(message: Message) -> tuple[str, str]:
    """The address and the name of the list a message stands in."""
    if message.state in WAITING:
        return url_for("desk.messages"), gettext("Messages to come")
    return url_for("desk.past_messages"), gettext("Sent and not sent")


def _by_day(messages: Iterable[Message], departures: Mapping[int, Departure]) -> list[DayOfMessages]:
    """The messages under the day on which each is going to leave."""
    rows = sorted(messages, key=lambda each: (departures[each.id].at, each.id))
    days = groupby(rows, key=lambda each: calendar.local_day(departures[each.id].at))
    return [DayOfMessages(day, *_sayings(group, departures)) for day, group in days]


def _sayings(messages: Iterable[Message], departures: Mapping[int, Departure]) -> tuple[list[Saying], int]:
    """People who are told the same at the same time stand together."""
    together: dict[tuple[object, ...], list[Message]] = {}
    for each in messages:
        at = departures[each.id].at
        said = (at, each.kind, each.visit_id, each.request_id, each.locale, str(each.facts))
        together.setdefault(said, []).append(each)
    sayings = [Saying(tuple(rows), departures[rows[0].id].at) for rows in together.values()]
    return sayings, sum(map(len, together.values()))
