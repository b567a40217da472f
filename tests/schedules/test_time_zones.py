"""The same days in a district whose clocks never change and in some whose clocks do, over both changes of the year.

In Berlin the clock jumps from 02:00 to 03:00 on the Sunday of spring and falls back from 03:00 to 02:00 on that of
autumn. What is said in local time must hold on the wall clock; what was promised must come once, not twice or never.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from schedules import calendar, nightly, requests, retention, wait_list
from schedules.calendar import instant, local_day, local_minutes
from schedules.channels import LogChannel
from schedules.crew_tours import queue_crew_tours
from schedules.delivery import deliver_once, never
from schedules.jobs import Works, tick
from schedules.leads import Lead, Unit, WorkingHours, moment_before
from schedules.models import DayKind, MessageState, Plan, RequestState
from schedules.recipients import Person
from schedules.reminders import REMINDERS, queue_message, queue_reminders, queue_visit_messages
from schedules.rules import change_rule, change_settings, rule_of, settings
from schedules.timetable import period_of
from schedules.triggers import OncePerPeriod
from tests.factories import make_day, make_days, make_request
from tests.schedules.promised import messages, promised_visit

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
CHANGES = (SPRING, AUTUMN)
HALF_PAST_TWO = 150
ONE_DAY = timedelta(days=1)


@pytest.fixture(params=["Asia/Shanghai", "Europe/Berlin"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The district lies in this zone."""
    before = calendar.zone().key
    calendar.use_zone(request.param)
    yield request.param
    calendar.use_zone(before)


@pytest.fixture
def berlin() -> Iterator[None]:
    before = calendar.zone().key
    calendar.use_zone("Europe/Berlin")
    yield
    calendar.use_zone(before)


def on_the_wall(moment: datetime) -> tuple[date, int]:
    """What calendar and clock on the wall show."""
    return local_day(moment), local_minutes(moment)


def steps(begin: datetime, end: datetime, minutes: int) -> Iterator[datetime]:
    """The moments from one to the other, so many real minutes apart."""
    while begin <= end:
        yield begin
        begin += timedelta(minutes=minutes)


# The calendar ---------------------------------------------------------------------------------------------------------


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 30)),
    minutes=st.integers(0, 1439),
)
def test_every_minute_comes_back_as_itself_unless_the_clock_skips_it(zone: str, day: date, minutes: int) -> None:
    before = calendar.zone().key
    calendar.use_zone(zone)
    try:
        moment = instant(day, minutes)
        naive = datetime.combine(day, time(minutes // 60, minutes % 60))
        skipped = naive.replace(tzinfo=calendar.zone()).astimezone(UTC).astimezone(calendar.zone())
        assert on_the_wall(moment) == (day, minutes) or skipped.replace(tzinfo=None) > naive
        assert moment.utcoffset() == timedelta(0)
    finally:
        calendar.use_zone(before)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (SPRING - ONE_DAY, 24)])
def test_differences_of_moments_are_real_hours(day: date, hours: int) -> None:
    assert instant(day + ONE_DAY, 0) - instant(day, 0) == timedelta(hours=hours)


@pytest.mark.parametrize("change", CHANGES)
def test_every_moment_belongs_to_one_day_and_midnight_to_the_new_one(zone: str, change: date) -> None:
    begin, end = instant(change - ONE_DAY, 0), instant(change + 2 * ONE_DAY, 0)
    days = [local_day(moment) for moment in steps(begin, end - timedelta(minutes=1), 15)]
    assert days == sorted(days)
    assert set(days) == {change - ONE_DAY, change, change + ONE_DAY}
    for day in set(days):
        first, last = instant(day, 0), instant(day + ONE_DAY, 0) - timedelta(seconds=1)
        assert (local_day(first), local_minutes(first), local_day(last)) == (day, 0, day)


# Messages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("weekday", [6, 7], ids=["on the Sunday", "on the Monday after"])
def test_reminders_and_tours_leave_at_their_hour_of_the_wall_clock_and_once(
    session_factory, zone, change: date, weekday: int
) -> None:
    day = change + timedelta(days=weekday - 6)
    begin = instant(change - 3 * ONE_DAY, 600)
    with session_factory.begin() as session:
        make_days(session, change - timedelta(days=14), number=14)
        make_day(session, change, DayKind.MAKE_UP)
        visit = promised_visit(session, now=begin, day=day)
        queue_visit_messages(session, visit, "published", now=begin)
    sent: Counter[tuple[str, date, int]] = Counter()
    for moment in steps(begin, instant(day, 600), 60):
        with session_factory.begin() as session:
            queue_reminders(session, now=moment)
            queue_crew_tours(session, now=moment)
        deliver_once(session_factory, {name: LogChannel(name) for name in ("email", "log")}, now=moment, owner="a")
    with session_factory() as session:
        for message in messages(session):
            assert message.state is MessageState.SENT, message.key
            sent[message.kind, *on_the_wall(message.sent_at)] += 1
    eve = day - ONE_DAY if weekday == 7 else change - 2 * ONE_DAY  # the working day before: the make-up day, or Friday
    assert sent == {
        ("published", local_day(begin), 600): 2,
        ("day_before", eve, 960): 2,
        ("morning_of", day, 420): 2,
        ("crew_tour", day - ONE_DAY, 1080): 2,
    }


