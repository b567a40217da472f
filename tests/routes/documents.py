"""The county's documents as plain JSON values, and ways to spoil them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.routes.county import DATA

Document = Any
Change = Callable[[Document], None]


def county() -> Document:
    return json.loads((DATA / "county.json").read_text("utf-8"))


def county_plan() -> Document:
    return json.loads((DATA / "county-plan.json").read_text("utf-8"))


def put(path: str, value: object) -> Change:
    """Set the value at a path such as `visits[3].windows[0].closes`."""
    keys: list[str | int] = []
    for part in path.split("."):
        name, *indices = part.replace("]", "").split("[")
        keys += [name, *map(int, indices)]

    def change(document: Document) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


def drop(parent: str, key: str) -> Change:
    """Take a key away from the object at `parent`, a list of keys with blanks between."""

    def change(document: Document) -> None:
        for step in parent.split():
            document = document[int(step) if step.isdigit() else step]
        del document[key]

    return change


def twice(name: str) -> Change:
    """Repeat the first element of an array at its end."""
    return lambda document: document[name].append(document[name][0])


def changed(document: Document, change: Change) -> Document:
    document = copy.deepcopy(document)
    change(document)
    return document
