"""Taking due messages for sending: judged, bundled into letters and marked, in one transaction.

Sending happens in three steps so that no database session is open while a mail server thinks: `claim` marks rows as
being sent and gives plain letters, the caller sends them, `schedules.recording` writes down what became of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from schedules import crew_tours
from schedules.bundles import Bundle, bundle_up, key_of, split_broken
from schedules.freshness import covered_from, judge, renewed
from schedules.lifecycle import move_message
from schedules.message_rows import begin_to_write, hold_messages
from schedules.models import Message, MessageState, Visit
from schedules.recipients import PHONE
from schedules.reminders import WAITING, held_visits
from schedules.transmissions import Item, Letter
from schedules.waiting import WAITS, last_letters, leaves_at
from schedules.wordings import wording_of

MOST_AT_ONCE = 500
"""How many messages one transaction takes at most, unless a single reader has more: writers of others wait for it."""


def claim(session: Session, *, now: datetime, owner: str, limit: int = 50) -> list[Letter]:
    """Take up to `limit` due messages for sending, and what leaves with them; stale and late ones are put aside here.

    Whoever writes messages of a visit holds its row first, here as elsewhere; visits and messages that another
    transaction holds are passed over. So claiming never waits for anybody, and nothing can lock up.
    """
    passed_over: set[int] = set()
    while True:
        found = session.scalars(_due(now).where(Message.id.not_in(passed_over)).limit(limit)).all()
        due = _of_few_readers(session, found, now=now)
        if not due:
            return []
        begin_to_write(session)
        wanted = [*due, *_companions(session, due, now=now)]
        visits, allowed = _hold_visits(session, wanted)
        # Each row is written once, at the end: nothing may be flushed between the questions asked on the way.
        with session.no_autoflush:
            taken = hold_messages(session, and_(Message.id.in_(allowed), or_(Message.due_at <= now, _idle())), WAITING)
            true = _put_aside(session, taken, visits, now=now)
            whole, broken = split_broken(session, true, held=taken)
            letters = _letters(session, bundle_up(session, whole), owner=owner, now=now)
        session.flush()
        for message in taken:
            if message.state is MessageState.STALE and message.visit_id is not None:
                renewed(session, message, visits[message.visit_id], now=now)
        if letters:
            return letters
        settled = {message.id for message in taken} - {message.id for message in broken}
        passed_over |= {message.id for message in due} - settled


def _due(now: datetime) -> Select[Message]:
    return select(Message).where(Message.state.in_(WAITING), Message.due_at <= now).order_by(Message.due_at, Message.id)


def _idle() -> ColumnElement[bool]:
    """Messages that no attempt was made to send and that only wait for company or for the morning, or were set back."""
    return and_(Message.bundle.is_(None), or_(Message.state == MessageState.FAILED, Message.last_error.in_(WAITS)))


def _of_few_readers(session: Session, due: Sequence[Message], *, now: datetime) -> Sequence[Message]:
    """The first of these, so that they and all that waits for their readers are no more than are taken at once."""
    recipients = {message.recipient for message in due} - {PHONE}
    counted = (
        select(Message.recipient, func.count().label("number"))
        .where(Message.state.in_(WAITING), Message.recipient.in_(recipients), _free_for_company(now))
        .group_by(Message.recipient)
    )
    waiting = {row.recipient: row.number for row in session.execute(counted)}
    total, number = 0, 0
    for message in due:
        total += waiting.pop(message.recipient, 1)
        if number and total > MOST_AT_ONCE:
            break
        number += 1
    return due[:number]


def _free_for_company(now: datetime) -> ColumnElement[bool]:
    return and_(Message.bundle.is_(None), or_(Message.due_at <= now, _idle()))


def _companions(session: Session, due: Sequence[Message], *, now: datetime) -> Sequence[Message]:
    """What leaves with these though it lies further back or waits: the rest of their letters, more to their readers."""
    bundles = {message.bundle for message in due if message.bundle is not None}
    recipients = {message.recipient for message in due} - {PHONE}
    same_reader = and_(Message.recipient.in_(recipients), _free_for_company(now))
    return session.scalars(
        select(Message)
        .where(
            Message.state.in_(WAITING),
            Message.id.not_in([message.id for message in due]),
            or_(Message.bundle.in_(bundles), same_reader),
        )
        .order_by(Message.due_at, Message.id)
    ).all()


def _hold_visits(session: Session, wanted: Sequence[Message]) -> tuple[dict[int, Visit], list[int]]:
    """The visits of these messages that nobody is changing, held still, and the ids of the messages they allow."""
    shifts = {message.id: message.facts["shift_id"] for message in wanted if message.kind == crew_tours.KIND}
    concerned = or_(
        Visit.id.in_({message.visit_id for message in wanted if message.visit_id is not None}),
        Visit.shift_id.in_(set(shifts.values())),
    )
    free = {visit.id: visit for visit in session.scalars(held_visits(select(Visit).where(concerned)))}
    busy = {
        shift for id_, shift in session.execute(select(Visit.id, Visit.shift_id).where(concerned)) if id_ not in free
    }
    ready = [
        message.id
        for message in wanted
        if (message.visit_id is None or message.visit_id in free) and shifts.get(message.id) not in busy
    ]
    return free, ready


def _put_aside(session: Session, taken: Sequence[Message], visits: dict[int, Visit], *, now: datetime) -> list[Message]:
    """Mark what is no longer true, wanted or in time, and give the rest."""
    true = []
    covered = covered_from(session, taken)
    for message in taken:
        visit = visits[message.visit_id] if message.visit_id is not None else None
        state, reason = judge(session, message, visit, covered=covered, now=now)
        if state is MessageState.SENDING:
            true.append(message)
        else:
            message.last_error = reason
            move_message(message, state)
    return true


def _letters(session: Session, bundles: Collection[Bundle], *, owner: str, now: datetime) -> list[Letter]:
    """Mark as being sent what leaves now, and let the rest wait; what merely came along is left as it was."""
    new = [message for bundle in bundles for message in bundle.messages if message.bundle is None]
    last = last_letters(session, new, now=now)
    letters = []
    for bundle in bundles:
        if all(message.due_at > now for message in bundle.messages):
            continue
        moment, reason = leaves_at(session, bundle.messages, last, now=now)
        if moment <= now:
            letters.append(_claimed(session, bundle, owner=owner, now=now))
            continue
        for message in bundle.messages:
            message.due_at, message.last_error = moment, reason
    return letters


def _claimed(session: Session, bundle: Bundle, *, owner: str, now: datetime) -> Letter:
    messages = bundle.messages
    locale = messages[0].locale
    items = (Item(each.id, each.kind, each.facts, wording_of(session, each.kind, locale)) for each in messages)
    letter = Letter(
        key=key_of(messages),
        channel=messages[0].channel,
        recipient=bundle.address,
        recipient_name=messages[0].recipient_name,
        locale=locale,
        items=tuple(items),
        written_at=now,
        first=messages[0].bundle is None,
    )
    for message in messages:
        message.bundle, message.claimed_by, message.claimed_at = letter.key, owner, now
        message.last_error = None if message.last_error in WAITS else message.last_error
        move_message(message, MessageState.SENDING)
    return letter