@pytest.mark.parametrize("change", CHANGES)
def test_a_promise_is_useful_until_its_session_begins_on_the_wall(session, zone, change: date) -> None:
    begin = instant(change - 3 * ONE_DAY, 600)
    visit = promised_visit(session, now=begin, day=change)
    queue_visit_messages(session, visit, "published", now=begin)
    ends = {on_the_wall(message.useful_until) for message in messages(session, "published", *REMINDERS)}
    assert ends == {(change, visit.starts)}


def lead_at(session, kind: str, minutes: int, now: datetime) -> None:
    """Make a kind of message due on the day itself at this minute."""
    rule = rule_of(session, kind)
    change_rule(
        session,
        kind,
        enabled=True,
        audiences=[str(each) for each in rule.audiences],
        channels=list(rule.channels),
        lead=Lead(days=0, minutes=minutes),
        urgent=True,
        version=None,
        actor="zhou",
        now=now,
    )


@pytest.mark.parametrize(("change", "expected"), [(SPRING, 210), (AUTUMN, 150)])
@pytest.mark.usefixtures("berlin")
def test_a_reminder_at_an_hour_that_is_skipped_or_comes_twice_comes_once(session_factory, change, expected) -> None:
    """02:30 is skipped in spring: it comes at 03:30. In autumn it comes twice: the first counts."""
    begin = instant(change - ONE_DAY, 600)
    with session_factory.begin() as session:
        lead_at(session, "morning_of", HALF_PAST_TWO, begin)
        visit = promised_visit(session, now=begin, day=change)
        queue_visit_messages(session, visit, "published", now=begin)
    for moment in steps(instant(change, 0), instant(change, 540), 10):
        with session_factory.begin() as session:
            queue_reminders(session, now=moment)
        deliver_once(session_factory, {name: LogChannel(name) for name in ("email", "log")}, now=moment, owner="a")
    with session_factory() as session:
        sent = [message.sent_at for message in messages(session, "morning_of")]
    assert len(sent) == 2  # contact and liaison officer
    assert set(sent) == {instant(change, HALF_PAST_TWO)}
    assert {local_minutes(moment) for moment in sent} == {expected}


def quiet(session, quiet_from: int, quiet_until: int, now: datetime) -> None:
    numbers = settings(session)
    change_settings(
        session,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        digest_minutes=numbers.digest_minutes,
        work_from=numbers.work_from,
        work_until=numbers.work_until,
        version=None,
        actor="zhou",
        now=now,
    )


@pytest.mark.parametrize("change", CHANGES)
def test_quiet_hours_end_at_their_hour_of_the_wall_clock(session_factory, zone, change: date) -> None:
    begin = instant(change - ONE_DAY, 1320)
    assert sent_after_quiet_hours(session_factory, begin, instant(change, 480), until=420) == (change, 420)


@pytest.mark.parametrize(("change", "expected"), [(SPRING, 210), (AUTUMN, 150)])
@pytest.mark.usefixtures("berlin")
def test_quiet_hours_that_end_in_the_change_end_once(session_factory, change: date, expected: int) -> None:
    begin = instant(change - ONE_DAY, 1320)
    sent_at = sent_after_quiet_hours(session_factory, begin, instant(change, 480), until=HALF_PAST_TWO)
    assert sent_at == (change, expected)


def sent_after_quiet_hours(session_factory, begin: datetime, end: datetime, *, until: int) -> tuple[date, int]:
    """When a message queued in the evening is sent, on the wall."""
    with session_factory.begin() as session:
        quiet(session, 21 * 60, until, begin)
        facts = {"number": "1", "venue_zh": "杏园", "venue_en": "Xingyuan", "town_zh": "四团", "town_en": "Situan"}
        to = Person("contact:1", "陆燕", "lu@example.org")
        queue_message(session, kind="request_received", to=to, facts=facts, now=begin, key="t:contact:1:received")
    for moment in steps(begin, end, 10):
        deliver_once(session_factory, {"email": LogChannel("email")}, now=moment, owner="a")
    with session_factory() as session:
        (message,) = messages(session, "request_received")
        assert message.state is MessageState.SENT
        return on_the_wall(message.sent_at)


@pytest.mark.parametrize("change", CHANGES)
def test_working_time_before_is_counted_by_the_wall_clocks_of_working_days(session, zone, change: date) -> None:
    make_days(session, change - timedelta(days=13), number=30)
    hours = WorkingHours(510, 1020)
    monday, friday = change + ONE_DAY, change - 2 * ONE_DAY
    due = moment_before(session, Lead(minutes=120, unit=Unit.WORKING_MINUTES), monday, 570, hours)
    assert on_the_wall(due) == (friday, 1020 - 60)
    assert on_the_wall(moment_before(session, Lead(days=1, minutes=960, working=True), monday, 570, hours)) == (
        friday,
        960,
    )


