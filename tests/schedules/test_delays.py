"""What towns are told while the van drives: that it has set off, that it is late, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schedules import changes, visits
from schedules.calendar import instant
from schedules.changes import Entry
from schedules.claiming import claim
from schedules.delays import expected_starts
from schedules.models import DisruptionKind, MessageState, Plan, PlanState, Stop, Tour, VisitState
from tests.factories import add, make_request, make_service, make_shift, make_visit
from tests.schedules.promised import MONDAY, change, messages

EIGHT = instant(MONDAY, 480)


@pytest.fixture
def tour(session):
    """Three stops on Monday: 09:00 to 10:00, 11:00 to 12:00 and 14:00 to 15:00, an hour's service each.

    Setup and teardown take no time, so that the slack between stops is an hour less the drive.
    """
    shift = make_shift(session, MONDAY)
    return [a_visit(session, shift, starts) for starts in (540, 660, 840)]


def a_visit(session, shift, starts):
    talk = make_service(session, f"talk-{shift.id}-{starts}", {}, minutes=60, setup=0, teardown=0, kits=0)
    request = make_request(session, [(MONDAY, 480, 960)], now=EIGHT, service=talk)
    return make_visit(session, request, shift, starts)


def with_drives(session, tour, minutes, lunch=None):
    """The plan that the tour was published from, with so many minutes of driving to each stop."""
    plan = add(
        session,
        Plan(
            state=PlanState.PUBLISHED, first_day=MONDAY, last_day=MONDAY, seconds_allowed=1, created_at=EIGHT,
            created_by="zhou",
        ),
    )  # fmt: skip
    shift = tour[0].shift
    row = add(session, Tour(plan_id=plan.id, shift_id=shift.id, leaves=500, returns=960, lunch=lunch, driving=90))
    for position, visit in enumerate(tour):
        stop = Stop(
            tour_id=row.id, plan_id=plan.id, request_id=visit.request_id, position=position, drive=minutes,
            arrives=visit.arrives, starts=visit.starts, departs=visit.departs,
        )  # fmt: skip
        add(session, stop)
        visit.plan_id = plan.id
    session.flush()


def at(minutes, day=MONDAY):
    return {"actor": "crew", "now": instant(day, minutes)}


def opened(session, visit, minutes, *, set_off=None):
    """The crew drives to a stop and opens it at this minute."""
    visits.set_off(session, visit.id, **at(set_off or visit.starts - 20))
    visits.arrive(session, visit.id, **at(minutes))
    return visits.open_session(session, visit.id, **at(minutes))


def late(session):
    """What was said of delays: the visit's start, the minutes and what became of it, each message once per person."""
    said = [(m.facts["starts"], m.facts["late"], m.state.value) for m in messages(session, "delayed")]
    return list(dict.fromkeys(said))


def enter_late(session, shift, minutes, when):
    entry = Entry(DisruptionKind.CREW_LATE, "堵车", shift_id=shift.id, minutes=minutes)
    return changes.enter(session, entry, actor="crew", now=instant(MONDAY, when))


# On the way -----------------------------------------------------------------------------------------------------------


def test_the_town_is_told_once_that_the_van_has_set_off_and_when_it_comes(session, tour):
    with_drives(session, tour, 25)
    for _ in range(2):
        visits.set_off(session, tour[0].id, **at(510))
    told = messages(session, "crew_on_the_way")
    assert [message.facts["expected"] for message in told] == [535, 535]
    assert {message.recipient for message in told} == {tour[0].request.contact_email, tour[0].town.contact_email}
    assert {message.useful_until for message in told} == {instant(MONDAY, 540)}


def test_without_a_plan_nobody_guesses_the_arrival(session, tour):
    visits.set_off(session, tour[0].id, **at(510))
    assert {"expected" in message.facts for message in messages(session, "crew_on_the_way")} == {False}


def test_a_step_heard_of_after_the_session_should_have_begun_tells_nobody(session, tour):
    visits.set_off(session, tour[0].id, actor="crew", now=instant(MONDAY, 560), at=instant(MONDAY, 510))
    assert messages(session, "crew_on_the_way") == []


def test_news_of_a_van_on_its_way_is_stale_once_it_is_there(session, tour):
    visits.set_off(session, tour[0].id, **at(510))
    visits.arrive(session, tour[0].id, **at(530))
    letters = claim(session, now=instant(MONDAY, 531), owner="test")
    assert [item.kind for letter in letters for item in letter.items] == []
    assert {message.state for message in messages(session, "crew_on_the_way")} == {MessageState.STALE}


# Late by the crew's steps ---------------------------------------------------------------------------------------------


def test_a_session_opened_late_makes_the_stops_behind_it_late(session, tour):
    opened(session, tour[0], 570)
    assert late(session) == [(660, 30, "queued"), (840, 30, "queued")]
    assert {m.facts["expected"] - m.facts["starts"] for m in messages(session, "delayed")} == {30}


@pytest.mark.parametrize(("minutes", "told"), [(555, 0), (556, 2)])
def test_towns_are_told_of_more_than_a_quarter_of_an_hour(session, tour, minutes, told):
    opened(session, tour[0], minutes)
    assert len(late(session)) == told


def test_slack_between_stops_makes_delays_good(session, tour):
    with_drives(session, tour, 25)  # an hour between the first two stops leaves 35 minutes of slack
    opened(session, tour[0], 540 + 60)
    assert late(session) == [(660, 25, "queued")]


