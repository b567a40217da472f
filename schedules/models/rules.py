"""What coordinators and people say about messages: changed rules, own wordings, quiet hours, preferences.

Rows hold what differs from the defaults in `schedules.rules`; a kind without a row follows its default.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from schedules.db import Base, Versioned


class MessageRule(Versioned, Base):
    """One kind of message as coordinators want it: on or off, whom it is for, when it is due, by which channels.

    `lead` is None of what is due at once, else the fields of a `schedules.rules.Lead`. `channels` come in order of
    preference. What is `urgent` waits neither for quiet hours to end nor for a digest.
    """

    __tablename__ = "message_rule"

    kind: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    audiences: Mapped[list[str]]
    channels: Mapped[list[str]]
    lead: Mapped[dict[str, Any] | None]
    urgent: Mapped[bool]
    changed_by: Mapped[str]


class LetterText(Versioned, Base):
    """A coordinator's own wording of one kind in one language, in place of the one that came with the product."""

    __tablename__ = "letter_text"

    kind: Mapped[str] = mapped_column(primary_key=True)
    locale: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    body: Mapped[str]
    changed_by: Mapped[str]


class MessageSettings(Versioned, Base):
    """One row (id 1) of numbers about all messages; missing keys mean the defaults in `schedules.rules`."""

    __tablename__ = "message_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_by: Mapped[str]


class MessagePreference(Versioned, Base):
    """What one person wants, by the key that names people in messages ("crew:5"); None means as the rules say."""

    __tablename__ = "message_preference"

    person: Mapped[str] = mapped_column(primary_key=True)
    locale: Mapped[str | None]
    channel: Mapped[str | None]
    muted: Mapped[list[str]] = mapped_column(default=list)
