"""Text messages: a letter to one number through whatever gateway the office has, behind one small signed contract.

The gateway, or a few lines before it, takes a POST of JSON with id, channel, recipient (+8613812345678), text, subject
and locale. It checks `X-Van-Signature: v1=<hex>`, the HMAC-SHA256 by the shared secret of the timestamp in
`X-Van-Timestamp` (seconds), a full stop and the body. It answers 2xx when it has taken the message, with {"id": ...}
if it has one of its own, and may speak of the recipient in {"results": [{"recipient", "ok", "id", "error", "retry"}]}.
408, 425 and 429 mean later, other 4xx never. `Idempotency-Key` is the same at every attempt, even where a part of the
text is no longer true and was left out meanwhile: a gateway that honours it goes by the key alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schedules.contacts import international_phone, masked_phone
from schedules.group_bots import judged_by_status
from schedules.mail import fingerprint_of
from schedules.messages import text_of
from schedules.posting import Answer, NoAnswer, Poster, host_of, hushed, keys_in
from schedules.transmissions import Letter, Outcome, Sent

STILL_WORKING = 409
"""What a gateway answers to the second of two calls under one key while the first is going on."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where text messages go; `honours_key` says that the gateway sends what comes twice under one key only once."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    honours_key: bool = False
    timeout: float = 10.0

    @property
    def target(self) -> str:
        """The gateway as anybody may see it."""
        return host_of(self.url)


class WebhookChannel:
    """Posts letters to a gateway for text messages. Numbers are never logged, and masked in errors."""

    name = "sms"

    def __init__(self, gateway: Gateway, *, clock: Callable[[], float] = time.time) -> None:
        self.resend_is_safe = gateway.honours_key
        self._gateway = gateway
        self._clock = clock
        self._poster = Poster(gateway.timeout, keep=gateway.honours_key)

    def send(self, letter: Letter) -> Outcome:
        """Hand one letter to the gateway; the outcome carries the gateway's id or its words."""
        number = international_phone(letter.recipient)
        if number is None:
            return Outcome(letter, Sent.PERMANENT, error="bad_number")
        body = self._body(letter, number)
        try:
            answer = self._poster.post(self._gateway.url, body, self._headers(letter, body))
        except NoAnswer as silence:
            result = Sent.UNCLEAR if silence.perhaps_sent and not self.resend_is_safe else Sent.UNREACHABLE
            return Outcome(letter, result, error=silence.error, handed_over=silence.perhaps_sent)
        return self._outcome(letter, number, answer)

    def close(self) -> None:
        """Let the connection go."""
        self._poster.close()

    def _body(self, letter: Letter, number: str) -> bytes:
        subject, text = text_of(letter)
        fields = {
            "id": fingerprint_of(letter.key),
            "channel": self.name,
            "recipient": number,
            "text": text,
            "subject": subject,
            "locale": letter.locale,
        }
        return json.dumps(fields, ensure_ascii=False).encode()

    def _headers(self, letter: Letter, body: bytes) -> dict[str, str]:
        timestamp = str(round(self._clock()))
        return {
            "Idempotency-Key": fingerprint_of(letter.key),
            "X-Van-Timestamp": timestamp,
            "X-Van-Signature": f"v1={signature(self._gateway.secret, timestamp, body)}",
        }

    def _outcome(self, letter: Letter, number: str, answer: Answer) -> Outcome:
        said = _about(number, answer.fields)
        words = self._hushed(said.get("error", ""), number, letter.recipient)
        if not 200 <= answer.status < 300:
            error = f"http {answer.status} {words}".strip()
            return Outcome(letter, self._judged(answer.status), error=error)
        if said.get("ok", True) is not True:
            result = Sent.TEMPORARY if said.get("retry") is True else Sent.PERMANENT
            return Outcome(letter, result, error=f"gateway {words}".strip())
        id_ = said.get("id", answer.fields.get("id"))
        return Outcome(letter, Sent.ACCEPTED, provider_id=None if id_ is None else str(id_)[:100])

    def _judged(self, status: int) -> Sent:
        if self.resend_is_safe and status == STILL_WORKING:
            return Sent.TEMPORARY
        result = judged_by_status(status)
        return Sent.UNREACHABLE if result is Sent.UNCLEAR and self.resend_is_safe else result

    def _hushed(self, words: object, number: str, recipient: str) -> str:
        """The gateway's words, the number masked however it is written."""
        text = hushed(words, (self._gateway.secret, *keys_in(self._gateway.url)))
        for written in (number, number.removeprefix("+"), number.removeprefix("+86"), recipient):
            text = text.replace(written, masked_phone(number))
        return text


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over time and body in hexadecimal, as the gateway works it out too."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _about(number: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an answer says of this number: its entry among the results, the only one, or the answer itself."""
    results = fields.get("results")
    entries = [entry for entry in results if isinstance(entry, dict)] if isinstance(results, list) else []
    if not entries:
        return fields
    named = [entry for entry in entries if str(entry.get("recipient")) == number]
    return (named or entries)[0]
