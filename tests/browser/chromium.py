"""Where Chromium is, how it starts on a sealed machine, and the sizes of screen we look at."""

from __future__ import annotations

import os
import shutil

# Without these Chromium asks the internet for updates and the like, which a sealed machine refuses one by one.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def chromium() -> str | None:
    """Where this machine keeps Chromium, if it has one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
