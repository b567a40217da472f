"""Feishu (飞书): a text to a group by its custom bot, signed where the bot has a secret.

Format, signature and codes: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (key: seconds, a line
break, the secret; signed: nothing; 100 messages a minute, 5 a second, bodies of 20 KB). Older bots answer with
StatusCode and StatusMessage instead of code and msg, some with both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from schedules.group_bots import GroupBot, Said
from schedules.posting import fit, without_markup

LONGEST_TEXT = 18_000
"""Bytes of text, so that the body around it, its line breaks doubled by JSON, stays below 20 KB."""

BAD_REQUEST = 9499
"""Said of a body that cannot be read, and by older gates of too many requests: the words tell which."""


class FeishuBot(GroupBot):
    """A group's custom bot at Feishu."""

    name = "feishu"
    later = frozenset({-1, 11232, 230020, 99991400})  # busy; the others: too often

    def _request(self, text: str, now: float) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": fit(without_markup(text), LONGEST_TEXT)}}
        if self._bot.secret:
            seconds = round(now)
            body |= {"timestamp": str(seconds), "sign": signature(self._bot.secret, seconds)}
        return self._bot.url, body

    def _said(self, fields: Mapping[str, Any]) -> Said:
        codes = [fields[name] for name in ("code", "StatusCode") if isinstance(fields.get(name), int)]
        words = str(fields.get("msg") or fields.get("StatusMessage") or "")
        return Said(max(codes, key=abs) if codes else None, words)

    def _is_for_later(self, said: Said) -> bool:
        return super()._is_for_later(said) or (said.code == BAD_REQUEST and "too many" in said.words.lower())


def signature(secret: str, seconds: int) -> str:
    """HMAC-SHA256 of nothing in Base64; time and secret are the key."""
    signed = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
