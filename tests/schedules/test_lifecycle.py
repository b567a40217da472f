"""The life cycles: their tables, and a machine that calls the use cases in any order and never leaves the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import audit, errors, lifecycle, publishing, reports, requests, visits
from schedules.calendar import instant
from schedules.db import Base
from schedules.models import (
    MessageState,
    Plan,
    PlanState,
    RequestState,
    Shift,
    Venue,
    Visit,
    VisitRequest,
    VisitState,
)
from schedules.reports import ReportIn
from schedules.requests import Wish, WishService, WishWindow
from tests.drafts import draft
from tests.factories import make_days, make_request, make_service, make_shift, make_van, make_venue

# The tables ----------------------------------------------------------------------------------------------------------

TABLES: list[tuple[type[Any], Mapping[Any, frozenset[Any]]]] = [
    (RequestState, lifecycle.REQUEST_MOVES),
    (PlanState, lifecycle.PLAN_MOVES),
    (VisitState, lifecycle.VISIT_MOVES),
    (MessageState, lifecycle.MESSAGE_MOVES),
]


@pytest.mark.parametrize(("states", "moves"), TABLES)
def test_every_state_has_its_moves_and_none_leads_to_itself(states: type[Any], moves: Mapping[Any, Any]) -> None:
    assert set(moves) == set(states)
    assert all(state not in moves[state] for state in states)


@pytest.mark.parametrize(("states", "moves"), TABLES)
def test_every_state_can_be_reached_from_the_first(states: type[Any], moves: Mapping[Any, Any]) -> None:
    reached = {next(iter(states))}
    while more := {target for state in reached for target in moves[state]} - reached:
        reached |= more
    assert reached == set(states)


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        (lifecycle.REQUEST_MOVES, {"declined", "done", "withdrawn", "expired"}),
        (lifecycle.PLAN_MOVES, {"superseded", "discarded"}),
        (lifecycle.VISIT_MOVES, {"done", "missed", "cancelled"}),
        (lifecycle.MESSAGE_MOVES, {"sent", "stale", "too_late", "cancelled"}),
    ],
)
def test_what_has_ended_stays_ended(moves: Mapping[Any, Any], ends: set[str]) -> None:
    assert {state.value for state, targets in moves.items() if not targets} == ends


def test_a_move_outside_the_table_says_from_where_to_where(session: Session, now: datetime) -> None:
    request = make_request(session, [], now=now, state=RequestState.DONE)
    with pytest.raises(errors.MoveNotAllowed) as caught:
        lifecycle.move_request(request, RequestState.ACCEPTED, now=now)
    assert caught.value.detail == {"noun": "request", "from_": "done", "to": "accepted"}
    assert request.state is RequestState.DONE


# The machine ---------------------------------------------------------------------------------------------------------

TUESDAY, WEDNESDAY = date(2026, 6, 9), date(2026, 6, 10)
START = instant(date(2026, 6, 1), 480)

Seen = tuple[Any, int]
Step = Callable[..., Visit]
STEPS: list[Step] = [
    visits.confirm,
    visits.set_off,
    visits.arrive,
    visits.open_session,
    visits.close_session,
    visits.leave,
]
RARELY = st.sampled_from([False, False, False, True])
OFTEN = st.sampled_from([True, True, True, False])


class Life(RuleBasedStateMachine):
    """One request among two shifts, and everybody who may do something to it, in any order, at any time."""

    def __init__(self, session_factory: sessionmaker[Session]) -> None:
        super().__init__()
        self.session = session_factory()
        self.now = START
        self.plans: list[int] = []
        self.request_changes = 0
        self.visit_changes: dict[int, int] = {}

    @initialize(stage=st.integers(0, 4))
    def a_request_has_come_so_far(self, stage: int) -> None:
        """0: filed, 1: accepted, 2: promised, 3: on the way, 4: open; late moves are tried as often as early ones."""
        self.file_a_request()
        if stage >= 1:
            self.the_coordinator_accepts()
        if stage >= 2:
            self.a_plan_is_made(0, 540, serve=True, at_once=True)
        for step in {3: STEPS[1:2], 4: STEPS[1:4]}.get(stage, []):
            self.take(step)

    def file_a_request(self) -> None:
        make_days(self.session, START.date())
        make_service(self.session)
        venue: Venue = make_venue(self.session)
        van = make_van(self.session)
        self.shifts: list[Shift] = [make_shift(self.session, day, van) for day in (TUESDAY, WEDNESDAY)]
        self.wish = Wish(
            venue_id=venue.id,
            services=(WishService("food_rapid_test"),),
            windows=tuple(WishWindow(day, 480, 720) for day in (TUESDAY, WEDNESDAY)),
            people=50,
            contact_name="陆燕",
            contact_phone="13812345678",
        )
        request = requests.submit(self.session, venue.town_id, self.wish, actor="town", now=self.now)
        self.request_id = request.id
        self.request_changes = 1
        self.session.commit()

    # Who does what ---------------------------------------------------------------------------------------------------

    @rule(people=st.integers(50, 52))
    def the_town_amends(self, people: int) -> None:
        wish = replace(self.wish, people=people)
        self.call(lambda: requests.amend(self.session, self.request_id, wish, actor="town", now=self.now))

    @rule(for_good=RARELY)
    def the_town_withdraws(self, for_good: bool) -> None:
        if for_good:
            self.call(lambda: requests.withdraw(self.session, self.request_id, actor="town", now=self.now))

    @rule()
    def the_coordinator_accepts(self) -> None:
        self.call(lambda: requests.accept(self.session, self.request_id, actor="zhou", now=self.now))

    @rule(for_good=RARELY)
    def the_coordinator_declines(self, for_good: bool) -> None:
        if for_good:
            self.call(lambda: requests.decline(self.session, self.request_id, reason="no", actor="zhou", now=self.now))

    @rule(which=st.integers(0, 1))
    def the_coordinator_pins(self, which: int) -> None:
        shift_id = self.shifts[which].id
        self.call(lambda: requests.pin(self.session, self.request_id, shift_id, actor="zhou", now=self.now))

    @rule()
    def the_coordinator_unpins(self) -> None:
        self.call(lambda: requests.unpin(self.session, self.request_id, actor="zhou", now=self.now))

    @rule(which=st.integers(0, 1), starts=st.sampled_from([540, 570]), serve=OFTEN, at_once=OFTEN)
    def a_plan_is_made(self, which: int, starts: int, serve: bool, at_once: bool) -> None:
        placed = [(self.request, self.shifts[which], starts)] if serve else []
        try:
            self.plans.append(draft(self.session, placed, now=self.now).id)
        except KeyError:  # the request or the shift takes no part in planning now
            self.session.rollback()
        if at_once:
            self.the_coordinator_publishes()

    @rule()
    def the_coordinator_publishes(self) -> None:
        if self.plans:
            self.call(lambda: publishing.publish(self.session, self.plans[-1], actor="zhou", now=self.now))

    @rule()
    def the_coordinator_discards(self) -> None:
        if self.plans:
            self.call(lambda: publishing.discard(self.session, self.plans[-1], actor="zhou", now=self.now))

    @rule(step=st.sampled_from(STEPS))
    def the_town_or_the_crew_takes_any_step(self, step: Step) -> None:
        self.take(step)

    @rule()
    def the_visit_goes_on(self) -> None:
        if visit := visits.visit_of_request(self.session, self.request_id):
            self.take(STEPS[min(len(STEPS) - 1, visit.version)])

    def take(self, step: Step) -> None:
        if visit := visits.visit_of_request(self.session, self.request_id):
            self.call(lambda: step(self.session, visit.id, actor="crew", now=self.now))

    @rule(end=st.sampled_from([visits.miss, visits.cancel]), for_good=RARELY)
    def the_visit_ends_badly(self, end: Step, for_good: bool) -> None:
        if for_good and (visit := visits.visit_of_request(self.session, self.request_id)):
            self.call(lambda: end(self.session, visit.id, "flood", actor="crew", now=self.now))

    @rule()
    def the_crew_reports(self) -> None:
        if visit := visits.visit_of_request(self.session, self.request_id):
            counted = ReportIn(people=30)
            self.call(lambda: reports.file_report(self.session, visit.id, counted, actor="crew", now=self.now))

    @rule(hours=st.sampled_from([1, 1, 24, 240]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.call(lambda: requests.expire(self.session, now=self.now))

    # What holds ------------------------------------------------------------------------------------------------------

    @property
    def request(self) -> VisitRequest:
        return self.session.get_one(VisitRequest, self.request_id)

    def call(self, use_case: Callable[[], object]) -> None:
        """Call it as an edge does: commit, or roll back when it is refused; then compare before and after."""
        before = self.seen()
        try:
            use_case()
            self.session.commit()
        except errors.ScheduleError:
            self.session.rollback()
            assert self.seen() == before, "a refusal changed something"
        self.session.expire_all()
        self.compare(before, self.seen())

    def seen(self) -> dict[tuple[str, int], Seen]:
        """State and version of the request, its visits and the plans; plans have no version."""
        request = self.request
        visits_of_it = self.session.scalars(select(Visit).where(Visit.request_id == self.request_id))
        plans = self.session.scalars(select(Plan))
        return {
            ("request", request.id): (request.state, request.version),
            **{("visit", visit.id): (visit.state, visit.version) for visit in visits_of_it},
            **{("plan", plan.id): (plan.state, 0) for plan in plans},
        }

    def compare(self, before: dict[tuple[str, int], Seen], after: dict[tuple[str, int], Seen]) -> None:
        moves: dict[str, Mapping[Any, frozenset[Any]]] = {
            "request": lifecycle.REQUEST_MOVES,
            "visit": lifecycle.VISIT_MOVES,
            "plan": lifecycle.PLAN_MOVES,
        }
        for (noun, row_id), (state, version) in after.items():
            old_state, old_version = before.get((noun, row_id), (None, 0))
            if old_state is not None and state is not old_state:
                assert state in moves[noun][old_state], f"{noun}: {old_state} -> {state} is not in the table"
                assert noun == "plan" or version > old_version, f"{noun} changed without a new version"
            assert version >= old_version
            if noun == "request" and version > old_version:
                self.request_changes += 1
            if noun == "visit":
                self.visit_changes[row_id] = version

    @invariant()
    def every_change_has_its_audit_row(self) -> None:
        rows = audit.rows_about(self.session, "request", self.request_id)
        told_by_the_visit = sum(
            len(audit.rows_about(self.session, "visit", visit_id)) for visit_id in self.visit_changes
        )
        assert len(rows) + told_by_the_visit >= self.request_changes
        for visit_id, version in self.visit_changes.items():
            visit = self.session.get_one(Visit, visit_id)
            assert [change.version for change in visit.changes] == list(range(1, version + 1))
            assert len(audit.rows_about(self.session, "visit", visit_id)) == version

    @invariant()
    def request_and_visit_agree(self) -> None:
        found = self.session.scalars(select(Visit).where(Visit.request_id == self.request_id)).all()
        standing = [visit for visit in found if visit.state in lifecycle.LIVE_VISITS]
        assert len(standing) == (self.request.state is RequestState.PLANNED)
        assert (self.request.state is RequestState.DONE) == any(visit.state is VisitState.DONE for visit in found)

    def teardown(self) -> None:
        self.session.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            self.session.execute(table.delete())
        self.session.commit()
        self.session.close()


def test_no_order_of_calls_leaves_the_tables(session_factory: sessionmaker[Session]) -> None:
    # No shrinking: with two databases and real commits it takes longer than reading the steps.
    few = settings(
        max_examples=20, stateful_step_count=15, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
    )
    run_state_machine_as_test(lambda: Life(session_factory), settings=few)
