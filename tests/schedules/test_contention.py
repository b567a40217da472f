"""Moving, confirming, cancelling, ticking and sending all at once: nothing locks up, is sent twice or goes missing."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from schedules.calendar import instant
from schedules.channels import LogChannel
from schedules.crew_tours import queue_crew_tours
from schedules.delivery import deliver_once
from schedules.models import Shift, Visit, VisitState
from schedules.reminders import REMINDED_STATES, REMINDERS, queue_reminders, queue_visit_messages
from schedules.transmissions import Letter, Outcome
from tests.factories import make_days, make_shift
from tests.schedules.promised import MONDAY, TUESDAY, WEDNESDAY, change, messages, promised_visit
from tests.schedules.queued import tell

VISITS = 12
READERS = 4
STEPS = 25
FINAL = {"sent", "stale", "too_late"}


class Remembering(LogChannel):
    """Takes everything, and remembers how often it was given each message, and what under each key."""

    def __init__(self, given: Counter[int], letters: list[Letter]) -> None:
        super().__init__("email")
        self.given = given
        self.letters = letters

    def send(self, letter: Letter) -> Outcome:
        self.given.update(letter.message_ids)
        self.letters.append(letter)
        return super().send(letter)


class Bustle:
    """A district at work: two people who change visits, two senders, one who makes reminders."""

    def __init__(self, session_factory: sessionmaker[Session], now: datetime) -> None:
        self.session_factory = session_factory
        self.now = instant(TUESDAY, 959)  # a minute before reminders are due; all changes take two and a half
        self.given: Counter[int] = Counter()
        self.letters: list[Letter] = []
        self.troubles: list[Exception] = []
        self.changing = 2
        with session_factory.begin() as session:
            make_days(session, MONDAY, 5)
            shift = make_shift(session, WEDNESDAY)
            self.ids = [self._promise(session, number, shift, now) for number in range(VISITS)]
            for number in range(2 * READERS):
                tell(session, f"contact{number % READERS}", now=now)

    def _promise(self, session: Session, number: int, shift: Shift, now: datetime) -> int:
        visit = promised_visit(session, now=now, shift=shift, contact_email=f"contact{number % READERS}@example.org")
        queue_visit_messages(session, visit, "published", now=now)
        return visit.id

    def run(self) -> None:
        works = [self.change_visits, self.change_visits, self.send, self.send, self.make_reminders]
        threads = [threading.Thread(target=self.guarded, args=(work, seed)) for seed, work in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def guarded(self, work: Callable[[random.Random], None], seed: int) -> None:
        try:
            work(random.Random(seed))
        except Exception as trouble:
            self.troubles.append(trouble)
        finally:
            self.changing -= work == self.change_visits

    def change_visits(self, dice: random.Random) -> None:
        for _ in range(STEPS):
            try:
                with self.session_factory.begin() as session:
                    for visit_id in sorted(dice.sample(self.ids, 3)):
                        self.change_visit(session, session.get_one(Visit, visit_id, with_for_update=True), dice)
            except StaleDataError:  # the other one changed it first, on SQLite, which locks no rows
                continue
            self.now += timedelta(seconds=3)

    def change_visit(self, session: Session, visit: Visit, dice: random.Random) -> None:
        if visit.state not in REMINDED_STATES:
            return
        lot = dice.random()
        if lot < 0.5:
            before = {"day": visit.day, "starts": visit.starts}
            change(session, visit, starts=visit.starts + dice.choice((-5, 5)))
            queue_visit_messages(session, visit, "moved", now=self.now, before=before)
        elif lot < 0.9:
            change(session, visit, state=VisitState.CONFIRMED)
        else:
            change(session, visit, state=VisitState.CANCELLED)
            queue_visit_messages(session, visit, "cancelled", now=self.now)

    def send(self, _dice: random.Random) -> None:
        while self.changing > 0:
            self.send_once()

    def send_once(self) -> None:
        channels = {"email": Remembering(self.given, self.letters), "log": LogChannel()}
        deliver_once(self.session_factory, channels, now=self.now, owner=threading.current_thread().name)

    def make_reminders(self, _dice: random.Random) -> None:
        while self.changing > 0:
            with self.session_factory.begin() as session:
                queue_reminders(session, now=self.now)
                queue_crew_tours(session, now=self.now)


@pytest.fixture
def bustle(session_factory, now):
    bustle = Bustle(session_factory, now)
    bustle.run()
    for moment in (instant(TUESDAY, 1090), instant(WEDNESDAY, 425), instant(WEDNESDAY, 1430)):
        bustle.now = max(moment, bustle.now)
        with session_factory.begin() as session:
            queue_reminders(session, now=bustle.now)
            queue_crew_tours(session, now=bustle.now)
        bustle.send_once()
    return bustle


def test_under_contention_nothing_locks_up_doubles_or_goes_missing(bustle, session_factory):
    assert bustle.troubles == []
    assert {message_id for message_id, number in bustle.given.items() if number > 1} == set()
    assert len({letter.key for letter in bustle.letters}) == len(bustle.letters)
    assert max(len(letter.items) for letter in bustle.letters) > 1
    with session_factory() as session:
        rows = messages(session)
        assert {row.state.value for row in rows} <= FINAL
        assert {row.id for row in rows if row.state.value == "sent"} == set(bustle.given)
        live = session.scalars(select(Visit).where(Visit.state.in_(REMINDED_STATES))).all()
        reminded = Counter(row.visit_id for row in rows if row.kind in REMINDERS and row.state.value == "sent")
        assert [visit.id for visit in live if not reminded[visit.id]] == []
