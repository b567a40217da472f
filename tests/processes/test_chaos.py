"""The chaos run in small, on either database: every message comes to one end, none is false, doubled or missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.databases import ChaosDatabase, postgresql_database, sqlite_database
from tests.chaos.oracle import judge
from tests.chaos.owed import missing
from tests.chaos.report import report
from tests.chaos.run import run

pytestmark = pytest.mark.process

VISITS, SECONDS, SEED = 150, 36.0, 20261125


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChaosDatabase]:
    """A database of its own, for the journal's triggers must not stay behind."""
    if request.param == "sqlite":
        with sqlite_database(tmp_path) as made:
            yield made
    else:
        with postgresql_database(request.getfixturevalue("postgresql_server")) as made:
            yield made


def test_three_days_of_kills_and_outages_lose_double_and_falsify_no_message(database, tmp_path):
    evidence = run(database, tmp_path, visits=VISITS, seconds=SECONDS, seed=SEED)
    faults = judge(evidence) + missing(evidence)
    assert not faults, report(evidence, faults)
    assert sum(evidence.diary.kills.values()) > 5
    assert len(evidence.history) > VISITS / 3
    assert sum(letter.taken for letter in evidence.letters) > VISITS / 5  # towns hear of several visits in one letter
