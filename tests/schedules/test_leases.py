"""One of many processes holds a lease; another takes over when it dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from sqlalchemy import create_engine, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from schedules import leases
from schedules.models import Lease


def acquire(session_factory, owner, seconds=60.0):
    with session_factory.begin() as session:
        return leases.acquire(session, "tick", owner, seconds)


def expire(session_factory):
    """The holder has not renewed for longer than its lease runs."""
    with session_factory.begin() as session:
        session.execute(update(Lease).values(until=datetime.now(UTC) - timedelta(seconds=1)))


def test_the_first_gets_the_lease_and_the_second_does_not(session_factory):
    assert [acquire(session_factory, owner) for owner in ("a", "b")] == [True, False]


def test_the_holder_renews(session_factory):
    assert [acquire(session_factory, "a") for _ in range(2)] == [True, True]


def test_an_expired_lease_is_taken_over_and_the_former_holder_learns_it(session_factory):
    acquire(session_factory, "a")
    expire(session_factory)
    assert [acquire(session_factory, owner) for owner in ("b", "a")] == [True, False]


def test_a_lease_given_back_is_free_at_once(session_factory):
    acquire(session_factory, "a")
    with session_factory.begin() as session:
        leases.release(session, "tick", "a")
    assert acquire(session_factory, "b")


def test_nobody_gives_back_anothers_lease(session_factory):
    acquire(session_factory, "a")
    with session_factory.begin() as session:
        leases.release(session, "tick", "b")
        assert leases.holder(session, "tick") == "a"


def test_leases_of_different_names_do_not_meet(session_factory):
    with session_factory.begin() as session:
        assert leases.acquire(session, "one", "a", 60.0)
        assert leases.acquire(session, "other", "b", 60.0)


def test_of_many_asking_at_once_exactly_one_gets_it(session_factory):
    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda owner: acquire(session_factory, owner), "abcdefgh"))
        assert answers.count(True) == 1
        expire(session_factory)


def test_an_expired_lease_has_no_holder(session_factory):
    acquire(session_factory, "a")
    expire(session_factory)
    with session_factory() as session:
        assert leases.holder(session, "tick") is None


def test_two_threads_of_one_owner_who_are_the_first_to_ask_both_get_it(session_factory):
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: acquire(session_factory, "a"), range(8)))


def test_the_holder_confirms_and_nobody_else_does(session_factory):
    acquire(session_factory, "a")
    with session_factory.begin() as session:
        leases.confirm(session, "tick", "a")
        for owner in ("b", "a#2"):
            with pytest.raises(leases.LeaseTaken):
                leases.confirm(session, "tick", owner)


def test_a_lease_that_was_given_back_cannot_be_confirmed(session_factory):
    acquire(session_factory, "a")
    with session_factory.begin() as session:
        leases.release(session, "tick", "a")
        with pytest.raises(leases.LeaseTaken):
            leases.confirm(session, "tick", "a")


def test_whoever_gives_back_does_so_in_any_tenure(session_factory):
    acquire(session_factory, "a#3")
    with session_factory.begin() as session:
        leases.release(session, "tick", "a")
        assert leases.holder(session, "tick") is None


def test_of_many_claiming_one_moment_exactly_one_gets_it_and_none_an_earlier_one(session_factory, now):
    def claim(owner, moment):
        with session_factory.begin() as session:
            return leases.claim_moment(session, "night", owner, moment)

    for hours in range(3):
        moment = now + timedelta(hours=hours)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda owner: claim(owner, moment), "abcdefgh")).count(True) == 1  # noqa: B023
    assert not claim("late", now)


def test_a_claim_that_is_rolled_back_is_free_again(session_factory, now):
    with session_factory() as session:
        assert leases.claim_moment(session, "night", "a", now)
        session.rollback()
        assert leases.claim_moment(session, "night", "b", now)


def test_a_tenure_is_believed_for_as_long_as_the_lease_and_no_longer():
    tenure = leases.Tenure("a", 60.0)
    assert not tenure.holds("a")
    tenure.renew("a", monotonic())
    assert tenure.holds("a")
    tenure = leases.Tenure("a", 60.0)
    tenure.renew("a", monotonic() - 61.0)  # asked for before the process was stopped for a minute
    assert not tenure.holds("a")


def test_a_tenure_that_has_run_out_is_followed_by_one_of_another_name():
    tenure = leases.Tenure("a", 60.0)
    tenure.renew(tenure.owner(), monotonic() - 61.0)
    assert tenure.owner() == "a#2"
    tenure.renew("a", monotonic())  # what was still under way for the old one comes too late
    assert not tenure.holds("a")
    tenure.renew("a#2", monotonic())
    assert tenure.holds("a#2")


def test_a_tenure_ends_when_somebody_else_is_found_to_hold_the_lease():
    tenure = leases.Tenure("a", 60.0)
    tenure.renew("a", monotonic())
    tenure.lose("a")
    assert not tenure.holds("a")
    assert tenure.owner() == "a#2"


def test_one_who_never_held_it_keeps_asking_under_the_same_name():
    tenure = leases.Tenure("a", 60.0)
    for _ in range(3):
        tenure.lose(tenure.owner())
    assert tenure.owner() == "a"


def test_postgresql_takes_back_the_locks_of_a_process_that_hangs_in_a_transaction(postgresql_url):
    engine = create_engine(postgresql_url)
    with Session(engine) as hanging:
        assert leases.acquire(hanging, "hung", "a", 60.0)
        leases.end_when_hung(hanging, 0.2)
        with Session(engine) as taker:  # waits for the row until the server has ended the other's transaction
            assert leases.acquire(taker, "hung", "b", 60.0)
        with pytest.raises(DBAPIError):
            hanging.execute(text("SELECT 1"))
        hanging.invalidate()
    engine.dispose()
