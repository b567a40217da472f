"""Who is told what and when: once, in time, and nothing that is no longer true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules import calendar
from schedules.calendar import instant
from schedules.crew_tours import queue_crew_tours
from schedules.models import DayKind, MessageState, VisitState
from schedules.recipients import Person
from schedules.reminders import (
    REMINDERS,
    RULES,
    due_time,
    queue_message,
    queue_reminders,
    queue_request_messages,
    queue_visit_messages,
)
from tests.factories import make_day, make_days, make_request, make_shift, make_visit
from tests.schedules.promised import (
    HALF_PAST_NINE,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    cancel,
    change,
    messages,
    promised_visit,
    states,
)

SOMEBODY = Person("contact:1", "陆燕", "lu@example.org")


def test_a_message_asked_for_twice_is_queued_once_and_leaves_the_transaction_usable(session, now):
    visit = promised_visit(session, now=now)
    asked = [
        queue_message(session, kind="published", to=SOMEBODY, facts={}, visit=visit, now=now) is not None
        for _ in range(2)
    ]
    session.commit()
    assert (asked, len(messages(session))) == ([True, False], 1)


def test_two_transactions_asking_at_once_queue_one_message(session_factory, now):
    def ask() -> bool:
        with session_factory.begin() as session:
            return queue_message(session, kind="published", to=SOMEBODY, facts={}, key="once", now=now) is not None

    with ThreadPoolExecutor() as pool:
        with session_factory.begin() as first:
            queue_message(first, kind="published", to=SOMEBODY, facts={}, key="once", now=now)
            other = pool.submit(ask)  # waits for the first, or comes after it
        assert other.result() is False


def test_a_kind_without_a_rule_is_refused(session, now):
    with pytest.raises(ValueError, match="no rule"):
        queue_message(session, kind="spam", to=SOMEBODY, facts={}, key="k", now=now)


def test_a_promise_is_told_to_contact_and_liaison_with_both_reminders_ahead_of_time(session, now):
    make_days(session, MONDAY)
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    told = {(message.kind, message.recipient, message.due_at) for message in messages(session)}
    people = (visit.request.contact_email, visit.town.contact_email)
    when = {"published": now, "day_before": instant(TUESDAY, 960), "morning_of": instant(WEDNESDAY, 420)}
    assert told == {(kind, person, due) for kind, due in when.items() for person in people}


def test_a_reminder_is_useful_until_the_session_starts(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    assert {message.useful_until for message in messages(session)} == {instant(WEDNESDAY, HALF_PAST_NINE)}


def test_the_day_before_a_monday_is_the_friday_and_before_a_make_up_day_the_working_day(session):
    make_days(session, MONDAY, 10)
    assert due_time(session, "day_before", date(2026, 6, 8)) == instant(date(2026, 6, 5), 960)
    make_day(session, date(2026, 6, 20), DayKind.MAKE_UP)
    make_day(session, date(2026, 6, 21), DayKind.HOLIDAY)
    assert due_time(session, "day_before", date(2026, 6, 22)) == instant(date(2026, 6, 20), 960)


def test_without_a_day_table_the_day_before_is_the_calendar_day(session):
    assert due_time(session, "day_before", WEDNESDAY) == instant(TUESDAY, 960)


def test_two_people_with_one_address_are_told_once(session, now):
    visit = promised_visit(session, now=now)
    visit.town.contact_email = visit.request.contact_email.upper()
    queue_visit_messages(session, visit, "published", now=now)
    assert len(messages(session, "published")) == 1


def test_a_contact_without_email_is_marked_to_be_phoned_and_the_number_is_not_copied(session, now):
    visit = promised_visit(session, now=now, contact_email=None)
    queue_visit_messages(session, visit, "published", now=now)
    message = messages(session, "published")[0]
    assert (message.channel, message.recipient) == ("log", "phone")
    assert visit.request.contact_phone not in str(message.facts) + message.key + message.recipient_name


def test_facts_hold_no_names_or_numbers_of_people(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    queue_crew_tours(session, now=now)
    private = [visit.request.contact_name, visit.request.contact_phone, visit.request.contact_email]
    private += [text for member in visit.shift.crew for text in (member.name, member.phone, member.email)]
    facts = "".join(str(message.facts) for message in messages(session))
    assert [text for text in private if text in facts] == []


def test_a_town_is_reminded_once_even_if_the_tick_runs_twice(session, now):
    promised_visit(session, now=now)
    made = [queue_reminders(session, now=now + timedelta(minutes=minutes)) for minutes in (0, 5)]
    assert (made, len(messages(session, *REMINDERS))) == ([4, 0], 4)


def test_a_reminder_whose_time_had_passed_at_the_promise_is_not_made(session, now):
    visit = promised_visit(session, now=now, day=MONDAY)
    queue_visit_messages(session, visit, "published", now=now)  # 08:00 for 09:30 today: the news itself is enough
    assert states(session, *REMINDERS) == []


def test_moving_a_visit_makes_its_reminders_stale_and_renews_them_for_the_new_time(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    change(session, visit, day=date(2026, 6, 4), starts=840)
    queue_visit_messages(session, visit, "moved", now=now, before={"day": WEDNESDAY, "starts": HALF_PAST_NINE})
    assert states(session, "published", *REMINDERS) == ["stale"] * 6 + ["queued"] * 4
    assert {message.facts["day"] for message in messages(session, *REMINDERS)[4:]} == {"2026-06-04"}


def test_a_cancelled_visit_leaves_nothing_waiting_but_the_cancellation(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    queue_visit_messages(session, cancel(session, visit), "cancelled", now=now)
    waiting = [message.kind for message in messages(session) if message.state is MessageState.QUEUED]
    assert waiting == ["cancelled", "cancelled"]


def test_a_confirmed_visit_is_not_reminded_again_of_what_it_was_reminded_of(session, now):
    visit = promised_visit(session, now=now)
    queue_reminders(session, now=now)
    for message in messages(session, "day_before"):
        message.state = MessageState.SENT
    change(session, visit, state=VisitState.CONFIRMED)
    queue_reminders(session, now=now)
    kinds = [(m.kind, m.visit_version, m.state.value) for m in messages(session, *REMINDERS)]
    assert sorted(set(kinds)) == [("day_before", 1, "sent"), ("morning_of", 1, "stale"), ("morning_of", 2, "queued")]


def test_a_reminder_that_waits_when_the_visit_is_confirmed_late_stays_owed(session, now):
    visit = promised_visit(session, now=now)
    queue_reminders(session, now=now)
    change(session, visit, state=VisitState.CONFIRMED)
    after = instant(TUESDAY, 970)  # the reminder was due at 16:00, and nothing ticked
    queue_reminders(session, now=after)
    owed = [message for message in messages(session, "day_before") if message.state is MessageState.QUEUED]
    assert [message.visit_version for message in owed] == [2, 2]


def test_a_visit_under_way_is_not_reminded(session, now):
    change(session, promised_visit(session, now=now), state=VisitState.ON_THE_WAY)
    assert queue_reminders(session, now=now) == 0


def test_a_request_is_acknowledged_once_per_version(session, now):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    numbers = [len(queue_request_messages(session, request, "request_received", now=now)) for _ in range(2)]
    request.people = 90
    numbers.append(len(queue_request_messages(session, request, "request_received", now=now)))
    assert numbers == [2, 0, 2]


def test_every_crew_member_is_told_the_tour_at_six_the_evening_before(session, now):
    visit = promised_visit(session, now=now)
    assert queue_crew_tours(session, now=now) == len(visit.shift.crew)
    assert {message.due_at for message in messages(session)} == {instant(TUESDAY, 1080)}


def test_a_crew_is_told_once_even_if_the_tick_runs_twice(session, now):
    promised_visit(session, now=now)
    queue_crew_tours(session, now=now)
    assert queue_crew_tours(session, now=now) == 0


def test_a_changed_tour_is_told_again_and_a_confirmed_one_is_not(session, now):
    visit = promised_visit(session, now=now)
    queue_crew_tours(session, now=now)
    for message in messages(session):
        message.state = MessageState.SENT
    change(session, visit, state=VisitState.CONFIRMED)
    assert queue_crew_tours(session, now=now) == 0
    change(session, visit, starts=600)
    assert queue_crew_tours(session, now=now) == 2


def test_a_crew_that_was_told_a_tour_is_told_when_nothing_is_left_of_it(session, now):
    visit = promised_visit(session, now=now)
    queue_crew_tours(session, now=now)
    for message in messages(session):
        message.state = MessageState.SENT
    cancel(session, visit)
    queue_crew_tours(session, now=now)
    assert [message.facts["stops"] for message in messages(session)[2:]] == [[], []]


def test_a_crew_without_stops_is_told_nothing(session, now):
    make_shift(session, WEDNESDAY)
    assert queue_crew_tours(session, now=now) == 0


def test_a_tour_lists_its_stops_in_the_order_of_driving(session, now):
    visit = promised_visit(session, now=now)
    early = make_visit(session, make_request(session, [(WEDNESDAY, 480, 900)], now=now), visit.shift, 510)
    queue_crew_tours(session, now=now)
    stops = messages(session)[0].facts["stops"]
    assert [stop["venue_id"] for stop in stops] == [early.venue_id, visit.venue_id]


def test_every_reminder_has_a_lead_and_promises_its_slot(session):
    assert [kind for kind in REMINDERS if RULES[kind].lead is None or not RULES[kind].promises] == []


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_wall_clock_counts_where_clocks_change(session, monkeypatch, day):
    monkeypatch.setattr(calendar, "_zone", ZoneInfo("Europe/Berlin"))  # the two Sundays on which Berlin changes
    times = [due_time(session, kind, day).astimezone(ZoneInfo("Europe/Berlin")) for kind in REMINDERS]
    assert [(time.date(), time.hour) for time in times] == [(day - timedelta(days=1), 16), (day, 7)]
