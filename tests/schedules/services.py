"""A real HTTP server for tests: it keeps what it gets and answers as it is told, or as a service of ours would."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
    """What is answered.

    `silent` waits until the server ends and says nothing, `cut` hangs up without an answer. With `drip` the body comes
    byte by byte, so many seconds apart; with `short` it ends before it should.
    """

    status: int = 200
    fields: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    silent: bool = False
    cut: bool = False
    drip: float = 0.0
    short: bool = False


Judge = Callable[[Call], Reply]


@dataclass
class Service:
    """What arrived, in order, and who answers."""

    url: str
    judge: Judge
    calls: list[Call] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    """A server that knows its service."""

    service: Service


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        service = self.server.service
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
        if reply.short:
            body, self.close_connection = body[:1], True
        pieces = [body[place : place + 1] for place in range(len(body))] if reply.drip else [body]
        with suppress(OSError):  # whoever asked has left
            for piece in pieces:
                self.wfile.write(piece)
                service.ended.wait(reply.drip)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing in the test's output."""


@contextmanager
def open_service(judge: Judge, *, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """A running service on a free port of this machine, over TLS where it has what that needs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    scheme = "http" if tls is None else "https"
    server.service = Service(f"{scheme}://127.0.0.1:{server.server_port}", judge)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.service
    finally:
        server.service.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def always(reply: Reply) -> Judge:
    """The same answer to everybody."""
    return lambda call: reply
