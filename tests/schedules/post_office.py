"""A real SMTP server for tests: it keeps what it accepts, and refuses what it is told to refuse."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from schedules.mail import MailServer


class PostOffice:
    """What arrived, in order, and how each recipient or text is to be answered ("451 4.2.2 mailbox full")."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipient_answers: dict[str, str] = {}
        self.text_answers: list[str] = []
        self.connections = 0
        self.arrived = threading.Event()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.recipient_answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.text_answers:
            return self.text_answers.pop(0)
        mail: Any = message_from_bytes(envelope.content or b"", policy=SMTPUTF8)
        self.mails.append(mail)
        self.arrived.set()
        return "250 Accepted"

    def accepted(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)


class _AnyPort(Controller):
    """A server on whatever port the system gives; aiosmtpd's own greets itself at the port asked for, which is 0."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def open_post_office(**settings: Any) -> Iterator[tuple[PostOffice, MailServer]]:
    """A running server on a free port, and how to reach it."""
    office = PostOffice()
    controller = _AnyPort(office, hostname="127.0.0.1", port=0, **settings)
    controller.start()
    try:
        yield (
            office,
            MailServer(host="127.0.0.1", port=controller.port, sender="巡回服务车 <van@example.org>", timeout=5.0),
        )
    finally:
        controller.stop()
