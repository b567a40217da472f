"""The ways a letter can leave the house, and which of them an installation has.

A channel takes one letter at a time and says what became of it; it never raises for a letter's sake. It may keep a
connection between letters until `close`. Channels know no database, and log ids only: no names, addresses or texts.
Each way is in a module of its own; here is what they have in common, and the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from schedules.dingtalk import DingtalkBot
from schedules.feishu import FeishuBot
from schedules.group_bots import Bot
from schedules.lanes import Lanes
from schedules.long_tail import AppriseChannel
from schedules.mail import MailServer, SmtpChannel
from schedules.transmissions import Letter, Outcome, Sent
from schedules.webhook import Gateway, WebhookChannel
from schedules.wecom import WecomBot

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
        for item in letter.items:
            log.info("Message %s of kind %s is due on channel %s", item.message_id, item.kind, letter.channel)
        return Outcome(letter, Sent.ACCEPTED, provider_id=f"log:{letter.items[0].message_id}")

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The ways that an installation has set up; None, or no address, for each that it has not."""

    mail: MailServer | None = None
    sms: Gateway | None = None
    wecom: Bot | None = None
    dingtalk: Bot | None = None
    feishu: Bot | None = None
    apprise: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The channels that letters may be written for: e-mail always, as the log stands in for a mail server."""
        return frozenset({"email", "log"} | {name for name in CHANNELS if self.target(name) is not None})

    def target(self, name: str) -> str | None:
        """Where a channel leads, as anybody may see it; None where it is not set up."""
        if name == "apprise":
            kinds = [url.partition(":")[0] for url in self.apprise]
            return ", ".join(kinds) or None
        way = getattr(self, "mail" if name == "email" else name, None)
        return None if way is None else str(way.target)


CHANNELS = ("email", "sms", "wecom", "dingtalk", "feishu", "apprise", "log")
"""Every channel there can be, in the order in which people look at them."""

MAIL_CONNECTIONS = 4
"""How many connections to the mail server may be open at once; one letter opens one."""


def channels_for(ways: Ways) -> dict[str, Channel]:
    """New channels by name, independent of any others: each thread that sends makes its own.

    Without a mail server e-mail goes to the log.

    Raises:
        MissingLibrary: addresses for Apprise are set, and the library is not installed.
    """
    made: list[Channel] = [_mail(ways.mail) if ways.mail is not None else LogChannel("email"), LogChannel()]
    made += [WebhookChannel(ways.sms)] if ways.sms is not None else []
    made += [WecomBot(ways.wecom)] if ways.wecom is not None else []
    made += [DingtalkBot(ways.dingtalk)] if ways.dingtalk is not None else []
    made += [FeishuBot(ways.feishu)] if ways.feishu is not None else []
    made += [AppriseChannel(ways.apprise)] if ways.apprise else []
    return {channel.name: channel for channel in made}


def _mail(server: MailServer) -> Channel:
    return Lanes([SmtpChannel(server) for _ in range(MAIL_CONNECTIONS)])


def resend_is_safe(channels: Mapping[str, Channel]) -> frozenset[str]:
    """The names of the channels on which a letter may be sent twice."""
    return frozenset(name for name, channel in channels.items() if channel.resend_is_safe)
