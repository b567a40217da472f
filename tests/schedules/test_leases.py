"""One of many processes holds a lease; another takes over when it dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

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
