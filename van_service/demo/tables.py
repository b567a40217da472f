"""The CSV files beside this package, as rows of text. What each file claims, and from where, is in data/README.md."""

from __future__ import annotations

import csv
from importlib.resources import files

DATA = files("van_service.demo") / "data"


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of data/<name>.csv by their headings."""
    text = (DATA / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
