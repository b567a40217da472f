"""A machine that changes rules, visits and wishes in any order while reminders fall due: none doubled, none lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import preferences, rules
from schedules.calendar import instant
from schedules.claiming import claim
from schedules.db import Base
from schedules.leads import Lead, Unit
from schedules.models import Message, MessageState, VisitState
from schedules.recipients import people_for, person_key
from schedules.recording import record
from schedules.reminders import WAITING, due_time, queue_reminders, queue_visit_messages
from schedules.transmissions import Outcome, Sent
from tests.factories import make_days
from tests.schedules.promised import MONDAY, change, promised_visit

KIND = "day_before"
LEADS = (
    Lead(1, 960, True),
    Lead(1, 540),
    Lead(3, 600, True),
    Lead(minutes=300, unit=Unit.WORKING_MINUTES),
    Lead(minutes=1200, unit=Unit.WORKING_MINUTES),
)
AUDIENCES = st.lists(st.sampled_from(["contact", "liaison", "crew"]), min_size=1, max_size=3, unique=True)


class Days(RuleBasedStateMachine):
    """One visit on the Monday after next, and a week in which everything about its reminder may change."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.now = instant(MONDAY, 480)
        self.sent: Counter[tuple[str, int, str]] = Counter()

    @initialize()
    def publish(self) -> None:
        """Begin with an empty house."""
        for table in reversed(Base.metadata.sorted_tables):
            self.session.execute(table.delete())
        self.session.expire_all()
        self.session.info.clear()
        make_days(self.session, MONDAY - timedelta(days=21), 60)
        self.visit = promised_visit(self.session, now=self.now, day=MONDAY + timedelta(days=7))
        queue_visit_messages(self.session, self.visit, "published", now=self.now)

    @rule(hours=st.integers(1, 30))
    def pass_time(self, hours: int) -> None:
        """The clock goes on, the ticks run, the post goes out."""
        self.now += timedelta(hours=hours)
        queue_reminders(self.session, now=self.now)
        for letter in claim(self.session, now=self.now, owner="test"):
            record(self.session, [Outcome(letter, Sent.ACCEPTED, "id")], now=self.now)
            for message in self.session.scalars(select(Message).where(Message.id.in_(letter.message_ids))):
                if message.kind == KIND:
                    self.sent[person_key(message), message.facts["starts"], message.facts["day"]] += 1

    @rule(lead=st.sampled_from(LEADS))
    def change_lead(self, lead: Lead) -> None:
        """Another time."""
        self._alter(lead=lead)

    @rule(audiences=AUDIENCES)
    def change_audiences(self, audiences: list[str]) -> None:
        """Other people."""
        self._alter(audiences=audiences)

    @rule(enabled=st.booleans())
    def switch(self, enabled: bool) -> None:
        """On or off."""
        self._alter(enabled=enabled)

    @rule(minutes=st.sampled_from([0, 15]))
    def change_visit(self, minutes: int) -> None:
        """The visit moves, or only its version rises."""
        change(self.session, self.visit, starts=self.visit.starts + minutes)
        queue_visit_messages(self.session, self.visit, "moved", now=self.now)

    @rule()
    def confirm(self) -> None:
        """The town says that it expects the van."""
        change(self.session, self.visit, state=VisitState.CONFIRMED)

    @rule(muted=st.booleans())
    def mute(self, muted: bool) -> None:
        """The town's liaison does not want to be reminded, or does."""
        preferences.change_preference(
            self.session, f"town:{self.visit.town_id}", locale=None, channel=None, muted=[KIND] if muted else [],
            version=None, actor="town", now=self.now,
        )  # fmt: skip

    def _alter(self, **changes: Any) -> None:
        present = rules.rule_of(self.session, KIND)
        values = {name: getattr(present, name) for name in ("enabled", "audiences", "channels", "lead", "urgent")}
        rules.change_rule(self.session, KIND, **(values | changes), version=None, actor="zhou", now=self.now)

    def _rows(self) -> list[Message]:
        found = select(Message).where(Message.kind == KIND, Message.visit_version == self.visit.version)
        return list(self.session.scalars(found.execution_options(populate_existing=True)))

    @invariant()
    def nobody_is_reminded_twice_of_one_slot(self) -> None:
        """Whatever was changed in between."""
        assert [each for each, number in self.sent.items() if number > 1] == []

    @invariant()
    def what_waits_is_what_the_rule_says(self) -> None:
        """Right people, right time."""
        rule_ = rules.rule_of(self.session, KIND)
        wanted = {
            each.key for each in people_for(self.session, KIND, request=self.visit.request, shift=self.visit.shift)
        }
        due = due_time(self.session, KIND, self.visit.day, self.visit.starts)
        for message in self._rows():
            if message.state in WAITING and message.bundle is None:
                assert rule_.enabled
                assert person_key(message) in wanted
                assert message.due_at == due or message.due_at <= self.now or message.last_error is not None

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """Whoever is to be told and can still be told in time has a message that waits, or that went out."""
        due = due_time(self.session, KIND, self.visit.day, self.visit.starts)
        wanted = {
            each.key for each in people_for(self.session, KIND, request=self.visit.request, shift=self.visit.shift)
        }
        queue_reminders(self.session, now=self.now)
        live = {person_key(each) for each in self._rows() if each.state is not MessageState.STALE}
        told = {who for (who, starts, _), _ in self.sent.items() if starts == self.visit.starts}
        if due > self.now:
            assert wanted <= live | told


def test_rules_change_in_any_order(session: Session) -> None:
    quick = settings(
        max_examples=20, stateful_step_count=14, deadline=None, database=None, phases=[Phase.generate, Phase.shrink]
    )
    run_state_machine_as_test(lambda: Days(session), settings=quick)
