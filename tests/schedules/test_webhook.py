"""Text messages through a gateway that checks our signature and keeps its own account of what came."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from schedules.transmissions import Sent
from schedules.webhook import Gateway, WebhookChannel
from tests.schedules.letters import letter
from tests.schedules.services import Call, Judge, Reply, Service, always, open_service

SECRET = "between us and the gateway"
NUMBER = "138 1234 5678"
NOW = 1_780_272_000.4


def strict_gateway(call: Call) -> Reply:
    """Takes what is signed by our secret and less than five minutes old."""
    timestamp = call.headers["X-Van-Timestamp"]
    expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + call.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(call.headers["X-Van-Signature"], f"v1={expected}") or abs(int(timestamp) - NOW) > 300:
        return Reply(401, {"error": "bad signature"})
    return Reply(202, {"id": "sms-77"})


@contextmanager
def gateway(judge: Judge, **options: Any) -> Iterator[tuple[Service, WebhookChannel]]:
    """A gateway, and the channel to it."""
    clock = options.pop("clock", lambda: NOW)
    with open_service(judge) as service:
        values = {"url": f"{service.url}/sms?key=wJalrXUtnFEMI", "secret": SECRET, "timeout": 5.0} | options
        channel = WebhookChannel(Gateway(**values), clock=clock)
        yield service, channel
        channel.close()


def test_a_gateway_gets_what_it_needs_and_its_id_is_kept() -> None:
    with gateway(strict_gateway) as (service, channel):
        outcome = channel.send(letter(recipient=NUMBER, channel="sms"))
    fields = service.calls[0].fields
    assert (outcome.result, outcome.provider_id) == (Sent.ACCEPTED, "sms-77")
    assert {name: fields[name] for name in ("channel", "recipient", "subject", "text", "locale")} == {
        "channel": "sms",
        "recipient": "+8613812345678",
        "subject": "收到申请 2606-0012",
        "text": "已收到申请 2606-0012（杏园社区）。审核后会再通知你。",
        "locale": "zh_CN",
    }


@pytest.mark.parametrize("options", [{"secret": "guessed"}, {"clock": lambda: NOW - 301}], ids=["secret", "time"])
def test_a_gateway_refuses_another_secret_and_an_old_time(options: dict[str, Any]) -> None:
    with gateway(strict_gateway, **options) as (_, channel):
        outcome = channel.send(letter(recipient=NUMBER))
    assert (outcome.result, outcome.error) == (Sent.PERMANENT, "http 401 bad signature")


def test_every_attempt_has_the_same_key_and_every_letter_another() -> None:
    with gateway(strict_gateway) as (service, channel):
        for number in (1, 1, 2):
            channel.send(letter(number, NUMBER))
    keys = [call.headers["Idempotency-Key"] for call in service.calls]
    assert keys == [call.fields["id"] for call in service.calls]
    assert (keys[0] == keys[1], keys[1] == keys[2]) == (True, False)


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(200, raw=b""), Sent.ACCEPTED),
        (Reply(204, raw=b""), Sent.ACCEPTED),
        (Reply(400, {"error": "bad number"}), Sent.PERMANENT),
        (Reply(404, raw=b""), Sent.PERMANENT),
        (Reply(408, raw=b""), Sent.TEMPORARY),
        (Reply(425, raw=b""), Sent.TEMPORARY),
        (Reply(429, raw=b""), Sent.TEMPORARY),
        (Reply(500, raw=b""), Sent.UNREACHABLE),
        (Reply(503, raw=b""), Sent.UNREACHABLE),
        (Reply(302, raw=b"", headers={"Location": "http://127.0.0.1:9/"}), Sent.UNREACHABLE),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_a_status_says_taken_later_never_or_nobody_there(reply: Reply, result: Sent) -> None:
    with gateway(always(reply)) as (_, channel):
        assert channel.send(letter(recipient=NUMBER)).result is result


@pytest.mark.parametrize(
    ("entry", "result", "said"),
    [
        ({"ok": True, "id": 9001}, Sent.ACCEPTED, "9001"),
        ({"ok": False, "error": "blacklisted"}, Sent.PERMANENT, "gateway blacklisted"),
        ({"ok": False, "error": "carrier busy", "retry": True}, Sent.TEMPORARY, "gateway carrier busy"),
    ],
    ids=["taken", "refused", "later"],
)
def test_what_is_said_of_the_recipient_counts(entry: dict[str, Any], result: Sent, said: str) -> None:
    others = {"recipient": "+8613900000000", "ok": True, "id": "other"}
    fields = {"id": "batch", "results": [others, {"recipient": "+8613812345678", **entry}]}
    with gateway(always(Reply(200, fields))) as (_, channel):
        outcome = channel.send(letter(recipient=NUMBER))
    assert (outcome.result, outcome.provider_id or outcome.error) == (result, said)


@pytest.mark.parametrize(
    ("honours_key", "reply", "result"),
    [
        (False, Reply(cut=True), Sent.UNCLEAR),
        (True, Reply(cut=True), Sent.UNREACHABLE),
        (False, Reply(504, raw=b""), Sent.UNCLEAR),
        (True, Reply(504, raw=b""), Sent.UNREACHABLE),
        (False, Reply(409, raw=b""), Sent.PERMANENT),
        (True, Reply(409, raw=b""), Sent.TEMPORARY),
    ],
)
def test_what_may_have_arrived_is_sent_again_only_to_a_gateway_that_honours_the_key(
    honours_key: bool, reply: Reply, result: Sent
) -> None:
    with gateway(always(reply), honours_key=honours_key) as (_, channel):
        assert channel.send(letter(recipient=NUMBER)).result is result
        assert channel.resend_is_safe is honours_key


def test_a_slow_gateway_is_given_up_after_the_timeout() -> None:
    with gateway(always(Reply(silent=True)), timeout=0.3) as (service, channel):
        outcome = channel.send(letter(recipient=NUMBER))
        service.ended.set()
    assert (outcome.result, outcome.error, outcome.handed_over) == (Sent.UNCLEAR, "answer_timeout", True)


def test_nobody_there_is_unreachable_and_nothing_was_handed_over() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    outcome = WebhookChannel(Gateway(url, SECRET, timeout=2.0)).send(letter(recipient=NUMBER))
    assert (outcome.result, outcome.error, outcome.handed_over) == (Sent.UNREACHABLE, "no_connection", False)


@pytest.mark.parametrize(("honours_key", "connections"), [(True, 1), (False, 3)])
def test_a_connection_is_kept_only_where_an_old_one_does_no_harm(honours_key: bool, connections: int) -> None:
    with gateway(strict_gateway, honours_key=honours_key) as (service, channel):
        for number in range(3):
            assert channel.send(letter(number, NUMBER)).result is Sent.ACCEPTED
        assert len(service.connections) == connections


@pytest.mark.parametrize("recipient", ["phone", "", "lu@example.org", "12"])
def test_what_cannot_be_dialled_never_reaches_the_gateway(recipient: str) -> None:
    with gateway(strict_gateway) as (service, channel):
        outcome = channel.send(letter(recipient=recipient))
    assert (outcome.result, outcome.error, service.calls) == (Sent.PERMANENT, "bad_number", [])


@pytest.mark.parametrize("written", ["+8613812345678", "8613812345678", "13812345678", NUMBER])
def test_neither_errors_nor_logs_show_the_number_or_the_secret(written: str, caplog: pytest.LogCaptureFixture) -> None:
    echo = {"error": f"{written} is off, signed by {SECRET}, at /sms?key=wJalrXUtnFEMI"}
    with caplog.at_level(logging.DEBUG, logger="schedules"), gateway(always(Reply(400, echo))) as (_, channel):
        outcome = channel.send(letter(recipient=NUMBER))
        shown = f"{outcome.error} {caplog.text} {channel._gateway} {channel._gateway.target}"
    assert "138****5678" in shown
    assert [text for text in (written, "12345678", SECRET, "wJalrXUtnFEMI") if text in shown] == []


def test_a_body_is_json_in_utf_8() -> None:
    with gateway(strict_gateway) as (service, channel):
        channel.send(letter(recipient=NUMBER))
    assert "杏园社区" in service.calls[0].body.decode()
    assert json.loads(service.calls[0].body)["locale"] == "zh_CN"
