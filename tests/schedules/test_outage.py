"""After an outage of days: what is still useful arrives, merged per reader, and the rest is on the call list."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from schedules import outbox
from schedules.calendar import instant
from schedules.channels import LogChannel
from schedules.crew_tours import queue_crew_tours
from schedules.delivery import deliver_once
from schedules.models import Message, MessageState
from schedules.recipients import PHONE
from schedules.reminders import WAITING, queue_visit_messages
from tests.factories import make_days, make_shift
from tests.schedules.promised import MONDAY, messages, promised_visit
from tests.schedules.queued import empty

DAYS = 6
BEGIN = instant(MONDAY, 480)


@st.composite
def outages(draw):
    """When the scheduler was away, in minutes after Monday's midnight: for minutes or for days."""
    begins = draw(st.integers(8 * 60, 2 * 1440))
    return begins, begins + draw(st.integers(10, 4 * 1440))


VISITS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from([510, 570, 840]), st.booleans()), min_size=1, max_size=4)
"""Day after Monday, minute of the start, and whether the contact has an e-mail address."""


def promise(session, shape):
    """Visits on the days of a week; their news, their reminders and the crews' tours are queued."""
    make_days(session, MONDAY, 7)
    shifts = {}
    for ahead, starts, reachable in shape:
        day = MONDAY + timedelta(days=ahead)
        shifts[day] = shifts.get(day) or make_shift(session, day)
        email = "town@example.org" if reachable else None
        visit = promised_visit(session, now=BEGIN, day=day, shift=shifts[day], contact_email=email)
        visit.arrives, visit.starts, visit.closes = starts - 20, starts, starts + 60
        session.flush()
        queue_visit_messages(session, visit, "published", now=BEGIN)
    queue_crew_tours(session, now=BEGIN)


class Noting(LogChannel):
    """Takes everything and notes when each message left, and in which letter."""

    def __init__(self, name, left):
        super().__init__(name)
        self.left = left

    def send(self, letter):
        for item in letter.items:
            self.left.append((item.message_id, letter.written_at, letter.key))
        return super().send(letter)


def live_through(session_factory, outage, left):
    """A week in which the scheduler ticks whenever something is due, except in the outage, and once it is back."""
    channels = {name: Noting(name, left) for name in ("email", "log")}
    away, back = (instant(MONDAY, 0) + timedelta(minutes=minutes) for minutes in outage)
    moment = BEGIN
    while moment < BEGIN + timedelta(days=DAYS):
        deliver_once(session_factory, channels, now=moment, owner="a")
        with session_factory() as session:
            waiting = select(Message.due_at).where(Message.state.in_(WAITING)).order_by(Message.due_at).limit(1)
            due = session.scalar(waiting)
        moment = max(due, moment + timedelta(minutes=1)) if due is not None else BEGIN + timedelta(days=DAYS)
        if away <= moment < back:
            moment = back
    return back


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(outage=outages(), shape=VISITS)
def test_after_an_outage_what_is_useful_arrives_and_the_rest_is_called(session_factory, outage, shape):
    with session_factory.begin() as session:
        empty(session)
        promise(session, shape)
    left = []
    back = live_through(session_factory, outage, left)
    with session_factory() as session:
        rows = {row.id: row for row in messages(session)}
        called = {entry.id for entry in outbox.problems(session, limit=1000)}
    times = Counter(message_id for message_id, _, _ in left)
    for row in rows.values():
        assert row.state in (MessageState.SENT, MessageState.STALE, MessageState.TOO_LATE)
        assert times[row.id] == (row.state is MessageState.SENT)
        assert row.state is not MessageState.STALE or row.last_error == "covered_by_morning_of"
        assert row.state is not MessageState.TOO_LATE or row.id in called
    for message_id, moment, _ in left:
        assert rows[message_id].useful_until is None or moment < rows[message_id].useful_until
    caught_up = [(rows[message_id], key) for message_id, moment, key in left if moment == back]
    letters = {key for row, key in caught_up if row.recipient != PHONE}
    assert len(letters) == len({row.recipient for row, _ in caught_up} - {PHONE}), "one letter to each reader"
