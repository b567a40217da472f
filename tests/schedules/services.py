"""A real HTTP server for tests: it keeps what it gets and answers as it is told, or as a service of ours would."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """One POST as the server got it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON of the body."""
        fields: dict[str, Any] = json.loads(self.body)
        return fields


@dataclass(frozen=True)
class Reply:
    """What is answered. `silent` waits until the server ends and says nothing; `cut` hangs up without an answer."""

    status: int = 200
    fields: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    silent: bool = False
    cut: bool = False


Judge = Callable[[Call], Reply]


@dataclass
class Service:
    """What arrived, in order, and who answers."""

    url: str
    judge: Judge
    calls: list[Call] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def open_service(judge: Judge) -> Iterator[Service]:
    """A running service on a free port of this machine."""
    services: list[Service] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            service = services[0]
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers["Content-Length"]))
            call = Call(parts.path, query, dict(self.headers.items()), body)
            service.calls.append(call)
            service.connections.add(self.client_address)
            self._answer(service.judge(call), service)

        def _answer(self, reply: Reply, service: Service) -> None:
            if reply.silent:
                service.ended.wait(30)
            if reply.silent or reply.cut:
                self.close_connection = True
                return
            body = reply.raw if reply.raw is not None else json.dumps(reply.fields).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing in the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    services.append(Service(f"http://127.0.0.1:{server.server_port}", judge))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield services[0]
    finally:
        services[0].ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def always(reply: Reply) -> Judge:
    """The same answer to everybody."""
    return lambda call: reply
