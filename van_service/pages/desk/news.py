"""What others have changed while a coordinator looks at a page: asked for by the page itself every few seconds.

Read off the audit trail, in which every change leaves a row. The page says what is new and offers to load itself
again; it never changes under somebody's hands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import func, select

from schedules.models import AuditRow, VisitRequest
from van_service.accounts import Account
from van_service.auth import actor
from van_service.extensions import db

_l = lazy_gettext

MOST_NAMED = 3
LARGEST_MARK = 2**63 - 1

NOUNS: dict[str, Any] = {
    "request": _l("a request"),
    "plan": _l("a plan"),
    "visit": _l("a visit"),
    "disruption": _l("what happened"),
    "repair": _l("a repair"),
    "hold": _l("a held time"),
    "shift": _l("the roster"),
    "crew_member": _l("the crew"),
    "venue": _l("a venue"),
    "town": _l("a town"),
    "day": _l("the day table"),
    "settings": _l("the points of planning"),
    "message": _l("a message"),
    "message_rule": _l("the rules of messages"),
    "message_settings": _l("the hours of messages"),
    "letter_text": _l("the wording of messages"),
    "report": _l("a report"),
}
"""What is worth a word to somebody at the desk; the rest is nobody else's concern."""


def mark_of_page() -> dict[str, Any]:
    """What every page of the desk carries: up to which change it shows everything."""
    return {"news_mark": db.session.scalar(select(func.max(AuditRow.id))) or 0}


def since() -> Response:
    """What others have changed since the mark of `?after=`."""
    after = request.args.get("after", 0, type=int)
    found = db.session.scalars(
        select(AuditRow)
        .where(
            AuditRow.id > min(max(after, 0), LARGEST_MARK), AuditRow.actor != actor(), AuditRow.noun.in_(NOUNS.keys())
        )
        .order_by(AuditRow.id.desc())
        .limit(100)
    ).all()
    return jsonify(number=len(found), said=_in_words(found) if found else "")


def _in_words(rows: Sequence[AuditRow]) -> str:
    """周敏 has changed a plan (12); the newest first, and how many more."""
    told = list(dict.fromkeys((row.actor, row.noun, row.noun_id) for row in rows))
    names = _names({who for who, *_ in told})
    sentences = [
        gettext("%(who)s has changed %(what)s.", who=names.get(who, gettext("The system")), what=_what(noun, number))
        for who, noun, number in told[:MOST_NAMED]
    ]
    more = len(told) - MOST_NAMED
    if more > 0:
        sentences.append(ngettext("And %(num)s thing more.", "And %(num)s things more.", more))
    return " ".join(sentences)


def _names(usernames: set[str]) -> dict[str, str]:
    rows = db.session.execute(select(Account.username, Account.name).where(Account.username.in_(usernames)))
    return dict(rows.all())


def _what(noun: str, number: str) -> str:
    words = str(NOUNS[noun])
    if noun == "request" and number.isdigit():
        asked = db.session.get(VisitRequest, int(number))
        return f"{words} ({asked.number})" if asked is not None else words
    return f"{words} ({number})" if noun == "plan" else words
