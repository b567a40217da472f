"""The `flask` commands: edges like the pages, each committing what it did."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from flask import Flask

from van_service.commands.accounts import account


def prepare(app: Flask) -> None:
    """Give the app its command groups. None may be called `routes`: Flask owns that word."""
    app.cli.add_command(account)
    for name in ("demo", "scheduler"):
        with suppress(ImportError):
            app.cli.add_command(getattr(import_module(f"van_service.commands.{name}"), name))
