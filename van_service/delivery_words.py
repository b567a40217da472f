"""Why a message did not arrive, in words: the codes of mail servers, bots and gateways, and of what lies between.

Senders keep an error as a stable word or as a code with the service's own words; the code says more to most readers,
the service's words to whoever has to ask the service. So a sentence is followed by what was said.
"""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext, lazy_gettext

_l = lazy_gettext

BAD_KEY = _l("The bot's address is no longer valid; make a new one in the group and put it into the settings.")
TOO_OFTEN = _l("Too many messages in a short time; it will be tried again.")
BAD_SIGN = _l("The signature was refused; check the bot's secret and this machine's clock.")
NO_KEYWORD = _l("The text holds none of the bot's keywords; give the bot the keyword 巡回服务.")
IP_REFUSED = _l("The bot does not take messages from this machine's address.")
BUSY = _l("The service is busy; it will be tried again.")
UNREADABLE = _l("The service could not read the message.")

# (service, code): what it means. The sources are named in the senders.
SERVICES: dict[tuple[str, int], Any] = {
    ("wecom", -1): BUSY,
    ("wecom", 93000): BAD_KEY,
    ("wecom", 93004): _l("The bot was taken out of the group."),
    ("wecom", 45009): TOO_OFTEN,
    ("wecom", 45033): TOO_OFTEN,
    ("wecom", 40058): UNREADABLE,
    ("wecom", 60020): IP_REFUSED,
    ("dingtalk", -1): BUSY,
    ("dingtalk", 300001): BAD_KEY,
    ("dingtalk", 400101): BAD_KEY,
    ("dingtalk", 400102): _l("The bot was switched off."),
    ("dingtalk", 400013): _l("The group was dissolved."),
    ("dingtalk", 310000): _l("The bot's security settings refused it: keyword, signature or address."),
    ("dingtalk", 130101): TOO_OFTEN,
    ("dingtalk", 410100): TOO_OFTEN,
    ("dingtalk", 90030): TOO_OFTEN,
    ("dingtalk", 1111): TOO_OFTEN,
    ("feishu", 9499): UNREADABLE,
    ("feishu", 11232): TOO_OFTEN,
    ("feishu", 19001): BAD_KEY,
    ("feishu", 19021): BAD_SIGN,
    ("feishu", 19022): IP_REFUSED,
    ("feishu", 19024): NO_KEYWORD,
}

# What a service says within one code.
SAID: tuple[tuple[str, str, Any], ...] = (
    ("dingtalk", "keyword", NO_KEYWORD),
    ("dingtalk", "sign not match", BAD_SIGN),
    ("dingtalk", "timestamp", BAD_SIGN),
    ("dingtalk", "whitelist", IP_REFUSED),
    ("feishu", "too many", TOO_OFTEN),
)

# The first word of an error that no service made.
WORDS: dict[str, Any] = {
    "no_connection": _l("Nobody answered at the address."),
    "connect_timeout": _l("Nobody answered at the address in time."),
    "certificate_refused": _l("The service's certificate cannot be trusted."),
    "answer_timeout": _l("The service did not answer in time; the message may have arrived."),
    "connection_lost": _l("The connection broke; the message may have arrived."),
    "answer_broken": _l("The answer could not be read; the message may have arrived."),
    "bad_address": _l("The address in the settings cannot be used."),
    "bad_number": _l("There is no telephone number that can be dialled."),
    "sender_died": _l("The sending process ended in the middle; nobody can tell whether it left."),
    "ConnectionRefusedError": _l("The mail server does not answer."),
    "ConnectionResetError": _l("The mail server broke the connection."),
    "BrokenPipeError": _l("The mail server broke the connection."),
    "SMTPServerDisconnected": _l("The mail server broke the connection."),
    "TimeoutError": _l("The mail server did not answer in time."),
    "gaierror": _l("The mail server's name cannot be found."),
    "OSError": _l("The mail server cannot be reached."),
    "SMTPConnectError": _l("The mail server sent us away."),
    "SMTPHeloError": _l("The mail server sent us away."),
    "SMTPAuthenticationError": _l("The mail server refused our log-in."),
    "SMTPNotSupportedError": _l("The mail server cannot do what the settings ask of it."),
    "SSLCertVerificationError": _l("The mail server's certificate cannot be trusted."),
    "SSLError": _l("The mail server and we do not agree on how to encrypt."),
}

