"""WeCom (企业微信): a text to a group by its bot.

Format and limits: https://developer.work.weixin.qq.com/document/path/91770 (text of 2048 bytes, Markdown of 4096, both
UTF-8; 20 messages a minute); codes: https://developer.work.weixin.qq.com/document/path/90313.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schedules.group_bots import GroupBot, Said
from schedules.posting import fit, without_markup

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
LONGEST_TEXT = 2048
LONGEST_MARKDOWN = 4096


class WecomBot(GroupBot):
    """A group's bot at WeCom."""

    name = "wecom"
    later = frozenset({-1, 45009, 45033})  # busy; too often; too many at once

    def _request(self, text: str, now: float) -> tuple[str, dict[str, Any]]:
        """What is too long for a text goes as Markdown, which takes twice as much."""
        if len(text.encode()) <= LONGEST_TEXT:
            return self._bot.url, {"msgtype": "text", "text": {"content": text}}
        return self._bot.url, {
            "msgtype": "markdown",
            "markdown": {"content": fit(without_markup(text), LONGEST_MARKDOWN)},
        }

    def _said(self, fields: Mapping[str, Any]) -> Said:
        code = fields.get("errcode")
        return Said(code if isinstance(code, int) else None, str(fields.get("errmsg", "")))
