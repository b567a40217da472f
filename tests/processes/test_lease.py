"""Three schedulers, killed and stopped at random: no tick twice in its period, and nobody writes who lost the lease."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.processes.restless import Schedulers, takeovers
from tests.processes.tick_journal import (
    Entry,
    drop_tick_journal,
    keep_tick_journal,
    read_tick_journal,
    successes_without_beginning,
    twice_in_a_period,
    written_after_losing,
)

pytestmark = pytest.mark.process

TICK_SECONDS, LEASE_SECONDS = 0.5, 1.5
RAGE_SECONDS = 20.0
PATIENCE = 60.0


@pytest.fixture
def journal(engine: Engine) -> Iterator[Callable[[], list[Entry]]]:
    keep_tick_journal(engine)
    yield lambda: read_tick_journal(engine)
    drop_tick_journal(engine)


@pytest.fixture
def schedulers(engine: Engine, journal: Callable[[], list[Entry]], tmp_path: Path) -> Iterator[Schedulers]:
    with Schedulers(engine, tmp_path, tick_seconds=TICK_SECONDS, lease_seconds=LEASE_SECONDS) as started:
        until(lambda: any(not entry.begun for entry in journal()))
        yield started


def until(fact: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    ends = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.05)


def test_over_kills_and_stops_no_tick_comes_twice_in_a_period(schedulers, journal):
    blows = schedulers.rage(RAGE_SECONDS, random.Random(5), lease_seconds=LEASE_SECONDS)
    struck = len(journal())
    until(lambda: len(journal()) > struck + 10)
    entries = journal()
    assert twice_in_a_period(entries) == []
    assert successes_without_beginning(entries) == []
    assert written_after_losing(entries) == []
    assert takeovers(blows, entries)  # else the blows missed and nothing was shown


def test_one_that_was_stopped_writes_nothing_after_another_took_over(schedulers, journal):
    for _ in range(3):
        owner = schedulers.owner()
        index = next(index for index, each in enumerate(schedulers.processes) if schedulers.held_by(owner, each))
        schedulers.stop_between_writes(index, lambda: until(lambda: journal()[-1].owner != owner))  # noqa: B023
        ticked = len(journal())
        until(lambda: len(journal()) > ticked + 10)  # noqa: B023
    entries = journal()
    assert written_after_losing(entries) == []
    assert twice_in_a_period(entries) == []


def test_the_journal_sees_what_would_be_wrong():
    ticks = [
        Entry("deliver", "a", "10:00", 0.0, begun=True),
        Entry("deliver", "b", "10:00", 1.0, begun=True),
        Entry("deliver", "b", "", 2.0, begun=False),
        Entry("deliver", "a", "", 3.0, begun=False),
        Entry("deliver", "b", "", 4.0, begun=False),
    ]
    assert twice_in_a_period(ticks) == [("deliver", "10:00")]
    assert written_after_losing(ticks) == [ticks[3]]
    assert successes_without_beginning(ticks) == [ticks[4]]
