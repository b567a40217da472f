"""The ways a letter can leave the house, and which of them an installation has.

A channel takes one letter at a time and says what became of it; it never raises for a letter's sake. It may keep a
connection between letters until `close`. Channels know no database, and log ids only: no names, addresses or texts.
Each way is in a module of its own; here is what they have in common, and the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from schedules.mail import MailServer, SmtpChannel
from schedules.outbox import Letter, Outcome, Sent

log = logging.getLogger(__name__)


class Channel(Protocol):
    """A way to send; `resend_is_safe` says whether a letter sent twice under one id does no harm."""

    name: str
    resend_is_safe: bool

    def send(self, letter: Letter) -> Outcome:
        """Try to send one letter."""

    def close(self) -> None:
        """Let go of what was kept open between letters."""


class LogChannel:
    """Writes that a message was due, and nothing of what it says or to whom."""

    resend_is_safe = True

    def __init__(self, name: str = "log") -> None:
        self.name = name

    def send(self, letter: Letter) -> Outcome:
        """Log the ids of one letter."""
        log.info("Message %s of kind %s is due on channel %s", letter.message_id, letter.kind, letter.channel)
        return Outcome(letter.message_id, Sent.ACCEPTED, provider_id=f"log:{letter.message_id}")

    def close(self) -> None:
        """Nothing is kept open."""


def channels_for(mail: MailServer | None) -> dict[str, Channel]:
    """The channels by name; without a mail server e-mail goes to the log."""
    email: Channel = SmtpChannel(mail) if mail is not None else LogChannel("email")
    return {channel.name: channel for channel in (email, LogChannel())}


def resend_is_safe(channels: Mapping[str, Channel]) -> frozenset[str]:
    """The names of the channels on which a letter may be sent twice."""
    return frozenset(name for name, channel in channels.items() if channel.resend_is_safe)
