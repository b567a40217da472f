"""E-mail: letters over SMTP, with TLS and a log-in where the mail server wants them.

Knows no database. Each `SmtpChannel` has a connection of its own, so every thread that sends needs its own channel.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Literal

from schedules.contacts import masked_email
from schedules.messages import text_of
from schedules.transmissions import Letter, Outcome, Sent

LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes out, and under whose name.

    `timeout` is in seconds for each step; `ca_file` names certificates to trust instead of the machine's own.
    """

    host: str
    port: int
    sender: str
    security: Literal["none", "starttls", "ssl"] = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    reply_to: str = ""
    ca_file: str = ""
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if self.security not in ("none", "starttls", "ssl"):
            raise ValueError("A mail server's security is none, starttls or ssl.")
        if "@" not in parseaddr(self.sender)[1]:
            raise ValueError("A mail server needs a sender's address.")
        if self.reply_to and "@" not in parseaddr(self.reply_to)[1]:
            raise ValueError("A mail server's address for replies must be one.")

    @property
    def target(self) -> str:
        """Where mail goes, as anybody may see it."""
        return f"{self.host}:{self.port}"


class SmtpChannel:
    """E-mail over one SMTP connection per batch.

    A letter's Message-ID is made from its key alone, so a letter that a crash made us send twice is one message to
    every mail program: sending it again is safe.
    """

    name = "email"
    resend_is_safe = True

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> Outcome:
        """Hand one letter to the mail server; the outcome carries the Message-ID or the server's code and words."""
        try:
            mail = self._mail(letter)
        except (ValueError, IndexError, HeaderParseError) as trouble:  # an address that cannot stand in a header
            return Outcome(letter, Sent.PERMANENT, error=f"bad address: {trouble}"[:LONGEST_ERROR])
        kept = self._connection is not None
        try:
            return self._transmit(letter, mail)
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = next(iter(refused.recipients.values()))
            return self._refused(letter, code, words)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            return self._refused(letter, refused.smtp_code, refused.smtp_error)
        except OSError as trouble:  # smtplib's own exceptions are OSErrors too
            return self._lost(letter, trouble, handed_over=kept or self._connection is not None)

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
        return Outcome(letter, Sent.ACCEPTED, provider_id=mail["Message-ID"])

    def _refused(self, letter: Letter, code: int, words: bytes | str) -> Outcome:
        """4xx may be better later, 5xx never; 421 is the server going away, whatever the letter."""
        text = _decoded(words)
        if letter.recipient in text:  # servers like to repeat the address; the log and the pages need not
            text = text.replace(letter.recipient, masked_email(letter.recipient))
        error = f"{code} {text}"[:LONGEST_ERROR]
        if code == 421:
            self._drop()
            return Outcome(letter, Sent.UNREACHABLE, error=error)
        result = Sent.TEMPORARY if 400 <= code < 500 else Sent.PERMANENT
        return Outcome(letter, result, error=error)

    def _lost(self, letter: Letter, trouble: OSError, *, handed_over: bool) -> Outcome:
        """No connection, no log-in, or a server that cannot write to such an address."""
        unwritable = isinstance(trouble, smtplib.SMTPNotSupportedError) and not letter.recipient.isascii()
        self._drop()
        result = Sent.PERMANENT if unwritable else Sent.UNREACHABLE
        error = f"{type(trouble).__name__}: {_words_of(trouble)}"[:LONGEST_ERROR]
        return Outcome(letter, result, error=error, handed_over=handed_over)

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "ssl":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=self._trust()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._trust())
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file or None)

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


def _words_of(trouble: OSError) -> str:
    """What a server said to the log-in or the greeting, or what the system says."""
    if isinstance(trouble, smtplib.SMTPResponseException):
        return f"{trouble.smtp_code} {_decoded(trouble.smtp_error)}"
    return str(trouble)


def _decoded(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def message_id_of(key: str, *, domain: str) -> str:
    """The Message-ID of a message: the same for every attempt, different for every key."""
    return f"<{fingerprint_of(key)}@{domain or 'localhost'}>"


def fingerprint_of(key: str) -> str:
    """What stands for a key outside the house: as unique, and telling nothing of people."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]