def test_lunch_is_no_slack(session, tour):
    with_drives(session, tour, 20, lunch=730)  # two hours before the last stop, one of them for lunch
    visits.set_off(session, tour[0].id, **at(520))
    opened(session, tour[1], 660 + 70, set_off=700)
    assert {(expected.visit.starts, expected.late) for expected in expected_starts(session, tour[0].shift)} == {
        (840, 30)
    }


def test_the_same_delay_is_said_once_however_many_steps_repeat_it(session, tour):
    opened(session, tour[0], 570)
    visits.close_session(session, tour[0].id, **at(630))
    visits.leave(session, tour[0].id, **at(631))
    assert late(session) == [(660, 30, "queued"), (840, 30, "queued")]


def test_a_growing_delay_is_said_again_and_what_waited_is_overtaken(session, tour):
    opened(session, tour[0], 570)
    visits.close_session(session, tour[0].id, **at(660))
    assert late(session) == [(660, 30, "stale"), (840, 30, "stale"), (660, 60, "queued"), (840, 60, "queued")]
    assert {m.last_error for m in messages(session, "delayed") if m.state is MessageState.STALE} == {"overtaken"}


def test_who_was_told_of_a_delay_is_told_that_it_is_made_good(session, tour):
    opened(session, tour[0], 570)
    for message in messages(session, "delayed")[:2]:
        message.state = MessageState.SENT
    session.flush()
    visits.close_session(session, tour[0].id, **at(600))
    assert late(session) == [(660, 30, "sent"), (840, 30, "stale"), (660, 0, "queued")]


def test_a_delay_that_comes_back_is_told_again(session, tour):
    disruption = enter_late(session, tour[0].shift, 40, 485)
    for message in messages(session, "delayed"):
        message.state = MessageState.SENT
    changes.revoke(session, disruption.id, actor="crew", now=instant(MONDAY, 490))
    for message in messages(session, "delayed"):
        message.state = MessageState.SENT
    enter_late(session, tour[0].shift, 40, 495)
    assert [minutes for starts, minutes, _ in late(session) if starts == 540] == [40, 0, 40]
    assert [m.facts["turn"] for m in messages(session, "delayed") if m.facts["starts"] == 540] == [0, 0, 1, 1, 2, 2]


def test_a_moved_visit_is_not_called_late_any_more(session, tour):
    opened(session, tour[0], 570)
    change(session, tour[1], starts=700, arrives=700, closes=760, departs=760)
    claim(session, now=instant(MONDAY, 572), owner="test")
    assert {m.state.value for m in messages(session, "delayed") if m.visit_id == tour[1].id} == {"stale"}


def test_a_town_that_confirms_meanwhile_still_hears_of_the_delay(session, tour):
    opened(session, tour[0], 570)
    visits.confirm(session, tour[2].id, actor="town", now=instant(MONDAY, 571))
    letters = claim(session, now=instant(MONDAY, 572), owner="test")
    letters += claim(session, now=instant(MONDAY, 573), owner="test")
    ids = {m.id for m in messages(session, "delayed") if m.visit_id == tour[2].id and m.state == "sending"}
    assert len(ids) == 2
    assert ids <= {item.message_id for letter in letters for item in letter.items}


def test_steps_of_another_day_say_nothing_of_today(session, tour):
    visits.set_off(session, tour[0].id, **at(520))
    heard = instant(MONDAY + timedelta(days=1), 500)
    visits.arrive(session, tour[0].id, actor="crew", now=heard, at=instant(MONDAY, 570))
    assert late(session) == []


# Late by what somebody says -------------------------------------------------------------------------------------------


def test_a_crew_that_says_it_is_late_has_every_town_ahead_told(session, tour):
    enter_late(session, tour[0].shift, 25, 485)
    assert late(session) == [(540, 25, "queued"), (660, 25, "queued"), (840, 25, "queued")]


def test_the_town_that_the_van_drives_to_is_told_too(session, tour):
    visits.set_off(session, tour[0].id, **at(500))
    enter_late(session, tour[0].shift, 40, 520)
    assert [starts for starts, _, _ in late(session)] == [540, 660, 840]


def test_the_last_word_counts(session, tour):
    enter_late(session, tour[0].shift, 40, 485)
    opened(session, tour[0], 540)  # on time after all
    letters = claim(session, now=instant(MONDAY, 541), owner="test")
    assert [item.kind for letter in letters for item in letter.items if item.kind == "delayed"] == []
    assert {state for _, _, state in late(session)} == {"stale"}


def test_a_revoked_entry_leaves_nothing_waiting(session, tour):
    disruption = enter_late(session, tour[0].shift, 25, 485)
    changes.revoke(session, disruption.id, actor="crew", now=instant(MONDAY, 486))
    assert {state for _, _, state in late(session)} == {"stale"}


def test_another_vans_stops_are_not_late(session, tour):
    other = a_visit(session, make_shift(session, MONDAY), 660)
    enter_late(session, tour[0].shift, 25, 485)
    assert other.id not in {message.visit_id for message in messages(session, "delayed")}


def test_a_missed_visit_is_told_once_with_its_reason_and_nothing_else_waits(session, tour):
    enter_late(session, tour[0].shift, 25, 485)
    for _ in range(2):
        visits.miss(session, tour[0].id, "van_out", **at(600))
    of_visit = [message for message in messages(session) if message.visit_id == tour[0].id]
    assert [m.facts["reason"] for m in of_visit if m.kind == "visit_missed"] == ["van_out"] * 2
    assert {m.kind for m in of_visit if m.state is MessageState.QUEUED} == {"visit_missed"}
    assert {m.facts["request_state"] for m in of_visit if m.kind == "visit_missed"} == {"accepted"}
    assert tour[0].state is VisitState.MISSED
