"""Letters on their way and what becomes of them: plain data, free of the database, that channels take and give.

A letter is one transmission. It carries one message or several to the same person, each as an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Text = tuple[str, str]
"""Subject and text."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message in a letter; `wording` is the coordinators' own template for it, where they have one."""

    message_id: int
    kind: str
    facts: dict[str, Any]
    wording: Text | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One transmission of one or more messages.

    `key` is what the rows of its messages name as their bundle; a single message's letter has the message's own key.
    The id that a provider sees is made from it, so it is the same at every attempt: what is sent again under it is the
    same letter, or one from which items that are no longer true are gone. `first` says that no attempt was made before.
    """

    key: str
    channel: str
    recipient: str
    recipient_name: str
    locale: str
    items: tuple[Item, ...]
    written_at: datetime
    first: bool = True

    @property
    def message_ids(self) -> tuple[int, ...]:
        """The rows whose messages it carries."""
        return tuple(item.message_id for item in self.items)


class Sent(StrEnum):
    """What a channel can say of an attempt: "unclear" where it may have arrived, "kept" where none was made."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNREACHABLE = "unreachable"
    UNCLEAR = "unclear"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter, and so of all its messages.

    It has the provider's id when accepted, else the error in the provider's words. `handed_over` is False only where
    nobody can have got the letter, because no connection was made: its messages may then leave in another letter.
    """

    letter: Letter
    result: Sent
    provider_id: str | None = None
    error: str | None = None
    handed_over: bool = True
