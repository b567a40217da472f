"""Whatever keeps a request out of a plan, both a coordinator and a town are told in words."""

from __future__ import annotations

import pytest

from schedules import drafts
from van_service import reasons


@pytest.mark.parametrize("words", [reasons.OBSTACLES, reasons.OBSTACLES_FOR_TOWNS], ids=["coordinator", "town"])
def test_every_obstacle_has_words(words):
    assert set(drafts.OBSTACLES) <= set(words)