# Codes of RFC 3463 (class, then what it is about), the most special first; then the plain codes of RFC 5321.
MAIL: tuple[tuple[str, Any], ...] = (
    (r"5\d\d 5\.1\.\d", _l("There is no such mailbox.")),
    (r"4\d\d 4\.2\.2|552 |452 |5\d\d 5\.2\.2", _l("The mailbox is full.")),
    (r"5\d\d 5\.7\.\d", _l("The mail server takes no mail from us.")),
    (r"550 ", _l("There is no such mailbox, or it takes no mail from us.")),
    (r"554 ", _l("The mail server refused the message.")),
    (r"421 ", _l("The mail server is busy; it will be tried again.")),
    (r"4\d\d ", _l("The mail server does not take it now; it will be tried again.")),
    (r"5\d\d ", _l("The mail server refused the message.")),
)

STATUSES: dict[int, Any] = {
    401: _l("The service does not accept our key or signature."),
    403: _l("The service does not accept our key or signature."),
    404: _l("There is no service at the address."),
    429: TOO_OFTEN,
}

_SERVICE = re.compile(r"(wecom|dingtalk|feishu) (-?\d+): ?(.*)", re.DOTALL)
_STATUS = re.compile(r"http (\d{3}) ?(.*)", re.DOTALL)


def error_in_words(last_error: str | None) -> str:
    """What stood in the way of a message, from its `last_error`; empty where nothing did."""
    if not last_error:
        return ""
    for reader in (_of_service, _of_status, _of_gateway, _of_mail, _of_word):
        sentence = reader(last_error)
        if sentence:
            return sentence
    return last_error


def _of_service(error: str) -> str:
    match = _SERVICE.fullmatch(error)
    if match is None:
        return ""
    service, code, words = match[1], int(match[2]), match[3]
    special = next((said for name, part, said in SAID if name == service and part in words.lower()), None)
    sentence = special or SERVICES.get((service, code)) or gettext("The service refused the message.")
    return _with(sentence, f"{code} {words}".strip())


def _of_status(error: str) -> str:
    match = _STATUS.fullmatch(error)
    if match is None:
        return ""
    status = int(match[1])
    if status in STATUSES:
        sentence = STATUSES[status]
    elif 300 <= status < 400:
        sentence = gettext("The address leads elsewhere; put the right one into the settings.")
    elif status >= 500:
        sentence = gettext("The service is out of order; it will be tried again.")
    else:
        sentence = gettext("The service refused the message.")
    return _with(sentence, error)


def _of_gateway(error: str) -> str:
    if not error.startswith("gateway"):
        return ""
    return _with(gettext("The gateway refused the message."), error.removeprefix("gateway").strip())


def _of_mail(error: str) -> str:
    sentence = next((words for pattern, words in MAIL if re.match(pattern, f"{error} ")), None)
    return "" if sentence is None else _with(sentence, error)


def _of_word(error: str) -> str:
    if error.startswith("apprise "):
        return str(gettext("A service behind Apprise refused the message; its own records say why."))
    word, _, words = error.partition(":")
    sentence = WORDS.get(word)
    return "" if sentence is None else _with(sentence, words.strip())


def _with(sentence: Any, said: str) -> str:
    """The sentence, and behind it what was said."""
    return gettext("%(sentence)s (%(said)s)", sentence=str(sentence), said=said) if said else str(sentence)
