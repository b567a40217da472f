"""What the bots of group chats have in common: an address with a key in it, one text, and an answer that must be read.

WeCom, DingTalk and Feishu say 200 OK whether or not they took a message; what counts is a code in the answer's body.
They know no id of ours and would show a message twice, so what may have arrived is never sent again by itself.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from schedules.messages import text_of
from schedules.posting import SHORTEST_KEY, Answer, NoAnswer, Poster, host_of, hushed, keys_in
from schedules.transmissions import Letter, Outcome, Sent

BADGE = "【巡回服务】"
"""Begins every text: a bot that takes only texts with a keyword can be given this one."""

TRY_LATER = (408, 425, 429)
GATEWAY_TIMEOUT = 504


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot of one group: its address, the secret it checks signatures with, and the seconds it may take."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    timeout: float = 10.0

    @property
    def keys(self) -> tuple[str, ...]:
        """What must never be shown: the secret, the address, and the key in it."""
        return (self.secret, *keys_in(self.url))

    @property
    def target(self) -> str:
        """The bot as anybody may see it: its host, and enough of its key to tell it from another."""
        key = self.keys[-1]
        is_shown = key != self.url and len(key) >= SHORTEST_KEY
        return f"{host_of(self.url)} ****{key[-4:]}" if is_shown else host_of(self.url)


@dataclass(frozen=True, slots=True)
class Said:
    """What a bot's service said: a code, None where the answer has none, and its words."""

    code: int | None
    words: str = ""


class GroupBot(ABC):
    """Sends texts to one group; subclasses know what their service wants to read and what it answers."""

    name: str
    resend_is_safe = False
    later: ClassVar[frozenset[int]]
    """The codes of a message that may be taken later."""

    def __init__(self, bot: Bot, *, clock: Callable[[], float] = time.time) -> None:
        self._bot = bot
        self._clock = clock
        self._poster = Poster(bot.timeout)

    def send(self, letter: Letter) -> Outcome:
        """Post one letter to the group and read what became of it."""
        subject, text = text_of(letter)
        url, body = self._request(f"{BADGE}{subject}\n{text}", self._clock())
        try:
            answer = self._poster.post(url, json.dumps(body, ensure_ascii=False).encode())
        except NoAnswer as silence:
            result = Sent.UNCLEAR if silence.perhaps_sent else Sent.UNREACHABLE
            return Outcome(letter, result, error=self._hushed(silence.error), handed_over=silence.perhaps_sent)
        return self._outcome(letter, answer)

    def close(self) -> None:
        """Nothing is kept open."""
        self._poster.close()

    @abstractmethod
    def _request(self, text: str, now: float) -> tuple[str, dict[str, Any]]:
        """Address and body of a post; `now` is in seconds since 1970."""

    @abstractmethod
    def _said(self, fields: Mapping[str, Any]) -> Said:
        """Code and words of an answer."""

    def _outcome(self, letter: Letter, answer: Answer) -> Outcome:
        said = self._said(answer.fields)
        if said.code == 0 and answer.status == 200:
            return Outcome(letter, Sent.ACCEPTED)
        if said.code:
            result = Sent.TEMPORARY if self._is_for_later(said) else Sent.PERMANENT
            return Outcome(letter, result, error=self._hushed(f"{self.name} {said.code}: {said.words}"))
        return Outcome(letter, judged_by_status(answer.status), error=f"http {answer.status}")

    def _is_for_later(self, said: Said) -> bool:
        return said.code in self.later

    def _hushed(self, words: str) -> str:
        return hushed(words, self._bot.keys)


def judged_by_status(status: int) -> Sent:
    """What an HTTP status says where the body says nothing; a success without the word for it is none to count on."""
    if status in TRY_LATER:
        return Sent.TEMPORARY
    if status < 300 or status == GATEWAY_TIMEOUT:
        return Sent.UNCLEAR
    if status < 400 or status >= 500:  # a redirect leads to some other service: nobody has read the letter
        return Sent.UNREACHABLE
    return Sent.PERMANENT
