"""Where compiled kernels are kept, and that they do without."""

from __future__ import annotations

from pathlib import Path

import pytest

from routes import kernels
from routes.kernels import cache_folder, kernel


def test_kernels_are_kept_in_the_first_home_that_can_be_written(tmp_path: Path):
    blocked, home = tmp_path / "file", tmp_path / "home"
    blocked.write_text("no folder")
    folder = cache_folder(iter((blocked, home, tmp_path / "another")))
    assert folder is not None
    assert folder.parent == home
    assert not (tmp_path / "another").exists()


def test_what_was_compiled_from_former_sources_is_removed(tmp_path: Path):
    (tmp_path / "kernels-0123").mkdir()
    (tmp_path / "other").mkdir()
    folder = cache_folder(iter((tmp_path,)))
    assert set(tmp_path.iterdir()) == {folder, tmp_path / "other"}


def test_a_kernel_runs_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setattr(kernels, "CACHE", cache_folder(iter((blocked,))))
    assert kernels.CACHE is None
    assert kernel()(lambda number: number + 1)(1) == 2
