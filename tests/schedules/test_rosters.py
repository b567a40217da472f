"""What a crew hears of a changed roster: who is concerned, once, and only while it is so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schedules.calendar import instant
from schedules.claiming import claim
from schedules.crew_tours import queue_crew_tours
from schedules.models import MessageState
from schedules.rosters import roster_of, tell_changes
from tests.factories import make_crew_member, make_shift
from tests.schedules.promised import WEDNESDAY, messages, promised_visit


@pytest.fixture
def shift(session, now):
    """A shift of two people on which a visit stands."""
    return promised_visit(session, now=now).shift


def alter(session, shift, now, **changes):
    """Change the roster and tell of it, as every change does."""
    before = roster_of(shift)
    for name, value in changes.items():
        setattr(shift, name, value)
    shift.touch(now)
    tell_changes(session, shift, before, now=now)


def told(session, state=MessageState.QUEUED):
    return {
        (int(message.key.split(":")[3]), message.facts["change"])
        for message in messages(session, "roster_changed")
        if message.state is state
    }


def sent(session, now):
    return [item.kind for letter in claim(session, now=now, owner="test") for item in letter.items]


def test_who_is_added_and_who_need_not_come_are_told(session, now, shift):
    stays, leaves = shift.crew
    comes = make_crew_member(session)
    alter(session, shift, now, crew=[stays, comes])
    assert told(session) == {(leaves.id, "removed"), (comes.id, "added")}


def test_other_hours_are_told_to_all_with_the_former_ones(session, now, shift):
    alter(session, shift, now, ends=1020)
    assert told(session) == {(member.id, "hours") for member in shift.crew}
    assert {message.facts["before"]["ends"] for message in messages(session, "roster_changed")} == {990}


def test_what_concerns_no_roster_is_told_to_nobody(session, now, shift):
    alter(session, shift, now, kits=96)
    assert told(session) == set()


def test_a_change_is_told_once(session, now, shift):
    before = roster_of(shift)
    shift.ends = 1020
    for _ in range(2):
        tell_changes(session, shift, before, now=now)
    assert len(messages(session, "roster_changed")) == len(shift.crew)


def test_a_shift_that_nobody_was_promised_is_nobodys_plan_yet(session, now):
    shift = make_shift(session, WEDNESDAY)
    alter(session, shift, now, ends=1020)
    assert told(session) == set()


def test_a_shift_that_has_begun_is_past_telling(session, now, shift):
    alter(session, shift, instant(WEDNESDAY, 480), ends=1020)
    assert told(session) == set()


def test_hours_changed_back_make_both_messages_right(session, now, shift):
    alter(session, shift, now, ends=1020)
    alter(session, shift, now, ends=990)
    assert sent(session, now) == ["roster_changed"] * 2
    stale = [m for m in messages(session, "roster_changed") if m.state is MessageState.STALE]
    assert {(message.facts["ends"], message.last_error) for message in stale} == {(1020, "roster_changed_again")}


def test_somebody_removed_and_added_again_is_not_told_to_stay_away(session, now, shift):
    crew = list(shift.crew)
    alter(session, shift, now, crew=crew[:1])
    later = now + timedelta(minutes=1)
    alter(session, shift, later, crew=crew)
    assert sent(session, later) == ["roster_changed"]
    assert told(session, MessageState.SENDING) == {(crew[1].id, "added")}


def test_somebody_removed_hears_no_tour_any_more(session, now, shift):
    queue_crew_tours(session, now=now)
    gone = shift.crew[1]
    alter(session, shift, now, crew=shift.crew[:1])
    evening = max(message.due_at for message in messages(session, "crew_tour"))
    claim(session, now=evening, owner="test")
    tours = {message.key.split(":")[-2]: message.state.value for message in messages(session, "crew_tour")}
    assert tours == {str(shift.crew[0].id): "sending", str(gone.id): "stale"}
