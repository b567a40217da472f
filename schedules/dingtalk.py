"""DingTalk (钉钉): a text to a group by its custom bot, signed where the bot has a secret.

Format, signature and codes: https://open.dingtalk.com/document/orgapp/custom-robot-access and
https://open.dingtalk.com/document/orgapp/customize-robot-security-settings (key: the secret; signed: milliseconds,
a line break, the secret; 20 messages a minute, bodies of 20,000 bytes).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from schedules.group_bots import GroupBot, Said
from schedules.posting import fit

LONGEST_TEXT = 18_000
"""Bytes of text, so that the body around it, its line breaks doubled by JSON, stays below 20,000."""

THROTTLED = 1111
"""The status of an answer from DingTalk's gate, which has no errcode."""


class DingtalkBot(GroupBot):
    """A group's custom bot at DingTalk."""

    name = "dingtalk"
    later = frozenset({-1, 90030, 130101, 410100, THROTTLED})  # busy; the others: too often

    def _request(self, text: str, now: float) -> tuple[str, dict[str, Any]]:
        body = {"msgtype": "text", "text": {"content": fit(text, LONGEST_TEXT)}}
        if not self._bot.secret:
            return self._bot.url, body
        milliseconds = round(now * 1000)
        sign = quote(signature(self._bot.secret, milliseconds), safe="")
        joint = "&" if "?" in self._bot.url else "?"
        return f"{self._bot.url}{joint}timestamp={milliseconds}&sign={sign}", body

    def _said(self, fields: Mapping[str, Any]) -> Said:
        if "punish" in fields:
            return Said(THROTTLED, f"punish {fields['punish']}, wait {fields.get('wait')}")
        code = fields.get("errcode")
        return Said(code if isinstance(code, int) else None, str(fields.get("errmsg", "")))


def signature(secret: str, milliseconds: int) -> str:
    """HMAC-SHA256 in Base64, not yet escaped for an address."""
    signed = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
