"""One HTTP POST of a letter to a service outside: a JSON answer, or why there is none and whether it may have arrived.

Addresses hold keys and the library's errors hold addresses, so nothing of either leaves this module: what went wrong is
said in a stable word. Knows no letters and no provider.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.exceptions import ConnectionError, ConnectTimeout, SSLError
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError, ReadTimeoutError

LONGEST_ANSWER = 65536
LONGEST_ERROR = 300
SHORTEST_KEY = 12
"""Signs that a step or a value has at least where it is a key, and four of them may be shown."""
SHORTEST_SECRET = 4
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class BadAddress(ValueError):
    """This is no address that letters may be posted to."""


class NoAnswer(Exception):
    """No answer came; `perhaps_sent` where the letter may have arrived all the same."""

    def __init__(self, error: str, *, perhaps_sent: bool) -> None:
        super().__init__(error)
        self.error = error
        self.perhaps_sent = perhaps_sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: the status and the fields of its JSON object, none where it gave no such thing."""

    status: int
    fields: Mapping[str, Any]


class Poster:
    """Posts JSON, one call at a time. Follows no redirect, keeps no cookie, looks into no .netrc.

    `timeout` is in seconds to connect and again to answer. `keep` holds the connection between calls; without it a
    call that fails never was the fault of a connection that had grown old.
    """

    def __init__(self, timeout: float, *, keep: bool = False) -> None:
        self._timeout = timeout
        self._keep = keep
        self._session: requests.Session | None = None

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Post and read the answer.

        Raises:
            NoAnswer: nobody there, no trusted certificate, too slow, or an answer cut short.
        """
        usual = {"Content-Type": "application/json; charset=utf-8"} | ({} if self._keep else {"Connection": "close"})
        ends = monotonic() + 2 * self._timeout
        try:
            with self._opened().post(
                url,
                data=body,
                headers={**usual, **(headers or {})},
                timeout=(self._timeout, self._timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, _fields(_read(response, ends)))
        except requests.RequestException as trouble:
            self.close()
            raise _no_answer(trouble) from None  # the chain would carry the address into logs
        except ReadTimeoutError:
            self.close()
            raise NoAnswer("answer_timeout", perhaps_sent=True) from None
        except HTTPError:  # urllib3's, of a body that was cut short or cannot be unpacked
            self.close()
            raise NoAnswer("answer_broken", perhaps_sent=True) from None
        except ValueError:
            self.close()
            raise NoAnswer("bad_address", perhaps_sent=False) from None

    def close(self) -> None:
        """Let the connection go."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _opened(self) -> requests.Session:
        if self._session is None:
            self._session = requests.Session()
            self._session.auth = _unchanged
            self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return self._session


def checked_address(url: str, *, allow_plain: bool = False) -> str:
    """The address, if letters may be posted there: https, or http to this machine or where that is allowed.

    Raises:
        BadAddress: it is not; the message does not repeat it, for it may hold a key.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("this is no address") from None
    if parts.scheme not in ("https", "http") or not host or any(sign.isspace() for sign in url):
        raise BadAddress("an address begins with https:// and names a host")
    if parts.username or parts.password:
        raise BadAddress("an address holds no user and password")
    if parts.scheme == "http" and host not in LOCAL_HOSTS and not allow_plain:
        raise BadAddress("an address begins with https:// unless it is on this machine")
    return url


def host_of(url: str) -> str:
    """The host of an address, all of it that may be shown."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2]


def keys_in(url: str) -> tuple[str, ...]:
    """What must not be shown of an address: the whole, its last step if that is long, the values of its query."""
    parts = urlsplit(url)
    last_step = parts.path.rpartition("/")[2]
    values = [value for _, value in parse_qsl(parts.query) if len(value) >= SHORTEST_SECRET]
    return (url, *([last_step] if len(last_step) >= SHORTEST_KEY else []), *values)


def fit(text: str, most_bytes: int) -> str:
    """The text, cut between two signs and ended by an ellipsis where it takes more bytes than there may be."""
    whole = text.encode()
    if len(whole) <= most_bytes:
        return text
    ellipsis = "…"
    return whole[: most_bytes - len(ellipsis.encode())].decode(errors="ignore").rstrip() + ellipsis


def without_markup(text: str) -> str:
    """The text with no sign that begins a tag: `<at user_id="all">` in the name of a place would call everybody."""
    return text.replace("<", "＜")


def hushed(words: object, hidden: Iterable[str]) -> str:
    """A service's words in one line, without what must not be shown."""
    text = " ".join(str(words).split())
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text[:LONGEST_ERROR]


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response, ends: float) -> bytes:
    """The body, piece by piece as it comes, as long as it is not too long and does not drip."""
    read = b""
    while piece := response.raw.read1(4096, decode_content=True):
        read += piece
        if len(read) > LONGEST_ANSWER or monotonic() > ends:
            raise NoAnswer("answer_broken", perhaps_sent=True)
    return read


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _no_answer(trouble: requests.RequestException) -> NoAnswer:
    """What went wrong in a stable word. After the request was written nobody knows whether it arrived."""
    if isinstance(trouble, ConnectTimeout):
        return NoAnswer("connect_timeout", perhaps_sent=False)
    if isinstance(trouble, SSLError):
        return NoAnswer(f"certificate_refused: {_certificate_words(trouble)}", perhaps_sent=False)
    if isinstance(trouble, requests.Timeout):
        return NoAnswer("answer_timeout", perhaps_sent=True)
    if isinstance(trouble, ConnectionError):
        cause = trouble.args[0] if trouble.args else None
        if isinstance(cause, MaxRetryError) and not isinstance(cause.reason, ProtocolError):
            return NoAnswer("no_connection", perhaps_sent=False)
        return NoAnswer("connection_lost", perhaps_sent=True)
    return NoAnswer(f"bad_address: {type(trouble).__name__}", perhaps_sent=False)


def _certificate_words(trouble: BaseException) -> str:
    """What is wrong with the certificate, from the bottom of what the library wrapped."""
    seen: list[Any] = [trouble]
    while seen:
        cause = seen.pop()
        if isinstance(cause, ssl.SSLCertVerificationError):
            return str(cause.verify_message)
        if isinstance(cause, ssl.SSLError):
            return str(cause.reason)
        seen += [inner for inner in (*getattr(cause, "args", ()), getattr(cause, "reason", None)) if inner is not None]
    return "TLS"
