"""Settings come from the environment, each by its upper-case name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from van_service.settings import BadSetting, Settings


def test_a_variable_sets_the_field_of_its_name(tmp_path: Path) -> None:
    read = Settings.from_env(
        {"INSTANCE_PATH": str(tmp_path), "PORT": "9000", "SESSION_COOKIE_SECURE": "yes", "PLAN_SECONDS": "2.5"}
    )
    assert (read.port, read.session_cookie_secure, read.plan_seconds) == (9000, True, 2.5)


def test_an_empty_variable_means_the_default(tmp_path: Path) -> None:
    assert Settings.from_env({"INSTANCE_PATH": str(tmp_path), "PORT": ""}).port == 8000


@pytest.mark.parametrize(("name", "text"), [("PORT", "eighty"), ("DEMO", "perhaps"), ("TICK_SECONDS", "often")])
def test_a_variable_that_is_no_value_is_named(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_env({"INSTANCE_PATH": str(tmp_path), name: text})


def test_the_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first, second = (Settings.from_env({"INSTANCE_PATH": str(tmp_path)}) for _ in range(2))
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 40
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_without_a_database_url_the_instance_folder_holds_one(tmp_path: Path) -> None:
    assert Settings.from_env({"INSTANCE_PATH": str(tmp_path)}).database_url == (
        f"sqlite:///{tmp_path / 'van-service.sqlite'}"
    )


def test_nothing_changes_a_setting_while_running(tmp_path: Path) -> None:
    read = Settings.from_env({"INSTANCE_PATH": str(tmp_path)})
    with pytest.raises(FrozenInstanceError):
        read.port = 1  # type: ignore[misc]
