"""The ways a letter can leave the house: SMTP, and the log.

A channel takes one letter at a time and says what became of it; it never raises for a letter's sake. It may keep a
connection between letters until `close`. Channels know no database, and log ids only: no names, addresses or texts.
"""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Literal, Protocol

from schedules.contacts import masked_email
from schedules.messages import text_of
from schedules.outbox import Letter, Outcome, Sent

log = logging.getLogger(__name__)

LONGEST_ERROR = 300


class Channel(Protocol):
    """A way to send; `resend_is_safe` says whether a letter sent twice under one id does no harm."""

    name: str
    resend_is_safe: bool

    def send(self, letter: Letter) -> Outcome:
        """Try to send one letter."""

    def close(self) -> None:
        """Let go of what was kept open between letters."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes out, and under whose name."""

    host: str
    port: int
    sender: str
    security: Literal["none", "starttls", "ssl"] = "none"
    user: str = ""
    password: str = ""
    reply_to: str = ""
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if self.security not in ("none", "starttls", "ssl"):
            raise ValueError("A mail server's security is none, starttls or ssl.")
        if "@" not in parseaddr(self.sender)[1]:
            raise ValueError("A mail server needs a sender's address.")


class SmtpChannel:
    """E-mail over one SMTP connection per batch.

    A letter's Message-ID is made from its key alone, so a letter that a crash made us send twice is one message to
    every mail program: sending it again is safe.
    """

    name = "email"
    resend_is_safe = True

    def __init__(self, server: MailServer, *, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._tls = tls
        self._connection: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> Outcome:
        """Hand one letter to the mail server; the outcome carries the Message-ID or the server's code and words."""
        try:
            mail = self._mail(letter)
        except (ValueError, IndexError, HeaderParseError) as trouble:  # an address that cannot stand in a header
            return Outcome(letter.message_id, Sent.PERMANENT, error=f"bad address: {trouble}"[:LONGEST_ERROR])
        try:
            return self._transmit(letter, mail)
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = next(iter(refused.recipients.values()))
            return self._refused(letter, code, words)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            return self._refused(letter, refused.smtp_code, refused.smtp_error)
        except OSError as trouble:  # smtplib's own exceptions are OSErrors too
            return self._lost(letter, trouble)

    def close(self) -> None:
        """End the connection politely, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    def _transmit(self, letter: Letter, mail: EmailMessage) -> Outcome:
        """Send, on a new connection when the server has closed the kept one meanwhile."""
        kept = self._connection
        try:
            self._connected().send_message(mail)
        except smtplib.SMTPServerDisconnected:
            if kept is None:
                raise
            self._drop()
            self._connected().send_message(mail)
        return Outcome(letter.message_id, Sent.ACCEPTED, provider_id=mail["Message-ID"])

    def _refused(self, letter: Letter, code: int, words: bytes | str) -> Outcome:
        """4xx may be better later, 5xx never; 421 is the server going away, whatever the letter."""
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        if letter.recipient in text:  # servers like to repeat the address; the log and the pages need not
            text = text.replace(letter.recipient, masked_email(letter.recipient))
        error = f"{code} {text}"[:LONGEST_ERROR]
        if code == 421:
            self._drop()
            return Outcome(letter.message_id, Sent.UNREACHABLE, error=error)
        result = Sent.TEMPORARY if 400 <= code < 500 else Sent.PERMANENT
        return Outcome(letter.message_id, result, error=error)

    def _lost(self, letter: Letter, trouble: OSError) -> Outcome:
        """No connection, no log-in, or a server that cannot write to such an address."""
        unwritable = isinstance(trouble, smtplib.SMTPNotSupportedError) and not letter.recipient.isascii()
        self._drop()
        result = Sent.PERMANENT if unwritable else Sent.UNREACHABLE
        return Outcome(letter.message_id, result, error=f"{type(trouble).__name__}: {trouble}"[:LONGEST_ERROR])

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "ssl":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=self._tls or ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._tls or ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _mail(self, letter: Letter) -> EmailMessage:
        """The e-mail; raises ValueError for an address that is none."""
        subject, body = text_of(letter)
        name, sender = parseaddr(self._server.sender)
        mail = EmailMessage(policy=SMTP if letter.recipient.isascii() else SMTPUTF8)
        mail["Message-ID"] = message_id_of(letter.key, domain=sender.rpartition("@")[2])
        mail["Date"] = format_datetime(letter.written_at)
        mail["From"] = Address(name, addr_spec=sender)
        mail["To"] = Address(letter.recipient_name, addr_spec=letter.recipient)
        if self._server.reply_to:
            mail["Reply-To"] = self._server.reply_to
        mail["Subject"] = subject
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body, charset="utf-8", cte="base64" if not body.isascii() else None)
        return mail


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


def message_id_of(key: str, *, domain: str) -> str:
    """The Message-ID of a message: the same for every attempt, different for every key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain or 'localhost'}>"
