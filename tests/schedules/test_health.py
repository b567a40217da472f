"""What the health check says when each part fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from schedules import health
from schedules.timetable import Rhythm


@pytest.fixture
def migrated(session):
    """A database whose migrations have run up to what this code expects."""
    session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    if expected := health.expected_migration():
        session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": expected})
    session.commit()
    yield session
    session.rollback()
    session.execute(text("DROP TABLE alembic_version"))
    session.commit()


def alive(session, now, *names):
    for name in names or (health.SCHEDULER, health.RUNNER):
        health.beat(session, name, "a", now)


def test_all_is_well_when_both_processes_beat(migrated, now):
    alive(migrated, now)
    found = health.report(migrated, now=now + timedelta(seconds=7))
    assert (found.ok, found.failing, found.scheduler_age, found.runner_age) == (True, (), 7.0, 7.0)


def test_a_second_beat_replaces_the_first(migrated, now):
    alive(migrated, now)
    alive(migrated, now + timedelta(seconds=50))
    assert health.report(migrated, now=now + timedelta(seconds=60)).scheduler_age == 10.0


def test_a_process_that_never_beat_is_named(migrated, now):
    alive(migrated, now, health.SCHEDULER)
    found = health.report(migrated, now=now)
    assert (found.ok, found.failing, found.runner_age) == (False, ("runner",), None)


@pytest.mark.parametrize(("seconds", "failing"), [(60, ()), (61, ("scheduler", "runner"))])
def test_a_process_that_has_gone_silent_is_named(migrated, now, seconds, failing):
    alive(migrated, now)
    assert health.report(migrated, now=now + timedelta(seconds=seconds)).failing == failing


def test_a_tick_that_failed_is_named_until_it_succeeds(migrated, now):
    alive(migrated, now)
    health.beat(migrated, "tick:deliver", "a", now)
    health.beat(migrated, "failed:deliver", "a", now + timedelta(seconds=5))
    assert health.report(migrated, now=now).failing == ("tick:deliver",)
    health.beat(migrated, "tick:deliver", "a", now + timedelta(seconds=10))
    assert health.report(migrated, now=now).failing == ()


RHYTHMS = {"deliver": Rhythm(every=5.0, patience=75.0), "requests": Rhythm(every=300.0, patience=908.0)}


@pytest.mark.parametrize(("seconds", "failing"), [(75, ()), (76, ("tick:deliver",))])
def test_a_tick_of_which_no_success_is_heard_for_too_long_is_named(migrated, now, seconds, failing):
    health.beat(migrated, "tick:deliver", "a", now)
    health.beat(migrated, "tick:requests", "a", now)
    later = now + timedelta(seconds=seconds)
    alive(migrated, later)
    assert health.report(migrated, now=later, rhythms=RHYTHMS).failing == failing


def test_a_tick_that_was_begun_and_never_succeeded_is_named_in_time(migrated, now):
    health.beat(migrated, "period:deliver", "a", now)
    alive(migrated, now)
    assert health.report(migrated, now=now, rhythms=RHYTHMS).failing == ()
    later = now + timedelta(minutes=2)
    alive(migrated, later)
    assert health.report(migrated, now=later, rhythms=RHYTHMS).failing == ("tick:deliver",)


def test_signs_of_life_from_before_the_clock_was_put_back_tell_nothing(migrated, now):
    alive(migrated, now + timedelta(hours=1))
    health.beat(migrated, "tick:deliver", "a", now + timedelta(hours=1))
    failing = ("scheduler", "runner", "tick:deliver")
    assert health.report(migrated, now=now, rhythms=RHYTHMS).failing == failing


def test_when_the_process_that_ticked_has_died_its_ticks_are_named_beside_it(migrated, now):
    alive(migrated, now)
    health.beat(migrated, "tick:deliver", "a", now)
    later = now + timedelta(minutes=5)
    health.beat(migrated, health.RUNNER, "r", later)
    assert health.report(migrated, now=later, rhythms=RHYTHMS).failing == ("scheduler", "tick:deliver")


def test_what_is_known_of_each_tick(migrated, now):
    health.beat(migrated, "tick:deliver", "a", now)
    health.beat(migrated, "failed:reminders", "a", now)
    found = {tick.name: tick for tick in health.ticks(migrated, RHYTHMS, now=now + timedelta(seconds=80))}
    assert [name for name, tick in found.items() if tick.silent] == ["deliver"]
    assert [name for name, tick in found.items() if tick.failed] == ["reminders"]
    assert found["requests"].succeeded is None
    assert not found["requests"].silent


def test_a_database_of_another_migration_is_named(migrated, now):
    alive(migrated, now)
    migrated.execute(text("DELETE FROM alembic_version"))
    migrated.execute(text("INSERT INTO alembic_version VALUES ('0badc0de')"))
    found = health.report(migrated, now=now)
    assert (found.migration, found.failing) == ("0badc0de", ("migration",))


def test_a_database_without_tables_is_named(now, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with Session(engine) as session:
        assert health.report(session, now=now).failing == ("database",)
    engine.dispose()


def test_a_database_that_is_not_there_is_named(now, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'no-such-folder' / 'db.sqlite'}")
    with Session(engine) as session:
        found = health.report(session, now=now)
    assert (found.database, found.failing) == (False, ("database",))
    engine.dispose()
