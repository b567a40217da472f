"""The timetable at work: letters through a real mail server under a driven clock, and one process ticking."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.events import EVENT_JOB_EXECUTED
from sqlalchemy import update

from schedules import calendar, health, jobs, leases
from schedules.calendar import instant
from schedules.channels import LogChannel, SmtpChannel
from schedules.delivery import deliver_once, never
from schedules.jobs import ACTIONS, Works, build_scheduler, follow_the_clock, tick
from schedules.models import Heartbeat, Lease, Visit, VisitState
from schedules.outbox import ABANDONED_AFTER, Sent, claim
from schedules.reminders import queue_reminders, queue_visit_messages
from tests.schedules.post_office import open_post_office
from tests.schedules.promised import HALF_PAST_NINE, TUESDAY, WEDNESDAY, change, messages, promised_visit, states

FOUR_O_CLOCK = instant(TUESDAY, 960)


@pytest.fixture
def post():
    """A mail server and the channels that lead to it."""
    with open_post_office() as (office, server):
        yield office, {"email": SmtpChannel(server), "log": LogChannel()}


@pytest.fixture
def visit_id(session_factory, now):
    """A promised visit, its news and reminders in the outbox."""
    with session_factory.begin() as session:
        visit = promised_visit(session, now=now)
        queue_visit_messages(session, visit, "published", now=now)
        return visit.id


def works(session_factory, channels, now, owner="a") -> Works:
    return Works(session_factory, channels, lambda: now, owner, lease_seconds=60.0, plan_attempts=3, stop=lambda: False)


def subjects(office):
    return [str(mail["Subject"]) for mail in office.mails]


def test_each_message_goes_out_at_its_time_and_once(session_factory, visit_id, post, now):
    office, channels = post
    sent_at = {}
    for hours in range(72):  # three days, hour by hour
        moment = now + timedelta(hours=hours)
        for _ in range(2):
            if number := deliver_once(session_factory, channels, now=moment, owner="a")["accepted"]:
                sent_at[moment] = number
    assert sent_at == {now: 2, FOUR_O_CLOCK: 2, instant(WEDNESDAY, 420): 2}
    assert set(office.accepted().values()) == {1}


def test_a_tick_that_runs_twice_reminds_once(session_factory, visit_id, post, now):
    office, channels = post
    for _ in range(2):
        with session_factory.begin() as session:
            queue_reminders(session, now=now)
        deliver_once(session_factory, channels, now=FOUR_O_CLOCK, owner="a")
    assert "".join(mail.get_content() for mail in office.mails).count("提醒：") == 2  # in one letter with other news
    assert len(office.mails) == 2


def test_a_moved_visits_old_reminder_never_reaches_the_server(session_factory, visit_id, post, now):
    office, channels = post
    deliver_once(session_factory, channels, now=now, owner="a")
    with session_factory.begin() as session:
        visit = change(session, session.get(Visit, visit_id), starts=840, closes=960)
        queue_visit_messages(session, visit, "moved", now=now, before={"day": WEDNESDAY, "starts": HALF_PAST_NINE})
    office.mails.clear()
    deliver_once(session_factory, channels, now=FOUR_O_CLOCK, owner="a")
    assert [subject for subject in subjects(office) if "09:30" in subject] == []
    assert len([subject for subject in subjects(office) if "14:00" in subject]) == 4  # moved and reminded, two people


def test_refusals_are_told_apart_and_the_rest_arrives(session_factory, visit_id, post, now):
    office, channels = post
    office.recipient_answers["town@example.org"] = "550 no such user"
    counts = deliver_once(session_factory, channels, now=now, owner="a")
    assert counts == {"accepted": 1, "permanent": 1}
    with session_factory() as session:
        assert [message.last_error for message in messages(session, "published")] == ["550 no such user", None]


def test_a_temporary_refusal_is_tried_again_later_and_arrives_once(session_factory, visit_id, post, now):
    office, channels = post
    office.recipient_answers["town@example.org"] = "451 greylisted"
    deliver_once(session_factory, channels, now=now, owner="a")
    office.recipient_answers.clear()
    assert deliver_once(session_factory, channels, now=now + timedelta(seconds=40), owner="a")["accepted"] == 0
    assert deliver_once(session_factory, channels, now=now + timedelta(seconds=80), owner="a")["accepted"] == 1
    assert set(office.accepted().values()) == {1}


def test_a_crash_between_claim_and_record_loses_nothing_and_doubles_no_id(session_factory, visit_id, post, now):
    office, channels = post
    with session_factory.begin() as session:
        letters = claim(session, now=now, owner="dead")
    channels["email"].send(letters[0])  # sent, and the process dies before it can say so
    channels["email"].close()
    assert deliver_once(session_factory, channels, now=now, owner="b") == {}
    deliver_once(session_factory, channels, now=now + ABANDONED_AFTER + timedelta(seconds=1), owner="b")
    assert sorted(office.accepted().values()) == [1, 2]  # the same id twice is one message to a mail program
    with session_factory() as session:
        assert states(session, "published") == ["sent", "sent"]


def test_after_an_outage_what_is_late_is_not_sent(session_factory, visit_id, post, now):
    office, channels = post
    deliver_once(session_factory, channels, now=instant(WEDNESDAY, 600), owner="a")
    assert subjects(office) == []
    with session_factory() as session:
        assert set(states(session)) == {"too_late"}


def test_a_mail_server_that_was_away_gets_everything_when_it_is_back(session_factory, visit_id, now):
    with open_post_office() as (_, server):
        pass  # its port is closed again
    gone = {"email": SmtpChannel(server)}
    assert deliver_once(session_factory, gone, now=now, owner="a") == {"unreachable": 2}
    with open_post_office() as (office, server):
        deliver_once(session_factory, {"email": SmtpChannel(server)}, now=now + timedelta(minutes=1), owner="a")
        assert len(office.mails) == 2


def test_told_to_stop_it_gives_back_what_it_has_not_tried(session_factory, visit_id, post, now):
    office, channels = post
    answers = iter([False, False, True])
    counts = deliver_once(session_factory, channels, now=now, owner="a", stop=lambda: next(answers, True))
    assert counts == {"accepted": 1, "kept": 1}
    deliver_once(session_factory, channels, now=now, owner="b")
    assert set(office.accepted().values()) == {1}
    assert len(office.mails) == 2


def test_no_session_is_open_while_a_letter_is_sent(session_factory, engine, visit_id, now):
    open_connections = []

    class Watching(LogChannel):
        def send(self, letter):
            open_connections.append(engine.pool.checkedout())
            return super().send(letter)

    deliver_once(session_factory, {"email": Watching("email")}, now=now, owner="a")
    assert open_connections == [0, 0]


def test_a_letter_that_breaks_its_channel_does_not_hold_up_the_others(session_factory, visit_id, now):
    class Fragile(LogChannel):
        def send(self, letter):
            if letter.recipient == "town@example.org":
                raise RuntimeError("a fault of ours")
            return super().send(letter)

    counts = deliver_once(session_factory, {"email": Fragile("email")}, now=now, owner="a")
    assert counts == {Sent.TEMPORARY.value: 1, Sent.ACCEPTED.value: 1}


def test_a_message_for_a_channel_that_is_gone_is_dead(session_factory, visit_id, now):
    assert deliver_once(session_factory, {}, now=now, owner="a") == {"permanent": 2}


def test_of_two_schedulers_one_ticks_and_the_other_takes_over(session_factory, post, now):
    first, second = (works(session_factory, post[1], now, owner) for owner in ("a", "b"))
    assert [tick(first, "heartbeat"), tick(second, "heartbeat")] == [True, False]
    with session_factory.begin() as session:
        leases.release(session, jobs.LEASE, "a")
    assert [tick(second, "heartbeat"), tick(first, "heartbeat")] == [True, False]


def test_only_the_scheduler_that_ticks_shows_life(session_factory, post, now):
    for owner in ("a", "b"):
        tick(works(session_factory, post[1], now, owner), "heartbeat")
    with session_factory() as session:
        assert session.get(Heartbeat, health.SCHEDULER).owner == "a"


def take_over(session_factory, taker="b"):
    """Somebody else gets the lease, as after a pause longer than it runs."""
    with session_factory.begin() as session:
        session.execute(update(Lease).values(owner=taker))


def test_a_tick_that_was_stopped_until_another_took_over_writes_nothing(session_factory, post, now, monkeypatch):
    def be_stopped(turn):
        take_over(session_factory)
        with turn.transaction() as session:
            health.beat(session, "written", turn.owner, now)

    monkeypatch.setitem(jobs.ACTIONS, "requests", be_stopped)
    assert not tick(works(session_factory, post[1], now), "requests")
    with session_factory() as session:
        assert session.get(Heartbeat, "written") is None
        assert session.get(Heartbeat, "tick:requests") is None


def test_a_delivery_whose_lease_is_lost_sends_no_further_letter(session_factory, visit_id, now):
    works_of_a = works(session_factory, {}, now)

    class Losing(LogChannel):
        def send(self, letter):
            works_of_a.tenure.lose("a")
            return super().send(letter)

    works_of_a.channels["email"] = Losing("email")
    tick(works_of_a, "deliver")
    with session_factory() as session:
        assert sorted(states(session, "published")) == ["queued", "sent"]


def test_a_tick_is_begun_once_in_its_period_whoever_holds_the_lease(session_factory, post, now):
    first, second = (works(session_factory, post[1], now, owner) for owner in ("a", "b"))
    long = 3600.0 * 24 * 365
    assert [tick(first, "requests", every=long) for _ in range(2)] == [True, False]
    with session_factory.begin() as session:
        leases.release(session, jobs.LEASE, "a")
    assert [tick(second, name, every=long) for name in ("requests", "plan_runs")] == [False, True]


def test_a_tick_of_a_process_that_lost_and_regained_the_lease_cannot_end_what_it_began_before(
    session_factory, post, now, monkeypatch
):
    works_of_a = works(session_factory, post[1], now)

    def lose_and_regain(turn):
        works_of_a.tenure.lose(turn.owner)
        take_over(session_factory, works_of_a.tenure.owner())
        with turn.transaction() as session:
            health.beat(session, "written", turn.owner, now)

    monkeypatch.setitem(jobs.ACTIONS, "requests", lose_and_regain)
    assert not tick(works_of_a, "requests")
    with session_factory() as session:
        assert session.get(Heartbeat, "written") is None


@pytest.mark.parametrize("name", ACTIONS)
def test_every_tick_works_on_an_empty_database(session_factory, post, now, name):
    assert tick(works(session_factory, post[1], now), name)


def test_the_reminder_tick_mends_what_is_missing(session_factory, visit_id, post, now):
    with session_factory.begin() as session:
        change(session, session.get(Visit, visit_id), state=VisitState.CONFIRMED)
    tick(works(session_factory, post[1], now), "reminders")
    with session_factory() as session:
        owed = [message.kind for message in messages(session) if message.visit_version == 2]
        assert sorted(owed) == ["day_before", "day_before", "morning_of", "morning_of"]
        assert len(messages(session, "crew_tour")) == 2


@pytest.fixture
def ticking(session_factory, now):
    """Starts schedulers, and ends them with the test."""
    started = []

    def start(owner, channels=None):
        channels = channels or {"email": LogChannel("email"), "log": LogChannel()}
        ticks = Works(session_factory, channels, lambda: now, owner, 30.0, 3, never)
        scheduler = build_scheduler(ticks, tick_seconds=0.05, zone=calendar.zone())
        started.append(scheduler)
        return scheduler

    yield start
    for scheduler in started:
        if scheduler.running:
            scheduler.shutdown()


def wait_for(scheduler, name, result):
    """An event that is set when the named tick has given this result."""
    seen = threading.Event()
    scheduler.add_listener(
        lambda event: seen.set() if (event.job_id, event.retval) == (name, result) else None, EVENT_JOB_EXECUTED
    )
    return seen


def test_a_running_scheduler_delivers(ticking, session_factory, visit_id, post):
    office, channels = post
    ticking("a", channels).start()
    assert office.arrived.wait(20)


def test_two_running_schedulers_share_one_lease(ticking, session_factory):
    first, second = ticking("a"), ticking("b")
    ticked = wait_for(first, "heartbeat", True)
    first.start()
    assert ticked.wait(20)
    refused = wait_for(second, "heartbeat", False)
    second.start()
    assert refused.wait(20)
    with session_factory() as session:
        assert {row.owner for row in session.query(Heartbeat)} == {"a"}


def test_a_tick_that_fails_shows_in_the_health_and_ticking_goes_on(ticking, session_factory, monkeypatch):
    failed = threading.Event()

    def fail(_works):
        if failed.is_set():
            return
        failed.set()
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(jobs.ACTIONS, "plan_runs", fail)
    scheduler = ticking("a")
    noted = threading.Event()
    scheduler.add_listener(lambda event: noted.set(), jobs.EVENT_JOB_ERROR)
    alive = wait_for(scheduler, "heartbeat", True)
    scheduler.start()
    assert failed.wait(20)
    assert noted.wait(20)
    assert alive.wait(20)
    with session_factory() as session:
        assert session.get(Heartbeat, "failed:plan_runs") is not None


def test_ticks_that_wait_for_a_time_far_ahead_since_the_clock_was_put_back_are_brought_forward(ticking):
    scheduler = ticking("a")
    scheduler.start(paused=True)
    before = datetime.now(calendar.zone())
    assert follow_the_clock(scheduler, before) == []
    put_back = before - timedelta(hours=1)
    assert set(follow_the_clock(scheduler, put_back)) == set(ACTIONS) - {"retention"}  # an hour is one of its periods
    assert {job.next_run_time for job in scheduler.get_jobs() if job.id != "retention"} == {put_back}


def test_when_the_databases_clock_was_put_back_periods_begin_anew(session_factory, post, now):
    ahead = datetime.now(UTC) + timedelta(hours=2)
    with session_factory.begin() as session:
        health.beat(session, "period:requests", "a", ahead)
        session.add(Lease(name=jobs.LEASE, owner="dead", until=ahead))
    works_of_a = works(session_factory, post[1], now)
    assert [tick(works_of_a, "requests", every=300.0) for _ in range(2)] == [True, False]


def test_the_timetable_is_in_memory_in_local_time_and_never_doubles_a_tick(ticking):
    scheduler = ticking("a")
    scheduler.start(paused=True)
    found = scheduler.get_jobs()
    assert {job.id for job in found} == set(ACTIONS)
    assert {(job.max_instances, job.coalesce, job.misfire_grace_time) for job in found} == {(1, True, 60)}
    assert scheduler.timezone == calendar.zone()
