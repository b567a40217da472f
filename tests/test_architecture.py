"""What holds for the whole house: every endpoint stands behind a guard, `routes` is ours, every setting is documented.

Import contracts are import-linter's (`make imports`).
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import routes
from routes import checker
from van_service import auth, create_app
from van_service.accounts import Role
from van_service.settings import Settings

HOUSE = Path(__file__).resolve().parent.parent

# Whoever may be here without an account, and why.
OPEN_BLUEPRINTS = {
    "assets": "files of libraries",
    "health": "asked by machines that watch",
    "docs": "the API's description",
    "api-docs": "the API's description",
    "sign_in": "where one becomes somebody",
    "calendar_feed": "the token in the address is the guard",
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(database_url="sqlite://", secret_key="only for tests", instance_path=tmp_path))


def test_every_endpoint_stands_behind_the_guard_it_was_registered_with(app: Flask) -> None:
    guards = app.extensions["guards"]
    unguarded = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        and guards.get(rule.endpoint.rpartition(".")[0])
        not in app.before_request_funcs[rule.endpoint.rpartition(".")[0]]
    ]
    assert unguarded == []
    assert set(guards) == set(app.blueprints)


def test_only_what_must_be_open_is_open(app: Flask) -> None:
    is_open = {name for name, guard in app.extensions["guards"].items() if guard is auth.public}
    assert is_open == set(OPEN_BLUEPRINTS)


def test_every_view_of_the_api_names_the_roles_that_may_call_it(app: Flask) -> None:
    views = {
        rule.endpoint: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint.partition(".")[0] not in OPEN_BLUEPRINTS
    }
    assert len(views) > 40
    assert [name for name, view in views.items() if not getattr(view, "allowed_roles", None)] == []
    assert all(view.allowed_roles <= set(Role) for view in views.values())


@pytest.mark.parametrize("prefix", ["/desk", "/town", "/crew"])
def test_the_pages_of_a_role_stand_behind_its_guard(prefix: str, app: Flask) -> None:
    guard = {"/desk": auth.coordinator_only, "/town": auth.town_only, "/crew": auth.crew_only}[prefix]
    blueprints = {
        rule.endpoint.rpartition(".")[0]
        for rule in app.url_map.iter_rules()
        if rule.rule == prefix or rule.rule.startswith(f"{prefix}/")
    }
    assert blueprints
    assert {app.extensions["guards"][name] for name in blueprints} == {guard}


def test_routes_is_our_package_and_not_the_one_of_the_same_name() -> None:
    assert Path(routes.__file__ or "").is_relative_to(HOUSE)


def test_the_checker_knows_the_rules_of_the_contract_by_name() -> None:
    assert [rule.__name__ for rule in checker.RULES] == [
        "shift_hours",
        "travel_time",
        "on_site",
        "window",
        "lunch",
        "crew",
        "equipment",
        "kits",
        "max_visits",
        "max_driving",
        "once",
        "pin",
    ]


def test_the_readme_names_every_setting() -> None:
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    assert [field.name.upper() for field in fields(Settings) if field.name.upper() not in readme] == []


def test_no_package_hides_among_the_tests() -> None:
    """An __init__ there would make pytest import the tests of `routes` as `routes`."""
    assert list((HOUSE / "tests").rglob("__init__.py")) == []


DATA_AND_JUDGES = {
    "alone",
    "changes",
    "checker",
    "documents",
    "explain",
    "instances",
    "osrm",
    "plan",
    "problem",
    "reading",
    "score",
    "travel",
    "travel_times",
}
COMMANDS = {"__init__", "__main__", "warm_up"}


def test_every_maker_of_plans_is_kept_from_the_judges_by_contract() -> None:
    """A maker that the contract does not name could be imported by the checker, and the two could share a mistake."""
    makers = {path.stem for path in (HOUSE / "routes").glob("*.py")} - DATA_AND_JUDGES - COMMANDS
    [contract] = [each for each in contracts() if each["name"].startswith("The judges")]
    assert {f"routes.{maker}" for maker in makers} <= set(contract["forbidden_modules"])


def test_every_verb_is_kept_from_the_nouns_by_contract() -> None:
    verbs = {path.stem for path in (HOUSE / "schedules").glob("*.py")} - {"__init__", "db"}
    [contract] = [each for each in contracts() if each["name"].startswith("Nouns")]
    assert {f"schedules.{verb}" for verb in verbs} == set(contract["forbidden_modules"])


def contracts() -> list[dict[str, Any]]:
    """The import contracts of pyproject.toml."""
    settings = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found
