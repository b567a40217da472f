"""A JSON document walked value by value, always knowing the path of where one stands.

Knows JSON's types and how to refuse them by path; knows nothing of vans, visits or plans (`routes.instances` does).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn, TypeVar

Built = TypeVar("Built")

LARGEST = 10**9
"""Whole numbers above this are slips of the keyboard, and would overflow the solver's 64-bit sums."""

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class InvalidInstance(ValueError):
    """A problem or plan document breaks its contract; `path` says where, such as `visits[3].windows[0].closes`.

    The path is empty where the document as a whole is at fault.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'the document'}: {message}")
        self.path = path
        self.message = message


class _Object(dict[str, object]):
    """A JSON object that remembers a key written twice, which a plain dict would silently lose."""

    repeated: str | None = None


def _keep_repeated(pairs: list[tuple[str, object]]) -> _Object:
    kept = _Object()
    for key, value in pairs:
        if key in kept:
            kept.repeated = key
        kept[key] = value
    return kept


def parse(text: str | bytes) -> object:
    """The JSON value of `text`; a key written twice is remembered so that the walk can refuse it with its path.

    Raises InvalidInstance where the text is no JSON.
    """
    try:
        value: object = json.loads(text, object_pairs_hook=_keep_repeated)
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, an endless number; nested without end
        raise InvalidInstance("", f"not readable as JSON ({error})") from error
    return value


def parse_file(path: Path) -> object:
    """The JSON value of the file; InvalidInstance where it cannot be read."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidInstance("", f"cannot be read ({error})") from error
    return parse(text)


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document and its path; each method returns the value as what it must be or refuses it."""

    value: object
    path: str = ""

    def refuse(self, message: str) -> NoReturn:
        raise InvalidInstance(self.path, message)

    def is_null(self) -> bool:
        return self.value is None

    def fields(self, required: str, optional: str = "") -> dict[str, Node]:
        """The members of an object with the given space-separated keys; an optional one that is missing is left out."""
        names = required.split()
        members = self.members()
        for key in members:
            if key not in names and key not in optional.split():
                members[key].refuse("unknown key")
        for name in names:
            if name not in members:
                Node(None, self._below(name)).refuse("missing")
        return members

    def members(self) -> dict[str, Node]:
        """The members of an object with any keys."""
        if not isinstance(self.value, dict):
            self.refuse(f"must be an object, not {_kind(self.value)}")
        repeated = getattr(self.value, "repeated", None)
        if repeated is not None:
            Node(None, self._below(repeated)).refuse("key written twice")
        for key in self.value:
            if not isinstance(key, str):
                self.refuse("has a key that is not a string")
        return {key: Node(value, self._below(key)) for key, value in self.value.items()}

    def items(self) -> list[Node]:
        """The elements of an array."""
        if not isinstance(self.value, list | tuple):
            self.refuse(f"must be an array, not {_kind(self.value)}")
        return [Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def whole(self, largest: int = LARGEST) -> int:
        """A whole number from 0 to `largest`."""
        number = self.signed()
        if number < 0:
            self.refuse(f"must not be negative, is {number}")
        if number > largest:
            self.refuse(f"must not exceed {largest}")
        return number

    def signed(self) -> int:
        """A whole number of either sign."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.refuse(f"must be a whole number, not {_kind(self.value)}")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            self.refuse(f"must be a number, not {_kind(self.value)}")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.refuse("must be a finite number")
        return number

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            self.refuse(f"must be true or false, not {_kind(self.value)}")
        return self.value

    def text(self) -> str:
        """A string that can be written down again: JSON's \\ud800 alone is no character."""
        if not isinstance(self.value, str):
            self.refuse(f"must be a string, not {_kind(self.value)}")
        try:
            self.value.encode()
        except UnicodeEncodeError:
            self.refuse("holds half a character (a lone surrogate)")
        return self.value

    def name(self) -> str:
        """A string that is not empty."""
        text = self.text()
        if not text:
            self.refuse("must not be empty")
        return text

    def day(self) -> date:
        """A day written as YYYY-MM-DD and in no other way of ISO 8601."""
        text = self.text()
        if not ISO_DAY.fullmatch(text):
            self.refuse("must be a day written as YYYY-MM-DD")
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.refuse("is a day that no calendar has")

    def build(self, make: Callable[[], Built]) -> Built:
        """What `make` returns; a ValueError of the noun it builds becomes a refusal of this value."""
        try:
            return make()
        except InvalidInstance:
            raise
        except ValueError as error:
            raise InvalidInstance(self.path, str(error)) from error

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _kind(value: object) -> str:
    """JSON's name for the type of a value."""
    names = {bool: "true or false", int: "a whole number", float: "a fraction", str: "a string", type(None): "null"}
    if isinstance(value, list | tuple):
        return "an array"
    return names.get(type(value), "an object")
