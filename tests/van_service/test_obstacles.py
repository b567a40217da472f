"""Whatever keeps a request out of a plan, both a coordinator and a town are told in words."""

from __future__ import annotations

import pytest

from schedules import drafts
from van_service import reasons
from van_service.pages import town_words


@pytest.mark.parametrize("words", [reasons.OBSTACLES, town_words.OBSTACLES], ids=["coordinator", "town"])
def test_every_obstacle_has_words(words):
    assert set(drafts.OBSTACLES) <= set(words)
