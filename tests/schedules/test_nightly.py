"""The plan proposed overnight: once a night, late rather than never, and only where it could say something new."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time

import pytest
from sqlalchemy import select

from schedules import nightly, planning, runs
from schedules.calendar import instant
from schedules.models import Plan, PlanState, RequestState, Unserved
from tests.drafts import FIRST, draft
from tests.factories import make_days, make_request, make_shift

AT = time(2, 30)
HALF_PAST_TWO = 150
MONDAY = date(2026, 6, 1)
DAY_ASKED = date(2026, 6, 9)


@pytest.fixture
def asked(session, now):
    """An accepted request, a day table and a shift that could serve it; it is the night to Tuesday."""
    make_days(session, MONDAY, number=60)
    request = make_request(session, [(DAY_ASKED, 480, 720)], now=now, state=RequestState.ACCEPTED)
    session.commit()
    return request


def night(day=2, minutes=HALF_PAST_TWO):
    return instant(date(2026, 6, day), minutes)


def propose(session, moment, owner="a"):
    proposed = nightly.propose(session, now=moment, at=AT, seconds=5.0, owner=owner)
    session.commit()
    return proposed


def finish(session, plan, now):
    """Make the run a draft that leaves everybody out, as a runner would where nothing fits."""
    made = planning.snapshot(session, plan.first_day, plan.last_day, now=now)
    plan.state, plan.inputs = PlanState.DRAFT, made.inputs
    plan.unserved = [
        Unserved(request_id=int(key.partition(":")[2]), reason="day")
        for key in made.inputs
        if key.startswith("request:")
    ]
    session.commit()


def test_a_plan_of_the_coming_four_weeks_is_asked_for_by_the_scheduler(session, asked):
    plan = propose(session, night())
    assert (plan.state, plan.created_by, plan.seconds_allowed) == (PlanState.QUEUED, "scheduler", 5.0)
    assert (plan.first_day, plan.last_day) == (date(2026, 6, 3), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("minutes", "is_asked"),
    [(HALF_PAST_TWO - 1, False), (HALF_PAST_TWO, True), (HALF_PAST_TWO + 239, True), (HALF_PAST_TWO + 240, False)],
)
def test_it_is_asked_for_late_rather_than_never_but_not_in_the_daytime(session, asked, minutes, is_asked):
    assert (propose(session, night(minutes=minutes)) is not None) is is_asked


def test_a_night_goes_on_past_midnight(session, asked):
    late = time(23, 0)
    for moment, expected in ((instant(MONDAY, 1410), MONDAY), (instant(MONDAY, 1500), MONDAY), (night(2, 180), None)):
        assert nightly.night_of(moment, late) == expected


def test_in_one_night_it_is_asked_for_once_whatever_becomes_of_it(session, asked):
    plan = propose(session, night())
    for state in (PlanState.FAILED, PlanState.DISCARDED):
        plan.state = state
        session.commit()
        assert propose(session, night(minutes=200), owner="b") is None
    assert propose(session, night(day=3)) is not None


def test_a_change_of_the_hour_in_the_night_does_not_make_it_two(session, asked):
    propose(session, night()).state = PlanState.FAILED
    session.commit()
    assert nightly.propose(session, now=night(minutes=200), at=time(3, 0), seconds=5.0, owner="a") is None


def test_of_many_processes_in_one_night_one_asks(session_factory, session, asked):
    def ask(owner):
        with session_factory.begin() as mine:
            return nightly.propose(mine, now=night(), at=AT, seconds=5.0, owner=owner) is not None

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, "abcdef")).count(True) == 1
    assert len(session.scalars(select(Plan)).all()) == 1


def test_a_process_that_dies_before_its_commit_leaves_the_night_to_another(session, asked):
    assert nightly.propose(session, now=night(), at=AT, seconds=5.0, owner="a") is not None
    session.rollback()
    assert propose(session, night(minutes=160), owner="b") is not None


def test_nothing_is_asked_for_while_a_plan_is_being_made_and_the_night_is_not_spent(session, asked):
    running = runs.queue_plan(
        session, date(2026, 6, 3), date(2026, 6, 9), seconds=5, actor="zhou", now=night(minutes=100)
    )
    assert propose(session, night()) is None
    running.state = PlanState.FAILED
    session.commit()
    assert propose(session, night(minutes=200)) is not None


@pytest.mark.parametrize("state", sorted(set(RequestState) - {RequestState.ACCEPTED}))
def test_nothing_is_asked_for_where_no_accepted_request_waits(session, asked, state):
    asked.state = state
    session.commit()
    assert propose(session, night()) is None


def test_nothing_is_asked_for_where_those_who_wait_want_later_days(session, now):
    make_days(session, MONDAY, number=60)
    make_request(session, [(date(2026, 7, 20), 480, 720)], now=now, state=RequestState.ACCEPTED)
    session.commit()
    assert propose(session, night()) is None


def test_days_that_are_not_announced_are_left_out(session, now):
    make_days(session, MONDAY, number=14)
    make_request(session, [(DAY_ASKED, 480, 720)], now=now, state=RequestState.ACCEPTED)
    session.commit()
    assert propose(session, night()).last_day == date(2026, 6, 14)


def test_without_a_day_table_nothing_is_asked_for(session, now):
    make_request(session, [(DAY_ASKED, 480, 720)], now=now, state=RequestState.ACCEPTED)
    session.commit()
    assert propose(session, night()) is None


@pytest.mark.parametrize("state", [PlanState.DRAFT, PlanState.DISCARDED])
def test_when_nothing_has_changed_since_the_last_draft_the_next_night_is_quiet(session, asked, state):
    plan = propose(session, night())
    finish(session, plan, night(minutes=160))
    plan.state = state
    session.commit()
    assert propose(session, night(day=3)) is None


def test_whoever_was_accepted_since_the_last_draft_makes_it_worth_asking(session, asked):
    finish(session, propose(session, night()), night(minutes=160))
    make_request(session, [(date(2026, 6, 11), 480, 720)], now=night(minutes=600), state=RequestState.ACCEPTED)
    session.commit()
    assert propose(session, night(day=3)) is not None


def test_a_change_to_what_the_last_draft_was_made_from_makes_it_worth_asking(session, asked):
    finish(session, propose(session, night()), night(minutes=160))
    asked.venue.latitude += 0.01
    session.commit()
    assert propose(session, night(day=3)) is not None


def test_a_day_that_has_come_into_reach_for_somebody_left_out_makes_it_worth_asking(session, now):
    make_days(session, MONDAY, number=60)
    windows = [(DAY_ASKED, 480, 720), (date(2026, 7, 1), 480, 720)]
    make_request(session, windows, now=now, state=RequestState.ACCEPTED)
    session.commit()
    finish(session, propose(session, night()), night(minutes=160))  # its last day is 30 June
    assert propose(session, night(day=3)) is not None


def test_a_draft_that_places_somebody_on_a_day_that_has_passed_is_followed_by_a_new_one(session, now):
    make_days(session, MONDAY, number=60)
    request = make_request(
        session, [(FIRST, 480, 720), (date(2026, 6, 12), 480, 720)], now=now, state=RequestState.ACCEPTED
    )
    shift = make_shift(session, FIRST)
    session.commit()
    draft(session, [(request, shift, 570)], now=now)
    assert propose(session, night(day=3)) is None
    assert propose(session, night(day=FIRST.day)) is not None


def test_a_newer_proposal_puts_those_of_earlier_nights_aside_unless_somebody_works_on_them(session, asked):
    first, second, third = (
        Plan(state=PlanState.DRAFT, first_day=DAY_ASKED, last_day=DAY_ASKED, seconds_allowed=1, created_at=night(),
             created_by=by)
        for by in ("scheduler", "zhou", "scheduler")
    )  # fmt: skip
    session.add_all([first, second, third])
    session.flush()
    edited = Plan(state=PlanState.DRAFT, first_day=DAY_ASKED, last_day=DAY_ASKED, seconds_allowed=1,
                  created_at=night(), created_by="zhou", edited_from_id=first.id)  # fmt: skip
    session.add(edited)
    session.flush()
    assert nightly.put_aside_older(session, now=night()) == 0
    session.delete(edited)
    session.flush()
    assert nightly.put_aside_older(session, now=night()) == 1
    assert [plan.state for plan in (first, second, third)] == [PlanState.DISCARDED, PlanState.DRAFT, PlanState.DRAFT]
