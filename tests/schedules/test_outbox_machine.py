"""The outbox under every order of events that hypothesis thinks of: visits change, senders die, people step in.

A reader's mail program shows, of all that comes under one Message-ID, only what came first. So whatever the rows call
sent must have been in the first letter that was accepted under its id, and no id may ever carry more than at first.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from schedules import outbox
from schedules.calendar import instant
from schedules.crew_tours import queue_crew_tours
from schedules.errors import MoveNotAllowed
from schedules.models import Message, MessageRule, MessageState, Visit, VisitState
from schedules.outbox import Letter, Outcome, Sent
from schedules.reminders import PROMISING, REMINDED_STATES, queue_reminders, queue_visit_messages
from schedules.rulebook import DEFAULTS
from tests.factories import make_days, make_shift
from tests.schedules.promised import MONDAY, WEDNESDAY, change, promised_visit
from tests.schedules.queued import empty, tell

FINAL = {
    MessageState.SENT, MessageState.STALE, MessageState.TOO_LATE, MessageState.DEAD, MessageState.UNKNOWN,
    MessageState.CANCELLED,
}  # fmt: skip
FATES = [
    (Sent.ACCEPTED, True, True),
    (Sent.ACCEPTED, True, False),  # the sender died before it could say so
    (Sent.TEMPORARY, True, True),
    (Sent.TEMPORARY, True, True),
    (Sent.UNREACHABLE, False, True),
    (Sent.UNREACHABLE, False, True),
    (Sent.UNREACHABLE, True, True),
    (Sent.KEPT, False, True),
]
"""What may become of a letter: the result, whether it was handed over, whether that was written down."""
VISITS = 3
READERS = ("lu", "wu")
LAST = instant(WEDNESDAY, 1440)


class OutboxMachine(RuleBasedStateMachine):
    """What may happen to an outbox. `session_factory` is put in by the test."""

    session_factory = None

    @initialize()
    def promise(self):
        self.now = instant(MONDAY, 480)
        self.under_way: list[Letter] = []  # claimed, and its sender alive
        self.unrecorded: list[Outcome] = []  # made, and its sender slow to say so
        self.at_first: dict[str, set[int]] = {}  # what a letter carried when it was first handed over
        self.accepted: defaultdict[str, list[set[int]]] = defaultdict(list)
        self.again: set[int] = set()
        with self.session_factory.begin() as session:
            empty(session)
            make_days(session, MONDAY, 5)
            shift = make_shift(session, WEDNESDAY)
            for number in range(VISITS):
                email = f"{READERS[number % 2]}@example.org" if number < 2 else None
                visit = promised_visit(session, now=self.now, shift=shift, contact_email=email)
                queue_visit_messages(session, visit, "published", now=self.now)

    @rule(number=st.integers(0, VISITS - 1), deed=st.sampled_from(["move", "confirm", "cancel"]))
    def change_visit(self, number, deed):
        with self.session_factory.begin() as session:
            visit = session.scalars(select(Visit).order_by(Visit.id).with_for_update()).all()[number]
            if visit.state not in REMINDED_STATES:
                return
            if deed == "confirm":
                change(session, visit, state=VisitState.CONFIRMED)
            elif deed == "move":
                change(session, visit, starts=visit.starts + 5)
                queue_visit_messages(session, visit, "moved", now=self.now, before={"day": visit.day, "starts": 570})
            else:
                change(session, visit, state=VisitState.CANCELLED)
                queue_visit_messages(session, visit, "cancelled", now=self.now)

    @rule(name=st.sampled_from(READERS), number=st.integers(1, 2))
    def tell_something(self, name, number):
        with self.session_factory.begin() as session:
            for _ in range(number):
                tell(session, name, now=self.now)

    @rule(minutes=st.sampled_from([5, 60, 480]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(
        minutes=st.sampled_from([5, 70]),
        fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=3),
        name=st.sampled_from(READERS),
    )
    def tick(self, minutes, fates, name):
        """A whole tick after some news: what lay about is requeued, and every letter meets one of these fates."""
        self.tell_something(name, 1)
        self.wait(minutes)
        self.requeue()
        taken = len(self.under_way)
        self.claim(20)
        letters, self.under_way = self.under_way[taken:], self.under_way[:taken]
        for number, letter in enumerate(letters):
            result, handed_over, noted = fates[number % len(fates)]
            if handed_over:
                self._hand_over(letter, accepted=result is Sent.ACCEPTED)
            if noted:
                self._record(Outcome(letter, result, handed_over=handed_over))

    @rule()
    def make_reminders(self):
        with self.session_factory.begin() as session:
            queue_reminders(session, now=self.now)
            queue_crew_tours(session, now=self.now)

    @rule(limit=st.integers(1, 6))
    def claim(self, limit):
        with self.session_factory.begin() as session:
            letters = outbox.claim(session, now=self.now, owner="a", limit=limit)
            for letter in letters:
                for message_id in letter.message_ids:
                    _assert_true(session.get_one(Message, message_id), self.now)
        taken = [each for letter in letters for each in letter.message_ids]
        held = [each for letter in self.under_way for each in letter.message_ids]
        assert len(taken) == len(set(taken))
        assert not set(taken) & set(held)
        self.under_way += letters

    @precondition(lambda self: self.under_way)
    @rule(result=st.sampled_from(Sent), at_once=st.booleans())
    def send(self, result, at_once):
        letter = self.under_way.pop(0)
        outcome = Outcome(letter, result, handed_over=result not in (Sent.KEPT, Sent.UNREACHABLE))
        if outcome.handed_over:
            self._hand_over(letter, accepted=result is Sent.ACCEPTED)
        if at_once:
            self._record(outcome)
        else:
            self.unrecorded.append(outcome)

    @precondition(lambda self: self.under_way)
    @rule(seen=st.booleans())
    def die(self, seen):
        """The sender dies with one letter accepted or not even read, and with all that it had claimed."""
        if seen:
            self._hand_over(self.under_way[0], accepted=True)
        self.under_way.clear()

    @precondition(lambda self: self.unrecorded)
    @rule()
    def record_late(self):
        self._record(self.unrecorded.pop(0))

    @rule()
    def requeue(self):
        """Senders that are slower than this are dead, to others; here none is that slow while a letter is its own."""
        if self.under_way or self.unrecorded:
            return
        with self.session_factory.begin() as session:
            outbox.requeue_abandoned(session, now=self.now, resend_is_safe={"email", "log"})

    @rule(number=st.integers(0, 30), deed=st.sampled_from(["call_off", "send_again"]))
    def step_in(self, number, deed):
        with self.session_factory.begin() as session:
            ids = session.scalars(select(Message.id).order_by(Message.id)).all()
            message_id = ids[number % len(ids)]
            try:
                getattr(outbox, deed)(session, message_id, actor="xia", now=self.now)
            except MoveNotAllowed:
                return
        if deed == "send_again":
            self.again.add(message_id)

    @rule(enabled=st.booleans())
    def switch(self, enabled):
        default = DEFAULTS["request_received"]
        with self.session_factory.begin() as session:
            row = session.get(MessageRule, default.kind) or MessageRule(
                kind=default.kind, audiences=list(default.audiences), channels=list(default.channels), urgent=False,
                changed_by="xia",
            )  # fmt: skip
            row.enabled = enabled
            session.add(row)

    @invariant()
    def no_letter_carries_more_than_at_first(self):
        if not hasattr(self, "accepted"):
            return
        for key, deliveries in self.accepted.items():
            assert set().union(*deliveries) <= self.at_first[key]

    def teardown(self):
        if hasattr(self, "accepted"):
            self._drain()
            self._assert_all_accounted_for()

    def _hand_over(self, letter, *, accepted):
        carried = set(letter.message_ids)
        assert carried <= self.at_first.setdefault(letter.key, carried)
        if accepted:
            self.accepted[letter.key].append(carried)

    def _record(self, outcome):
        with self.session_factory.begin() as session:
            outbox.record(session, [outcome], now=self.now)

    def _drain(self):
        """The server is well, senders live, nothing changes any more, and the days pass."""
        while self.unrecorded:
            self.record_late()
        self.under_way.clear()
        ends = max(self.now, LAST) + timedelta(days=1)
        while self.now < ends:
            self.requeue()
            with self.session_factory.begin() as session:
                letters = outbox.claim(session, now=self.now, owner="b", limit=50)
            for letter in letters:
                self._hand_over(letter, accepted=True)
                self._record(Outcome(letter, Sent.ACCEPTED))
            self.now += timedelta(minutes=0 if letters else 45)

    def _assert_all_accounted_for(self):
        with self.session_factory() as session:
            rows = session.scalars(select(Message)).all()
        assert {row.state for row in rows} <= FINAL
        for row in rows:
            keys = [key for key, deliveries in self.accepted.items() if row.id in set().union(*deliveries)]
            if row.state is MessageState.SENT:
                assert row.id in self.accepted[row.bundle][0], "shown to nobody"
            assert len(keys) <= 1 or row.id in self.again, "told twice"


def _assert_true(message, now):
    """What is claimed speaks of its visit as it is, in time, and leaves in the night only where it must."""
    visit = message.visit
    if visit is not None and message.kind in PROMISING:
        assert message.visit_version == visit.version
    assert message.useful_until is None or now < message.useful_until


def test_whatever_happens_every_message_ends_in_one_state_and_no_id_says_two_things(session_factory):
    class Machine(OutboxMachine):
        pass

    Machine.session_factory = session_factory
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take many minutes
        ),
    )
