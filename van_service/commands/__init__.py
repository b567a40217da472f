"""The `flask` commands: edges like the pages, each committing what it did."""

from __future__ import annotations

from flask import Flask

from van_service.commands.accounts import account
from van_service.commands.demo import demo
from van_service.commands.plans import plan
from van_service.commands.scheduler import scheduler


def prepare(app: Flask) -> None:
    """Give the app its command groups. None may be called `routes`: Flask owns that word."""
    for group in (account, demo, plan, scheduler):
        app.cli.add_command(group)
