"""A mail server in a process of its own: takes everything, but refuses some recipients at first or for good.

`python -m tests.benchmarks.mail_sink` prints its port, serves until its input ends, and then prints what it saw as a
line of JSON. Whom it refuses the address says: "later..." gets 451 the first time, "never..." gets 550 always.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter

from aiosmtpd.smtp import SMTP, Envelope, Session

ID = b"\r\nMessage-ID: "


class Sink:
    """Counts each Message-ID it accepts and keeps nothing else."""

    def __init__(self) -> None:
        self.accepted: Counter[bytes] = Counter()
        self.refused: Counter[str] = Counter()
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("never"):
            self.refused[address] += 1
            return "550 5.1.1 no such user"
        if address.startswith("later") and not self.refused[address]:
            self.refused[address] += 1
            return "451 4.2.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = bytes(envelope.content or b"")
        begins = (b"\r\n" + content).index(ID) + len(ID)
        self.accepted[(b"\r\n" + content)[begins:].partition(b"\r\n")[0]] += 1
        return "250 Accepted"


async def serve() -> None:
    """Serve on a free port until the input ends."""
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="127.0.0.1", loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    seen = {
        "accepted": sink.accepted.total(),
        "distinct": len(sink.accepted),
        "refused": sink.refused.total(),
        "connections": sink.connections,
        "processor": time.process_time(),
    }
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
