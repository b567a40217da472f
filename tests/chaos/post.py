"""A mail server with moods that can be taken down and comes back on the same port, and a diary of every letter.

Its worst mood takes a letter and hangs up before it says so: the sender cannot know.
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTPUTF8
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.chaos.world import FULL, GONE

TAKEN = "250 Accepted"
HUNG_UP, TOO_SLOW = "hung up", "too slow"
UNHEARD = (HUNG_UP, TOO_SLOW)
"""Answers to a letter that was taken of which its sender heard nothing."""
MOODS: dict[str, dict[str, float]] = {
    "calm": {},
    "busy": {"451 4.3.2 try again later": 0.15},
    "strict": {"550 5.7.1 looks like spam": 0.02, "451 4.7.1 greylisted": 0.1},
    "leaving": {"421 4.3.0 closing": 0.2},
    "rude": {HUNG_UP: 0.1, TOO_SLOW: 0.02},
}

LONGEST_THOUGHT = 0.02
"""Seconds that the server takes at most over a letter when it is not slow."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One letter whose text was handed over: when (seconds since 1970), what it said, and what was answered."""

    began: float
    ended: float
    mail_id: str
    recipient: str
    subject: str
    body: str
    answer: str

    @property
    def taken(self) -> bool:
        """The server has the letter, whether or not the sender heard so."""
        return self.answer == TAKEN or self.answer in UNHEARD

    @property
    def heard(self) -> bool:
        """The sender was told that the letter is taken."""
        return self.answer == TAKEN


class ChaosPost:
    """The server's mind: how it answers now, and what it has seen.

    `at_the_worst_moment` is called now and then with the port of a sender whose letter is taken and not answered yet.
    """

    def __init__(self, seed: int, *, sender_waits: float, worst_moments: float) -> None:
        self.diary: list[Delivery] = []
        self.mood = "calm"
        self.at_the_worst_moment: Callable[[int], None] | None = None
        self._chance = random.Random(seed)
        self._sender_waits, self._worst_moments = sender_waits, worst_moments
        self.port = _lasting_port(self._chance)
        self._controller: _Counter | None = None

    def open(self) -> None:
        """Come back on the port."""
        self._controller = _Counter(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        """Go away, hanging up on everybody."""
        controller, self._controller = self._controller, None
        if controller is not None:
            asyncio.run_coroutine_threadsafe(controller.hang_up(), controller.loop).result(timeout=30)
            controller.stop()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith(GONE):
            return "550 5.1.1 no such mailbox"
        if address.startswith(FULL):
            return "451 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        began = time.time()
        answer = self._answer()
        mail = message_from_bytes(envelope.content or b"", policy=SMTPUTF8)
        await asyncio.sleep(self._chance.uniform(0, LONGEST_THOUGHT))
        if time.time() - began > self._sender_waits / 2:  # a busy machine: nobody knows whether the sender still waits
            answer = TOO_SLOW if answer == TAKEN else answer
        self.diary.append(
            Delivery(
                began,
                time.time(),
                str(mail["Message-ID"]),
                envelope.rcpt_tos[0],
                str(mail["Subject"]),
                str(mail.get_content()),  # type: ignore[attr-defined]  # the policy makes EmailMessages
                answer,
            )
        )
        if self.at_the_worst_moment is not None and self._chance.random() < self._worst_moments:
            self.at_the_worst_moment(session.peer[1])
        if answer == HUNG_UP:
            server.transport.abort()
        if answer == TOO_SLOW:
            await asyncio.sleep(self._sender_waits * 1.3)
        return TAKEN if answer in UNHEARD else answer

    def _answer(self) -> str:
        drawn = self._chance.random()
        for answer, share in MOODS[self.mood].items():
            if drawn < share:
                return answer
            drawn -= share
        return TAKEN


class _Counter(Controller):
    """A listening server that knows its lines, whether or not anything was said on them yet."""

    def __init__(self, handler: ChaosPost, **given: Any) -> None:
        super().__init__(handler, **given)
        self.lines: set[asyncio.BaseTransport] = set()

    def factory(self) -> SMTP:
        return _Line(self.lines, self.handler, **self.SMTP_kwargs)

    async def hang_up(self) -> None:
        """Listen no more, and cut every line; some may only just have been picked up."""
        self.server.close()
        for _ in range(3):
            for line in list(self.lines):
                line.abort()  # type: ignore[attr-defined]  # transports of sockets can
            await asyncio.sleep(0.05)


class _Line(SMTP):
    def __init__(self, lines: set[asyncio.BaseTransport], *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._lines = lines

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._lines.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._lines.discard(self.transport)
        super().connection_lost(error)


def _lasting_port(chance: random.Random) -> int:
    """A free port that the system gives to nobody else while the server is away."""
    while True:
        port = chance.randint(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def open_post(seed: int, *, sender_waits: float, worst_moments: float) -> Iterator[ChaosPost]:
    """A server that listens; `sender_waits` is the time-out of its clients in seconds, to be slower than.

    `worst_moments` is the share of letters at which the sender is struck before it has its answer.
    """
    post = ChaosPost(seed, sender_waits=sender_waits, worst_moments=worst_moments)
    post.open()
    try:
        yield post
    finally:
        post.close()
