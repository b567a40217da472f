"""The long tail of services (Bark, PushDeer, Matrix, Telegram ...) through Apprise, an optional library.

Apprise says "success" when a service answered 200, whatever it said. So WeCom, DingTalk and Feishu, which say 200 to a
wrong key too, have senders of their own and are refused here. It keeps no id of ours: what may have arrived is not
sent again.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from typing import Any

from schedules.messages import text_of
from schedules.transmissions import Letter, Outcome, Sent

REFUSED_KINDS = ("wecombot", "dingtalk", "feishu", "lark")
REFUSED_HOSTS = ("qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn", "open.larksuite.com")


class MissingLibrary(Exception):
    """Addresses are set, but the library is not installed: pip install -r requirements-optional.txt."""

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").strip())


class AppriseChannel:
    """Sends to every address set, as one group."""

    name = "apprise"
    resend_is_safe = False

    def __init__(self, urls: Sequence[str], *, timeout: float = 10.0) -> None:
        """Make ready to send.

        Raises:
            MissingLibrary: the library is not installed.
            ValueError: an address is none that the library or we take; named by its place in the list.
        """
        self._timeout = timeout
        self._apprise = prepared(urls)

    def send(self, letter: Letter) -> Outcome:
        """Tell all services; a part of them having taken it counts as sent, for they would get it twice."""
        subject, text = text_of(letter)
        result = self._apprise.notify(body=text, title=subject, timeout=self._timeout)
        status = result.status.name
        if status in ("SUCCESS", "PARTIAL"):
            return Outcome(letter, Sent.ACCEPTED, error="apprise partial" if status == "PARTIAL" else None)
        verdict = Sent.UNCLEAR if status == "TIMEOUT" else Sent.TEMPORARY
        return Outcome(letter, verdict, error=f"apprise {status.lower()}")

    def close(self) -> None:
        """Nothing is kept open."""


def prepared(urls: Sequence[str]) -> Any:
    """The library's object with all addresses in it; raises as `AppriseChannel` does."""
    try:
        library = importlib.import_module("apprise")
    except ImportError:
        raise MissingLibrary from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs texts and addresses
    services = library.Apprise()
    for place, url in enumerate(urls, start=1):
        if url.partition(":")[0].lower() in REFUSED_KINDS or any(host in url for host in REFUSED_HOSTS):
            raise ValueError(f"address {place} belongs to a service with a sender of its own")
        if not services.add(url):
            raise ValueError(f"address {place} is none that Apprise knows")
    return services