# Deadlines ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
def test_an_offer_lasts_its_hours_of_working_days_whatever_the_clock_does(session, zone, change: date) -> None:
    """The Sunday of the change is a make-up working day here, so that its hours count."""
    make_days(session, change - timedelta(days=6), number=6)
    make_day(session, change, DayKind.MAKE_UP)
    make_days(session, change + ONE_DAY, number=20)
    begin = instant(change, 60)
    ends = wait_list.deadline(session, begin, change + timedelta(days=10), hours=24, notice_days=1)
    assert ends - begin == timedelta(hours=24)
    friday = instant(change - 2 * ONE_DAY, 720)
    ends = wait_list.deadline(session, friday, change + timedelta(days=10), hours=24, notice_days=1)
    assert ends == friday + timedelta(hours=24) + (instant(change, 0) - instant(change - ONE_DAY, 0))


@pytest.mark.parametrize("change", CHANGES)
def test_an_offer_ends_at_its_latest_hour_of_the_wall_clock(session, zone, change: date) -> None:
    make_days(session, change - timedelta(days=6), number=20)
    ends = wait_list.deadline(session, instant(change - ONE_DAY, 0), change + ONE_DAY, hours=90, notice_days=1)
    assert on_the_wall(ends) == (change, wait_list.LATEST_HOUR)


@pytest.mark.parametrize("change", CHANGES)
def test_a_request_expires_when_its_last_window_closes_on_the_wall(session, zone, change: date) -> None:
    request = make_request(session, [(change, 480, 720)], now=instant(change - ONE_DAY, 600))
    requests.expire(session, now=instant(change, 720) - timedelta(minutes=1))
    assert request.state is RequestState.ACCEPTED
    requests.expire(session, now=instant(change, 720))
    session.refresh(request)
    assert request.state is RequestState.EXPIRED


@pytest.mark.parametrize("change", CHANGES)
def test_days_of_retention_begin_at_midnight_on_the_wall(zone, change: date) -> None:
    for hour in range(24):
        moment = instant(change + ONE_DAY, hour * 60)
        assert on_the_wall(retention.days_before(moment, 1)) == (change, 0)
        assert on_the_wall(retention.days_before(moment, 400)) == (change + ONE_DAY - timedelta(days=400), 0)


# The scheduler's ticks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
def test_over_the_nights_of_a_change_a_plan_is_proposed_once_a_night(session_factory, zone, change: date) -> None:
    """Ticks come every ten minutes for three nights; whatever is proposed fails, so that nothing else holds back."""
    with session_factory.begin() as session:
        make_days(session, change - timedelta(days=3), number=60)
        make_request(session, [(change + timedelta(days=9), 480, 720)], now=instant(change - ONE_DAY, 0))
    asked: list[tuple[date, int]] = []
    for moment in steps(instant(change - ONE_DAY, 0), instant(change + 2 * ONE_DAY, 0), 10):
        works = Works(session_factory, {}, lambda: moment, "a", 60.0, 3, never, nightly_at=time(2, 30))  # noqa: B023
        tick(works, "nightly_plan")
        with session_factory.begin() as session:
            for plan in session.scalars(select(Plan).where(Plan.failure.is_(None))):
                asked.append(on_the_wall(plan.created_at))
                plan.failure = "made for a test"
                plan.state = plan.state.FAILED
    first = 210 if (zone, change) == ("Europe/Berlin", SPRING) else HALF_PAST_TWO
    assert asked == [(change - ONE_DAY, HALF_PAST_TWO), (change, first), (change + ONE_DAY, HALF_PAST_TWO)]


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("change", "hours"), [(SPRING, 4), (AUTUMN, 4)])
def test_a_night_lasts_its_real_hours(change: date, hours: int) -> None:
    begins = instant(change, HALF_PAST_TWO)
    nights = [nightly.night_of(moment, time(2, 30)) for moment in steps(instant(change, 0), instant(change, 720), 10)]
    assert nights.count(change) == hours * 6
    assert nightly.night_of(begins, time(2, 30)) == change


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seconds", [5.0, 60.0, 300.0, 3600.0])
def test_ticks_come_once_in_each_real_period_over_a_change(zone, change: date, seconds: float) -> None:
    trigger = OncePerPeriod(seconds, calendar.zone())
    begin, end = instant(change, 0), instant(change, 360)
    fired = [trigger.get_next_fire_time(None, begin)]
    while fired[-1] < end:
        fired.append(trigger.get_next_fire_time(fired[-1], fired[-1]))
    periods = [period_of(moment, seconds) for moment in fired]
    assert len(periods) == len(set(periods))
    assert len(periods) == pytest.approx((end - begin) / timedelta(seconds=seconds), abs=2)
