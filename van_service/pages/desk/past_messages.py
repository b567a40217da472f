"""What became of messages: sent, failed, overtaken, too late, unknown, called off; found by what people ask for."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select

from schedules import calendar, message_log, wordings
from schedules.models import Message, MessageState, Town, Visit
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.arguments import LARGEST_ID, day_given, id_given
from van_service.pages.desk.message_words import KINDS
from van_service.pages.desk.messages import may_send_again

PAGE = 50

# The order in which the numbers stand: what went well, what is under way, what needs somebody, what is over.
ORDER = (
    MessageState.SENT,
    MessageState.SENDING,
    MessageState.FAILED,
    MessageState.DEAD,
    MessageState.UNKNOWN,
    MessageState.TOO_LATE,
    MessageState.STALE,
    MessageState.CANCELLED,
)


def show() -> str:
    """One page of messages; the numbers above count what the same question finds in each state."""
    search = _search()
    state = _state_given()
    found = message_log.find_messages(
        db.session, search, states=(state,) if state else message_log.TRIED, after=_mark_given(), limit=PAGE + 1
    )
    shown, more = found[:PAGE], found[PAGE:]
    asked = _asked(search)
    counts = message_log.count_by_state(db.session, search)
    return render_template(
        "desk/past_messages.html",
        messages=shown,
        more=_mark_in_address(shown[-1]) if more else "",
        first_page="after" not in request.args,
        asked=asked,
        state=state,
        counts=[(each, counts.get(each, 0)) for each in ORDER],
        total=sum(counts.get(each, 0) for each in ORDER),
        search=search,
        visit=db.session.get(Visit, search.visit_id) if search.visit_id else None,
        kinds=KINDS,
        towns=list(db.session.scalars(select(Town).order_by(Town.code))),
        text_of=partial(wordings.text_of, db.session),
        may_send_again=may_send_again,
        here=url_for("desk.past_messages", **asked, state=state, after=request.args.get("after")),
        today=calendar.local_day(utc_now()),
    )


def _search() -> message_log.Search:
    kind = request.args.get("kind", "")
    return message_log.Search(
        kind=kind if kind in KINDS else None,
        town_id=id_given("town"),
        visit_id=id_given("visit"),
        first_day=day_given("from"),
        last_day=day_given("to"),
    )


def _asked(search: message_log.Search) -> dict[str, Any]:
    """The question as the arguments of an address, without what it leaves open."""
    given = {
        "kind": search.kind,
        "town": search.town_id,
        "visit": search.visit_id,
        "from": search.first_day,
        "to": search.last_day,
    }
    return {name: value for name, value in given.items() if value is not None}


def _state_given() -> MessageState | None:
    try:
        state = MessageState(request.args.get("state", ""))
    except ValueError:
        return None
    return state if state in ORDER else None


def _mark_in_address(message: Message) -> str:
    return f"{message.due_at.timestamp():.6f}.{message.id}"


def _mark_given() -> message_log.Mark | None:
    """Where the page before ended; None for the first page and for what was not written by `_mark_in_address`."""
    at, _, number = request.args.get("after", "").rpartition(".")
    try:
        mark = message_log.Mark(datetime.fromtimestamp(float(at), calendar.zone()), int(number))
    except (ValueError, OverflowError, OSError):
        return None
    return mark if 0 < mark.id <= LARGEST_ID else None
