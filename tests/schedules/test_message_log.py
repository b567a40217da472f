"""Looking back at the outbox: found by what people ask for, page by page, each message once."""

from __future__ import annotations

from datetime import timedelta

from schedules.calendar import instant
from schedules.message_log import Mark, Search, called_since, count_by_state, count_waiting, find_messages
from schedules.models import MessageState
from schedules.reminders import queue_reminders
from tests.schedules.promised import MONDAY, TUESDAY, messages, promised_visit
from tests.schedules.queued import send, tell


def ids(found):
    return [message.id for message in found]


def test_pages_follow_each_other_without_gap_or_double(session, now):
    told = [tell(session, now=now) for _ in range(7)]  # all due at one instant
    send(session, now)
    first = find_messages(session, Search(), limit=3)
    after = Mark(first[-1].due_at, first[-1].id)
    second = find_messages(session, Search(), after=after, limit=3)
    last = find_messages(session, Search(), after=Mark(second[-1].due_at, second[-1].id), limit=3)
    assert ids(first) + ids(second) + ids(last) == sorted(ids(told), reverse=True)


def test_what_nobody_has_tried_is_no_past(session, now):
    tell(session, now=now)
    assert find_messages(session, Search()) == []
    assert count_waiting(session) == {"request_received": 1}


def test_messages_are_found_by_kind_town_visit_and_day(session, now):
    visit, other = promised_visit(session, now=now), promised_visit(session, now=now)
    queue_reminders(session, now=now)
    for message in messages(session):
        message.state = MessageState.STALE
    session.flush()
    mine = {message.id for message in messages(session) if message.visit_id == visit.id}
    assert other.town.id != visit.town.id
    assert {*ids(find_messages(session, Search(visit_id=visit.id)))} == mine
    assert {*ids(find_messages(session, Search(town_id=visit.town.id)))} == mine
    morning = find_messages(session, Search(kind="morning_of", visit_id=visit.id))
    assert {message.kind for message in morning} == {"morning_of"}
    assert count_by_state(session, Search(kind="morning_of")) == {MessageState.STALE: 2 * len(morning)}


def test_a_day_holds_what_was_due_from_its_midnight_to_the_next(session, now):
    inside = [tell(session, now=now, due_at=instant(MONDAY, minutes)) for minutes in (0, 1439)]
    tell(session, now=now, due_at=instant(MONDAY, 0) - timedelta(minutes=1))
    tell(session, now=now, due_at=instant(TUESDAY, 0))
    for message in messages(session):
        message.state = MessageState.DEAD
    session.flush()
    found = find_messages(session, Search(first_day=MONDAY, last_day=MONDAY))
    assert sorted(ids(found)) == ids(inside)


def test_who_was_called_is_listed_latest_first(session, now):
    early, late, never = (tell(session, now=now) for _ in range(3))
    early.called_at, late.called_at = now, now + timedelta(hours=1)
    session.flush()
    assert ids(called_since(session, now)) == [late.id, early.id]
    assert never.id not in ids(called_since(session, now))
    assert ids(called_since(session, now + timedelta(minutes=1))) == [late.id]
